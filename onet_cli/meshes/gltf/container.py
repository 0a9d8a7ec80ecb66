"""glTF container: the chunks of .glb files, the version and the required extensions."""

import json
from dataclasses import dataclass

from onet_cli.errors import SourceError
from onet_cli.meshes.gltf.fields import Fields, unreadable

_HEADER = 12
_CHUNK_HEADER = 8
_JSON, _BINARY = 0x4E4F534A, 0x004E4942

DRACO = "KHR_draco_mesh_compression"
MESHOPT = ("EXT_meshopt_compression", "KHR_meshopt_compression")
_ADVICE = {
    DRACO: "export it without compression, for example in Blender",
    **dict.fromkeys(MESHOPT, "decompress it: `gltfpack -i IN.glb -o OUT.glb -noq`"),
}
# Supported, or without influence on surface and base colour.
_KNOWN = {
    "EXT_mesh_gpu_instancing",
    "EXT_texture_avif",
    "EXT_texture_webp",
    "KHR_lights_punctual",
    "KHR_mesh_quantization",
    "KHR_node_visibility",
    "KHR_texture_basisu",
    "KHR_texture_transform",
}


@dataclass(frozen=True)
class Container:
    """A file's JSON, its `binary` chunk or None, and warnings about unsupported extensions."""

    tree: Fields
    binary: memoryview | None
    warnings: tuple[str, ...]


def open_container(name: str, data: bytes) -> Container:
    """Return the contents of the .glb or .gltf file `name`, distinguished by its first bytes.

    Raises:
        SourceError: it is damaged, compressed or not of version 2.
    """
    text, binary = _chunks(name, data) if data[:4] == b"glTF" else (data, None)
    try:
        # Names in other encodings are not needed.
        values = json.loads(text.decode(json.detect_encoding(text), errors="replace"))
    except (ValueError, RecursionError):
        raise unreadable(name) from None
    if not isinstance(values, dict):
        raise unreadable(name)
    tree = Fields(name, "", values)
    _check_version(tree)
    required = tree.texts("extensionsRequired")
    for extension in (DRACO, *MESHOPT):
        if extension in required:
            raise compressed(name, extension)
    unknown = sorted(
        e for e in set(required) - _KNOWN if not e.startswith(("KHR_materials_", "EXT_materials_"))
    )
    warnings = [f"it requires {', '.join(unknown)}, which is not supported"] if unknown else []
    return Container(tree, binary, tuple(warnings))


def compressed(name: str, extension: str) -> SourceError:
    """Return the error for a file that is compressed with `extension`."""
    return SourceError(
        f"{name} is compressed ({extension}), which is not supported", hint=_ADVICE[extension]
    )


def _chunks(name: str, data: bytes) -> tuple[bytes, memoryview | None]:
    if len(data) >= _HEADER and _word(data, 4) == 1:
        raise _old(name, "1.0")
    found: dict[int, memoryview] = {}
    place = _HEADER
    while place + _CHUNK_HEADER <= len(data) and not (_JSON in found and _BINARY in found):
        length, kind = _word(data, place), _word(data, place + 4)
        place += _CHUNK_HEADER
        if place + length > len(data):
            raise unreadable(name, "it is truncated")
        found.setdefault(kind, memoryview(data)[place : place + length])
        place += length
    if _JSON not in found:
        raise unreadable(name)
    return bytes(found[_JSON]).rstrip(b"\0 "), found.get(_BINARY)


def _word(data: bytes, place: int) -> int:
    return int.from_bytes(data[place : place + 4], "little")


def _check_version(tree: Fields) -> None:
    # Version 1 has objects where version 2 has lists, and its version number is optional.
    if any(isinstance(tree.values.get(key), dict) for key in ("accessors", "meshes", "nodes")):
        raise _old(tree.name, "1.0")
    version = str(tree.child("asset").values.get("version", ""))
    if not version:
        raise unreadable(tree.name, "it does not declare its version")
    if version.partition(".")[0] != "2":
        raise _old(tree.name, version)


def _old(name: str, version: str) -> SourceError:
    return SourceError(
        f"{name} is glTF {version[:10]}; only glTF 2 is supported",
        hint="convert it to glTF 2, for example with `gltf-pipeline -i IN.gltf -o OUT.gltf`",
    )
