"""Photo augmentation: mirroring, crops, colours and photo artefacts."""

import torch
from torch import Tensor
from torch.nn.functional import affine_grid, grid_sample

from onet_cli.training.annotations import Annotations
from onet_cli.training.photo_augmentation import apply_photo_augmentation, whiteness
from onet_cli.training.transfer import to_device

SCALE = 0.97, 1.25
SHIFT = 0.04
BRIGHTNESS = 0.7, 1.25
OVEREXPOSED = 1.6
"""Maximum brightness instead, where the background stays distinct from what is overexposed."""

GAMMA = 0.75, 1.3
TINT = 0.12


def augment_photos(
    images: Tensor,
    points: Tensor,
    known: Annotations | None,
    rng: torch.Generator,
    exposure: float = 1.0,
) -> tuple[Tensor, Tensor, Annotations | None]:
    """Return augmented `images` (B, 3, H, W) in [0, 1], their points, and their annotations.

    `points` are (B, T, 3), in the unit cube. `exposure` is the brightness of white objects
    (`shapes.exposure`), which remains their maximum.

    Half of the samples are mirrored, image and shape alike: a flipped image shows the shape
    mirrored in x from the mirrored viewpoint. Scale and position in the image vary; brightness,
    gamma and tint vary on the object only, as the background stays white, except for remains of
    the backgrounds of `apply_photo_augmentation`.
    """
    flips = torch.rand(len(images), generator=rng) < 0.5
    images, points = mirror(images, points, flips)
    scale = _uniform(*SCALE, (len(images),), rng)
    shift = _uniform(-2 * SHIFT, 2 * SHIFT, (len(images), 2), rng)
    images = move(images, scale, shift)
    if known is not None:
        places = to_device(scale, images.device), to_device(shift, images.device)
        known = known.mirrored(to_device(flips, images.device)).moved(*places)
    objects = 1 - whiteness(images)
    images = apply_photo_augmentation(_recolour(images, rng, exposure), objects, rng, exposure)
    return images, points, known


def mirror(images: Tensor, points: Tensor, flips: Tensor) -> tuple[Tensor, Tensor]:
    """Mirror images and points left to right where `flips` (B,) bool is True."""
    flips = to_device(flips, images.device)
    images = torch.where(flips[:, None, None, None], images.flip(-1), images)
    signs = torch.ones(len(points), 1, 3, device=points.device)
    signs[:, 0, 0] = torch.where(flips, -1.0, 1.0)
    return images, points * signs


def _uniform(low: float, high: float, shape: tuple[int, ...], rng: torch.Generator) -> Tensor:
    return low + (high - low) * torch.rand(shape, generator=rng)


def move(images: Tensor, scale: Tensor, shift: Tensor) -> Tensor:
    """Resample `images` so that (x, y) shows `scale` (x, y) + `shift`, (B,) and (B, 2).

    Coordinates are in half edges from the centre. The outside is white.
    """
    transform = torch.zeros(len(images), 2, 3)
    transform[:, 0, 0] = transform[:, 1, 1] = scale
    transform[:, :, 2] = shift
    grid = affine_grid(to_device(transform, images.device), list(images.shape), align_corners=False)
    # Sampling the inverted image makes the outside white.
    return 1 - grid_sample(1 - images, grid, align_corners=False)


def _recolour(images: Tensor, rng: torch.Generator, exposure: float) -> Tensor:
    count = len(images)
    darkest, brightest = BRIGHTNESS[0], BRIGHTNESS[1] if exposure == 1 else OVEREXPOSED
    gain = _uniform(darkest, brightest, (count, 1, 1, 1), rng) * (
        1 + _uniform(-TINT, TINT, (count, 3, 1, 1), rng)
    )
    gamma = _uniform(*GAMMA, (count, 1, 1, 1), rng)
    gain, gamma = to_device(gain, images.device), to_device(gamma, images.device)
    varied = ((images / exposure).clamp(1e-4, 1) ** gamma) * gain
    return torch.lerp(varied.clamp(0, 1) * exposure, images, whiteness(images))
