import io

import numpy as np
import pytest
from PIL import Image

from onet_cli.geometry.appearance import Appearance, Material
from onet_cli.geometry.camera import Camera
from onet_cli.preprocessing.views import ViewOptions, take_views
from tests.analytic import Box, Sphere, Torus


def taken(shape=None, seed=0, **options):
    mesh = (shape or Torus()).mesh()
    return mesh, take_views(mesh, None, np.random.default_rng(seed), ViewOptions(**options))


def pixels(image):
    return np.asarray(Image.open(io.BytesIO(image)))


def elevations(views):
    return np.degrees(np.arcsin(-views.world[:, 2, 1]))


@pytest.mark.parametrize("cameras", ["choy", "wide"])
@pytest.mark.parametrize("background", ["white", "transparent"])
def test_the_cameras_are_those_of_the_pictures(cameras, background):
    mesh, views = taken(Box((1, 0.6, 0.4)), cameras=cameras, background=background, count=6)

    assert views.world.shape == (6, 3, 4)
    assert views.camera.shape == (6, 3, 3)
    assert views.world.dtype == views.camera.dtype == np.float32
    for image, world, camera in zip(views.images, views.world, views.camera, strict=True):
        picture = pixels(image)
        drawn = picture[..., 3] > 0 if picture.shape[2] == 4 else picture.min(axis=2) < 238
        eye = Camera(world, camera)
        np.testing.assert_allclose(eye.project(np.zeros((1, 3)))[0, :2], 137 / 2, atol=1e-3)
        x, y = eye.project(mesh.vertices)[:, :2].T
        rows, columns = np.nonzero(drawn)
        ends = [columns.min(), columns.max() + 1, rows.min(), rows.max() + 1]
        np.testing.assert_allclose(ends, [x.min(), x.max(), y.min(), y.max()], atol=2)


def test_white_pictures_are_jpeg_and_clear_ones_png_with_alpha():
    for background, kind, channels in (("white", "JPEG", 3), ("transparent", "PNG", 4)):
        _, views = taken(count=2, background=background, size=64)
        assert {Image.open(io.BytesIO(image)).format for image in views.images} == {kind}
        assert pixels(views.images[0]).shape == (64, 64, channels)


def test_both_backgrounds_show_the_same():
    clear, white = (taken(count=3, background=b)[1] for b in ("transparent", "white"))
    for a, b in zip(clear.images, white.images, strict=True):
        laid = Image.new("RGBA", (137, 137), "white")
        laid.alpha_composite(Image.open(io.BytesIO(a)))
        difference = np.abs(np.asarray(laid)[..., :3].astype(int) - pixels(b))
        assert difference.mean() < 2


def test_choys_cameras_are_as_theirs():
    _, views = taken(Sphere(0.3), count=100, size=16)
    assert ((elevations(views) > 25) & (elevations(views) < 30)).all()
    assert ((views.world[:, 2, 3] >= 1.5) & (views.world[:, 2, 3] <= 1.8)).all()
    np.testing.assert_allclose(views.camera[:, 0, 0], 149.84375 / 137 * 16, rtol=1e-6)
    azimuth = np.degrees(np.arctan2(-views.world[:, 2, 0], -views.world[:, 2, 2])) % 360
    assert np.histogram(azimuth, bins=4, range=(0, 360))[0].min() > 12


def test_wide_cameras_see_from_below_and_above_with_several_lenses():
    _, views = taken(count=100, size=16, cameras="wide")
    found = elevations(views)
    assert found.min() < 0
    assert found.min() > -10.01
    assert 50 < found.max() < 60.01
    zoom = views.camera[:, 0, 0] / (149.84375 / 137 * 16)
    assert zoom.min() < 1.1
    assert zoom.max() > 1.5


@pytest.mark.parametrize("cameras", ["choy", "wide"])
@pytest.mark.parametrize("shape", [Box((1, 1, 1)), Box((1, 0.02, 1)), Box((0.03, 1, 0.03))])
def test_nothing_is_cut_off(cameras, shape):
    _, views = taken(shape, count=8, cameras=cameras, background="transparent", size=64)
    for image in views.images:
        alpha = pixels(image)[..., 3]
        assert alpha.any()
        assert not alpha[[0, -1]].any()
        assert not alpha[:, [0, -1]].any()


@pytest.mark.parametrize("cameras", ["choy", "wide"])
def test_the_same_seed_gives_the_same_bytes(cameras):
    first, again, other = (taken(seed=s, count=3, cameras=cameras)[1] for s in (5, 5, 6))
    assert first.images == again.images
    assert first.images != other.images


def test_light_varies_between_wide_views_and_not_between_choys():
    def faces_at(views):
        """Mean brightness of the picture of a ball: the side that is lit turns with the camera."""
        return np.array([pixels(image)[..., :3].min() for image in views.images])

    assert np.ptp(faces_at(taken(Sphere(), count=12, cameras="wide")[1])) > 10


def test_looks_reach_the_pictures():
    mesh = Sphere().mesh(2)
    looks = Appearance((Material((250, 20, 20)),), np.zeros(len(mesh.faces), np.int32))
    views = take_views(mesh, looks, np.random.default_rng(0), ViewOptions(count=2))
    middle = pixels(views.images[0])[68, 68].astype(int)
    assert middle[0] > 2 * middle[1]


def test_no_views_are_no_pictures():
    views = taken(count=0)[1]
    assert views.images == ()
    assert views.world is None
