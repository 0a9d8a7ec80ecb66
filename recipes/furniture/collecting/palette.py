"""Colours for objects whose files give none: woods, paints and metals, by the object's name."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from collecting.parts import Part

# fmt: off
COLOURS = (
    "e8d3b0", "d9b98a", "c89f6a", "b98a56", "a5733f", "8a5a33",
    "6f4527", "57341e", "3f2a1c", "c9a27e", "b07a4f", "94623a",
    "f4f2ec", "e6e3da", "d2d0c8", "b9bab6", "8f9291", "5f6365", "3a3d3f", "1f2021",
    "a33b2e", "c2562d", "d9a441", "7d8f4e", "4f6f52", "3f6c7a",
    "2f4b6e", "6b8fb0", "7a4a5e", "c7a6a0",
)
# fmt: on
"""sRGB, twelve woods, eight greys, ten paints."""

_SHADE = 0.08


def paint(parts: Sequence[Part], key: str) -> list[Part]:
    """Return `parts` with a colour wherever there is none, equal for parts of equal name.

    Args:
        parts: of one object.
        key: the object's name. The same key gives the same colours.
    """
    bare = sorted({part.name for part in parts if part.colour is None})
    if not bare:
        return list(parts)
    seed = int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "little")
    rng = np.random.default_rng(seed)
    one = rng.random() < 0.5  # one half of all objects is of one material
    chosen = [rng.integers(len(COLOURS)) for _ in bare]
    shades = {
        name: _shade(COLOURS[chosen[0] if one else number], float(rng.uniform(-_SHADE, _SHADE)))
        for name, number in zip(bare, chosen, strict=True)
    }
    return [p if p.colour is not None else replace(p, colour=shades[p.name]) for p in parts]


def _shade(code: str, change: float) -> tuple[float, float, float]:
    values = [int(code[i : i + 2], 16) / 255 * (1 + change) for i in (0, 2, 4)]
    red, green, blue = (min(value, 1.0) for value in values)
    return red, green, blue
