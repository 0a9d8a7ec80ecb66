import io

import numpy as np
import pytest
import torch
from PIL import Image
from scipy.ndimage import gaussian_filter

from onet_cli.training.photo_augmentation import (
    apply_photo_augmentation,
    backdrops,
    blur,
    compress,
    rough_mask,
)

SIDE = 60


def smooth_pictures(count, height=SIDE, width=SIDE, seed=0):
    coarse = torch.rand((count, 3, 6, 6), generator=torch.Generator().manual_seed(seed))
    return torch.nn.functional.interpolate(coarse, (height, width), mode="bicubic").clamp(0, 1)


def square(count):
    """Return a square from 20 to 40 of 60 pixels, (count, 1, 60, 60)."""
    share = torch.zeros(count, 1, SIDE, SIDE)
    share[:, :, 20:40, 20:40] = 1
    return share


def pillow_jpeg(picture, quality):
    pixels = (picture.permute(1, 2, 0).numpy() * 255).round().astype(np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=quality, subsampling=0)
    return np.asarray(Image.open(file), dtype=float)


@pytest.mark.parametrize(("height", "width"), [(64, 64), (50, 61)])
def test_compression_is_that_of_jpeg(height, width):
    pictures = (smooth_pictures(3, height, width) * 255).round() / 255
    qualities = [10, 50, 90]

    found = compress(pictures, torch.tensor(qualities, dtype=torch.float32))

    for picture, ours, quality in zip(pictures, found, qualities, strict=True):
        theirs = pillow_jpeg(picture, quality)
        difference = np.abs(255 * ours.permute(1, 2, 0).numpy() - theirs)
        lost = np.abs(theirs - 255 * picture.permute(1, 2, 0).numpy())
        assert difference.mean() < 0.9  # of 255; libjpeg's cosines are those of integers
        assert difference.mean() < 0.6 * lost.mean()


def test_blur_is_gaussian_and_none_where_the_deviation_is_0():
    pictures = smooth_pictures(2)
    found = blur(pictures, torch.tensor([0.0, 1.5]))
    torch.testing.assert_close(found[0], pictures[0], rtol=0, atol=1e-6)
    expected = gaussian_filter(pictures[1].numpy(), (0, 1.5, 1.5), mode="nearest")
    np.testing.assert_allclose(found[1], expected, atol=2e-3)


def test_a_rough_mask_errs_near_the_outline_only():
    masks = rough_mask(square(200), torch.Generator().manual_seed(0))

    assert (masks[:, :, 24:36, 24:36] == 1).all()
    beyond = torch.ones(SIDE, SIDE, dtype=torch.bool)
    beyond[16:44, 16:44] = False
    assert (masks[..., beyond] == 0).all()
    errors = (masks - square(200)).mean(dim=(1, 2, 3))
    assert errors.min() < 0 < errors.max()


def test_most_of_a_thin_part_stays():
    pole = torch.zeros(300, 1, SIDE, SIDE)
    pole[..., 30] = 1
    kept = rough_mask(pole, torch.Generator().manual_seed(0))[..., 30].mean()
    assert 0.6 < kept < 0.99


def test_backdrops_differ_in_colour_and_pattern():
    found = backdrops(torch.Size((50, 3, 32, 32)), torch.Generator().manual_seed(0))
    assert 0 <= found.min() < found.max() <= 1
    assert found.mean(dim=(2, 3)).std(dim=0).min() > 0.1
    assert found.std(dim=(2, 3)).max() > 0.1


@pytest.mark.parametrize("count", [1, 2, 64])
def test_the_middle_stays_what_it_was_and_what_is_far_stays_white(count):
    share = square(count)
    images = (1 - share * 0.7).repeat(1, 3, 1, 1)
    for seed in range(4):
        taken = apply_photo_augmentation(images, share, torch.Generator().manual_seed(seed))
        assert taken.shape == images.shape
        assert 0 <= taken.min() <= taken.max() <= 1
        assert (taken[:, :, 28:32, 28:32] - 0.3).abs().max() < 0.08
        assert taken[:, :, :4].min() > 0.9


def test_few_and_only_some_pictures_keep_a_piece_of_background():
    share, rng = square(400), torch.Generator().manual_seed(3)
    taken = apply_photo_augmentation((1 - share * 0.7).repeat(1, 3, 1, 1), share, rng)
    colourful = (taken.amax(dim=1) - taken.amin(dim=1)).amax(dim=(1, 2)) > 0.1
    assert 0.2 < colourful.float().mean() < 0.4
