"""Mirror planes in the picture's frame, against mirror images in the object's own."""

import math

import pytest
import torch

from onet_cli.models.code_layout import BINS
from onet_cli.models.frame import PictureCamera, from_cube, to_cube
from onet_cli.models.mirror import STEP, Mirror, find_plane
from onet_cli.training.annotations import Annotations


def cameras(count=16, seed=0):
    rng = torch.Generator().manual_seed(seed)

    def draw(low, high, *shape):
        return low + (high - low) * torch.rand((count, *shape), generator=rng, dtype=torch.float64)

    return PictureCamera(
        draw(-math.pi, math.pi),
        draw(-0.2, 1.2),
        draw(0.1, 0.6),
        draw(0.8, 1.3),
        draw(-0.2, 0.2, 2),
        draw(-0.2, 0.2, 2),
    )


def points_of(count, seed=1):
    rng = torch.Generator().manual_seed(seed)
    return torch.rand((count, 200, 3), generator=rng, dtype=torch.float64) - 0.5


def test_the_mirror_image_of_a_mirror_image_is_the_point():
    points = points_of(3)
    mirror = Mirror(*torch.tensor([[0.3, 2.0, 4.0], [0.1, 0.0, -0.2], [1.0] * 3]).double())

    images = mirror.image(points)

    assert (images - points).abs().mean() > 0.1
    torch.testing.assert_close(mirror.image(images), points)
    normals = torch.stack([mirror.angle.cos(), 0 * mirror.angle, mirror.angle.sin()], dim=1)
    halfway = (from_cube(points) + from_cube(images)) / 2
    across = (halfway * normals[:, None]).sum(dim=2)
    torch.testing.assert_close(across, mirror.offset[:, None].expand_as(across))


@pytest.mark.parametrize("bin_", [0, 1, 17, 35])
@pytest.mark.parametrize("flipped", [False, True])
def test_a_plane_of_the_object_is_found_where_the_picture_has_it(bin_, flipped):
    camera, points = cameras(), points_of(16)
    flips = torch.full((16,), flipped)
    symmetry = torch.zeros(16, BINS, dtype=torch.float64)
    symmetry[:, bin_] = 1
    known = Annotations(camera, symmetry).mirrored(flips)
    angle = torch.tensor(bin_ * STEP, dtype=torch.float64)
    normal = torch.stack([angle.cos(), 0 * angle, angle.sin()])
    images = points - 2 * (points @ normal)[..., None] * normal
    if flipped:
        across = torch.tensor([-1.0, 1.0, 1.0])
        points, images = points * across, images * across
    elevation = known.camera.elevation

    plane = known.plane(torch.zeros(16, BINS).double(), known.centre(elevation))

    seen = to_cube(known.camera.to_picture(points))
    expected = to_cube(known.camera.to_picture(images))
    torch.testing.assert_close(plane.image(seen), expected, rtol=0, atol=1e-6)
    assert (plane.trust == 1).all()
    peak = known.symmetry_in_picture().argmax(dim=1) * STEP
    away = (2 * (peak - plane.angle)).cos()
    assert (away > math.cos(2 * STEP)).all()


def test_of_several_planes_the_one_that_is_expected_is_taken():
    camera = cameras(1)
    symmetry = torch.zeros(1, BINS).double()
    symmetry[:, [3, 21]] = 1
    known = Annotations(camera, symmetry)
    for wanted in (3, 21):
        place = int(torch.round(wanted + camera.azimuth / STEP)) % BINS
        logits = torch.full((1, BINS), -5.0).double()
        logits[0, place] = 5
        angle = known.plane(logits, torch.zeros(1, 2).double()).angle
        torch.testing.assert_close(angle, wanted * STEP + camera.azimuth)


@pytest.mark.parametrize("place", [0.0, 0.3, 12.5, 34.8, 35.6])
def test_a_plane_is_found_between_the_angles(place):
    around = torch.arange(-BINS, 2 * BINS)
    bumps = torch.exp(-((around - place) ** 2) / 3).view(3, BINS).sum(dim=0)
    logits = torch.logit(0.9 * bumps.clamp(1e-4, 1))[None]
    centre = torch.tensor([[0.2, -0.1]])

    plane = find_plane(logits, centre)

    error = math.remainder(float(plane.angle) - place * STEP, math.pi)
    assert abs(error) < 0.1 * STEP
    expected = 0.2 * math.cos(float(plane.angle)) - 0.1 * math.sin(float(plane.angle))
    assert float(plane.offset) == pytest.approx(expected, abs=1e-6)
    assert float(plane.trust) == 1
    assert find_plane(logits - 4, centre).trust < 0.5


@pytest.mark.parametrize(("probability", "trust"), [(0.2, 1.0), (0.1, 0.5), (0.9, 1.0)])
def test_trust_is_the_sum_of_five_probabilities_and_at_most_1(probability, trust):
    logits = torch.logit(torch.full((1, BINS), probability))

    plane = find_plane(logits, torch.zeros(1, 2))

    assert float(plane.trust) == pytest.approx(trust, abs=1e-6)


def test_both_normals_of_a_plane_are_the_same_to_a_network():
    one = Mirror(torch.tensor([0.4]), torch.tensor([0.1]), torch.tensor([0.7]))
    other = Mirror(one.angle + math.pi, -one.offset, one.trust)
    torch.testing.assert_close(one.features(), other.features())
    torch.testing.assert_close(one.image(points_of(1).float()), other.image(points_of(1).float()))
