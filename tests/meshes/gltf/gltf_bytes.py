"""glTF files made by hand, for the tests of the reader."""

import json
import struct

import numpy as np

from tests.meshes.mesh_bytes import load

TYPES = {"b": 5120, "B": 5121, "h": 5122, "H": 5123, "I": 5125, "f": 5126}
WIDTHS = {1: "SCALAR", 2: "VEC2", 3: "VEC3", 4: "VEC4", 16: "MAT4"}

# A cube of edge 1 around 0, each side with corners of its own, turning outwards.
SIDES = [(axis, sign) for axis in range(3) for sign in (1, -1)]


def _corner(axis, sign, u, v):
    point = np.zeros(3)
    point[[axis, (axis + 1) % 3, (axis + 2) % 3]] = sign, u, v * sign
    return point / 2


POINTS = np.array(
    [_corner(a, s, u, v) for a, s in SIDES for u, v in ((-1, -1), (1, -1), (1, 1), (-1, 1))]
)
UV = np.tile([(0.0, 0.0), (1, 0), (1, 1), (0, 1)], (6, 1))
FACES = np.concatenate([np.array([(0, 1, 2), (0, 2, 3)]) + 4 * side for side in range(6)])


class Gltf:
    """A file in the making: `header` is its JSON, `binary` its bytes."""

    def __init__(self):
        self.binary = b""
        self.header = {"asset": {"version": "2.0"}, "accessors": [], "bufferViews": []}

    def view(self, data, **fields):
        """Add bytes; return the number of their view."""
        self.binary += b"\0" * (-len(self.binary) % 4)
        place = {"buffer": 0, "byteOffset": len(self.binary), "byteLength": len(data)}
        self.binary += data
        self.header["bufferViews"].append(place | fields)
        return len(self.header["bufferViews"]) - 1

    def table(self, values, kind="f", stride=0, **fields):
        """Add numbers; return the number of their accessor."""
        values = np.atleast_2d(np.asarray(values).T).T
        rows = [struct.pack(f"<{values.shape[1]}{kind}", *row) for row in values.tolist()]
        data = b"".join(row.ljust(stride, b"\x7f") for row in rows)
        view = self.view(data, **({"byteStride": stride} if stride else {}))
        return self.accessor(len(values), values.shape[1], kind, bufferView=view, **fields)

    def accessor(self, count, width, kind="f", **fields):
        """Add an accessor as told; return its number."""
        one = {"componentType": TYPES[kind], "count": count, "type": WIDTHS[width]}
        self.header["accessors"].append(one | fields)
        return len(self.header["accessors"]) - 1

    def part(self, attributes, indices=None, **fields):
        """Add a mesh of one part; return the number of the mesh."""
        one = {"attributes": attributes} | fields
        if indices is not None:
            one["indices"] = indices
        meshes = self.header.setdefault("meshes", [])
        meshes.append({"primitives": [one]})
        return len(meshes) - 1

    def stand(self, *nodes):
        """Set the scene: these nodes, all of them at its root."""
        self.header["nodes"] = list(nodes)
        self.header["scenes"] = [{"nodes": list(range(len(nodes)))}]
        self.header["scene"] = 0
        return self

    def glb(self):
        """Return the file as .glb."""
        self.header["buffers"] = [{"byteLength": len(self.binary)}]
        text = json.dumps(self.header).encode()
        text += b" " * (-len(text) % 4)
        data = self.binary + b"\0" * (-len(self.binary) % 4)
        head = struct.pack("<4sIIII", b"glTF", 2, 28 + len(text) + len(data), len(text), 0x4E4F534A)
        return head + text + struct.pack("<II", len(data), 0x004E4942) + data

    def load(self, **others):
        """Return the mesh that is read from the file."""
        return load("a.glb", self.glb(), **others)


def cube(**fields):
    """Return a file with a cube of one part, standing at the origin, `fields` in that part."""
    gltf = Gltf()
    points, faces = gltf.table(POINTS), gltf.table(FACES.ravel(), "H")
    attributes = {"POSITION": points} | fields.pop("attributes", {})
    gltf.part(attributes, faces, **fields)
    return gltf.stand({"mesh": 0})
