"""Mesh files of any format that is known, read the same way."""

import posixpath
from dataclasses import replace

from onet_cli.errors import SourceError
from onet_cli.geometry.mesh import make_mesh
from onet_cli.preprocessing.meshes.clean import merge_equal
from onet_cli.preprocessing.meshes.files import MeshFiles
from onet_cli.preprocessing.meshes.gltf import read_gltf
from onet_cli.preprocessing.meshes.loaded import LoadedMesh
from onet_cli.preprocessing.meshes.obj import read_obj
from onet_cli.preprocessing.meshes.off import read_off
from onet_cli.preprocessing.meshes.ply_mesh import read_ply
from onet_cli.preprocessing.meshes.stl import read_stl

SUFFIXES = (".obj", ".off", ".ply", ".stl", ".glb", ".gltf")
"""The mesh formats that can be loaded."""

MOST_FACES = 20_000_000


def load_mesh(files: MeshFiles, name: str, most_faces: int = MOST_FACES) -> LoadedMesh:
    """Return the mesh in the file `name`, with its looks.

    Polygons are cut into triangles that cover them and nothing else. Vertices that are equal to the
    last bit are one; those that no face uses are left out. Faces stay in the file's order, the
    triangles of one polygon together, and the parts of a scene stand where the scene puts them.
    Materials and pictures that are missing or damaged are replaced by plain colours and leave
    warnings.

    Raises:
        SourceError: the suffix is none of `SUFFIXES`; the file is missing, empty, damaged or of
            another format than its name says; it has no faces, more than `most_faces`, or vertices
            that are not finite.
    """
    suffix = posixpath.splitext(name)[1].lower()
    if suffix not in SUFFIXES:
        raise SourceError(
            f"{name} has no mesh format that is known", hint=f"use one of {', '.join(SUFFIXES)}"
        )
    try:
        data = files.read(name)
    except (KeyError, FileNotFoundError):
        raise SourceError(f"{name} does not exist") from None
    except OSError as error:
        raise SourceError(f"{name} cannot be read: {error.strerror or error}") from error
    if not data:
        raise SourceError(f"{name} is empty")
    return _one_surface(name, _read(files, name, suffix, data, most_faces), most_faces)


def _read(files: MeshFiles, name: str, suffix: str, data: bytes, most_faces: int) -> LoadedMesh:
    match suffix:
        case ".obj":
            return read_obj(files, name, data)
        case ".off":
            return read_off(name, data)
        case ".ply":
            return read_ply(files, name, data)
        case ".stl":
            return read_stl(name, data)
        case _:
            return read_gltf(files, name, data, most_faces)


def _one_surface(name: str, loaded: LoadedMesh, most_faces: int) -> LoadedMesh:
    count = len(loaded.mesh.faces)
    if count == 0:
        raise SourceError(f"{name} holds no faces")
    if count > most_faces:
        raise SourceError(f"{name} has {count} faces, more than the {most_faces} that are read")
    points, faces, origins = merge_equal(loaded.mesh.vertices, loaded.mesh.faces)
    confidence = None if loaded.confidence is None else loaded.confidence[origins]
    return replace(loaded, mesh=make_mesh(points, faces), confidence=confidence)
