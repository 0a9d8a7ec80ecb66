"""Fields of copies of a photo, against fields whose form is known."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from onet_cli.models.catalogue import find_model
from onet_cli.models.encoders.maps import CAMERA_WIDTH
from onet_cli.models.frame import from_cube, to_cube
from onet_cli.models.network import build_network
from onet_cli.reconstruction.ensemble import Ensemble, PhotoCopy, copies_of, edge_of

SIZE = 112
CENTRE, RADIUS = torch.tensor([0.2, -0.1, 0.3]), 0.4
COPIES = copies_of((1.0, 0.8, 0.5), flip=True)


class SphereNetwork:
    """Sees the same sphere in every copy of a photo; its codes number the copies."""

    spec = SimpleNamespace(image_size=SIZE)

    def __init__(self, cameras):
        self.cameras = cameras
        self.used = {}

    def codes(self):
        numbered = torch.arange(float(len(COPIES)))[:, None]
        return list(torch.cat([numbered, self.cameras], dim=1)[:, None])

    def for_code(self, code):
        number = int(code[0, 0])
        self.used[number] = code[0, -CAMERA_WIDTH:]
        copy = COPIES[number]
        ratio = edge_of(copy.scale, SIZE) / SIZE
        mirror = torch.tensor([-1.0 if copy.flipped else 1.0, 1.0, 1.0])

        def decode(points):
            away = (from_cube(points) - CENTRE * mirror * ratio).norm(dim=1)
            return RADIUS - away / ratio

        return decode


def sphere(count=200):
    directions = torch.randn(count, 3, generator=torch.Generator().manual_seed(1))
    return to_cube(CENTRE + RADIUS * directions / directions.norm(dim=1, keepdim=True))


def test_every_copy_has_the_object_at_the_place_of_the_original():
    network = SphereNetwork(torch.tensor([[0.3, 0.2]] * len(COPIES)))

    ensemble = Ensemble.of(network, network.codes(), COPIES)

    for member in (*ensemble.members, ensemble.decode):
        assert member(sphere()).abs().max() < 1e-5


def test_cameras_are_averaged_as_the_original_shows_them():
    ratios = torch.tensor([edge_of(copy.scale, SIZE) / SIZE for copy in COPIES])
    kappa = torch.tensor([0.1, 0.2, 0.3, 0.1, 0.2, 0.3])
    elevation = torch.tensor([0.0, 0.1, 0.2, 0.3, 0.4, 0.5])
    network = SphereNetwork(torch.stack([elevation, kappa / ratios], dim=1))

    ensemble = Ensemble.of(network, network.codes(), COPIES)

    torch.testing.assert_close(ensemble.camera, torch.tensor([[0.25, 0.2]]))
    for number, ratio in enumerate(ratios):
        torch.testing.assert_close(network.used[number], torch.tensor([0.25, 0.2 / ratio]))


@pytest.mark.parametrize("scale", [1.0, 0.9, 0.8, 0.5])
def test_a_copy_shows_the_object_smaller_by_its_scale_about_the_centre_on_white(scale):
    image = torch.full((1, 3, 224, 224), 255, dtype=torch.uint8)
    image[:, 0, 56:112, 28:168] = 0
    edge = edge_of(scale, SIZE)

    drawn = PhotoCopy(scale).draw(image, SIZE)

    assert drawn.shape == (1, 3, SIZE, SIZE)
    assert abs(edge - scale * SIZE) <= 1
    assert (SIZE - edge) % 2 == 0
    dark = (1 - drawn[0, 0]).double()
    ratio, at = edge / SIZE, torch.arange(SIZE) + 0.5 - SIZE / 2
    assert dark.sum() == pytest.approx(56 * 140 / 4 * ratio**2, rel=1e-3)
    assert float((dark.sum(dim=1) @ at.double()) / dark.sum()) == pytest.approx(
        -14 * ratio, abs=0.05
    )
    assert float((dark.sum(dim=0) @ at.double()) / dark.sum()) == pytest.approx(
        -7 * ratio, abs=0.05
    )
    flipped = PhotoCopy(scale, flipped=True).draw(image, SIZE)
    assert torch.equal(flipped, drawn.flip(3))


@torch.no_grad()
def test_the_mean_over_mirror_images_is_mirror_symmetric():
    network = build_network(find_model("onet-aligned"), seed=3).eval()
    image = torch.randint(0, 256, (1, 3, 64, 64), dtype=torch.uint8)
    points = torch.rand(50, 3) - 0.5
    copies = copies_of((1.0, 0.8), flip=True)

    def mean(image, points):
        codes = network.encode(torch.cat([copy.draw(image, SIZE) for copy in copies]))
        return Ensemble.of(network, list(codes[:, None]), copies).decode(points)

    mirrored = mean(image.flip(3), points * torch.tensor([-1.0, 1.0, 1.0]))
    torch.testing.assert_close(mean(image, points), mirrored, atol=1e-5, rtol=1e-4)
    alone = network.for_code(network.encode(copies[0].draw(image, SIZE)))(points)
    assert (mean(image, points) - alone).abs().max() > 1e-4


def test_copies_begin_with_the_original():
    assert copies_of((1.0,), flip=False) == (PhotoCopy(),)
    assert copies_of((1.0, 0.8), flip=True) == (
        PhotoCopy(),
        PhotoCopy(0.8),
        PhotoCopy(1.0, flipped=True),
        PhotoCopy(0.8, flipped=True),
    )
    assert np.unique([edge_of(1 - step / 100, SIZE) for step in range(70)]).min() >= 30
