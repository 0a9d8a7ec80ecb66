"""Tensor files: safetensors, and those of `torch.save`. Reading one never executes code."""

import json
import os
import struct
import warnings
import zipfile
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from onet_cli.errors import CheckpointError
from onet_cli.files import open_regular, whole_file

_AGAIN = "train or download it again"


def write_tensors(path: Path, tensors: dict[str, Tensor], header: dict[str, str]) -> None:
    """Write `tensors` and the texts of `header` as safetensors to `path`, atomically.

    The same content gives the same bytes.
    """
    with whole_file(path) as temporary:
        # Not save_file, which makes its files unreadable for other users.
        temporary.write_bytes(tensor_bytes(tensors, header))


def tensor_bytes(tensors: dict[str, Tensor], header: dict[str, str]) -> bytes:
    """Return `tensors` and the texts of `header` as a safetensors file."""
    return _in_order(save(tensors, metadata=header))


def _in_order(file: bytes) -> bytes:
    """Return a safetensors `file` with sorted metadata; the library's order is random."""
    end = 8 + int.from_bytes(file[:8], "little")
    header = json.loads(file[8:end])
    header["__metadata__"] = dict(sorted(header["__metadata__"].items()))
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)  # tensors begin at multiples of eight
    return len(text).to_bytes(8, "little") + text + file[end:]


def read_header(path: Path) -> dict[str, str]:
    """Return the metadata texts of a safetensors file.

    Raises:
        CheckpointError: the file is damaged or of another kind.
    """
    with _open(path) as file:
        return dict(file.metadata() or {})


def read_tensors(path: Path) -> dict[str, Tensor]:
    """Return the tensors of a safetensors file by name, on the CPU.

    Raises:
        CheckpointError: the file is damaged or of another kind.
    """
    with _open(path) as file:
        try:
            return {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        except (SafetensorError, RuntimeError, ValueError, KeyError, AttributeError) as error:
            raise CheckpointError(f"its tensors cannot be read ({error})", hint=_AGAIN) from error


def read_plain_pickle(path: Path) -> dict[str, Any]:
    """Return the dictionary that `torch.save` wrote to `path`, accepting only plain data.

    Raises:
        CheckpointError: the file is damaged or holds objects that would execute code.
    """
    try:
        size = _unpacked_size(path)
        with torch.serialization.safe_globals(_stand_ins()), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            content = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch.load raises arbitrary exceptions for a damaged pickle
        raise CheckpointError(
            "the file is damaged or holds more than weights, and is not read",
            hint="give a *.safetensors file, or a *.pt file of the original implementation",
        ) from error
    if not isinstance(content, dict):
        raise CheckpointError("the file holds no network")
    if _tensor_bytes(content) > _MOST_SHARED * size:
        raise CheckpointError("its tensors are larger than the file, and are not read")
    return content


_MOST_SHARED = 4
"""Times that the numbers of a file may be used: names may share a tensor."""


def _unpacked_size(path: Path) -> int:
    """Return the size of a file in bytes; raise ValueError where it is a zip that is packed.

    `torch.save` packs nothing, so that what its files unpack to is never larger than they are.
    """
    with open_regular(path) as file:
        size = file.seek(0, os.SEEK_END)
        if zipfile.is_zipfile(file):
            with zipfile.ZipFile(file) as archive:
                if sum(member.file_size for member in archive.infolist()) > size:
                    raise ValueError("it unpacks to more than its size")
    return size


def _tensor_bytes(content: dict[Any, Any]) -> int:
    """Return the bytes of all tensors in a dictionary and those in it, as if each had its own.

    The strides in a file can make a tensor of any size of a single number.
    """
    total, waiting, seen = 0, [content], {id(content)}
    while waiting:
        for value in waiting.pop().values():
            if isinstance(value, Tensor):
                total += value.numel() * value.element_size()
            elif isinstance(value, dict) and id(value) not in seen:
                seen.add(id(value))
                waiting.append(value)
    return total


class _NumpyKind:
    """Stands for `numpy.dtype` in a pickle, of which numpy makes nothing.

    The real one takes any state from the file, and crashes the process with a wrong one.
    """

    def __init__(self, code: object = "", *_: object) -> None:
        self.code = code
        self.order: object = "<"

    def __setstate__(self, state: object) -> None:
        if isinstance(state, tuple) and len(state) > 1:
            self.order = state[1]


def _number(kind: object, raw: object) -> float:
    """Return the number that a numpy scalar of one of the usual kinds was."""
    if not (isinstance(kind, _NumpyKind) and isinstance(raw, bytes)):
        raise TypeError("a numpy scalar has no kind")
    if kind.code not in _KINDS or kind.order not in ("<", ">", "|"):
        raise TypeError("a numpy scalar is of an unusual kind")
    order = "<" if kind.order == "|" else str(kind.order)
    value: float = struct.unpack(order + _KINDS[str(kind.code)], raw)[0]
    return value


_KINDS = {"f2": "e", "f4": "f", "f8": "d", "i4": "i", "i8": "q", "b1": "?"}


class _Callback:
    """Stands for a callback of Lightning, by whose class older versions file what it keeps."""


def _stand_ins() -> list[Any]:
    """Return what is built in place of objects that such files hold besides tensors."""
    lightning = "pytorch_lightning.callbacks.model_checkpoint.ModelCheckpoint"
    return [*_numpy_scalars(), (_Callback, lightning)]


def _numpy_scalars() -> list[Any]:
    # The original stores its best validation loss as a numpy scalar, which numpy 1 and 2 pickle by
    # different names.
    names = ("numpy.core.multiarray.scalar", "numpy._core.multiarray.scalar")
    return [*((_number, name) for name in names), (_NumpyKind, "numpy.dtype")]


def _open(path: Path) -> Any:
    try:
        open_regular(path).close()  # safetensors would wait for a pipe
        return safe_open(path, framework="pt")
    except (SafetensorError, OSError) as error:
        raise CheckpointError(f"not a whole safetensors file ({error})", hint=_AGAIN) from error
