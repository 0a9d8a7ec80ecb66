"""Additions to the GLB files of trimesh: 16-bit vertex colours and buffer view targets."""

import json
import struct
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from onet_cli.geometry.texture import srgb_to_linear
from onet_cli.version import __version__

OWN_NAME = "_COLOR16"
"""Name of the colour attribute for trimesh's writer, which supports only 8-bit colours."""

VERTICES, CORNERS = 34962, 34963
"""Buffer view targets as OpenGL constants: vertex attributes and face indices."""

_JSON = b"JSON"


def linear_colours(colours: NDArray[np.uint8]) -> NDArray[np.uint16]:
    """Return sRGB `colours` (V, 3) as linear RGBA (V, 4), as glTF requires, with 65535 for 1.

    With 8 bits, dark colours would lose most of their levels.
    """
    wide = np.full((len(colours), 4), 65535, np.uint16)
    wide[:, :3] = np.rint(srgb_to_linear()[colours] * 65535)
    return wide


def complete_glb(glb: bytes) -> bytes:
    """Return a GLB file of trimesh with its attribute `OWN_NAME` as the vertex colour.

    The generator becomes onet, since its colours are linear. Buffer views get a target, without
    which the glTF validator prints a hint for each.
    """
    _, version, _, length = struct.unpack_from("<4sIII", glb)
    start = 20
    tree = json.loads(glb[start : start + length])
    # Readers take colours in files of trimesh for sRGB, as it writes them; these are linear.
    tree["asset"]["generator"] = f"onet {__version__}"
    for mesh in tree["meshes"]:
        for primitive in mesh["primitives"]:
            attributes = primitive["attributes"]
            if OWN_NAME in attributes:
                attributes["COLOR_0"] = attributes.pop(OWN_NAME)
                tree["accessors"][attributes["COLOR_0"]]["normalized"] = True
            _set_targets(tree, attributes.values(), VERTICES)
            _set_targets(tree, [primitive["indices"]], CORNERS)
    text = json.dumps(tree, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 4)
    rest = glb[start + length :]
    head = struct.pack("<4sII", b"glTF", version, start + len(text) + len(rest))
    return b"".join([head, struct.pack("<I4s", len(text), _JSON), text, rest])


def _set_targets(tree: dict[str, Any], accessors: Iterable[int], target: int) -> None:
    for number in accessors:
        tree["bufferViews"][tree["accessors"][number]["bufferView"]]["target"] = target
