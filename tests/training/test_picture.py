import numpy as np
import pytest
import torch
from trimesh.creation import box

from onet_cli.errors import StoreError
from onet_cli.geometry.sampling import sample_surface
from onet_cli.models.code_layout import BINS, plane_of
from onet_cli.models.frame import PictureCamera
from onet_cli.models.mirror import Mirror
from onet_cli.models.network import build_network
from onet_cli.preprocessing.views import ViewOptions, take_views
from onet_cli.shapes.camera import describe_cameras
from onet_cli.shapes.photo import decode_view, resize_images
from onet_cli.training.annotations import Annotations
from onet_cli.training.augment import mirror, move
from onet_cli.training.config import Budget, TrainingConfig
from onet_cli.training.data import ShapeData
from onet_cli.training.picture import StepNoise, draw_step_noise, see, see_alone
from tests.models.networks import tiny_spec

SIZE = 128


def stool():
    """A mesh without symmetry: a plate on one leg, and a post beside it."""
    parts = [
        box(bounds=[[-0.5, 0.1, -0.4], [0.5, 0.2, 0.3]]),
        box(bounds=[[-0.5, -0.5, -0.4], [-0.4, 0.1, -0.3]]),
        box(bounds=[[0.3, 0.2, 0.1], [0.4, 0.5, 0.2]]),
    ]
    return sum(parts[1:], parts[0])


def pictures(cameras):
    rng = np.random.default_rng(3)
    views = take_views(stool(), None, rng, ViewOptions(count=8, size=SIZE, cameras=cameras))
    stacked = np.stack([decode_view(view) for view in views.images]).transpose(0, 3, 1, 2)
    images = resize_images(torch.from_numpy(stacked.copy()), SIZE)
    rows = torch.from_numpy(describe_cameras(views.world, views.camera))
    return images, PictureCamera.from_rows(rows)


@pytest.mark.parametrize("cameras", ["choy", "wide"])
@pytest.mark.parametrize("seed", range(4))
def test_surface_points_lie_in_the_object_of_varied_pictures(cameras, seed):
    rng = torch.Generator().manual_seed(seed)
    images, camera = pictures(cameras)
    count = len(images)
    surface, _ = sample_surface(stool(), 500, np.random.default_rng(0))
    points = torch.from_numpy(surface).float().expand(count, -1, -1)
    flips = torch.rand(count, generator=rng) < 0.5
    scale = 0.9 + 0.4 * torch.rand(count, generator=rng)
    shift = 0.2 * torch.rand(count, 2, generator=rng) - 0.1

    images, points = mirror(images, points, flips)
    images = move(images, scale, shift)
    seen = camera.mirrored(flips).moved(scale, shift).project(points)

    # A pixel's neighbours count as well: outlines run through pixels.
    darkness = torch.nn.functional.max_pool2d(1 - images.amin(1, keepdim=True), 3, 1, padding=1)
    found = torch.nn.functional.grid_sample(
        darkness, seen[:, :, None], mode="nearest", align_corners=False
    )[:, 0, :, 0]
    inside = seen.abs().amax(dim=2) < 1
    assert inside.float().mean() > 0.95
    assert (found[inside] > 0.05).float().mean() > 0.999
    wrong = camera.mirrored(~flips).moved(scale, shift).project(points)
    lost = torch.nn.functional.grid_sample(darkness, wrong[:, :, None], align_corners=False)
    assert (lost > 0.05).float().mean() < 0.95


TINY = tiny_spec(decoder="aligned")


def test_points_outside_of_the_cube_are_told_from_those_inside():
    network = build_network(TINY, seed=0).train()
    images, camera = pictures("choy")
    known = Annotations(camera, torch.zeros(len(images), BINS))
    points = torch.zeros(len(images), 5, 3)
    doubts = draw_step_noise(len(images), torch.Generator().manual_seed(0))

    seen = see(network, resize_images((images * 255).byte(), 64), points, known, doubts)

    assert 0.2 < seen.empty.float().mean() < 0.95
    # The middle of the network's cube is about where the object's centre is.
    middle = doubts._replace(outside=doubts.outside * 0.05)
    assert not see(network, images, points, known, middle).empty.any()


def test_with_the_true_camera_both_ways_of_asking_agree():
    network = build_network(TINY, seed=0).eval()
    images, camera = pictures("wide")
    rng = torch.Generator().manual_seed(1)
    points = torch.rand(len(images), 50, 3, generator=rng) - 0.5
    known = Annotations(camera, torch.ones(len(images), BINS))
    none = torch.zeros(len(images), 2)
    guessed = StepNoise(
        none[:, :1] + 1, none, torch.zeros(len(images), 256, 3), none[:, :1] + 1, none
    )

    with torch.no_grad():
        asked = see(network, images, points, known, guessed).logits
        alone = see_alone(network, images, points, camera)

    torch.testing.assert_close(asked, alone)


@pytest.mark.slow
def test_camera_and_mirror_plane_are_learned():
    network = build_network(TINY, seed=0).train()
    images, camera = pictures("wide")
    symmetry = torch.zeros(len(images), BINS)
    symmetry[:, 4] = 1
    known = Annotations(camera, symmetry)
    points = torch.zeros(len(images), 1, 3)
    optimizer = torch.optim.Adam(network.parameters(), lr=5e-3)
    doubts = draw_step_noise(len(images), torch.Generator().manual_seed(0))
    losses = []
    for _ in range(60):
        optimizer.zero_grad()
        seen = see(network, images, points, known, doubts)
        torch.autograd.backward(seen.camera_loss + 5 * seen.mirror_loss)
        optimizer.step()
        losses.append((float(seen.camera_loss.detach()), float(seen.mirror_loss.detach())))

    assert losses[-1][0] < 0.25 * losses[0][0]
    assert losses[-1][1] < 0.25 * losses[0][1]
    found = Mirror(*plane_of(network.encode(images)).detach().unbind(1))
    error = 2 * (found.angle - known.plane(torch.zeros(8, BINS), torch.zeros(8, 2)).angle)
    assert (error.cos() > np.cos(np.radians(2 * 15))).float().mean() > 0.8


def test_an_object_without_a_known_symmetry_teaches_none():
    network = build_network(TINY, seed=0).train()
    images, camera = pictures("wide")
    points = torch.zeros(len(images), 3, 3)
    doubts = draw_step_noise(len(images), torch.Generator().manual_seed(0))
    nothing = Annotations(camera, torch.full((len(images), BINS), torch.nan))

    seen = see(network, images, points, nothing, doubts)

    assert seen.logits.isfinite().all()
    assert seen.mirror_loss.isfinite()
    (slope,) = torch.autograd.grad(seen.mirror_loss, network.encoder.mirror[-1].bias)
    assert (slope[:BINS] == 0).all()
    assert (slope[BINS:] != 0).any()


def test_a_set_without_cameras_is_refused(balls):
    config = TrainingConfig(Budget(steps=1))

    with pytest.raises(StoreError, match="without cameras"):
        ShapeData(balls, config, spec=TINY)
