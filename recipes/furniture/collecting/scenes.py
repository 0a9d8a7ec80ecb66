"""FBX and Collada files (.fbx, .dae) as parts. assimp reads the formats."""

import io
import posixpath
import re
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from collecting.parts import Part, srgb_of_linear
from collecting.textures import Read, gazebo_places, read_from

_LINES = re.compile(rb"<(lines|linestrips)\b.*?</\1>", re.DOTALL)


def read_scene(read: Read, path: str) -> list[Part]:
    """Return the parts of a scene, one for each material, y up.

    Args:
        read: gives the bytes of a file by its path.
        path: the file.
    """
    import assimp_py

    kind = posixpath.splitext(path)[1].lower()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / f"scene{kind}"
        data = read(path)
        # assimp_py refuses files that hold edges beside the faces.
        file.write_bytes(_LINES.sub(b"", data) if kind == ".dae" else data)
        flags = assimp_py.Process_Triangulate | assimp_py.Process_PreTransformVertices
        scene = assimp_py.import_file(str(file), flags)
    looks = _Looks(read, posixpath.dirname(path), assimp_py.TextureType_DIFFUSE, kind == ".fbx")
    parts = [looks.part(mesh, scene.materials[mesh.material_index]) for mesh in scene.meshes]
    # Older exporters write one grey for every material: that says nothing.
    if kind == ".fbx" and not any(part.picture for part in parts):
        colours = {part.colour for part in parts}
        if len(colours) == 1 and len(set(colours.pop() or ())) == 1:
            parts = [replace(part, colour=None) for part in parts]
    return parts


class _Looks:
    """Turns assimp's meshes and materials into parts."""

    def __init__(self, read: Read, folder: str, diffuse: int, linear: bool) -> None:
        self._read = read
        self._folder = folder
        self._diffuse = diffuse
        self._linear = linear
        self._pictures: dict[tuple[str, str], Image.Image | None] = {}

    def part(self, mesh: Any, material: dict[str, Any]) -> Part:
        points = np.array(mesh.vertices, np.float64).reshape(-1, 3)
        faces = np.array(mesh.indices, np.int64).reshape(-1, 3)
        files = material["TEXTURES"].get(self._diffuse, [])
        picture = self._picture(str(files[0])) if files and mesh.texcoords else None
        uv = None
        if picture is not None:
            uv = np.array(mesh.texcoords[0], np.float64).reshape(len(points), -1)[:, :2]
        values = tuple(float(v) for v in material.get("COLOR_DIFFUSE", (0.8, 0.8, 0.8))[:3])
        name = str(material.get("NAME", ""))
        return Part(points, faces, self._colour(values), uv, picture, name=name)

    def _colour(self, values: tuple[float, ...]) -> tuple[float, float, float]:
        # Values that are whole 255ths were picked as sRGB bytes; Blender's are linear.
        bytes_ = all(abs(v * 255 - round(v * 255)) < 1e-3 for v in values)
        red, green, blue = (srgb_of_linear(v) if self._linear and not bytes_ else v for v in values)
        return red, green, blue

    def _picture(self, reference: str) -> Image.Image | None:
        places = gazebo_places(self._folder, reference.replace("\\", "/"))
        if places not in self._pictures:
            try:
                self._pictures[places] = Image.open(io.BytesIO(read_from(self._read, places)))
            except OSError:
                self._pictures[places] = None
        return self._pictures[places]
