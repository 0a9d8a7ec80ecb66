import numpy as np
import pytest
import torch

from onet_cli.geometry.camera import Camera
from onet_cli.geometry.render import on_white, render
from onet_cli.reconstruction.generator import MeshGenerator
from onet_cli.reconstruction.outline import (
    SIDE,
    between,
    fit_outline,
    peaks_along_rays,
    shrink,
)
from onet_cli.shapes.camera import describe_cameras
from tests.reconstruction.rigged import SHARPNESS, box_checkpoint

EXTENTS = (0.7, 0.5, 0.4)


@pytest.fixture(scope="module", params=[(20.0, 15.0), (130.0, 45.0)])
def seen(request):
    """A box's field, and what the box covers of its true picture."""
    from trimesh.creation import box

    camera = Camera.orbit(*request.param, 1.9, 4 * SIDE)
    row = describe_cameras(camera.world[None], camera.camera[None])[0]
    pixels = on_white(render(box(EXTENTS), camera, 4 * SIDE))
    made = MeshGenerator(box_checkpoint(EXTENTS, row)).look(torch.zeros(3, 8, 8).byte())
    return made, pixels.min(axis=2) < 200


def test_the_field_covers_the_pixels_of_its_object(seen):
    made, mask = seen

    covered = peaks_along_rays(made.field, made.camera).highest > 0

    mask = shrink(mask, SIDE)
    # Half a pixel along the outline, of 56 across, is what the two ways of drawing may differ by.
    assert np.sum(covered & mask) / np.sum(covered | mask) > 0.9


def test_the_level_found_is_that_of_the_true_surface(seen):
    made, mask = seen

    fit = fit_outline(made.field, made.camera, mask)

    assert fit.iou > 0.95
    # The logit is SHARPNESS times the distance: the surface is met to a hundredth.
    assert abs(fit.level) < 0.02 * SHARPNESS


def test_nothing_has_no_outline(seen):
    made, _ = seen

    assert fit_outline(made.field, made.camera, np.zeros((64, 64), bool)) is None


def test_the_level_moves_by_a_share_of_the_way(seen):
    made, mask = seen
    low = made.field.cut_at(0.02)
    fit = fit_outline(low, made.camera, mask)

    assert between(low.level, fit, 0.5) == pytest.approx((low.level + fit.level) / 2)


def test_an_outline_unlike_the_objects_has_no_say(seen):
    made, mask = seen
    fit = fit_outline(made.field, made.camera, mask)

    assert between(-1.0, fit._replace(level=2.0, iou=0.3), 1.0) == -1.0
