import io
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from onet_cli.errors import PhotoError
from onet_cli.geometry.camera import Camera
from onet_cli.geometry.scene import Scene
from onet_cli.preprocessing.photographs import Photograph, prepare_view, roll
from onet_cli.shapes.exposure import EXPOSURE, expose
from onet_cli.shapes.photo import isolate_object
from onet_cli.shapes.shape import Views
from tests.cameras import describe_views
from tests.preprocessing.pix3d_layout import Shot, chair, photograph, placement

SIZE = 128

SHOTS = st.builds(
    Shot,
    azimuth=st.floats(-180, 180),
    elevation=st.floats(-30, 60),
    roll=st.sampled_from([0.0, 5.0, -12.0, 90.0, 170.0]),
    distance=st.floats(2.5, 4.0),
    aim=st.tuples(st.floats(-0.25, 0.25), st.floats(0.2, 0.7), st.just(0.0)),
    focal=st.floats(25, 45),
    size=st.sampled_from([(480, 360), (360, 600), (601, 533)]),
)


def taken(shot, seed=0):
    photo, mask = photograph(chair(), shot, seed)
    rotation, translation = placement(shot)
    flip = np.diag([-1.0, -1.0, 1.0])
    world = np.column_stack([flip @ rotation, flip @ translation])
    width, height = shot.size
    return Photograph(photo, mask, world, shot.focal / 32 * width, (width / 2, height / 2))


def pixels(view):
    return np.asarray(Image.open(io.BytesIO(view.image)).convert("RGB"), np.float64)


def middle(weight):
    rows, columns = np.indices(weight.shape)
    return np.array([(weight * rows).sum(), (weight * columns).sum()]) / weight.sum()


@settings(max_examples=25)
@given(SHOTS)
def test_the_object_lies_in_the_picture_where_the_matrices_say(shot):
    photo = taken(shot)
    # Black, so that the picture tells how much of each pixel is the object.
    black = replace(photo, photo=Image.new("RGB", shot.size))

    view = prepare_view(black, SIZE)

    drawn = Scene(chair()).render(Camera(view.world, view.camera), SIZE, samples=4)[..., 3] / 255
    seen = 1 - pixels(view).mean(axis=2) / 255
    share = np.minimum(seen, drawn).sum() / np.maximum(seen, drawn).sum()
    assert share > 0.9
    assert seen.sum() == pytest.approx(drawn.sum(), rel=0.04)
    assert np.abs(middle(seen) - middle(drawn)).max() < 0.35  # edges seen end on: few samples


@settings(max_examples=25)
@given(SHOTS)
def test_the_camera_is_upright_and_stands_where_the_photographer_stood(shot):
    view = prepare_view(taken(shot), SIZE)

    (row,) = describe_views(Views((view.image,), view.world[None], view.camera[None]))

    # Chairs look along -z here: a camera in front of one is at 180 degrees.
    turned = np.radians(shot.azimuth + 180) - row[0]
    assert np.cos(turned) == pytest.approx(1, abs=1e-6)
    assert row[1] == pytest.approx(np.radians(shot.elevation), abs=1e-4)
    depth = (view.world.astype(float) @ [0, 0, 0, 1])[2]
    assert row[2] == pytest.approx(1 / depth, rel=1e-4)
    # A camera rolled to the left shows everything turned to the right, and that is undone.
    assert np.cos(view.turn + np.radians(shot.roll)) == pytest.approx(1, abs=1e-6)


def test_an_upright_photograph_is_shown_as_reconstruct_shows_it_with_a_mask():
    photo = taken(Shot(size=(600, 450), distance=2.0))

    view = prepare_view(photo, 224)

    prepared = isolate_object(photo.photo, mask=photo.mask)
    shown = np.asarray(prepared.picture).transpose(2, 0, 1)
    exposed = expose(shown, np.asarray(prepared.mask), EXPOSURE).transpose(1, 2, 0)
    expected = Image.fromarray(exposed).resize((224, 224), Image.Resampling.BOX)
    difference = np.abs(pixels(view) - np.asarray(expected, float))
    assert view.turn == 0
    assert difference.mean() < 1.5


def test_an_almost_upright_photograph_is_not_turned_and_a_vertical_one_has_no_up():
    level = np.eye(3, 4)
    level[:2] *= -1
    level[1] = [0, -1, 0, 0]
    level[0] = [1, 0, 0, 0]
    slightly, down = level.copy(), level.copy()
    slightly[0, 1] = 4e-4
    down[:, :3] = [[1, 0, 0], [0, 0, 1], [0, -1, 0]]

    assert [roll(world) for world in (level, slightly, down)] == [0, 0, 0]


@pytest.mark.parametrize(
    ("mask", "reason"),
    [
        (Image.new("L", (240, 180)), "its mask is empty"),
        (Image.new("L", (180, 240), "white"), "of 180 x 240 pixels does not match .* 240 x 180"),
        (Image.new("L", (24, 18), 0), "its mask is empty"),
    ],
)
def test_a_mask_that_tells_no_object_is_refused(mask, reason):
    photo = taken(Shot())

    with pytest.raises(PhotoError, match=reason):
        prepare_view(Photograph(photo.photo, mask, photo.world, 1.0, (1.0, 1.0)), 64)


def test_an_object_of_a_few_pixels_is_refused():
    mask = Image.new("L", (240, 180))
    mask.paste(255, (100, 50, 110, 58))
    photo = taken(Shot())

    with pytest.raises(PhotoError, match="only 10 pixels"):
        prepare_view(Photograph(photo.photo, mask, photo.world, 1.0, (1.0, 1.0)), 64)


def test_an_opaque_mask_with_an_alpha_channel_is_read_by_what_is_white():
    photo = taken(Shot())

    opaque = prepare_view(replace(photo, mask=photo.mask.convert("L").convert("RGBA")), SIZE)

    assert opaque.image == prepare_view(photo, SIZE).image


def test_dust_in_a_mask_does_not_widen_the_picture():
    photo = taken(Shot(size=(600, 450)))
    dusty = photo.mask.copy()
    dusty.putpixel((3, 3), 255)

    clean = prepare_view(photo, 64)
    view = prepare_view(
        Photograph(photo.photo, dusty, photo.world, photo.focal, photo.principal), 64
    )

    np.testing.assert_array_equal(view.camera, clean.camera)
