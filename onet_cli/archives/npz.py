"""Arrays from npz files, up to a size limit."""

import io
import zipfile
from math import prod
from typing import Any

from numpy.lib import format as npy
from numpy.typing import NDArray

from onet_cli.errors import SourceError
from onet_cli.files import MAX_ARRAY_BYTES, describe_bytes

_SUFFIX = ".npy"
_NUMBERS = "biuf"  # kinds of numpy's types
_LONGEST_REASON = 200


def read_npz(data: bytes, name: str) -> dict[str, NDArray[Any]]:
    """Return the arrays of real numbers in an npz file; `name` is the file name for messages.

    Raises:
        SourceError: it is damaged, contains pickled objects, or unpacks to more than
        `MAX_ARRAY_BYTES`.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            total = sum(member.file_size for member in archive.infolist())
            if total > MAX_ARRAY_BYTES:
                most = describe_bytes(MAX_ARRAY_BYTES)
                raise SourceError(f"{name} unpacks to {describe_bytes(total)}; the limit is {most}")
            arrays = {
                member.filename.removesuffix(_SUFFIX): _read_array(archive.read(member))
                for member in archive.infolist()
                if member.filename.endswith(_SUFFIX)
            }
    except SourceError:
        raise
    except Exception as error:  # numpy's header parsers raise many kinds of errors
        reason = f"{type(error).__name__}: {error}".splitlines()[0][:_LONGEST_REASON]
        raise SourceError(f"{name} is damaged: {reason}") from error
    return {key: array for key, array in arrays.items() if array.dtype.kind in _NUMBERS}


def _read_array(data: bytes) -> NDArray[Any]:
    """Return the array of an npy file; raise ValueError if it declares more data than it has."""
    stream = io.BytesIO(data)
    read_header = _HEADERS[npy.read_magic(stream)]
    shape, _, dtype = read_header(stream)
    if prod(shape) * dtype.itemsize > len(data):  # numpy would allocate first
        raise ValueError("an array is shorter than its head says")
    stream.seek(0)
    array: NDArray[Any] = npy.read_array(stream, allow_pickle=False)
    return array


_HEADERS = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}
