"""glTF files, with the parts of their scene in place. trimesh takes the format apart."""

import io
import json
from dataclasses import replace
from typing import Any
from urllib.parse import unquote

import numpy as np
import trimesh
from numpy.typing import NDArray
from trimesh.resolvers import Resolver

from onet_cli.errors import EmptyMeshError, SourceError
from onet_cli.meshes.file import MeshFile
from onet_cli.meshes.gltf_parts import PartReader, has_picture
from onet_cli.meshes.loaded import LoadedMesh
from onet_cli.meshes.parts import join
from onet_cli.meshes.references import MeshFiles, read_referred
from onet_cli.meshes.transform import transform

_COMPRESSIONS = ("KHR_draco_mesh_compression", "EXT_meshopt_compression")
_MOST_ITEMS = 10**8  # rows of one table; a header may claim any number without the bytes for it
_GLB_HEADER = 20


def read_gltf(file: MeshFile) -> LoadedMesh:
    """Return the mesh of a .glb or .gltf file: all parts of its scene, where they stand.

    Base colours, their pictures and transparency are kept; other channels are not.

    Raises:
        SourceError: the file is no glTF 2, is damaged, or lacks a file that it refers to.
    """
    name = file.name
    header = _header(name, file.data)
    resolver = _Resolver(file.files, name)
    meshes, placed = _scene(name, file.data, resolver)
    if not placed:
        raise EmptyMeshError(f"{name} holds no faces")
    if sum(len(meshes[key].faces) for key, _ in placed) > file.most_faces:
        raise SourceError(f"{name} has more than {file.most_faces} faces")
    # trimesh writes colours as they are, not linear as the standard wants and others do.
    reader = PartReader(name, linear="trimesh" not in str(header["asset"].get("generator", "")))
    parts = {key: reader.part(meshes[key]) for key in dict.fromkeys(key for key, _ in placed)}
    whole = join([transform(parts[key], matrix) for key, matrix in placed])
    warnings = [f"texture {file!r} is missing" for file in resolver.missing]
    opened = sum(has_picture(part) for part in meshes.values())
    if reader.damaged or (opened < _pictures(header) and not resolver.missing):
        warnings.append("a texture cannot be decoded")
    return replace(whole, warnings=tuple(warnings))


def _scene(
    name: str, data: bytes, resolver: "_Resolver"
) -> tuple[dict[str, trimesh.Trimesh], list[tuple[str, NDArray[np.float64]]]]:
    """Return the meshes by name, and where each stands (4, 4), in the order of the file."""
    kind = "glb" if data[:4] == b"glTF" else "gltf"
    try:
        scene = trimesh.load_scene(
            io.BytesIO(data), file_type=kind, resolver=resolver, process=False
        )
        places = [scene.graph.get(node) for node in scene.graph.nodes_geometry]
    except Exception as error:  # trimesh's reader fails in many ways
        lacking = [file for file in resolver.missing if not _is_picture(file)]
        reason = f": {lacking[0]} is missing" if lacking else ""
        raise SourceError(f"{name} is not a readable glTF file{reason}") from error
    meshes = {
        key: part for key, part in scene.geometry.items() if isinstance(part, trimesh.Trimesh)
    }
    order = {key: index for index, key in enumerate(meshes)}
    # What a matrix flattens or throws to infinity cannot be seen.
    placed = [
        (str(key), matrix)
        for matrix, key in places
        if key in meshes and np.isfinite(matrix).all() and np.linalg.det(matrix[:3, :3])
    ]
    return meshes, sorted(placed, key=lambda place: order[place[0]])


def _header(name: str, data: bytes) -> dict[str, Any]:
    """Return the JSON of a file that claims nothing absurd."""
    text = data
    if data[:4] == b"glTF":
        length = int.from_bytes(data[12:16], "little")
        text = data[_GLB_HEADER : _GLB_HEADER + length]
    try:
        header = json.loads(text)
        counts = [int(accessor["count"]) for accessor in header.get("accessors", [])]
        required = list(header.get("extensionsRequired", []))
        header["asset"].get("version")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise SourceError(f"{name} is not a readable glTF file") from None
    if any(not 0 <= count <= _MOST_ITEMS for count in counts):
        raise SourceError(f"{name} is not a readable glTF file: its counts make no sense")
    compressed = [extension for extension in required if extension in _COMPRESSIONS]
    if compressed:
        raise SourceError(
            f"{name} is compressed ({compressed[0]}), which cannot be read",
            hint="export it again without compression",
        )
    return dict(header)


class ReadOnly(Resolver):
    """Files for trimesh that are read by name alone; subclasses bring `get`."""

    def write(self, name: str, data: object) -> None:
        """Refuse."""
        raise NotImplementedError

    def namespaced(self, namespace: str) -> "Resolver":
        """Refuse."""
        raise NotImplementedError

    def keys(self) -> list[str]:
        """Return no names: files are asked for, not listed."""
        return []


class _Resolver(ReadOnly):
    """Gives trimesh the files of the source and no others, and notes what was missing."""

    def __init__(self, files: MeshFiles, name: str) -> None:
        self._files = files
        self._name = name
        self.missing: list[str] = []

    def get(self, key: str) -> bytes:
        data = read_referred(self._files, self._name, unquote(key))
        if data is None:
            self.missing.append(key)
            raise FileNotFoundError(key)  # a KeyError would be taken for no reference at all
        return data


def _pictures(header: dict[str, Any]) -> int:
    """Return how many parts have a base-colour picture, as far as the header says."""
    materials = header.get("materials", [])
    used = [
        materials[part["material"]]
        for mesh in header.get("meshes", [])
        for part in mesh["primitives"]
        if "material" in part and part.get("mode", 4) in (4, 5)
    ]
    return sum("baseColorTexture" in m.get("pbrMetallicRoughness", {}) for m in used)


def _is_picture(name: str) -> bool:
    return name.lower().endswith((".png", ".jpg", ".jpeg", ".webp", ".ktx2", ".bmp"))
