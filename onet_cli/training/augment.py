"""Photo augmentation: what a camera and a crop vary, and the mirror symmetry of the data."""

import torch
from torch import Tensor
from torch.nn.functional import affine_grid, grid_sample

from onet_cli.training.photograph import photograph, whiteness

SCALE = 0.97, 1.25
SHIFT = 0.04
BRIGHTNESS = 0.7, 1.25
GAMMA = 0.75, 1.3
TINT = 0.12


def augment_photos(images: Tensor, points: Tensor, rng: torch.Generator) -> tuple[Tensor, Tensor]:
    """Return varied `images` (B, 3, H, W) in [0, 1] and the `points` (B, T, 3) that go with them.

    Half of the samples are mirrored, picture and shape alike: a picture flipped left to right
    shows the shape mirrored in x from the mirrored viewpoint. Size and place in the picture vary;
    brightness, gamma and tint vary on the object only, as the background stays white, but for what
    `photograph` leaves of another one.
    """
    flips = torch.rand(len(images), generator=rng) < 0.5
    images, points = mirror(images, points, flips)
    images = _move(images, rng)
    return photograph(_recolour(images, rng), 1 - whiteness(images), rng), points


def mirror(images: Tensor, points: Tensor, flips: Tensor) -> tuple[Tensor, Tensor]:
    """Return both with the samples marked in `flips` (B,) bool mirrored left to right."""
    flips = flips.to(images.device)
    images = torch.where(flips[:, None, None, None], images.flip(-1), images)
    signs = torch.ones(len(points), 1, 3, device=points.device)
    signs[:, 0, 0] = torch.where(flips, -1.0, 1.0)
    return images, points * signs


def _uniform(low: float, high: float, shape: tuple[int, ...], rng: torch.Generator) -> Tensor:
    return low + (high - low) * torch.rand(shape, generator=rng)


def _move(images: Tensor, rng: torch.Generator) -> Tensor:
    count = len(images)
    transform = torch.zeros(count, 2, 3)
    transform[:, 0, 0] = transform[:, 1, 1] = _uniform(*SCALE, (count,), rng)
    transform[:, :, 2] = _uniform(-2 * SHIFT, 2 * SHIFT, (count, 2), rng)
    grid = affine_grid(transform, list(images.shape), align_corners=False)
    # Sampling the darkness instead of the brightness makes "outside the picture" white.
    return 1 - grid_sample(1 - images, grid.to(images.device), align_corners=False)


def _recolour(images: Tensor, rng: torch.Generator) -> Tensor:
    count = len(images)
    gain = _uniform(*BRIGHTNESS, (count, 1, 1, 1), rng) * (
        1 + _uniform(-TINT, TINT, (count, 3, 1, 1), rng)
    )
    gamma = _uniform(*GAMMA, (count, 1, 1, 1), rng)
    varied = (images.clamp(1e-4, 1) ** gamma.to(images.device)) * gain.to(images.device)
    return torch.lerp(varied.clamp(0, 1), images, whiteness(images))
