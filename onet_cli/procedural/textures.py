"""Procedural textures: wood, weave, stripes, checks, leather, marble, wicker, dots.

Each is (H, W, 3) uint8 and tiles seamlessly. Grain and stripes are vertical.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from onet_cli.procedural.finish import Colour

Field = NDArray[np.float64]
Texture = NDArray[np.uint8]


def noise(
    rng: np.random.Generator, size: int, fall: float = 1.5, stretch: tuple[float, float] = (1, 1)
) -> Field:
    """Return periodic noise (size, size) of mean 0 and standard deviation 1.

    Its power decreases with the frequency to the power `fall`; `stretch` lengthens its features
    along (rows, columns).
    """
    rows = np.fft.fftfreq(size)[:, None] * size * stretch[0]
    columns = np.fft.rfftfreq(size)[None, :] * size * stretch[1]
    frequency = np.hypot(rows, columns)
    frequency[0, 0] = 1.0
    spectrum = np.fft.rfft2(rng.standard_normal((size, size))) * frequency**-fall
    spectrum[0, 0] = 0.0
    field = np.fft.irfft2(spectrum, s=(size, size))
    return np.asarray(field / max(float(field.std()), 1e-12))


def blend(shares: Field, first: Colour, second: Colour) -> Texture:
    """Return the blend of two colours: `first` where `shares` (H, W) is 0, `second` at 1."""
    mix = np.clip(shares, 0, 1)[..., None]
    mixed = np.array(first) * (1 - mix) + np.array(second) * mix
    return np.asarray(np.rint(mixed), dtype=np.uint8)


def darker(colour: Colour, factor: float) -> Colour:
    """Return `colour` times `factor`, clamped to the valid range."""
    red, green, blue = (int(min(255, channel * factor)) for channel in colour)
    return red, green, blue


def _grid(size: int) -> tuple[Field, Field]:
    rows, columns = np.mgrid[:size, :size] / size
    return rows, columns


def wood(rng: np.random.Generator, colour: Colour, size: int = 128) -> Texture:
    """Return planed wood: year rings cut lengthwise, bent by slow noise, and fine fibres."""
    _, across = _grid(size)
    bend = noise(rng, size, 2.2, (4, 1)) * rng.uniform(0.02, 0.1)
    rings = int(rng.integers(3, 12))
    phase = rings * (across + bend)
    late = (phase - np.floor(phase)) ** rng.uniform(1.5, 4)
    fibre = noise(rng, size, 0.6, (14, 1))
    share = 0.5 * late + 0.12 * fibre + 0.1
    return blend(share * rng.uniform(0.6, 1.3), darker(colour, 1.08), darker(colour, 0.6))


def planks(rng: np.random.Generator, colour: Colour, size: int = 128) -> Texture:
    """Return boards side by side with dark joints."""
    _, across = _grid(size)
    count = int(rng.integers(2, 6))
    board = np.floor(across * count).astype(int)
    tone = rng.uniform(0.85, 1.1, count)[board]
    joint = np.abs(across * count - board - 0.5) > 0.5 - 0.04
    grain = wood(rng, colour, size).astype(np.float64) * tone[..., None]
    shaded = np.where(joint[..., None], grain * 0.4, grain)
    return np.asarray(np.clip(shaded, 0, 255), dtype=np.uint8)


def weave(rng: np.random.Generator, colour: Colour, size: int = 64) -> Texture:
    """Return cloth: threads over and under each other."""
    rows, columns = np.mgrid[:size, :size]
    period = int(rng.choice([4, 8]))
    over = ((rows // (period // 2)) + (columns // (period // 2))) % 2
    share = 0.3 * over + 0.18 * noise(rng, size, 0.3) + 0.12 * noise(rng, size, 1.6)
    return blend(share + 0.2, darker(colour, 1.1), darker(colour, rng.uniform(0.55, 0.8)))


def leather(rng: np.random.Generator, colour: Colour, size: int = 64) -> Texture:
    """Return leather: soft blotches and fine wrinkles."""
    wrinkles = np.exp(-((noise(rng, size, 0.9) / 0.25) ** 2))
    share = 0.45 * wrinkles + 0.15 * noise(rng, size, 2.0) + 0.2
    return blend(share, darker(colour, 1.1), darker(colour, 0.65))


def marble(rng: np.random.Generator, colour: Colour, size: int = 128) -> Texture:
    """Return stone with veins."""
    vein = np.exp(-np.abs(noise(rng, size, 1.6)) * rng.uniform(4, 14))
    share = vein * rng.uniform(0.4, 0.9) + 0.12 * noise(rng, size, 1.2)
    return blend(share, colour, darker(colour, rng.uniform(0.3, 0.7)))


def granite(rng: np.random.Generator, colour: Colour, size: int = 64) -> Texture:
    """Return stone with specks."""
    specks = noise(rng, size, 0.25) * 0.35 + 0.4
    return blend(specks, darker(colour, 1.15), darker(colour, 0.45))


def stripes(rng: np.random.Generator, colour: Colour, other: Colour, size: int = 64) -> Texture:
    """Return two or three bands of two colours, with the weave of cloth."""
    _, across = _grid(size)
    share, count = rng.uniform(0.2, 0.6), int(rng.integers(1, 4))
    band = np.mod(across * count, 1) < share
    return blend(band + 0.06 * noise(rng, size, 0.3), colour, other)


def checks(rng: np.random.Generator, colour: Colour, other: Colour, size: int = 64) -> Texture:
    """Return crossing bands of two colours, half as strong where there is only one."""
    down, across = _grid(size)
    count, share = int(rng.integers(2, 5)), rng.uniform(0.3, 0.6)
    mix = (np.mod(across * count, 1) < share) / 2 + (np.mod(down * count, 1) < share) / 2
    return blend(mix + 0.05 * noise(rng, size, 0.3), colour, other)


def dots(rng: np.random.Generator, colour: Colour, other: Colour, size: int = 64) -> Texture:
    """Return a field of spots, round or like petals."""
    down, across = _grid(size)
    count, petals = int(rng.integers(2, 5)), int(rng.integers(0, 7))
    u, v = np.mod(across * count, 1) - 0.5, np.mod(down * count, 1) - 0.5
    reach = rng.uniform(0.2, 0.38) * (1 + 0.3 * np.cos(petals * np.arctan2(v, u)))
    return blend((np.hypot(u, v) < reach) + 0.04 * noise(rng, size, 0.3), colour, other)


def wicker(rng: np.random.Generator, colour: Colour, size: int = 64) -> Texture:
    """Return woven cane: broad strands that pass before and behind."""
    down, across = _grid(size)
    count = int(rng.choice([4, 6, 8]))
    u, v = across * count, down * count
    shift = 0.5 * (np.floor(u) % 2)
    strand = np.abs(np.mod(v + shift, 1) - 0.5) * 2
    return blend(
        strand**1.5 + 0.1 * noise(rng, size, 0.4), darker(colour, 1.1), darker(colour, 0.4)
    )


def label(rng: np.random.Generator, colour: Colour, other: Colour, size: int = 64) -> Texture:
    """Return a printed label: a coloured field, a title and lines of text."""
    down, across = _grid(size)
    share = np.zeros((size, size))
    share[down < rng.uniform(0.15, 0.45)] = 1.0
    title = rng.uniform(0.45, 0.6)
    share[(np.abs(down - title) < 0.05) & (np.abs(across - 0.5) < rng.uniform(0.2, 0.4))] = 0.9
    for line in np.arange(0.7, 0.95, 0.08):
        share[(np.abs(down - line) < 0.015) & (np.abs(across - 0.5) < rng.uniform(0.1, 0.4))] = 0.7
    return blend(share, colour, other)


def louvres(rng: np.random.Generator, colour: Colour, size: int = 64) -> Texture:
    """Return a grille: horizontal lines, or a grid of holes."""
    down, across = _grid(size)
    count = int(rng.integers(6, 14))
    lines = np.mod(down * count, 1) < 0.5
    if rng.random() < 0.5:
        lines &= np.mod(across * count, 1) < 0.5
    return blend(lines.astype(np.float64), colour, darker(colour, 0.35))


Single = Callable[[np.random.Generator, Colour], Texture]
Double = Callable[[np.random.Generator, Colour, Colour], Texture]
