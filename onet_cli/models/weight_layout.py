"""Where the tensors of a safetensors file lie, for programs that read them in place.

Source: https://huggingface.co/docs/safetensors, format: the length of the header in 8 bytes, the
header in JSON, then the tensors.
"""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from onet_cli.errors import CheckpointError
from onet_cli.files import open_regular

_LONGEST = 1 << 27
"""Bytes of a header; the library refuses longer ones."""


@dataclass(frozen=True)
class Place:
    """A tensor: its type (`F16`, `F32`, ...), its shape, its first byte in the file, its bytes."""

    kind: str
    shape: tuple[int, ...]
    offset: int
    length: int


@dataclass(frozen=True)
class WeightLayout:
    """The places of all tensors by name, and the SHA-256 of the header that says so, in hex."""

    places: dict[str, Place]
    digest: str


def header_digest(path: Path) -> str:
    """Return the SHA-256 of the header of the safetensors file `path`, in hex.

    Raises:
        CheckpointError: the file is missing, damaged or of another kind.
    """
    return hashlib.sha256(_header(path)).hexdigest()


def read_layout(path: Path) -> WeightLayout:
    """Return where the tensors of the safetensors file `path` lie.

    Raises:
        CheckpointError: the file is missing, damaged or of another kind.
    """
    header = _header(path)
    start = 8 + len(header)
    try:
        entries = json.loads(header)
        places = {
            name: Place(
                str(entry["dtype"]),
                tuple(map(int, entry["shape"])),
                start + int(entry["data_offsets"][0]),
                int(entry["data_offsets"][1]) - int(entry["data_offsets"][0]),
            )
            for name, entry in entries.items()
            if name != "__metadata__"
        }
    except (ValueError, TypeError, LookupError, AttributeError) as error:
        raise CheckpointError(f"{path} is no safetensors file") from error
    return WeightLayout(places, hashlib.sha256(header).hexdigest())


def _header(path: Path) -> bytes:
    try:
        with open_regular(path) as file:
            length = int.from_bytes(file.read(8), "little")
            header = file.read(length) if length <= _LONGEST else b""
    except OSError as error:
        raise CheckpointError(f"{path} cannot be read: {error.strerror or error}") from error
    if not length or len(header) < length:
        raise CheckpointError(f"{path} is no safetensors file")
    return header
