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
