import numpy as np
import pytest
import torch
from trimesh import PointCloud
from trimesh.creation import box, icosphere
from trimesh.util import concatenate

from onet_cli.geometry.camera import Camera
from onet_cli.geometry.mesh import COLOUR
from onet_cli.geometry.silhouette import silhouette
from onet_cli.reconstruction.colour import photo_colours
from onet_cli.reconstruction.generator import MeshGenerator
from onet_cli.reconstruction.settings import GeneratorSettings, plain_settings
from onet_cli.reconstruction.upright import Standing
from onet_cli.reconstruction.viewpoint import Viewpoint
from onet_cli.shapes.camera import describe_cameras
from tests.reconstruction.rigged import box_checkpoint, sphere_checkpoint

SIZE = 480
RED, BLUE = (200, 30, 20), (20, 40, 210)
FRONT = Viewpoint(0.3, 0.3, Standing((0.0, 0.0, 0.0), 1.2))


def fine(mesh):
    """Return the mesh with edges no longer than 0.03."""
    return mesh.subdivide_to_size(0.03)


def painting(parts, viewpoint=FRONT):
    """Return a picture on white of meshes, each in one colour, the last before the others."""
    pixels = np.full((SIZE, SIZE, 3), 255, np.uint8)
    mask = np.zeros((SIZE, SIZE), np.uint8)
    for mesh, colour in parts:
        covered = silhouette(mesh.vertices, mesh.faces, viewpoint.camera(SIZE), SIZE)
        pixels[covered] = colour
        mask[covered] = 255
    return torch.from_numpy(pixels).permute(2, 0, 1), torch.from_numpy(mask)


def test_what_is_seen_has_the_colour_of_its_pixel():
    ball = icosphere(subdivisions=4, radius=0.45)
    image, mask = painting([(ball, RED)])
    image[:, :, SIZE // 2 :] = image[:, :, SIZE // 2 :].flip(0)  # red becomes blue on the right

    colours = photo_colours(ball, FRONT, image, mask)

    x, _, depth = FRONT.camera(SIZE).project(ball.vertices).T
    near = depth < np.quantile(depth, 0.15)
    left, right = near & (x < SIZE / 2 - 20), near & (x > SIZE / 2 + 20)
    assert min(left.sum(), right.sum()) > 50
    np.testing.assert_allclose(colours[left], np.tile(RED, (left.sum(), 1)), atol=2)
    np.testing.assert_allclose(colours[right], np.tile(RED[::-1], (right.sum(), 1)), atol=2)


@pytest.mark.parametrize("given", [True, False])
@pytest.mark.parametrize("radius", [0.45, 0.5])
def test_no_vertex_takes_the_background(given, radius):
    # Also where the mesh is larger than the object in the photo.
    image, mask = painting([(icosphere(subdivisions=4, radius=0.45), BLUE)])
    ball = icosphere(subdivisions=4, radius=radius)

    colours = photo_colours(ball, FRONT, image, mask if given else None).astype(int)

    assert np.abs(colours - BLUE).max() <= 10


def test_thin_parts_keep_their_own_colour():
    plate = fine(box((0.9, 0.1, 0.5)).apply_translation((0, 0.4, 0)))
    leg = fine(box((0.012, 0.8, 0.012)).apply_translation((0, -0.05, 0.25)))
    image, mask = painting([(plate, RED), (leg, BLUE)])

    colours = photo_colours(concatenate([plate, leg]), FRONT, image, mask)

    low = np.flatnonzero(leg.vertices[:, 1] < 0.1) + len(plate.vertices)
    assert (colours[low, 2] > colours[low, 0]).mean() > 0.95


def test_what_is_hidden_does_not_take_the_colour_of_what_hides_it():
    plate = fine(box((0.9, 0.9, 0.04)).apply_translation((0, 0, -0.3)))
    knob = fine(box((0.25, 0.25, 0.1)).apply_translation((0, 0, 0.3)))
    straight = Viewpoint(0.0, 0.3, Standing((0.0, 0.0, 0.0), 1.2))
    image, mask = painting([(plate, BLUE), (knob, RED)], straight)

    colours = photo_colours(concatenate([plate, knob]), straight, image, mask).astype(int)

    of_plate, of_knob = colours[: len(plate.vertices)], colours[len(plate.vertices) :]
    assert (np.abs(of_plate - BLUE).max(axis=1) < 40).mean() > 0.97
    # Its edges lie between the two colours.
    front = (knob.vertices[:, 2] > 0.34) & (np.abs(knob.vertices[:, :2]) < 0.11).all(axis=1)
    assert (np.abs(of_knob[front] - RED).max(axis=1) < 40).all()


def test_the_hidden_side_is_the_mirror_image_of_the_seen_one():
    # Seen from a corner: two sides of four, the lower half of each in another colour.
    upper = fine(box((0.7, 0.35, 0.5)).apply_translation((0, 0.175, 0)))
    lower = fine(box((0.7, 0.35, 0.5)).apply_translation((0, -0.175, 0)))
    whole = fine(box((0.7, 0.7, 0.5)))
    for mesh in (upper, lower, whole):
        mesh.apply_transform(_turn(35))
    image, mask = painting([(lower, BLUE), (upper, RED)])

    colours = photo_colours(whole, FRONT, image, mask).astype(int)

    behind = whole.vertices[:, 2] < -0.25
    high, low = (behind & (side * whole.vertices[:, 1] > 0.08) for side in (1, -1))
    assert (np.abs(colours[high] - RED).max(axis=1) < 50).mean() > 0.9
    assert (np.abs(colours[low] - BLUE).max(axis=1) < 50).mean() > 0.8


def _turn(degrees):
    from trimesh.transformations import rotation_matrix

    return rotation_matrix(np.radians(degrees), (0, 1, 0))


def test_hidden_parts_take_the_colour_of_their_height():
    # A lid on a body, seen from above, with a far corner of their own so that no mirror plane fits.
    def prism(low, high):
        corners = [(-0.3, -0.4), (0.3, -0.2), (0.35, 0.3), (-0.1, 0.4)]
        return fine(PointCloud([(x, y, z) for x, z in corners for y in (low, high)]).convex_hull)

    body, lid = prism(-0.4, 0.1), prism(0.1, 0.4)
    image, mask = painting([(body, BLUE), (lid, RED)])

    colours = photo_colours(concatenate([body, lid]), FRONT, image, mask).astype(int)

    clear = np.abs(np.concatenate([body.vertices, lid.vertices])[:, 1] - 0.1) > 0.06
    wanted = np.repeat([BLUE, RED], [len(body.vertices), len(lid.vertices)], axis=0)
    right = np.abs(colours - wanted).max(axis=1) < 60
    assert right[clear].mean() > 0.85  # 0.64 where height counts no more than width


def test_a_mesh_that_the_photo_does_not_show_has_colours_all_the_same():
    image, mask = painting([(icosphere(subdivisions=3, radius=0.3), RED)])
    aside = icosphere(subdivisions=2, radius=0.1).apply_translation((5.0, 0, 0))

    assert photo_colours(aside, FRONT, image, mask).shape == (len(aside.vertices), 3)


def test_a_picture_without_a_background_gives_its_colours_as_they_are():
    image = torch.zeros(3, 64, 64, dtype=torch.uint8)
    image[1] = 90

    colours = photo_colours(icosphere(subdivisions=2, radius=0.4), FRONT, image).astype(int)

    assert np.abs(colours - (0, 90, 0)).max() <= 1


def test_meshes_have_colours_where_asked_for_and_a_camera_is_known():
    extents = (0.7, 0.5, 0.4)
    camera = Camera.orbit(20.0, 15.0, 1.9, SIZE)
    row = describe_cameras(camera.world[None], camera.camera[None])[0]
    seen = box(extents)
    covered = silhouette(seen.vertices, seen.faces, camera, SIZE)
    image = torch.full((3, SIZE, SIZE), 255, dtype=torch.uint8)
    image[:, covered] = torch.tensor(RED, dtype=torch.uint8)[:, None]
    settings = GeneratorSettings(32, color=True)

    made = MeshGenerator(box_checkpoint(extents, row), settings).generate(image)
    without = MeshGenerator(box_checkpoint(extents, row), plain_settings(32)).generate(image)
    blind = MeshGenerator(sphere_checkpoint(), settings).generate(image)

    assert np.abs(made.mesh.vertex_attributes[COLOUR].astype(int) - RED).max() <= 6
    assert COLOUR not in without.mesh.vertex_attributes
    assert COLOUR not in blind.mesh.vertex_attributes
