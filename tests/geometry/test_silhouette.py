import numpy as np
import pytest
from trimesh.creation import box, icosphere

from onet_cli.geometry.camera import Camera
from onet_cli.geometry.silhouette import nearness, silhouette

SIZE = 96


def test_a_ball_covers_the_disc_of_its_tangents():
    ball, camera = icosphere(subdivisions=5, radius=0.4), Camera.orbit(30, 20, 2.0, SIZE)

    covered = silhouette(ball.vertices, ball.faces, camera, SIZE)

    radius = float(camera.camera[0, 0]) * np.tan(np.arcsin(0.4 / 2.0))
    middles = np.arange(SIZE) + 0.5 - SIZE / 2
    disc = np.hypot(middles[:, None], middles) <= radius
    assert np.count_nonzero(covered ^ disc) < 0.02 * np.count_nonzero(disc)


def test_a_pixel_counts_from_one_half_on():
    # Edges at a third and at two thirds of a pixel: the face of a thin plate seen from afar.
    camera = Camera.orbit(0, 0, 1000.0, 10, focal=10_000.0)
    for side, widths in ((0.46, 4), (0.54, 6)):
        plate = box((side, side, 1e-3))
        covered = silhouette(plate.vertices, plate.faces, camera, 10, samples=8)
        # 10 pixels a unit: the edges are at 5 - 2.3 = 2.7 pixels, and at 5 - 2.7 = 2.3.
        assert covered.any(axis=0).sum() == covered.any(axis=1).sum() == widths


def test_nearness_is_that_of_the_nearest_face():
    cube, camera = box((0.4, 0.4, 0.4)), Camera.orbit(0, 0, 2.0, SIZE)

    near = nearness(cube.vertices, cube.faces, camera, SIZE)

    assert near[SIZE // 2, SIZE // 2] == pytest.approx(1 / 1.8, rel=1e-4)
    assert near[0, 0] == 0


def test_a_mesh_behind_the_camera_is_not_seen():
    cube = box((0.4, 0.4, 0.4)).apply_translation((0, 0, 5.0))

    assert not silhouette(cube.vertices, cube.faces, Camera.orbit(0, 0, 2.0, 32), 32).any()


def test_a_pixel_of_which_a_half_is_covered_does_not_count():
    # 10 pixels a unit: the plate's edges are in the middle of pixels, between samples.
    camera = Camera.orbit(0, 0, 1000.0, 10, focal=10_000.0)
    plate = box((0.5, 0.4, 1e-3))

    covered = silhouette(plate.vertices, plate.faces, camera, 10, samples=2)

    assert (covered.any(axis=0).sum(), covered.any(axis=1).sum()) == (4, 4)


@pytest.mark.parametrize(("depth", "seen"), [(0.01, True), (0.0009, False)])
def test_what_is_less_than_a_thousandth_before_the_camera_is_not_drawn(depth, seen):
    plate = box((0.4, 0.4, 1e-5)).apply_translation((0, 0, 2.0 - depth))

    assert nearness(plate.vertices, plate.faces, Camera.orbit(0, 0, 2.0, 8), 8).any() == seen
