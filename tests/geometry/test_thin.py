import numpy as np
import pytest
import trimesh

from onet_cli.geometry.nearest import nearest_few
from onet_cli.geometry.sampling import sample_surface
from onet_cli.geometry.thin import (
    FEWEST,
    FOUND,
    NEIGHBOURS,
    RADIUS,
    SLENDER,
    ThinParts,
    compare_thin,
    is_thin,
    thin_points,
)

TOP = 0.33  # the middle of the table's top, 0.04 thick


def samples(mesh, count=40_000, seed=0):
    return sample_surface(mesh, count, np.random.default_rng(seed), by_face=True)[0]


def table(leg=0.04, legs=4, round_legs=False):
    """A top of 1 x 0.04 x 0.6 on legs at its corners, which are long and `leg` wide."""
    parts = [trimesh.creation.box((1, 0.04, 0.6)).apply_translation((0, TOP, 0))]
    for x, z in [(-0.45, -0.25), (0.45, -0.25), (-0.45, 0.25), (0.45, 0.25)][:legs]:
        part = trimesh.creation.box((leg, 0.65, leg))
        if round_legs:
            upright = trimesh.transformations.rotation_matrix(np.pi / 2, (1, 0, 0))
            part = trimesh.creation.cylinder(leg / 2, 0.65, sections=24).apply_transform(upright)
        parts.append(part.apply_translation((x, TOP - 0.02 - 0.65 / 2, z)))
    return trimesh.util.concatenate(parts)


@pytest.mark.parametrize("round_legs", [False, True])
def test_the_legs_of_a_table_are_thin_and_its_top_is_not(round_legs):
    surface = samples(table(round_legs=round_legs))
    below = TOP - 0.02 - surface[:, 1]

    thin = is_thin(surface[::20], surface[::10])

    # Where a leg meets the top, the top is among its surroundings.
    assert thin[below[::20] > 0.1].mean() > 0.99
    # Its corners are as thin as a thick rod.
    assert thin[below[::20] < 0].mean() < 0.02


@pytest.mark.parametrize(
    "mesh",
    [
        trimesh.creation.icosphere(subdivisions=5, radius=0.5),
        trimesh.creation.icosphere(subdivisions=4, radius=0.1),
        trimesh.creation.box((1.0, 0.5, 0.25)),
        trimesh.creation.box((1.0, 0.01, 0.6)),
        table(legs=0),
        table(leg=0.1),
    ],
    ids=["ball", "small ball", "box", "plate", "top", "thick legs"],
)
def test_what_is_no_rod_has_no_thin_parts(mesh):
    assert len(thin_points(samples(mesh))) == 0


@pytest.mark.parametrize(
    ("rod", "width"),
    [
        (lambda w: trimesh.creation.cylinder(w / 2, 1.0, sections=48), 2 * SLENDER * 2**0.5),
        (lambda w: trimesh.creation.box((w, w, 1.0)), SLENDER * 6**0.5),
        (lambda w: trimesh.creation.box((w, 0.001, 1.0)), SLENDER * 12**0.5),
    ],
    ids=["round", "square", "strip"],
)
def test_a_rod_is_thin_up_to_the_width_that_the_formula_says(rod, width):
    thinner, thicker = (samples(rod(factor * width)) for factor in (0.85, 1.15))

    # Not at the ends, where rods look shorter.
    thinner = thinner[np.abs(thinner[:, 2]) < 0.35]
    thicker = thicker[np.abs(thicker[:, 2]) < 0.35]
    assert is_thin(thinner[::40], thinner[::4]).mean() > 0.9
    assert is_thin(thicker[::40], thicker[::4]).mean() < 0.1


@pytest.mark.parametrize(("count", "thin"), [(FEWEST, True), (FEWEST - 1, False)])
def test_so_many_samples_make_a_rod_and_fewer_none(count, thin):
    line = np.linspace(0, 0.5, count)[:, None] * np.array([RADIUS, 0, 0])

    assert is_thin(line, line).all() == thin


def test_precision_and_recall_count_the_legs_that_are_there():
    true, half, none = (samples(table(legs=legs), seed=legs) for legs in (4, 2, 0))

    found, more = compare_thin(half, true), compare_thin(true, half)

    assert compare_thin(true, true) == ThinParts(1.0, 1.0)
    assert found.recall == pytest.approx(0.5, abs=0.1)
    assert found.precision == 1.0
    assert found.f_score == pytest.approx(2 / 3, abs=0.1)
    assert (more.recall, more.precision) == (found.precision, pytest.approx(0.5, abs=0.1))
    # Near the top even a missing leg is within `FOUND` of the surface.
    assert compare_thin(none, true).f_score == 0.0
    assert compare_thin(true, none) is None


def test_an_empty_prediction_finds_no_thin_part():
    nothing = np.empty((0, 3))

    assert compare_thin(nothing, samples(table())) == ThinParts(0.0, 0.0)
    assert compare_thin(nothing, samples(table(legs=0))) is None
    assert compare_thin(samples(table()), nothing) is None


def test_legs_that_are_off_by_more_than_the_limit_are_not_found():
    true = samples(table())
    near, far = (true + np.array([step, 0, 0]) for step in (0.5 * FOUND, 4 * FOUND))

    assert compare_thin(near, true).f_score == 1.0
    assert compare_thin(far, true).f_score < 0.3


def test_the_order_of_the_samples_and_the_size_of_the_cloud_change_little():
    surface = samples(table())
    shuffled = np.random.default_rng(1).permutation(surface)

    shares = [len(thin_points(part)) / 1000 for part in (surface, shuffled, surface[::4])]

    assert shares == pytest.approx([shares[0]] * 3, abs=0.05)


def test_the_few_nearest_are_those_of_a_slow_search():
    rng = np.random.default_rng(0)
    queries, targets = rng.random((50, 3), np.float32), rng.random((300, 3), np.float32)

    distances, indices = nearest_few(queries, targets, 8, 0.15)

    every = np.linalg.norm(queries[:, None] - targets, axis=2)
    expected = np.sort(every, axis=1)[:, :8]
    expected[expected >= 0.15] = np.inf
    assert distances == pytest.approx(expected, abs=1e-6)
    found = np.isfinite(distances)
    rows = np.nonzero(found)[0]
    assert every[rows, indices[found]] == pytest.approx(distances[found], abs=1e-6)
    assert (indices[~found] == 0).all()


def test_fewer_targets_than_are_asked_for_leave_the_rest_infinite():
    targets = np.zeros((3, 3), np.float32)

    distances, _ = nearest_few(targets, targets, NEIGHBOURS, 1.0)

    assert (distances[:, :3] == 0).all()
    assert np.isinf(distances[:, 3:]).all()
