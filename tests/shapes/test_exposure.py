"""Exposure: white objects remain distinct from the white background."""

import io

import numpy as np
import pytest
from PIL import Image
from trimesh.creation import box

from onet_cli.geometry.appearance import Appearance
from onet_cli.preprocessing.views import ViewOptions, take_views
from onet_cli.shapes.exposure import EXPOSURE, expose
from onet_cli.shapes.photo import isolate_object
from onet_cli.shapes.photo_files import decode_view
from onet_cli.shapes.photo_mask import object_on_white


def white_disc(alpha=255, side=96):
    """Return a white disc, RGBA, with an antialiased edge."""
    y, x = np.mgrid[:side, :side] + 0.5
    cover = np.clip(0.35 * side - np.hypot(x - side / 2, y - side / 2) + 0.5, 0, 1)
    pixels = np.full((side, side, 4), 255, np.uint8)
    pixels[..., 3] = np.rint(alpha * cover)
    return Image.fromarray(pixels)


def test_a_white_object_in_a_photo_stands_out_after_exposure():
    prepared = isolate_object(white_disc())
    image = np.asarray(prepared.picture).transpose(2, 0, 1)
    mask = np.asarray(prepared.mask)

    exposed = expose(image, mask, EXPOSURE)

    assert object_on_white(image.transpose(1, 2, 0)) is None
    found = object_on_white(exposed.transpose(1, 2, 0))
    assert np.count_nonzero(found ^ (mask > 127)) < 0.01 * np.count_nonzero(found)


@pytest.mark.parametrize("exposure", [0.5, 0.85, 1.0])
def test_the_object_darkens_in_proportion_and_the_background_stays(exposure):
    rng = np.random.default_rng(0)
    colours = rng.integers(0, 256, (3, 8, 8), dtype=np.uint8)
    cover = rng.random((8, 8))
    mask = np.rint(255 * cover).astype(np.uint8)
    image = np.rint(colours * cover + 255 * (1 - cover)).astype(np.uint8)

    exposed = expose(image, mask, exposure)

    expected = exposure * colours * cover + 255 * (1 - cover)
    assert np.abs(exposed - expected).max() < 2
    np.testing.assert_array_equal(expose(image, np.zeros_like(mask), exposure), image)


@pytest.mark.parametrize("background", ["white", "transparent"])
def test_white_objects_stand_out_in_rendered_views(background):
    mesh = box((0.6, 0.6, 0.6))
    options = ViewOptions(6, 160, "wide", background)

    views = take_views(
        mesh, Appearance.plain(len(mesh.faces), (255, 255, 255)), np.random.default_rng(0), options
    )

    for data in views.images:
        with Image.open(io.BytesIO(data)) as picture:
            assert picture.format == ("JPEG" if background == "white" else "PNG")
        pixels = decode_view(data)
        found = object_on_white(pixels)
        assert found.mean() > 0.2
        # Without pixels at the edge, which are mixed with the background; 3 of 255 for JPEG.
        assert np.quantile(pixels[found].max(axis=1), 0.95) <= 255 * EXPOSURE + 3
