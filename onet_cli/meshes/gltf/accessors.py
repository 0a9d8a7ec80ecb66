"""glTF accessors of every component type, including sparse ones."""

import numpy as np
from numpy.typing import NDArray

from onet_cli.meshes.gltf.buffers import Buffers
from onet_cli.meshes.gltf.fields import Fields

MOST_ZEROS = 10_000_000
"""Maximum total rows of accessors without a buffer view, which the file size does not bound."""

_TYPES = {5120: "<i1", 5121: "<u1", 5122: "<i2", 5123: "<u2", 5125: "<u4", 5126: "<f4"}
_WIDTHS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4, "MAT4": 16}


class Accessors:
    """The accessors of one file."""

    def __init__(self, tree: Fields, buffers: Buffers) -> None:
        self._table = tree.table("accessors")
        self._buffers = buffers
        self._zeros = 0

    def floats(
        self, index: int, widths: tuple[int, ...], normalized: bool | None = None
    ) -> NDArray[np.float64]:
        """Return a table (N, C) of floats; normalised integers are mapped to 0..1 or -1..1.

        Args:
            index: the accessor.
            widths: the allowed numbers of columns C.
            normalized: whether integers are normalised; None: as the file declares.

        Raises:
            SourceError: it is missing or damaged, or has another number of columns.

        Source: glTF 2.0, section 3.11 (animations) for the formulas, KHR_mesh_quantization.
        """
        accessor = self._table[index]
        table = self._read(accessor)
        if table.shape[1] not in widths:
            raise accessor.error("has the wrong type for its use")
        values = table.astype(np.float64)
        if normalized is None:
            normalized = accessor.values.get("normalized") is True
        if normalized and table.dtype.kind in "iu":
            values = np.maximum(
                values / (2 ** (8 * table.itemsize - (table.dtype.kind == "i")) - 1), -1.0
            )
        return values

    def integers(self, index: int, width: int = 1) -> NDArray[np.int64]:
        """Return a table (N, width) of integers.

        Raises:
            SourceError: it is missing, damaged, or of another type.
        """
        accessor = self._table[index]
        table = self._read(accessor)
        if table.dtype.kind == "f" or table.shape[1] != width:
            raise accessor.error("has the wrong type for its use")
        return table.astype(np.int64)

    def has_bytes(self, index: int) -> bool:
        """Return whether an accessor has a buffer view or sparse values."""
        accessor = self._table[index]
        return "bufferView" in accessor or "sparse" in accessor

    def _read(self, accessor: Fields) -> NDArray[np.number]:
        kind = self._kind(accessor)
        width = _WIDTHS.get(accessor.text("type"))
        count = accessor.count("count")
        if width is None:
            raise accessor.error("has an unknown type")
        view = accessor.index("bufferView")
        if view is None:
            self._zeros += count
            if self._zeros > MOST_ZEROS:
                raise accessor.error(f"declares more than {MOST_ZEROS} rows without data")
            table: NDArray[np.number] = np.zeros((count, width), kind)
        else:
            table = self._rows(accessor, view, (count, width), kind)
        return self._with_sparse(accessor, table) if "sparse" in accessor else table

    def _with_sparse(self, accessor: Fields, table: NDArray[np.number]) -> NDArray[np.number]:
        """Return `table` with the accessor's sparse values substituted."""
        sparse = accessor.child("sparse")
        count = sparse.count("count")
        where, what = sparse.child("indices"), sparse.child("values")
        places = self._rows(where, where.count("bufferView"), (count, 1), self._kind(where))
        rows = self._rows(what, what.count("bufferView"), (count, table.shape[1]), table.dtype)
        places = places[:, 0]
        if places.dtype.kind != "u" or (count and int(places.max()) >= len(table)):
            raise sparse.error("replaces a row that does not exist")
        changed = table.copy()
        changed[places] = rows
        return changed

    def _rows(
        self, source: Fields, view: int, shape: tuple[int, int], kind: np.dtype[np.number]
    ) -> NDArray[np.number]:
        """Return rows of numbers in a buffer view, starting at the `byteOffset` of `source`."""
        data, stride = self._buffers.view(view)
        start, width = source.count("byteOffset", 0), shape[1] * kind.itemsize
        step = stride or width
        if step < width:
            raise source.error("has rows that overlap")
        if shape[0] and start + (shape[0] - 1) * step + width > len(data):
            raise source.error("exceeds its buffer view: the file is truncated")
        if not shape[0]:
            return np.zeros(shape, kind)
        return np.ndarray(shape, kind, data, start, (step, kind.itemsize))

    def _kind(self, source: Fields) -> np.dtype[np.number]:
        name = _TYPES.get(source.count("componentType"))
        if name is None:
            raise source.error("has an unknown component type")
        return np.dtype(name)
