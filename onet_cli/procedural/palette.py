"""Finishes of furniture and household goods."""

import colorsys
from dataclasses import replace

import numpy as np

from onet_cli.geometry.appearance import Material
from onet_cli.procedural import textures
from onet_cli.procedural.finish import Colour, Finish

WOODS = (
    (222, 184, 135), (205, 155, 98), (181, 127, 74), (160, 106, 60), (139, 90, 43),
    (120, 72, 40), (101, 60, 38), (82, 50, 33), (62, 39, 28), (214, 197, 168),
    (166, 123, 91), (190, 140, 100), (112, 66, 50), (196, 98, 30), (228, 202, 160),
)  # fmt: skip
METALS = (
    (40, 40, 42), (58, 60, 64), (88, 90, 94), (130, 133, 138), (168, 171, 176), (196, 199, 203),
    (181, 151, 84), (150, 112, 70),
)  # fmt: skip
PAINTS = (
    (232, 231, 228), (222, 222, 222), (205, 205, 205), (190, 188, 180), (150, 152, 155),
    (95, 98, 102), (45, 46, 50), (30, 30, 32), (198, 190, 170),
)  # fmt: skip
GLASSES = ((150, 196, 190), (140, 170, 150), (120, 90, 50), (60, 110, 70), (150, 180, 205))
STONES = ((206, 202, 196), (150, 148, 146), (84, 84, 88), (190, 176, 156), (60, 72, 66))
BLACK = Finish.plain((34, 34, 36), gloss=0.1)
RUBBER = Finish.plain((38, 38, 40))


def _near(colour: Colour, rng: np.random.Generator, spread: float = 9.0) -> Colour:
    """Return a colour like `colour`, a little lighter or darker."""
    shift = rng.normal(0, spread) + rng.normal(0, spread / 3, 3)
    red, green, blue = np.clip(np.array(colour) + shift, 12, 236).astype(int).tolist()
    return (red, green, blue)


def _one_of(colours: tuple[Colour, ...], rng: np.random.Generator, spread: float = 9.0) -> Colour:
    return _near(colours[rng.integers(len(colours))], rng, spread)


def vivid(rng: np.random.Generator, saturation: tuple[float, float] = (0.4, 0.95)) -> Colour:
    """Return a random hue, its saturation within a range."""
    hue, strength, value = rng.random(), rng.uniform(*saturation), rng.uniform(0.28, 0.9)
    red, green, blue = (round(255 * c) for c in colorsys.hsv_to_rgb(hue, strength, value))
    return (red, green, blue)


def _textured(colour: Colour, texture: textures.Texture, tile: float, gloss: float = 0.0) -> Finish:
    return Finish(Material(colour, gloss=gloss, texture=texture), tile)


def wood(rng: np.random.Generator, painted: float = 0.2) -> Finish:
    """Return a random wood, with or without visible grain, `painted` with that probability."""
    if rng.random() < painted:
        return paint(rng)
    colour, gloss = _one_of(WOODS, rng), float(rng.choice([0.0, 0.1, 0.3]))
    kind = rng.random()
    if kind < 0.3:
        return Finish.plain(colour, gloss)
    if kind < 0.92:
        return _textured(colour, textures.wood(rng, colour), rng.uniform(0.25, 0.8), gloss)
    return _textured(colour, textures.planks(rng, colour), rng.uniform(0.3, 0.6), gloss)


def metal(rng: np.random.Generator) -> Finish:
    """Return steel, black iron, brass or bronze."""
    return Finish.plain(_one_of(METALS, rng, 6), gloss=float(rng.uniform(0.2, 0.8)))


def paint(rng: np.random.Generator) -> Finish:
    """Return lacquer or plastic: mostly neutral, sometimes strongly coloured."""
    gloss = float(rng.choice([0.0, 0.15, 0.4]))
    if rng.random() < 0.35:
        return Finish.plain(vivid(rng), gloss)
    return Finish.plain(_one_of(PAINTS, rng, 6), gloss)


def white(rng: np.random.Generator) -> Finish:
    """Return white enamel or ceramics."""
    return Finish.plain(_one_of(PAINTS[:3], rng, 4), gloss=float(rng.uniform(0.2, 0.6)))


def cloth_colour(rng: np.random.Generator) -> Colour:
    """Return a colour of cloth or leather."""
    kind = rng.random()
    if kind < 0.25:
        return _one_of(WOODS, rng)
    if kind < 0.55:
        return _one_of(PAINTS, rng)
    return vivid(rng, (0.1, 0.75))


def fabric(rng: np.random.Generator) -> Finish:
    """Return plain cloth, a weave, leather, or a pattern."""
    colour, kind = cloth_colour(rng), rng.random()
    if kind < 0.35:
        return Finish.plain(colour)
    if kind < 0.6:
        return _textured(colour, textures.weave(rng, colour), rng.uniform(0.06, 0.25))
    if kind < 0.78:
        return _textured(colour, textures.leather(rng, colour), rng.uniform(0.15, 0.4), 0.3)
    return patterned(rng)


def patterned(rng: np.random.Generator) -> Finish:
    """Return cloth with stripes, checks or spots."""
    first, second = cloth_colour(rng), cloth_colour(rng)
    makers: tuple[textures.Double, ...] = (textures.stripes, textures.checks, textures.dots)
    texture = makers[rng.integers(3)](rng, first, second)
    return _textured(first, texture, rng.uniform(0.12, 0.5))


def stone(rng: np.random.Generator) -> Finish:
    """Return marble or granite."""
    colour = _one_of(STONES, rng)
    makers: tuple[textures.Single, ...] = (textures.marble, textures.granite)
    texture = makers[rng.integers(2)](rng, colour)
    return _textured(colour, texture, rng.uniform(0.2, 0.6), gloss=0.3)


def cane(rng: np.random.Generator) -> Finish:
    """Return wicker, brown or black."""
    colour = _one_of(WOODS if rng.random() < 0.7 else PAINTS[5:7], rng)
    return _textured(colour, textures.wicker(rng, colour), rng.uniform(0.1, 0.25))


def ceramic(rng: np.random.Generator) -> Finish:
    """Return glazed ware: white, coloured, marbled or with a pattern."""
    kind = rng.random()
    if kind < 0.35:
        return white(rng)
    colour = vivid(rng, (0.1, 0.8))
    if kind < 0.7:
        return Finish.plain(colour, gloss=0.4)
    if kind < 0.85:
        return _textured(colour, textures.marble(rng, colour), rng.uniform(0.1, 0.3), 0.2)
    first, second = _one_of(PAINTS[:4], rng), colour
    makers: tuple[textures.Double, ...] = (textures.stripes, textures.checks, textures.dots)
    return _textured(first, makers[rng.integers(3)](rng, first, second), 0.08, 0.3)


def printed(rng: np.random.Generator, tile: float) -> Finish:
    """Return a printed label or carton whose texture repeats every `tile` metres."""
    first, second = _one_of(PAINTS[:4], rng), vivid(rng)
    if rng.random() < 0.4:
        first, second = second, first
    return _textured(first, textures.label(rng, first, second), tile, 0.1)


def grille(rng: np.random.Generator) -> Finish:
    """Return dark cloth or perforated sheet, as before loudspeakers."""
    colour = _one_of(PAINTS[4:8], rng)
    return _textured(colour, textures.louvres(rng, colour), rng.uniform(0.05, 0.2))


def glass(rng: np.random.Generator) -> Finish:
    """Return tinted, partly transparent glass."""
    return Finish.plain(_one_of(GLASSES, rng), gloss=0.8, opacity=float(rng.uniform(0.4, 0.65)))


def material(rng: np.random.Generator) -> Finish:
    """Return wood, metal or lacquer."""
    return (wood, wood, metal, paint)[rng.integers(4)](rng)


def shaded(finish: Finish, rng: np.random.Generator) -> Finish:
    """Return `finish` a little lighter or darker, for a neighbouring part."""
    colour = _near(finish.colour, rng, 7)
    texture = finish.material.texture
    if texture is not None:
        shift = np.array(colour) - np.array(finish.colour)
        texture = np.clip(texture + shift, 0, 255).astype(np.uint8)
    return replace(finish, material=replace(finish.material, colour=colour, texture=texture))


def single(rng: np.random.Generator) -> Finish:
    """Return one strong colour, for a shape that is a single colour throughout."""
    return Finish.plain(vivid(rng, (0.0, 1.0)), gloss=float(rng.choice([0.0, 0.3])))
