"""Round objects become bodies of revolution."""

import numpy as np
import pytest
import torch

from onet_cli.geometry.metrics import occupancy_iou
from onet_cli.geometry.picture_frame import from_cube, tilt, to_cube
from onet_cli.models.code_layout import BINS, USUAL_CODE, CodeLayout
from onet_cli.models.torch_points import TorchPoints
from onet_cli.reconstruction.field import OccupancyField
from onet_cli.reconstruction.outline import peaks_along_rays
from onet_cli.reconstruction.revolution import STEP, Axis
from onet_cli.reconstruction.roundness import find_axis, find_revolution
from tests.reconstruction.gradients import require_gradient

CAMERAS = [(0.0, 0.0), (0.4, 0.3), (-0.2, 0.2)]
AXIS = Axis(0.02, -0.03, 1.0)
HEIGHT = 0.6


def radius_of(height):
    """Return the radius of a vase at each `height`; 0 above and below it."""
    return np.where(np.abs(height) < HEIGHT, 0.25 + 0.1 * np.sin(4 * height), 0.0)


def vase(points, shell=0.0, peak=3.0):
    """Return the logits (N,) of the vase, solid or a wall of thickness `shell`."""
    x, y, z = from_cube(points.astype(np.float64)).T
    away = np.hypot(x - AXIS.x, z - AXIS.z) - radius_of(y)
    away = np.abs(away + shell / 2) - shell / 2 if shell else away
    return np.clip(np.minimum(-30 * away, 30 * (HEIGHT - np.abs(y))), -4, peak)


def handle(points):
    """Return the logits (N,) of a handle to the right of the vase."""
    x, y, z = from_cube(points.astype(np.float64)).T
    away = np.hypot(np.hypot(x - AXIS.x - 0.42, y) - 0.15, z - AXIS.z) - 0.05
    return np.clip(-30 * away, -4, 3)


def blurred_depth(points):
    """Return an error (N,) of the depth: noise that is least beside the axis."""
    x, y, z = from_cube(points.astype(np.float64)).T
    ahead = (z - AXIS.z) / np.maximum(np.hypot(x - AXIS.x, z - AXIS.z), 1e-3)
    return 2.5 * ahead * (0.4 + np.sin(9 * y) * ahead)


def field_of(function):
    return OccupancyField(TorchPoints(lambda points: torch.from_numpy(function(points.numpy()))))


def seen(function, camera):
    """Return what a photo shows of a solid, (224, 224)."""
    highest = peaks_along_rays(field_of(function), np.array([camera])).highest
    return np.kron(highest > 0, np.ones((4, 4), bool))


def turned(points, angle):
    """Return `points` (N, 3) turned around the axis by `angle`."""
    x, y, z = from_cube(points.astype(np.float64)).T
    x, z = x - AXIS.x, z - AXIS.z
    around = x * np.cos(angle) - z * np.sin(angle), x * np.sin(angle) + z * np.cos(angle)
    return to_cube(np.stack([around[0] + AXIS.x, y, around[1] + AXIS.z], axis=1))


def somewhere(count=6000, seed=0):
    """Return random points (N, 3) of the cube, in which the vase is."""
    rng = np.random.default_rng(seed)
    return to_cube(rng.uniform(-0.8, 0.8, (count, 3))).astype(np.float32)


@pytest.mark.parametrize("level", [-0.7, 1.2])
@pytest.mark.parametrize("camera", CAMERAS)
def test_errors_of_the_depth_of_a_round_object_cancel(camera, level):
    points = somewhere()
    wrong = field_of(lambda points: vase(points) + blurred_depth(points) + level).at_level(level)
    body = find_revolution(wrong, np.array([camera]), seen(vase, camera), AXIS)

    found = wrong.with_revolution(body)(points)

    inside = vase(points) > 0
    before, after = (occupancy_iou(each > level, inside) for each in (wrong(points), found))
    assert before < 0.8
    assert after > 0.85
    np.testing.assert_allclose(
        wrong.with_revolution(body)(turned(points, 1.0).astype(np.float32)), found, atol=1e-3
    )


@pytest.mark.parametrize("camera", CAMERAS)
def test_a_handle_stays_where_the_photo_shows_it(camera):
    points = somewhere(40_000)
    both = field_of(lambda points: np.maximum(vase(points), handle(points)))
    mask = seen(lambda points: np.maximum(vase(points), handle(points)), camera)

    whole = both.with_revolution(find_revolution(both, np.array([camera]), mask, AXIS))
    without = both.with_revolution(
        find_revolution(both, np.array([camera]), seen(vase, camera), AXIS)
    )

    outer = (handle(points) > 0) & (from_cube(points)[:, 0] > AXIS.x + 0.45)
    assert (whole(points)[outer] > 0).mean() > 0.8
    assert (without(points)[outer] > 0).mean() < 0.05
    opposite = turned(points, np.pi).astype(np.float32)
    assert (whole(opposite)[outer] > 0).mean() < 0.05


@pytest.mark.parametrize("camera", CAMERAS)
def test_a_wall_below_the_level_is_raised_all_around_if_the_photo_shows_it(camera):
    points = somewhere()

    def shade(points):
        return vase(points, shell=0.12, peak=-1.0)

    faint, mask = field_of(shade), seen(vase, camera)
    body = find_revolution(faint, np.array([camera]), mask, AXIS)
    found = faint.with_revolution(body)

    assert (faint(points) < 0).all()
    heights, angles = np.linspace(0.1 - HEIGHT, HEIGHT - 0.1, 20), np.linspace(0, 2 * np.pi, 12)
    outward = [outward_from_axis(height, angle) for height in heights for angle in angles]
    logits = found(np.concatenate(outward)).reshape(len(heights), len(angles), -1)
    assert (logits.max(axis=2) > 0).mean() > 0.95
    places = logits.argmax(axis=2) * 0.01 - radius_of(heights)[:, None]
    assert np.abs(np.median(places) + 0.06) < 0.05
    assert (logits[..., 0] < 0).all()  # it stays hollow
    hidden = seen(lambda points: np.where(from_cube(points)[:, 1] > 0, vase(points), -4), camera)
    half = faint.with_revolution(find_revolution(faint, np.array([camera]), hidden, AXIS))
    shown = half(np.concatenate(outward)).reshape(logits.shape).max(axis=2) > 0
    assert shown[heights > 0.15].mean() > 0.9
    assert not shown[heights < -0.15].any()


def outward_from_axis(height, angle):
    """Return points of the cube (60, 3) from the axis outwards, 0.01 apart."""
    radius = 0.01 * np.arange(60)
    x, z = AXIS.x + radius * np.cos(angle), AXIS.z + radius * np.sin(angle)
    places = np.stack([x, np.full(60, height), z], axis=1)
    return to_cube(places).astype(np.float32)


def test_a_wall_that_the_field_has_nowhere_near_the_level_is_left_alone():
    camera = np.array([CAMERAS[1]])
    faint = field_of(lambda points: vase(points, shell=0.12, peak=-2.5))

    body = find_revolution(faint, camera, seen(vase, CAMERAS[1]), AXIS)

    assert (faint.with_revolution(body)(somewhere()) < 0).all()


@pytest.mark.parametrize("elevation", [0.0, 0.2, 0.4, 0.7])
def test_a_plate_that_is_too_small_is_not_raised_above_itself(elevation):
    camera = elevation, 0.25

    def plate(points, radius=0.42):
        x, y, z = from_cube(points.astype(np.float64)).T
        within = radius - np.hypot(x - AXIS.x, z - AXIS.z)
        return np.clip(30 * np.minimum(within, 0.06 - np.abs(y)), -4, 3)

    mask = seen(lambda points: plate(points, 0.5), camera)
    body = find_revolution(field_of(plate), np.array([camera]), mask, AXIS)

    rows = np.flatnonzero((body.table > 0).any(axis=1))
    heights = STEP * (rows - len(body.table) // 2)
    assert np.abs(heights).max() < 0.08


def test_a_body_that_does_not_agree_with_the_mask_is_refused():
    def front(points):
        """Only the side of the vase's wall that faces the camera."""
        x, _, z = from_cube(points.astype(np.float64)).T
        ahead = (z - AXIS.z) / np.maximum(np.hypot(x - AXIS.x, z - AXIS.z), 1e-3)
        return np.where(ahead > 0.4, vase(points, shell=0.12), -4)

    mask = seen(vase, CAMERAS[0])

    assert find_revolution(field_of(front), np.array([CAMERAS[0]]), mask, AXIS) is None


@pytest.mark.parametrize("width", [8, 12])
def test_a_stem_below_the_level_is_raised(width):
    def lamp(points, peak, radius):
        x, y, z = from_cube(points.astype(np.float64)).T
        away = np.hypot(x - AXIS.x, z - AXIS.z)
        stem = np.minimum(30 * np.minimum(radius - away, 0.6 - np.abs(y)), peak)
        ball = 30 * (0.25 - np.sqrt(away**2 + (y - 0.5) ** 2))
        return np.clip(np.maximum(ball, stem), -4, 3)

    radius = width / 224
    camera = np.array([CAMERAS[1]])
    faint = field_of(lambda points: lamp(points, -0.8, radius))
    mask = seen(lambda points: lamp(points, 3.0, radius), CAMERAS[1])
    found = faint.with_revolution(find_revolution(faint, camera, mask, AXIS))

    axis = [outward_from_axis(height, 0.0)[:1] for height in np.linspace(-0.5, 0.2, 40)]
    assert (faint(np.concatenate(axis)) < 0).all()
    assert (found(np.concatenate(axis)) > 0).mean() > 0.9


def test_trust_blends_the_body_with_the_field():
    points, camera = somewhere(), np.array([CAMERAS[1]])
    wrong = field_of(lambda points: vase(points) + blurred_depth(points))
    mask = seen(vase, CAMERAS[1])

    full, half = (
        wrong.with_revolution(find_revolution(wrong, camera, mask, AXIS._replace(trust=trust)))
        for trust in (1.0, 0.5)
    )

    np.testing.assert_allclose(half(points), (wrong(points) + full(points)) / 2, atol=1e-5)


def test_gradients_are_slopes():
    points = somewhere(2000)
    both = field_of(lambda points: np.maximum(vase(points), handle(points)))
    mask = seen(lambda points: np.maximum(vase(points), handle(points)), CAMERAS[1])

    class Sloped(TorchPoints):
        def with_gradient(self, points):
            steps = np.float32(1e-3) * np.eye(3, dtype=np.float32)
            sides = [self(points + step) - self(points - step) for step in steps]
            return self(points), np.stack(sides, axis=1) / np.float32(2e-3)

    field = both.with_points(Sloped(both._points._decode)).at_level(0.6)
    body = find_revolution(both.at_level(0.6), np.array([CAMERAS[1]]), mask, AXIS)

    rng = np.random.default_rng(1)
    require_gradient(field.with_revolution(body), points, rng, 0.85)


def coded(probability, centre=(0.1, -0.2)):
    """Return a code whose mirror planes have `probability` (36,)."""
    code = np.zeros((1, USUAL_CODE), np.float32)
    start = CodeLayout(USUAL_CODE).symmetry_start
    odds = np.log(probability) - np.log1p(-np.asarray(probability))
    code[0, start : start + BINS + 2] = np.r_[odds, centre]
    return code


def test_an_object_is_round_if_it_is_its_mirror_image_at_nearly_all_angles():
    sure = np.full(BINS, 0.95)

    assert find_axis(coded(sure)) == pytest.approx((0.1, -0.2, 1.0))
    assert find_axis(coded(np.where(np.arange(BINS) < 3, 0.1, sure))).trust == 1
    assert find_axis(coded(np.where(np.arange(BINS) < 5, 0.1, sure))) is None
    assert find_axis(coded(np.full(BINS, 0.55))) is None
    assert 0.4 < find_axis(coded(np.full(BINS, 0.675))).trust < 0.6
    assert find_axis(coded(sure, (np.nan, 0.0))) is None


def test_networks_without_mirror_planes_have_no_round_objects():
    start = CodeLayout(USUAL_CODE).symmetry_start
    code = np.delete(coded(np.full(BINS, 0.95)), np.s_[start:-2], axis=1)

    assert not CodeLayout(code.shape[1]).mirrored
    assert find_axis(code) is None
    assert find_axis(np.ones((1, 2), np.float32)) is None  # another kind of code


def test_the_rays_of_the_image_see_the_body_where_the_axis_is():
    """The camera's tilt is part of the body's frame: its axis stays vertical."""
    elevation, kappa = CAMERAS[1]
    mask = seen(vase, CAMERAS[1])
    body = find_revolution(field_of(vase), np.array([CAMERAS[1]]), mask, AXIS)
    field = field_of(lambda points: np.full(len(points), -4.0)).with_revolution(body)
    depths = np.linspace(-1, 1, 400)
    shrink = 1 - kappa * depths
    rays = np.stack([AXIS.x * shrink, 0 * shrink, depths], axis=1)

    inside = field(to_cube(tilt(rays, elevation)).astype(np.float32)) > 0

    truth = vase(to_cube(tilt(rays, elevation))) > 0
    assert truth.sum() > 50
    assert occupancy_iou(inside, truth) > 0.9
