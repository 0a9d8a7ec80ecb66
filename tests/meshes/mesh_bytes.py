"""Mesh files made in memory, for the tests of the readers."""

import io

import numpy as np
from PIL import Image

from onet_cli.meshes.read import load_mesh


class MemoryFiles(dict):
    """Files by name, and a record of all names that were asked for."""

    def __init__(self, **files):
        super().__init__(files)
        self.asked = []

    def read(self, name):
        self.asked.append(name)
        return self[name]


def files_of(contents):
    """Return files from a dict of name to text or bytes."""
    files = MemoryFiles()
    for name, data in contents.items():
        files[name] = data.encode() if isinstance(data, str) else data
    return files


def load(name, data, **others):
    """Return the mesh in one file, with no others or with those of `others` (dots as `_dot_`)."""
    contents = {key.replace("_dot_", "."): value for key, value in others.items()}
    return load_mesh(files_of({name: data, **contents}), name)


def png(pixels):
    """Return a picture as PNG bytes."""
    buffer = io.BytesIO()
    Image.fromarray(np.asarray(pixels, np.uint8)).save(buffer, "PNG")
    return buffer.getvalue()


CUBE_CORNERS = [(x, y, z) for x in (0, 1) for y in (0, 1) for z in (0, 1)]
CUBE_QUADS = [(0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3)]


def cube_obj(head=""):
    """Return the unit cube as OBJ text, six quads that turn outwards."""
    vertices = "".join(f"v {x} {y} {z}\n" for x, y, z in CUBE_CORNERS)
    faces = "".join("f " + " ".join(str(i + 1) for i in quad) + "\n" for quad in CUBE_QUADS)
    return head + vertices + faces
