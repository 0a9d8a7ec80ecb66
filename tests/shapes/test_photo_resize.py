import numpy as np
import pytest
import torch

from onet_cli.shapes.photo import resize_images
from onet_cli.shapes.photo_resize import resize_planes


@pytest.mark.parametrize("size", [(300, 257, 112), (40, 50, 224), (112, 112, 112), (512, 64, 320)])
def test_pictures_are_resized_as_in_training(size):
    height, width, side = size
    pixels = np.random.default_rng(0).integers(0, 256, (3, height, width)).astype(np.uint8)

    resized = resize_planes(pixels, side)

    expected = resize_images(torch.from_numpy(pixels)[None], side)[0].numpy()
    assert resized.dtype == np.float32
    np.testing.assert_allclose(resized, expected, atol=1e-6)
    np.testing.assert_array_equal(resize_planes(pixels[0], side), resized[0])
