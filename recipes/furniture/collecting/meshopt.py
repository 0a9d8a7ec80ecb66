"""Unpacks glTF files that are compressed with EXT_meshopt_compression and quantized."""

import json
from typing import Any

import numpy as np
from numpy.typing import NDArray

EXTENSION = "EXT_meshopt_compression"
_TYPES = {
    5120: np.int8,
    5121: np.uint8,
    5122: np.int16,
    5123: np.uint16,
    5125: np.uint32,
    5126: np.float32,
}
_WIDTHS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4}
_KEPT = ("POSITION", "TEXCOORD_0")


def is_compressed(data: bytes) -> bool:
    """Say whether a .glb file needs the extension."""
    return data[:4] == b"glTF" and EXTENSION in _chunks(data)[0].get("extensionsRequired", [])


def unpacked(data: bytes) -> bytes:
    """Return the same .glb file with plain points, texture coordinates, faces and pictures.

    Source: the specifications of EXT_meshopt_compression and KHR_mesh_quantization.
    """
    header, binary = _chunks(data)
    plain = bytearray()
    views: list[dict[str, int]] = []
    for accessor in (accessors := header["accessors"]):
        accessor["use"] = ""
    for mesh in header["meshes"]:
        for part in mesh["primitives"]:
            part["attributes"] = {k: v for k, v in part["attributes"].items() if k in _KEPT}
            accessors[part["indices"]]["use"] = "faces"
            for number in part["attributes"].values():
                accessors[number]["use"] = "values"
    for accessor in accessors:
        if use := accessor.pop("use"):
            table = _table(header, binary, accessor)
            floats = use == "values"
            table = _floats(table, accessor) if floats else table.astype(np.uint32)
            accessor.update(bufferView=len(views), byteOffset=0, normalized=False)
            accessor["componentType"] = 5126 if floats else 5125
        else:
            table = np.zeros(0, np.uint8)
            accessor.pop("bufferView", None)
            accessor.update(count=1, byteOffset=0)
        accessor.pop("min", None)
        accessor.pop("max", None)
        if use:
            _append(plain, views, table.tobytes())
    for image in header.get("images", []):
        picture = _view_bytes(header, binary, image["bufferView"])
        image["bufferView"] = len(views)
        _append(plain, views, picture)
    for texture in header.get("textures", []):
        webp = texture.get("extensions", {}).get("EXT_texture_webp", {})
        texture["source"] = webp.get("source", texture.get("source"))
    header["bufferViews"] = views
    header["buffers"] = [{"byteLength": len(plain)}]
    header.pop("extensionsRequired", None)
    return _glb(header, bytes(plain))


def _append(plain: bytearray, views: list[dict[str, int]], data: bytes) -> None:
    views.append({"buffer": 0, "byteOffset": len(plain), "byteLength": len(data)})
    plain += data + b"\0" * (-len(data) % 4)


def _table(header: dict[str, Any], binary: bytes, accessor: dict[str, Any]) -> NDArray[Any]:
    """Return the numbers of an accessor, one row each."""
    view = header["bufferViews"][accessor["bufferView"]]
    kind, width = np.dtype(_TYPES[accessor["componentType"]]), _WIDTHS[accessor["type"]]
    data = _view_bytes(header, binary, accessor["bufferView"])
    packing = view.get("extensions", {}).get(EXTENSION, view)
    stride = packing.get("byteStride", kind.itemsize * width)
    start, count = accessor.get("byteOffset", 0), accessor["count"]
    whole = np.frombuffer(data, np.uint8)[start:]
    whole = np.pad(whole, (0, max(0, stride * count - len(whole))))
    rows = whole[: stride * count].reshape(count, stride)[:, : kind.itemsize * width]
    return np.ascontiguousarray(rows).view(kind)


def _floats(table: NDArray[Any], accessor: dict[str, Any]) -> NDArray[np.float32]:
    if not accessor.get("normalized"):
        return table.astype(np.float32)
    return np.maximum(table / np.iinfo(table.dtype).max, -1.0).astype(np.float32)


def _view_bytes(header: dict[str, Any], binary: bytes, number: int) -> bytes:
    view = header["bufferViews"][number]
    packing = view.get("extensions", {}).get(EXTENSION)
    if packing is None:
        start = view.get("byteOffset", 0)
        return binary[start : start + view["byteLength"]]
    start = packing.get("byteOffset", 0)
    data = binary[start : start + packing["byteLength"]]
    import meshoptimizer

    count, stride, filtered = packing["count"], packing["byteStride"], packing.get("filter", "NONE")
    if packing["mode"] == "ATTRIBUTES":
        if filtered != "NONE":
            return bytes(count * stride)  # only normals are filtered, and these are not read
        rows = np.dtype((np.void, stride))
        return bytes(meshoptimizer.decode_vertex_buffer(count, stride, data, rows).tobytes())
    decode = (
        meshoptimizer.decode_index_buffer
        if packing["mode"] == "TRIANGLES"
        else meshoptimizer.decode_index_sequence
    )
    # The package returns 32-bit numbers, of whose bytes only the first are filled.
    return bytes(decode(count, stride, data).tobytes()[: count * stride])


def _chunks(data: bytes) -> tuple[dict[str, Any], bytes]:
    length = int.from_bytes(data[12:16], "little")
    start = 20 + length + 8
    return json.loads(data[20 : 20 + length]), data[start:]


def _glb(header: dict[str, Any], binary: bytes) -> bytes:
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 4)
    total = 12 + 8 + len(text) + 8 + len(binary)
    head = b"glTF" + (2).to_bytes(4, "little") + total.to_bytes(4, "little")
    first = len(text).to_bytes(4, "little") + b"JSON" + text
    return head + first + len(binary).to_bytes(4, "little") + b"BIN\0" + binary
