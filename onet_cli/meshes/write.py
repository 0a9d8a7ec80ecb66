"""Meshes to files of any format that is written."""

from pathlib import Path

from trimesh import Trimesh

from onet_cli.errors import InvalidOptionError
from onet_cli.files import whole_file
from onet_cli.meshes.formats import FORMATS, MESH_SUFFIXES


def write_mesh(mesh: Trimesh, path: Path) -> None:
    """Write `mesh` to `path`, whole or not at all; the suffix picks the format.

    PLY and STL are binary. Vertex normals are stored where the format has a place for them, vertex
    attributes in PLY, under their names, and in GLB, as its specification wants them: `confidence`
    becomes `_CONFIDENCE`. The attribute `COLOUR` becomes the vertices' colour in PLY, GLB and, as
    three more numbers after the place, in OBJ.

    Raises:
        InvalidOptionError: the suffix is none of `MESH_SUFFIXES`.
        OnetError: the file cannot be written.
    """
    form = FORMATS.get(path.suffix.lower())
    if form is None or form.encode is None:
        raise InvalidOptionError(
            f"{path.name} has no mesh format that onet writes",
            hint=f"use one of {', '.join(MESH_SUFFIXES)}",
        )
    data = form.encode(mesh)
    with whole_file(path) as temporary:
        temporary.write_bytes(data)
