import numpy as np
import pytest
import trimesh

from onet_cli.evaluation.outlines import DISTANCE, FOCAL, SIZE, Outlines, compare_outlines, covered
from onet_cli.geometry.render import Camera, render
from onet_cli.geometry.sampling import sample_surface

AZIMUTH, ELEVATION = 30.0, 20.0


def row(azimuth=AZIMUTH, elevation=ELEVATION):
    """A row of `shapes.camera.CAMERA_FIELDS`, all but the direction unknown."""
    return np.array([np.radians(azimuth), np.radians(elevation), *[np.nan] * 6], np.float32)


def samples(mesh, count=100_000, seed=0):
    return sample_surface(mesh, count, np.random.default_rng(seed), by_face=True)[0]


def stool(legs=4, leg=0.06):
    parts = [trimesh.creation.box((0.6, 0.06, 0.6)).apply_translation((0, 0.47, 0))]
    for x, z in [(-0.25, -0.25), (0.25, -0.25), (-0.25, 0.25), (0.25, 0.25)][:legs]:
        parts.append(trimesh.creation.box((leg, 0.94, leg)).apply_translation((x, -0.03, z)))
    return trimesh.util.concatenate(parts)


def drawn(a, b, azimuth=AZIMUTH):
    """IoU of silhouettes that the renderer draws, from the photo's side, beside it and behind."""
    found = []
    for turn in (0, 90, 180):
        camera = Camera.orbit(azimuth + turn, ELEVATION, DISTANCE, SIZE, FOCAL * SIZE)
        one, other = (render(mesh, camera, SIZE, samples=1)[..., 3] > 127 for mesh in (a, b))
        found.append((one & other).sum() / (one | other).sum())
    return found


def values(outlines):
    return [outlines.photo, outlines.side, outlines.behind]


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (trimesh.creation.box((1, 0.5, 0.25)), trimesh.creation.box((0.8, 0.6, 0.25))),
        (trimesh.creation.icosphere(4, 0.5), trimesh.creation.icosphere(4, 0.4)),
        (trimesh.creation.box((1, 1, 1)), trimesh.creation.icosphere(4, 0.5)),
        (stool(), stool(legs=2)),
        (stool(), stool(leg=0.1)),
        (stool(), stool().apply_translation((0.05, 0, 0.02))),
    ],
    ids=["boxes", "balls", "cube and ball", "lost legs", "thick legs", "moved"],
)
def test_the_outlines_agree_as_those_of_rendered_pictures_do(a, b):
    found = compare_outlines(samples(a), samples(b, seed=1), row())

    assert values(found) == pytest.approx(drawn(a, b), abs=0.02)


def test_the_same_mesh_has_the_same_outline():
    mesh = stool()

    # Along an edge it is chance whether a sample falls on a pixel.
    assert min(values(compare_outlines(samples(mesh), samples(mesh, seed=1), row()))) > 0.98
    assert compare_outlines(samples(mesh), samples(mesh), row()) == Outlines(1.0, 1.0, 1.0)


def test_a_plate_turned_by_90_degrees_shows_its_edge_where_it_showed_its_face():
    long = trimesh.creation.box((1.0, 0.2, 0.1))
    across = trimesh.creation.box((0.1, 0.2, 1.0))

    found = compare_outlines(samples(long), samples(across), row(azimuth=0, elevation=0))

    # Head-on a face w wide at the depth DISTANCE - d appears w / (DISTANCE - d) wide.
    widths = 1.0 / (DISTANCE - 0.05), 0.1 / (DISTANCE - 0.5)
    heights = 0.2 / (DISTANCE - 0.05), 0.2 / (DISTANCE - 0.5)
    both = widths[1] * heights[0]
    either = widths[0] * heights[0] + widths[1] * heights[1] - both
    assert values(found) == pytest.approx([both / either] * 3, abs=0.03)


def test_the_outline_at_the_side_is_that_of_a_photo_from_there():
    plate = samples(trimesh.creation.box((0.8, 0.5, 0.02)), 20_000)
    other = samples(trimesh.creation.box((0.7, 0.5, 0.06)), 20_000, seed=1)

    front, side, behind = (
        compare_outlines(plate, other, row(azimuth, elevation=0)) for azimuth in (0, 90, 180)
    )

    assert values(front) == pytest.approx([front.photo, side.photo, behind.photo], abs=1e-3)
    assert front.side == pytest.approx(behind.side, abs=0.05)


def test_a_shape_that_differs_from_the_side_only_has_the_outline_of_the_photo_and_from_behind():
    plate = trimesh.creation.box((0.6, 0.6, 0.02))
    deep = trimesh.creation.box((0.6, 0.6, 0.6))

    found = compare_outlines(samples(plate), samples(deep), row(azimuth=0, elevation=0))

    # Its nearer face is 0.3 nearer and so larger; pixels count whose middles are within.
    plate_px, deep_px = (
        2 * round(0.3 * FOCAL * SIZE / (DISTANCE - nearer)) for nearer in (0.01, 0.3)
    )
    assert found.photo == pytest.approx((plate_px / deep_px) ** 2, abs=0.01)
    assert found.behind == pytest.approx(found.photo, abs=0.02)
    assert found.side < 0.1


def test_both_sides_are_drawn_from_as_many_samples():
    ball = trimesh.creation.icosphere(4, 0.5)
    few, many = samples(ball, 2000), samples(ball, 100_000, seed=1)

    assert compare_outlines(few, many, row()) == compare_outlines(few, many[::50], row())
    assert compare_outlines(many, few, row()) == compare_outlines(many[::50], few, row())


def test_a_hole_between_samples_is_closed_and_a_gap_stays():
    camera = Camera.orbit(0, 0, DISTANCE, SIZE, FOCAL * SIZE)
    pixel = DISTANCE / (FOCAL * SIZE)
    axis = (np.arange(40) + 0.5) * pixel / 2  # the middles of quarters of pixels
    quarters = np.stack([*np.meshgrid(axis, axis), np.zeros((40, 40))], axis=-1)

    def count(keep):
        return covered(quarters[keep], camera).sum()

    whole = np.ones((40, 40), bool)
    hole, gap = whole.copy(), whole.copy()
    hole[11, 11] = False
    gap[:, 12:16] = False

    assert (count(whole), count(hole), count(gap)) == (400, 400, 400 - 2 * 20)


def test_without_samples_or_in_no_picture_there_is_nothing_to_compare():
    nothing, ball = np.empty((0, 3)), samples(trimesh.creation.icosphere(2, 0.5), 1000)

    assert compare_outlines(nothing, ball, row()) is None
    assert compare_outlines(ball, nothing, row()) is None
    assert compare_outlines(ball + 100, ball, row()) == Outlines(0.0, 0.0, 0.0)
    assert not covered(-ball * 100, Camera.orbit(0, 0, 3.4, SIZE)).all()
