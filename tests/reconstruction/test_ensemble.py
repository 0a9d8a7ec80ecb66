"""Fields of copies of a photo, against fields whose form is known."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from onet_cli.models.catalogue import find_model
from onet_cli.models.checkpoint import Checkpoint, CheckpointInfo
from onet_cli.models.code_layout import CAMERA_WIDTH
from onet_cli.models.frame import from_cube, to_cube
from onet_cli.models.network import build_network
from onet_cli.models.torch_points import TorchPoints
from onet_cli.reconstruction.ensemble import Ensemble, PhotoCopy, copies_of, edge_of

SIZE = 112
CENTRE, RADIUS = torch.tensor([0.2, -0.1, 0.3]), 0.4
COPIES = copies_of((1.0, 0.8, 0.5), flip=True)


class SphereNetwork:
    """Sees the same sphere in every copy of a photo; its codes number the copies."""

    info = SimpleNamespace(spec=SimpleNamespace(image_size=SIZE))

    def __init__(self, cameras):
        self.cameras = cameras
        self.used = {}

    def codes(self):
        numbered = torch.arange(float(len(COPIES)))[:, None]
        return list(torch.cat([numbered, self.cameras], dim=1)[:, None].numpy())

    def for_code(self, code):
        number = int(code[0, 0])
        self.used[number] = code[0, -CAMERA_WIDTH:]
        copy = COPIES[number]
        ratio = edge_of(copy.scale, SIZE) / SIZE
        mirror = torch.tensor([-1.0 if copy.flipped else 1.0, 1.0, 1.0])

        def decode(points):
            away = (from_cube(points) - CENTRE * mirror * ratio).norm(dim=1)
            return RADIUS - away / ratio

        return TorchPoints(decode)


def sphere(count=200):
    directions = torch.randn(count, 3, generator=torch.Generator().manual_seed(1))
    places = CENTRE + RADIUS * directions / directions.norm(dim=1, keepdim=True)
    return to_cube(places).numpy()


def test_every_copy_has_the_object_at_the_place_of_the_original():
    network = SphereNetwork(torch.tensor([[0.3, 0.2]] * len(COPIES)))

    ensemble = Ensemble.of(network, network.codes(), COPIES)

    for member in (*ensemble.members, ensemble):
        assert np.abs(member(sphere())).max() < 1e-5


def test_gradients_are_those_of_the_mean():
    network = SphereNetwork(torch.tensor([[0.3, 0.2]] * len(COPIES)))
    ensemble, points = Ensemble.of(network, network.codes(), COPIES), 0.9 * sphere()

    logits, slopes = ensemble.with_gradient(points)

    np.testing.assert_allclose(logits, ensemble(points), atol=1e-6)
    for axis in range(3):
        step = 1e-3 * np.eye(3, dtype=np.float32)[axis]
        difference = (ensemble(points + step) - ensemble(points - step)) / 2e-3
        np.testing.assert_allclose(slopes[:, axis], difference, atol=2e-3)


def test_cameras_are_averaged_as_the_original_shows_them():
    ratios = torch.tensor([edge_of(copy.scale, SIZE) / SIZE for copy in COPIES])
    kappa = torch.tensor([0.1, 0.2, 0.3, 0.1, 0.2, 0.3])
    elevation = torch.tensor([0.0, 0.1, 0.2, 0.3, 0.4, 0.5])
    network = SphereNetwork(torch.stack([elevation, kappa / ratios], dim=1))

    ensemble = Ensemble.of(network, network.codes(), COPIES)

    np.testing.assert_allclose(ensemble.camera, [[0.25, 0.2]], rtol=1e-5)
    for number, ratio in enumerate(ratios):
        np.testing.assert_allclose(network.used[number], [0.25, 0.2 / ratio], rtol=1e-5)


@pytest.mark.parametrize("scale", [1.0, 0.9, 0.8, 0.5])
def test_a_copy_shows_the_object_smaller_by_its_scale_about_the_centre_on_white(scale):
    image = np.full((3, 224, 224), 255, np.uint8)
    image[0, 56:112, 28:168] = 0
    edge = edge_of(scale, SIZE)

    drawn = PhotoCopy(scale).draw(image, SIZE)

    assert drawn.shape == (3, SIZE, SIZE)
    assert abs(edge - scale * SIZE) <= 1
    assert (SIZE - edge) % 2 == 0
    dark = (1 - drawn[0]).astype(np.float64)
    ratio, at = edge / SIZE, np.arange(SIZE) + 0.5 - SIZE / 2
    assert dark.sum() == pytest.approx(56 * 140 / 4 * ratio**2, rel=1e-3)
    assert dark.sum(axis=1) @ at / dark.sum() == pytest.approx(-14 * ratio, abs=0.05)
    assert dark.sum(axis=0) @ at / dark.sum() == pytest.approx(-7 * ratio, abs=0.05)
    flipped = PhotoCopy(scale, flipped=True).draw(image, SIZE)
    assert np.array_equal(flipped, drawn[..., ::-1])


def test_the_mean_over_mirror_images_is_mirror_symmetric():
    network = build_network(find_model("onet-aligned"), seed=3).eval()
    model, rng = Checkpoint(network, CheckpointInfo(network.spec)), np.random.default_rng(0)
    image = rng.integers(0, 256, (3, 64, 64)).astype(np.uint8)
    points = rng.random((50, 3), np.float32) - np.float32(0.5)
    copies = copies_of((1.0, 0.8), flip=True)

    def mean(image, points):
        codes = model.encode(np.stack([copy.draw(image, SIZE) for copy in copies]))
        return Ensemble.of(model, list(codes[:, None]), copies)(points)

    mirrored = mean(image[..., ::-1], points * np.array([-1, 1, 1], np.float32))
    np.testing.assert_allclose(mean(image, points), mirrored, atol=1e-5, rtol=1e-4)
    alone = model.for_code(model.encode(copies[0].draw(image, SIZE)[None]))(points)
    assert np.abs(mean(image, points) - alone).max() > 1e-4


def test_copies_begin_with_the_original():
    assert copies_of((1.0,), flip=False) == (PhotoCopy(),)
    assert copies_of((1.0, 0.8), flip=True) == (
        PhotoCopy(),
        PhotoCopy(0.8),
        PhotoCopy(1.0, flipped=True),
        PhotoCopy(0.8, flipped=True),
    )
    assert np.unique([edge_of(1 - step / 100, SIZE) for step in range(70)]).min() >= 30
