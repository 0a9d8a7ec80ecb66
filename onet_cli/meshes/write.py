"""Writer of mesh files of any supported format."""

from pathlib import Path

from trimesh import Trimesh

from onet_cli.errors import InvalidOptionError
from onet_cli.files import write_bytes
from onet_cli.meshes.formats import FORMATS, MESH_SUFFIXES


def write_mesh(mesh: Trimesh, path: Path) -> None:
    """Write `mesh` to `path` atomically; the suffix selects the format.

    PLY and STL are binary. Vertex normals are stored in OBJ, PLY and GLB. Vertex attributes are
    stored in PLY under their names, and in GLB as its specification requires: `confidence` becomes
    `_CONFIDENCE`. The attribute `COLOUR` becomes the vertex colour in PLY, GLB, 3MF and, as three
    numbers after the position, OBJ.

    Raises:
        InvalidOptionError: the suffix is not in `MESH_SUFFIXES`.
        OnetError: the file cannot be written.
    """
    form = FORMATS.get(path.suffix.lower())
    if form is None or form.encode is None:
        raise InvalidOptionError(
            f"{path.name} is not in a mesh format that onet writes",
            hint=f"use one of {', '.join(MESH_SUFFIXES)}",
        )
    write_bytes(path, form.encode(mesh))
