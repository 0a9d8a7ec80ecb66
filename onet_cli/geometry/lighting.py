"""Lighting: lamps and ambient light."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Colour = tuple[float, float, float]
NEAREST = 1.5
"""Minimum distance of lights from the centre of a scene of radius 1, so that none is inside it."""


@dataclass(frozen=True)
class Light:
    """A lamp that casts shadows.

    `place` is in radii of the scene from its centre: x right, y up, z towards a viewer at azimuth
    0; at least `NEAREST` away, and a sun if far away. `colour` is the linear light reflected by a
    white surface facing the lamp.

    Raises:
        ValueError: the place is too near.
    """

    place: Colour
    colour: Colour

    def __post_init__(self) -> None:
        if not np.linalg.norm(self.place) >= NEAREST:
            raise ValueError(f"a light must be {NEAREST} radii away")


@dataclass(frozen=True)
class Lighting:
    """Lamps, and ambient light that fades from `sky` above to `ground` below.

    All colours are the linear light reflected by a white surface. With `turns` the lamps move with
    the camera; otherwise they are fixed and the back of an object is dark.
    """

    lights: tuple[Light, ...]
    sky: Colour
    ground: Colour
    turns: bool = False

    @classmethod
    def studio(cls) -> "Lighting":
        """Return even light from the upper left of the camera, which shows the shape clearly."""
        key = Light((-2.9, 3.6, 2.2), (1.0, 0.985, 0.96))
        fill = Light((3.5, 0.8, 2.5), (0.07, 0.075, 0.08))
        return cls((key, fill), (0.28, 0.29, 0.31), (0.13, 0.125, 0.12), turns=True)

    @classmethod
    def even(cls) -> "Lighting":
        """Return light with little shading, for surfaces whose colours include a photo's lighting.

        A lamp near the camera and some light from all around.
        """
        key = Light((-1.2, 1.8, 3.2), (0.72, 0.72, 0.72))
        return cls((key,), (0.5, 0.5, 0.5), (0.4, 0.4, 0.4), turns=True)

    @classmethod
    def choy(cls, rng: np.random.Generator | None = None) -> "Lighting":
        """Return light like that in the pictures of Choy et al., ECCV 2016.

        One lamp is high in front of the object, slightly to its right, with weak ambient light:
        fronts and tops are at 0.9 of full brightness, the right side at 0.7, backs and the left
        side at 0.5, as measured on their pictures. With `rng` the lamp's place, its strength and
        the ambient light vary by about a tenth.
        """
        place, power, ambient = np.array([8.0, 23.0, 20.0]), 0.9, 0.25
        if rng is not None:
            place = place + rng.normal(0, 3.0, 3)
            power, ambient = power * rng.uniform(0.9, 1.1), ambient * rng.uniform(0.85, 1.2)
        sky, ground = (float(ambient),) * 3, (float(0.8 * ambient),) * 3
        return cls((Light(_triple(place), (float(power),) * 3),), sky, ground)

    @classmethod
    def random(cls, rng: np.random.Generator) -> "Lighting":
        """Return random room lighting: one to three lamps anywhere above, soft ambient light.

        Places, strengths and colours (candlelight to overcast sky) are drawn from `rng`. The total
        is such that a fully lit white surface is about white.
        """
        count = int(rng.integers(1, 4))
        shares = rng.dirichlet(np.full(count, 1.5))
        ambient = rng.uniform(0.25, 0.65)
        lights = [_lamp(rng, share * (1.05 - ambient)) for share in shares]
        sky = ambient * _tint(rng)
        ground = sky * rng.uniform(0.25, 0.8)
        return cls(tuple(lights), _triple(sky), _triple(ground))

    def places(self, axes: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the lights' positions (L, 3) for a camera whose rotation is `axes` (3, 3)."""
        places = np.array([light.place for light in self.lights], dtype=np.float64).reshape(-1, 3)
        if not self.turns:
            return places
        # The camera's y points down and its z away from the viewer.
        turned: NDArray[np.float64] = places @ (axes * np.array([[1.0], [-1.0], [-1.0]]))
        return turned

    def radiance(self, directions: NDArray[np.floating]) -> NDArray[np.float32]:
        """Return the ambient light (..., 3) that comes from unit `directions` (..., 3)."""
        up = (0.5 + 0.5 * directions[..., 1])[..., None]
        ground, sky = np.array(self.ground), np.array(self.sky)
        blend: NDArray[np.float32] = (ground + up * (sky - ground)).astype(np.float32)
        return blend


def _lamp(rng: np.random.Generator, power: float) -> Light:
    """Return a lamp at a random place above the horizon, of `power` on surfaces that face it."""
    azimuth, elevation = rng.uniform(0, 2 * np.pi), np.radians(rng.uniform(5, 75))
    distance = rng.uniform(2.5, 10.0)
    direction = np.array(
        [
            np.cos(elevation) * np.sin(azimuth),
            np.sin(elevation),
            np.cos(elevation) * np.cos(azimuth),
        ]
    )
    return Light(_triple(distance * direction), _triple(power * _tint(rng)))


def _tint(rng: np.random.Generator) -> NDArray[np.float64]:
    """Return a colour between candlelight and overcast sky, of mean 1."""
    warmth = rng.normal(0, 0.1)
    colour = np.clip([1 + warmth, 1 + 0.2 * warmth, 1 - warmth], 0.6, 1.4)
    scaled: NDArray[np.float64] = colour / colour.mean()
    return scaled


def _triple(values: NDArray[np.float64]) -> Colour:
    x, y, z = (float(value) for value in values)
    return x, y, z
