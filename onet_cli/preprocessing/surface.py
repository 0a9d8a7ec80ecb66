"""The surface in a single mesh file, without its looks."""

from pathlib import Path

from trimesh import Trimesh

from onet_cli.errors import SourceError
from onet_cli.geometry.mesh import CONFIDENCE
from onet_cli.preprocessing.meshes.reader import load_mesh
from onet_cli.preprocessing.sources.files import FolderFiles


def read_surface(path: Path) -> Trimesh:
    """Return the surface in a mesh file, with the vertex attribute `confidence` if it has one.

    Raises:
        SourceError: it is a folder; or as `load_mesh`.
    """
    if path.is_dir():
        raise SourceError(f"{path} is a folder", hint="name a mesh file in it")
    loaded = load_mesh(FolderFiles(path.parent), path.name)
    if loaded.confidence is not None:
        loaded.mesh.vertex_attributes[CONFIDENCE] = loaded.confidence
    return loaded.mesh
