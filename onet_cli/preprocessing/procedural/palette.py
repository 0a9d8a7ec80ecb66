"""Colours that furniture comes in."""

import colorsys

import numpy as np

from onet_cli.preprocessing.procedural.assembly import Colour

WOODS = (
    (222, 184, 135), (205, 155, 98), (181, 127, 74), (160, 106, 60), (139, 90, 43),
    (120, 72, 40), (101, 60, 38), (82, 50, 33), (62, 39, 28), (214, 197, 168),
    (166, 123, 91), (190, 140, 100), (112, 66, 50),
)  # fmt: skip
METALS = (
    (40, 40, 42), (58, 60, 64), (88, 90, 94), (130, 133, 138), (168, 171, 176), (196, 199, 203),
    (181, 151, 84), (150, 112, 70),
)  # fmt: skip
PAINTS = (
    (216, 214, 208), (205, 205, 205), (190, 188, 180), (150, 152, 155), (95, 98, 102),
    (45, 46, 50), (30, 30, 32), (198, 190, 170),
)  # fmt: skip


def _near(colour: Colour, rng: np.random.Generator, spread: float = 9.0) -> Colour:
    """Return a colour like `colour`, a little lighter or darker."""
    shift = rng.normal(0, spread) + rng.normal(0, spread / 3, 3)
    red, green, blue = np.clip(np.array(colour) + shift, 12, 228).astype(int).tolist()
    return (red, green, blue)


def _vivid(rng: np.random.Generator, saturation: tuple[float, float]) -> Colour:
    hue, strength, value = rng.random(), rng.uniform(*saturation), rng.uniform(0.28, 0.88)
    red, green, blue = (round(255 * c) for c in colorsys.hsv_to_rgb(hue, strength, value))
    return (red, green, blue)


def wood(rng: np.random.Generator) -> Colour:
    """Return the colour of some wood, sometimes painted."""
    if rng.random() < 0.2:
        return paint(rng)
    return _near(WOODS[rng.integers(len(WOODS))], rng)


def metal(rng: np.random.Generator) -> Colour:
    """Return the colour of steel, black iron, brass or bronze."""
    return _near(METALS[rng.integers(len(METALS))], rng, 6)


def paint(rng: np.random.Generator) -> Colour:
    """Return the colour of lacquer or plastic: mostly neutral, at times strong."""
    if rng.random() < 0.35:
        return _vivid(rng, (0.4, 0.95))
    return _near(PAINTS[rng.integers(len(PAINTS))], rng, 6)


def fabric(rng: np.random.Generator) -> Colour:
    """Return the colour of cloth or leather."""
    if rng.random() < 0.3:
        return wood(rng)
    if rng.random() < 0.4:
        return _near(PAINTS[rng.integers(len(PAINTS))], rng)
    return _vivid(rng, (0.1, 0.75))


def material(rng: np.random.Generator) -> Colour:
    """Return the colour of wood, metal or lacquer."""
    return (wood, wood, metal, paint)[rng.integers(4)](rng)


def shaded(colour: Colour, rng: np.random.Generator) -> Colour:
    """Return `colour` a little lighter or darker, for a neighbouring part."""
    return _near(colour, rng, 7)


def single(rng: np.random.Generator) -> Colour:
    """Return one strong colour, for a shape that is a single colour throughout."""
    return _vivid(rng, (0.0, 1.0))
