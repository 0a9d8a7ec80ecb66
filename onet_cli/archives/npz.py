"""Arrays from npz files, up to a size limit."""

import io
from functools import lru_cache
from math import prod
from typing import Any, Literal

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from onet_cli.archives.zip_directory import entries_in
from onet_cli.archives.zip_member import Entry, check_member_size, packed_start, unpack
from onet_cli.errors import SourceError

_SUFFIX = ".npy"
_NUMBERS = "biuf"  # kinds of numpy's types
_LONGEST_REASON = 200
_LONGEST_HEADER = 2**16
_MAGIC_BYTES = 8  # with the version
_FIXED_BYTES = 12
"""The magic bytes, the version, and the length of the header in its longest form."""


def read_npz(data: bytes, name: str) -> dict[str, NDArray[Any]]:
    """Return the arrays of real numbers in an npz file; `name` is the file name for messages.

    They are read-only.

    Raises:
        SourceError: it is damaged, contains pickled objects, or unpacks to more than
        `MAX_ARRAY_BYTES`.
    """
    try:
        members = dict(entries_in(data))
        check_member_size(name, sum(entry.bytes for entry in members.values()))
        arrays = {
            path.removesuffix(_SUFFIX): _read_array(_unpack(data, entry, f"{path} in {name}"))
            for path, entry in members.items()
            if path.endswith(_SUFFIX)
        }
    except SourceError:
        raise
    except Exception as error:  # numpy's header parsers raise many kinds of errors
        reason = f"{type(error).__name__}: {error}".splitlines()[0][:_LONGEST_REASON]
        raise SourceError(f"{name} is damaged: {reason}") from error
    return {key: array for key, array in arrays.items() if array.dtype.kind in _NUMBERS}


def _unpack(data: bytes, entry: Entry, name: str) -> bytes | bytearray | memoryview:
    here = memoryview(data)[entry.offset :]
    start = packed_start(here, name)
    return unpack(here[start : start + entry.packed_bytes], entry, name)


def _read_array(data: bytes | bytearray | memoryview) -> NDArray[Any]:
    """Return the array of an npy file, without copying it.

    Raises:
        ValueError: it declares more data than it has, or holds pickled objects.
    """
    fixed = bytes(data[:_FIXED_BYTES])
    width = _LENGTH_BYTES[_version(fixed)]
    start = _MAGIC_BYTES + width + int.from_bytes(fixed[_MAGIC_BYTES:][:width], "little")
    if start > _LONGEST_HEADER:
        raise ValueError("the head of an array is too long")
    shape, fortran_order, dtype = _read_header(bytes(data[:start]))
    if dtype.hasobject:
        raise ValueError("an array holds pickled objects")
    if prod(shape) * dtype.itemsize > len(data) - start:
        raise ValueError("an array is shorter than its head says")
    order: Literal["F", "C"] = "F" if fortran_order else "C"
    array: NDArray[Any] = np.ndarray(shape, dtype, data, start, order=order)
    if not array.flags.aligned:
        array = array.copy()
    array.flags.writeable = False
    return array


@lru_cache(maxsize=64)
def _read_header(head: bytes) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    """Return shape, Fortran order and type of an npy file that begins with `head`.

    The arrays of a data set have few different headers, and numpy parses one in 0.1 ms.
    """
    stream = io.BytesIO(head)
    stream.seek(_MAGIC_BYTES)
    read = _HEADERS[_version(head)]
    header: tuple[tuple[int, ...], bool, np.dtype[Any]] = read(stream)
    return header


def _version(head: bytes) -> tuple[int, int]:
    """Return the version of the npy file that begins with `head`."""
    if not head.startswith(npy.MAGIC_PREFIX) or len(head) < _MAGIC_BYTES:
        raise ValueError("an array does not begin as an npy file")
    return head[_MAGIC_BYTES - 2], head[_MAGIC_BYTES - 1]


_HEADERS = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}
_LENGTH_BYTES = {(1, 0): 2, (2, 0): 4}
