"""Photo artefacts for rendered images: blur, JPEG compression and imperfect masks.

Images are (B, 3, H, W) in [0, 1], objects on white. Everything runs in torch on the batch's device.
A generator on the CPU draws a few numbers per image, so that the same seed gives the same images
on every device; they are sent to the device and upsampled there.
"""

import math

import torch
from torch import Tensor
from torch.nn import functional as F

from onet_cli.training.transfer import to_device

CUT_OUT = 0.3
"""Share of the images with a background and an imperfect mask."""

BLURRED, WIDEST_BLUR = 0.5, 0.008
"""Share of blurred images; maximum standard deviation of the Gaussian, in image edges."""

COMPRESSED, QUALITIES = 0.5, (30.0, 95.0)
"""Share of images with JPEG compression; range of libjpeg's quality."""

OCTAVES = 5
ROUGHNESS = 0.01, 0.05
"""Range of the maximum error of a mask per image, in image edges."""

_NEARLY_WHITE, _SOFT = 0.9, 0.08
_BLOCK = 8

# ITU-T T.81, annex K: quantisation tables of luminance and chrominance, row-major.
_LUMINANCE = (
    (16, 11, 10, 16, 24, 40, 51, 61),
    (12, 12, 14, 19, 26, 58, 60, 55),
    (14, 13, 16, 24, 40, 57, 69, 56),
    (14, 17, 22, 29, 51, 87, 80, 62),
    (18, 22, 37, 56, 68, 109, 103, 77),
    (24, 35, 55, 64, 81, 104, 113, 92),
    (49, 64, 78, 87, 103, 121, 120, 101),
    (72, 92, 95, 98, 112, 100, 103, 99),
)
_CHROMINANCE = (
    (17, 18, 24, 47, 99, 99, 99, 99),
    (18, 21, 26, 66, 99, 99, 99, 99),
    (24, 26, 56, 99, 99, 99, 99, 99),
    (47, 66, 99, 99, 99, 99, 99, 99),
    *(4 * ((99,) * 8,)),
)

# JFIF: RGB to YCbCr.
_TO_YCC = (
    (0.299, 0.587, 0.114),
    (-0.168736, -0.331264, 0.5),
    (0.5, -0.418688, -0.081312),
)


def apply_photo_augmentation(
    images: Tensor, object_share: Tensor, rng: torch.Generator, exposure: float = 1.0
) -> Tensor:
    """Return `images` with random photo artefacts.

    `object_share` (B, 1, H, W) is the object mask, 0 to 1, and `exposure` the brightness of white
    in it.
    """
    count, device = len(images), images.device
    # Selected on the CPU, to avoid synchronising with a GPU for the number of images.
    cut_out = to_device(_chosen(count, CUT_OUT, rng).nonzero().squeeze(1), device)
    objects = object_share[cut_out]
    behind = exposure * backdrops(torch.Size((len(cut_out), *images.shape[1:])), rng, device)
    scene = images.clone()
    scene[cut_out] -= (1 - objects) * (1 - behind)
    sigmas = WIDEST_BLUR * images.shape[-1] * torch.rand(count, generator=rng)
    scene = blur(scene, torch.where(_chosen(count, BLURRED, rng), sigmas, 0.0))
    chosen = _chosen(count, COMPRESSED, rng).nonzero().squeeze(1)
    qualities = to_device(_uniform(*QUALITIES, (count,), rng)[chosen], device)
    compressed = to_device(chosen, device)
    scene[compressed] = compress(scene[compressed], qualities)
    # Photos are exposed after compression, which therefore makes no object brighter than that.
    scene = torch.minimum(scene, 1 - (1 - exposure) * object_share)
    scene[cut_out] = 1 - rough_mask(objects, rng) * (1 - scene[cut_out])
    return scene.clamp(0, 1)


def whiteness(images: Tensor) -> Tensor:
    """Return the share of white background of each pixel (B, 1, H, W), 0 to 1."""
    # JPEG makes the background slightly off-white, so the mask is soft.
    return ((images.amin(dim=1, keepdim=True) - _NEARLY_WHITE) / _SOFT).clamp(0, 1)


def backdrops(
    shape: torch.Size, rng: torch.Generator, device: torch.device | None = None
) -> Tensor:
    """Return random backgrounds of `shape` (B, 3, H, W): a colour with multi-scale noise.

    The contrast halves with the scale, as in natural images (Field, JOSA A 1987).
    """
    count, channels, height, width = shape
    device = device or torch.device("cpu")
    picture = to_device(torch.rand((count, channels, 1, 1), generator=rng), device)
    picture = picture.expand(shape).clone()
    contrast = to_device(_uniform(0, 0.5, (count, 1, 1, 1), rng), device)
    for octave in range(1, OCTAVES + 1):
        size = (count, channels, 2**octave, 2**octave)
        grid = to_device(torch.rand(size, generator=rng) - 0.5, device)
        clouds = F.interpolate(grid, (height, width), mode="bilinear")
        picture += contrast * 2 ** (1 - octave) * clouds
    return picture.clamp(0, 1)


def rough_mask(object_share: Tensor, rng: torch.Generator) -> Tensor:
    """Return an imperfect version (B, 1, H, W) of the mask `object_share`.

    In places it includes some background or omits parts of the object's border.
    """
    count, _, height, width = object_share.shape
    reach = max(1, round(ROUGHNESS[1] * max(height, width)))
    # About 0.5 at the outline, and linear in the distance up to `reach`.
    near = F.avg_pool2d(object_share, 2 * reach + 1, stride=1, padding=reach)
    coarse = to_device(torch.rand((count, 1, 8, 8), generator=rng) * 2 - 1, object_share.device)
    wander = F.interpolate(coarse, (height, width), mode="bilinear")
    error = 0.5 / ROUGHNESS[1] * _uniform(*ROUGHNESS, (count, 1, 1, 1), rng)
    taken = near + to_device(error, object_share.device) * wander
    taken = taken.maximum(object_share * (0.75 + 0.5 * wander))  # keep most thin parts
    mask = ((taken - 0.5) * reach + 0.5).clamp(0, 1)
    # Exact away from the outline, with a tolerance for rounding of means.
    return torch.where(near > 1 - 1e-4, 1.0, torch.where(near > 1e-4, mask, 0.0))


def blur(images: Tensor, sigmas: Tensor) -> Tensor:
    """Blur each of `images` with a Gaussian of standard deviation `sigmas` (B,) pixels; 0: off.

    `sigmas` are on the CPU, because the largest determines the kernel size.
    """
    count, channels, height, width = images.shape
    reach = max(1, math.ceil(3 * float(sigmas.max())))
    places = torch.arange(-reach, reach + 1.0)
    kernels = torch.exp(-0.5 * (places / sigmas.clamp_min(1e-3)[:, None]).square())
    kernels = to_device(kernels / kernels.sum(dim=1, keepdim=True), images.device)
    kernels = kernels.repeat_interleave(channels, dim=0)[:, None]
    rows = images.reshape(1, count * channels, height, width)
    for kernel, sides in (
        (kernels[..., None], (0, 0, reach, reach)),
        (kernels[:, :, None], (reach, reach, 0, 0)),
    ):
        rows = F.conv2d(F.pad(rows, sides, mode="replicate"), kernel, groups=count * channels)
    return rows.view(images.shape)


def compress(images: Tensor, qualities: Tensor) -> Tensor:
    """Return `images` after JPEG compression at `qualities` (B,), 1 to 100, without subsampling.

    Source: ITU-T T.81; scaling of the tables by quality: libjpeg.
    """
    height, width = images.shape[2:]
    padding = (0, -width % _BLOCK, 0, -height % _BLOCK)
    values = F.pad(255 * images, padding, mode="replicate")
    device, given = values.device, torch.tensor(_TO_YCC)
    from_ycc = to_device(torch.linalg.inv(given), device)  # inverted on the CPU
    to_ycc = to_device(given, device)
    values = torch.einsum("yc,bchw->byhw", to_ycc, values)
    values[:, 0] -= 128
    cosines = to_device(_cosines(), device)
    down, right = (size // _BLOCK for size in values.shape[2:])
    tiles = values.view(len(values), 3, down, _BLOCK, right, _BLOCK)
    waves = torch.einsum("ui,vj,bchiwj->bchuwv", cosines, cosines, tiles)
    scale = torch.where(qualities < 50, 50 / qualities, 2 - qualities / 50)
    table = torch.tensor((_LUMINANCE, _CHROMINANCE, _CHROMINANCE), dtype=torch.float32)
    steps = (to_device(table, device) * scale[:, None, None, None] + 0.5).floor().clamp(1, 255)
    steps = steps[:, :, None, :, None, :]
    waves = (waves / steps).round() * steps
    tiles = torch.einsum("ui,vj,bchuwv->bchiwj", cosines, cosines, waves)
    values = tiles.flatten(4, 5).flatten(2, 3)
    values[:, 0] += 128
    values = torch.einsum("cy,byhw->bchw", from_ycc, values)
    return (values[:, :, :height, :width].round() / 255).clamp(0, 1)


def _cosines() -> Tensor:
    """Return the matrix (8, 8) of the orthonormal discrete cosine transform."""
    places = torch.arange(_BLOCK, dtype=torch.float32)
    waves = torch.cos(math.pi / _BLOCK * (places + 0.5) * places[:, None]) * math.sqrt(2 / _BLOCK)
    waves[0] /= math.sqrt(2)
    return waves


def _chosen(count: int, share: float, rng: torch.Generator) -> Tensor:
    return torch.rand(count, generator=rng) < share


def _uniform(low: float, high: float, shape: tuple[int, ...], rng: torch.Generator) -> Tensor:
    return low + (high - low) * torch.rand(shape, generator=rng)
