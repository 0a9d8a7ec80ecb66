"""Parser of MTL files, the materials of OBJ files."""

import math
import re
from dataclasses import dataclass, replace

from onet_cli.geometry.appearance import DEFAULT_COLOUR
from onet_cli.meshes.text import as_text, without_mark

_OPTION_LENGTHS = {"-blendu": 1, "-blendv": 1, "-cc": 1, "-clamp": 1, "-bm": 1, "-boost": 1}
_OPTION_LENGTHS |= {"-imfchan": 1, "-texres": 1, "-type": 1, "-mm": 2}
_VECTORS = ("-s", "-o", "-t")  # followed by one to three numbers
_SHARPEST = 1000.0  # the largest Ns that MTL knows


@dataclass(frozen=True)
class TextureReference:
    """A texture by its file name in the MTL file; uv becomes `uv * scale + offset`."""

    file: str
    scale: tuple[float, float] = (1.0, 1.0)
    offset: tuple[float, float] = (0.0, 0.0)


@dataclass(frozen=True)
class MaterialText:
    """One material of an MTL file. `colour` is sRGB in 0..255; `gloss` and `opacity` in 0..1."""

    colour: tuple[int, int, int] = DEFAULT_COLOUR
    opacity: float = 1.0
    gloss: float = 0.0
    texture: TextureReference | None = None
    holes: TextureReference | None = None


def parse_mtl(data: bytes) -> dict[str, MaterialText]:
    """Return the materials of an MTL file by name. Unknown or malformed lines are ignored."""
    materials: dict[str, MaterialText] = {}
    name, lines = None, dict[str, str]()
    plain = re.sub(r"\r\n?", "\n", as_text(without_mark(data)))
    for line in [*plain.replace("\\\n", " ").split("\n"), "newmtl"]:
        key, _, value = line.strip().replace("\t", " ").partition(" ")
        if key.lower() != "newmtl":
            lines[key.lower()] = value.strip()
            continue
        if name is not None:
            materials[name] = _material(lines)
        name, lines = value.strip(), {}
    return materials


def _material(lines: dict[str, str]) -> MaterialText:
    material = MaterialText(opacity=_opacity(lines), gloss=_gloss(lines))
    colour = _numbers(lines.get("kd", ""))
    if colour:
        red, green, blue = (round(255 * min(max(c, 0.0), 1.0)) for c in (colour * 3)[:3])
        material = replace(material, colour=(red, green, blue))
    return replace(
        material, texture=_reference(lines.get("map_kd")), holes=_reference(lines.get("map_d"))
    )


def _opacity(lines: dict[str, str]) -> float:
    solid = _numbers(lines.get("d", "").removeprefix("-halo"))
    if solid:
        return min(max(solid[0], 0.0), 1.0)
    clear = _numbers(lines.get("tr", ""))
    # Tr is transparency, but some programs write opacity; 1 is taken for opaque.
    return 1.0 - clear[0] if clear and 0.0 <= clear[0] < 1.0 else 1.0


def _gloss(lines: dict[str, str]) -> float:
    strength, sharpness = _numbers(lines.get("ks", "")), _numbers(lines.get("ns", ""))
    if not strength or not sharpness or lines.get("illum", "2") in ("0", "1"):
        return 0.0
    mean = sum(strength[:3]) / len(strength[:3])
    # Ns spans decades, and a wide highlight adds little gloss.
    share = math.log1p(max(sharpness[0], 0.0)) / math.log1p(_SHARPEST)
    return min(max(mean * share, 0.0), 1.0)


def _reference(text: str | None) -> TextureReference | None:
    """Return the texture of a map_ line: options, then a file name that may contain blanks."""
    scale, offset = (1.0, 1.0), (0.0, 0.0)
    rest = (text or "").strip()
    while option := re.match(r"(-[a-z]+)\s+", rest, re.IGNORECASE):
        word = option[1].lower()
        if word in _VECTORS:
            given = re.match(r"(?:[-+]?[\d.]+(?:e[-+]?\d+)?(?:\s+|$)){1,3}", rest[option.end() :])
            if not given:
                break
            values = _numbers(given[0])
            # Missing values are 1 for a scale and 0 for an offset.
            pair = (values[0], values[1] if len(values) > 1 else float(word == "-s"))
            scale, offset = (pair, offset) if word == "-s" else (scale, offset)
            offset = pair if word == "-o" else offset
            rest = rest[option.end() + given.end() :]
        elif word in _OPTION_LENGTHS:
            parts = rest.split(None, 1 + _OPTION_LENGTHS[word])
            rest = parts[-1] if len(parts) > 1 + _OPTION_LENGTHS[word] else ""
        else:
            break
    return TextureReference(rest, scale, offset) if rest else None


def _numbers(text: str) -> list[float]:
    """Return the leading finite numbers of `text`."""
    values: list[float] = []
    for word in text.split():
        try:
            value = float(word)
        except ValueError:
            break
        if not math.isfinite(value):
            break
        values.append(value)
    return values
