"""Reader of mesh files of any supported format."""

from dataclasses import replace
from pathlib import Path

import numpy as np
from trimesh import Trimesh

from onet_cli.archives.files import FolderFiles
from onet_cli.errors import EmptyMeshError, OnetError, SourceError
from onet_cli.geometry.mesh import CONFIDENCE, make_mesh
from onet_cli.meshes.clean import merge_equal
from onet_cli.meshes.corners import FARTHEST
from onet_cli.meshes.file import MOST_FACES, MeshFile
from onet_cli.meshes.formats import CONVERT, FORMATS, NOT_READ, READ_SUFFIXES, is_mesh, suffix_of
from onet_cli.meshes.loaded import LoadedMesh
from onet_cli.meshes.references import MeshFiles

_LONGEST_REASON = 200


def load_mesh(files: MeshFiles, name: str, most_faces: int = MOST_FACES) -> LoadedMesh:
    """Return the mesh in the file `name`, with its appearance.

    Polygons are triangulated, including concave ones. Vertices that are equal to the last bit are
    merged, and unused ones removed. Faces keep the order of the file, with the triangles of a
    polygon together, and the parts of a scene are placed by its transforms. Missing or damaged
    materials and textures are replaced by plain colours, with warnings.

    Raises:
        EmptyMeshError: it has no faces.
        SourceError: the suffix is not in `READ_SUFFIXES`; the file is missing, empty, damaged or
            not of the format of its suffix; it has more than `most_faces` faces, or vertices that
            are not finite or 1e18 or farther away.
    """
    form = FORMATS.get(suffix_of(name))
    if form is None and suffix_of(name) in NOT_READ:
        raise SourceError(
            f"{name} is {NOT_READ[suffix_of(name)]}, which is not supported",
            hint=f"{CONVERT}; supported are {', '.join(READ_SUFFIXES)}",
        )
    if form is None:
        raise SourceError(
            f"{name} is not in a supported mesh format",
            hint=f"use one of {', '.join(READ_SUFFIXES)}",
        )
    data = _read_bytes(files, name)
    try:
        loaded = form.read(MeshFile(files, name, data, most_faces))
        return _one_surface(name, loaded, most_faces)
    except OnetError:
        raise
    except MemoryError as error:
        raise SourceError(f"{name} needs more memory than is available") from error
    except Exception as error:  # damage that the readers do not check for
        reason = f"{type(error).__name__}: {error}".splitlines()[0][:_LONGEST_REASON]
        raise SourceError(f"{name} is damaged ({reason})") from error


def read_mesh(path: Path) -> Trimesh:
    """Return the mesh in a file, as `load_mesh` does, without its appearance.

    It has the vertex attribute `CONFIDENCE` if the file does.

    Raises:
        SourceError: as `load_mesh_file`.
    """
    return load_mesh_file(path).mesh


def load_mesh_file(path: Path) -> LoadedMesh:
    """Return the mesh in a file, as `load_mesh` does, confidence as a vertex attribute, too.

    Raises:
        SourceError: it is a folder; or as `load_mesh`.
    """
    if is_mesh(path.name) and not path.exists():
        raise SourceError(f"{path} does not exist")
    if path.is_dir():
        raise SourceError(f"{path} is a folder", hint="name a mesh file in it")
    loaded = load_mesh(FolderFiles(path.parent), path.name)
    if loaded.confidence is not None:
        loaded.mesh.vertex_attributes[CONFIDENCE] = loaded.confidence
    return loaded


def _read_bytes(files: MeshFiles, name: str) -> bytes:
    try:
        data = files.read(name)
    except (KeyError, FileNotFoundError):
        raise SourceError(f"{name} does not exist") from None
    except OSError as error:
        raise SourceError(f"{name} cannot be read: {error.strerror or error}") from error
    if not data:
        raise SourceError(f"{name} is empty")
    return data


def _one_surface(name: str, loaded: LoadedMesh, most_faces: int) -> LoadedMesh:
    count = len(loaded.mesh.faces)
    if count == 0:
        raise EmptyMeshError(f"{name} has no faces")
    if count > most_faces:
        raise SourceError(f"{name} has {count} faces; the limit is {most_faces}")
    # Transforms of a scene can take points there that were checked.
    near = np.all(np.abs(loaded.mesh.vertices) < FARTHEST, axis=1)
    if not near.all() and not near[loaded.mesh.faces].all():
        raise SourceError(f"{name} has parts that its transforms move 1e18 or farther")
    points, faces, origins = merge_equal(loaded.mesh.vertices, loaded.mesh.faces)
    confidence = None if loaded.confidence is None else loaded.confidence[origins]
    return replace(loaded, mesh=make_mesh(points, faces), confidence=confidence)
