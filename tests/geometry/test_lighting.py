import numpy as np
import pytest

from onet_cli.geometry.camera import Camera
from onet_cli.geometry.lighting import NEAREST, Light, Lighting


def test_a_light_inside_the_scene_is_refused():
    with pytest.raises(ValueError, match="away"):
        Light((0.5, 0.5, 0.5), (1, 1, 1))


def test_random_light_depends_on_the_generator_alone():
    first, again, other = (Lighting.random(np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert first == again
    assert first != other


@pytest.mark.parametrize("make", [Lighting.random, Lighting.choy])
def test_drawn_light_stays_within_bounds(make):
    rng = np.random.default_rng(0)
    for _ in range(200):
        lighting = make(rng)
        lamps = np.array([[*light.place, *light.colour] for light in lighting.lights])
        assert 1 <= len(lamps) <= 3
        assert (np.linalg.norm(lamps[:, :3], axis=1) >= NEAREST).all()
        assert (lamps[:, 1] > 0).all()
        assert (lamps[:, 3:] >= 0).all()
        full = lamps[:, 3:].sum(axis=0) + lighting.sky
        assert 0.7 < full.mean() < 1.4
        assert np.mean(lighting.ground) <= np.mean(lighting.sky)


def test_random_lamps_come_from_all_sides():
    rng = np.random.default_rng(0)
    places = np.array([Lighting.random(rng).lights[0].place for _ in range(400)])
    azimuth = np.degrees(np.arctan2(places[:, 0], places[:, 2])) % 360
    counts = np.histogram(azimuth, bins=8, range=(0, 360))[0]
    assert counts.min() > 25


def test_ambient_light_fades_from_sky_to_ground():
    lighting = Lighting((), (0.9, 0.8, 0.7), (0.1, 0.2, 0.3))
    up, level, down = lighting.radiance(np.array([[0, 1, 0], [1, 0, 0], [0, -1, 0]]))
    np.testing.assert_allclose(up, (0.9, 0.8, 0.7), rtol=1e-6)
    np.testing.assert_allclose(level, (0.5, 0.5, 0.5), rtol=1e-6)
    np.testing.assert_allclose(down, (0.1, 0.2, 0.3), rtol=1e-6)


@pytest.mark.parametrize(
    ("azimuth", "place"), [(0, (1, 2, 3)), (90, (3, 2, -1)), (180, (-1, 2, -3))]
)
def test_lamps_that_turn_keep_their_place_in_the_picture(azimuth, place):
    lighting = Lighting((Light((1, 2, 3), (1, 1, 1)),), (0, 0, 0), (0, 0, 0), turns=True)
    turn = Camera.orbit(azimuth, 0, 2, 64).world[:, :3].astype(float)
    np.testing.assert_allclose(lighting.places(turn), [place], atol=1e-6)


def test_random_lamps_are_in_the_room_and_make_white_together_with_the_sky():
    rng = np.random.default_rng(0)
    counts = set()
    for _ in range(200):
        lighting = Lighting.random(rng)
        places = np.array([light.place for light in lighting.lights])
        distance = np.linalg.norm(places, axis=1)
        elevation = np.degrees(np.arcsin(places[:, 1] / distance))
        power = np.sum([np.mean(light.colour) for light in lighting.lights])
        counts.add(len(places))

        assert ((distance >= 2.5) & (distance <= 10)).all()
        assert ((elevation >= 5) & (elevation <= 75)).all()
        assert power + np.mean(lighting.sky) == pytest.approx(1.05)
        assert 0.25 <= np.mean(lighting.sky) <= 0.65
        assert 0.25 <= np.mean(lighting.ground) / np.mean(lighting.sky) <= 0.8
    assert counts == {1, 2, 3}


def test_light_is_between_candlelight_and_overcast_sky_and_neutral_on_average():
    rng = np.random.default_rng(0)
    drawn = [light.colour for _ in range(200) for light in Lighting.random(rng).lights]
    red, green, blue = (np.array(drawn) / np.mean(drawn, axis=1, keepdims=True)).T

    warm = red > blue
    assert (np.where(warm, red, blue) >= green).all()
    assert (np.where(warm, blue, red) <= green).all()
    assert 0.4 < warm.mean() < 0.6
    assert np.median(red / blue) == pytest.approx(1, abs=0.03)
    assert 1.3 < (red / blue).max() < 2.4
    assert 1 / 2.4 < (red / blue).min() < 1 / 1.3


def test_choys_lamp_is_high_in_front_and_slightly_to_the_right():
    (lamp,) = Lighting.choy().lights
    x, y, z = lamp.place

    assert 0 < x < z < y
    # Fronts and tops are about as bright on the screen.
    front, top = Lighting.choy().radiance(np.array([[0, 0, 1], [0, 1, 0]]))[:, 0]
    distance = np.linalg.norm(lamp.place)
    front, top = front + lamp.colour[0] * z / distance, top + lamp.colour[0] * y / distance
    assert (front / top) ** (1 / 2.4) == pytest.approx(1, abs=0.07)
    assert 0.5 < lamp.colour[0] == lamp.colour[1] == lamp.colour[2] < 1


@pytest.mark.parametrize("make", [Lighting.studio, Lighting.even])
def test_light_that_turns_is_bright_from_the_viewers_upper_left(make):
    lighting = make()
    key, *others = lighting.lights

    assert lighting.turns
    assert key.place[0] < 0 < key.place[1]
    assert all(light.place[2] > 0 for light in lighting.lights)
    assert all(np.mean(light.colour) < 0.1 * np.mean(key.colour) for light in others)
    assert np.mean(lighting.sky) >= np.mean(lighting.ground) > 0
