"""Colours by material name, for OBJ files whose materials are not defined in an MTL file.

Old libraries use names that programs of their time knew: `dkgrey`, `flltbrown`, `amber`.
"""

import re

_COLOURS = {
    "amber": (184, 94, 22),
    "beige": (222, 206, 176),
    "black": (28, 28, 30),
    "blonde": (200, 136, 62),
    "blue": (52, 86, 160),
    "bone": (220, 200, 156),
    "bronze": (140, 100, 56),
    "brown": (120, 78, 46),
    "brownlips": (150, 88, 70),
    "brzskin": (170, 112, 74),
    "bluteal": (36, 116, 130),
    "chrome": (200, 204, 208),
    "copper": (184, 112, 72),
    "cream": (240, 230, 204),
    "cyan": (60, 170, 180),
    "flesh": (224, 176, 146),
    "gold": (206, 166, 72),
    "gray": (136, 136, 138),
    "green": (70, 134, 72),
    "grey": (136, 136, 138),
    "iris": (46, 38, 124),
    "ivory": (240, 234, 216),
    "lavendar": (178, 164, 208),
    "lavender": (178, 164, 208),
    "leather": (104, 66, 44),
    "magenta": (176, 58, 140),
    "metal": (168, 170, 174),
    "olive": (118, 116, 58),
    "orange": (216, 124, 44),
    "pink": (226, 160, 172),
    "purple": (112, 66, 130),
    "red": (176, 44, 40),
    "redwood": (132, 62, 42),
    "rubber": (44, 44, 46),
    "ruby": (150, 24, 48),
    "sand": (214, 192, 150),
    "silver": (190, 194, 198),
    "skin": (224, 176, 146),
    "sky": (140, 184, 222),
    "steel": (168, 172, 178),
    "tan": (198, 164, 120),
    "teal": (36, 122, 122),
    "teeth": (238, 232, 216),
    "turquoise": (70, 176, 170),
    "violet": (124, 84, 156),
    "white": (236, 236, 234),
    "wood": (166, 118, 72),
    "yellow": (238, 188, 60),
}
_BEFORE = re.compile(r"fl|off|arch|dark|dk|light|lt|mid|bright|brt")
_AFTER = re.compile(r"(dark|dk|light|lt|bright|brt|new)$")
_DARKER, _LIGHTER = 0.5, 0.45


def named_colour(name: str) -> tuple[int, int, int] | None:
    """Return the sRGB colour that a material's name contains, or None."""
    for word in re.findall(r"[a-z]+", name.lower()):
        shade = 0
        while word and word not in _COLOURS:
            found = _BEFORE.match(word) or _AFTER.search(word)
            if not found:
                break
            word = word[: found.start()] + word[found.end() :]
            shade += {"d": -1, "l": 1}.get(found[0][0], 0)
        if word in _COLOURS:
            return _shaded(_COLOURS[word], shade)
    return None


def _shaded(colour: tuple[int, int, int], shade: int) -> tuple[int, int, int]:
    red, green, blue = colour
    for _ in range(abs(shade)):
        if shade < 0:
            red, green, blue = (round(c * _DARKER) for c in (red, green, blue))
        else:
            red, green, blue = (round(c + (255 - c) * _LIGHTER) for c in (red, green, blue))
    return red, green, blue
