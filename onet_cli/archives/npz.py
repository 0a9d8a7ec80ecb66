"""Arrays from npz files, up to a size limit."""

import io
import struct
import zipfile
import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from onet_cli.errors import SourceError
from onet_cli.files import MAX_ARRAY_BYTES, describe_bytes

_DAMAGE = (
    OSError,
    EOFError,
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    AttributeError,
    SyntaxError,
    OverflowError,
    RecursionError,
    MemoryError,
    NotImplementedError,
    RuntimeError,
    struct.error,
    zipfile.BadZipFile,
    zlib.error,
)


def read_npz(data: bytes, name: str) -> dict[str, NDArray[Any]]:
    """Return the arrays of an npz file by name; `name` is the file name for error messages.

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
        with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
            return {key: arrays[key] for key in arrays}
    except _DAMAGE as error:
        raise SourceError(f"{name} is damaged: {error}") from error
