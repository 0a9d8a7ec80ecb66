"""Weights and description of a network in programs of `torch.export`, read without running them.

`torch.export.load` unpickles parts of such a file and evaluates expressions of its graph as Python.
Here the graph is not read at all: the network is built from onet's description in the archive, and
its weights are plain numbers in members of their own, listed in a JSON table.

Source of the layout: torch/export/pt2_archive of PyTorch.
"""

import io
import json
import math
import zipfile
from base64 import b64decode
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load
from torch import Tensor

from onet_cli.errors import CheckpointError
from onet_cli.files import read_regular
from onet_cli.models.calibration import HEADER_KEY as CALIBRATION_HEADER
from onet_cli.models.onnx_names import (
    CALIBRATION_KEY,
    CALIBRATION_TENSORS_KEY,
    ENCODER,
    HASH_KEY,
    INFO_KEY,
    PLANES,
    POINTS,
    PROGRAM_SUFFIX,
    STAGES_KEY,
    export_path,
    stage_path,
)

_AGAIN = "export it again: `onet export`"
_TABLE = "data/weights/model_weights_config.json"
_NETWORK = "network."  # begins the encoder stage's names of the network's own tensors
_STRIDED = 7  # torch.strided in the archive's table
_KINDS = {5: torch.int64, 6: torch.float16, 7: torch.float32}
"""Kinds of numbers by their codes in the archive's table."""


@dataclass(frozen=True)
class Program:
    """What an export holds: its description in JSON, tensors by the network's names, calibration.

    Counters of batches, which only training uses, are not in it. `tensors` has those of the
    calibration, too, as in a checkpoint of onet; `header` is the calibration's text by its key.
    """

    info: str
    tensors: dict[str, Tensor]
    header: dict[str, str]


def read_program(path: Path) -> Program:
    """Return the contents of the export `path`, NAME.pt2 or its file NAME.encoder.pt2.

    Raises:
        CheckpointError: a file is missing, damaged, of another export, or none of onet's.
    """
    path = export_path(path)
    encoder = _Archive(stage_path(path, ENCODER, PROGRAM_SUFFIX))
    try:
        names = json.loads(encoder.text(STAGES_KEY))
        if not set(names) <= {ENCODER, PLANES, POINTS}:
            raise ValueError("a stage is unknown")
        info, digest = encoder.text(INFO_KEY), encoder.text(HASH_KEY)
        tensors, header = _calibration(encoder)
    except (TypeError, ValueError, RecursionError, SafetensorError) as error:
        raise CheckpointError(f"{encoder.path} has no usable description", hint=_AGAIN) from error
    for name in names:
        stage = encoder
        if name != ENCODER:
            stage = _Archive(stage_path(path, name, PROGRAM_SUFFIX))
        if stage.text(HASH_KEY) != digest:
            raise CheckpointError(
                f"{stage.path} and {encoder.path} are of different exports", hint=_AGAIN
            )
        tensors |= stage.weights()
    return Program(info, tensors, header)


def _calibration(encoder: "_Archive") -> tuple[dict[str, Tensor], dict[str, str]]:
    """Return the calibration's tensors and header, empty if there is none."""
    if not encoder.has_text(CALIBRATION_KEY):
        return {}, {}
    packed = b64decode(encoder.text(CALIBRATION_TENSORS_KEY), validate=True)
    return load(packed), {CALIBRATION_HEADER: encoder.text(CALIBRATION_KEY)}


class _Archive:
    """One file of an export: a zip archive of which nothing is packed."""

    def __init__(self, path: Path) -> None:
        """Read the table of the members of `path`.

        Raises:
            CheckpointError: it is missing, or no such archive.
        """
        self.path = path
        if not path.exists():
            raise CheckpointError(f"there is no file {path}", hint="`onet export` writes it")
        try:
            content = read_regular(path)
            self._archive = zipfile.ZipFile(io.BytesIO(content))
        except (OSError, ValueError, NotImplementedError, zipfile.BadZipFile) as error:
            raise CheckpointError(f"{path} is no torch.export program", hint=_AGAIN) from error
        members = self._archive.infolist()
        packed = any(each.compress_type != zipfile.ZIP_STORED for each in members)
        if packed or sum(each.file_size for each in members) > len(content):
            raise CheckpointError(f"{path} is packed, which torch does not do, and is not read")
        self._names = {each.filename for each in members}
        self._root = next((n[: -len(_TABLE)] for n in self._names if n.endswith(_TABLE)), "")

    def has_text(self, key: str) -> bool:
        """Return whether there is a text `key` of the metadata."""
        return f"{self._root}extra/{key}" in self._names

    def text(self, key: str) -> str:
        """Return the text `key` of the metadata.

        Raises:
            CheckpointError: there is none.
        """
        try:
            return self._read(f"extra/{key}").decode()
        except UnicodeDecodeError as error:
            raise self._damaged() from error

    def weights(self) -> dict[str, Tensor]:
        """Return the weights by the network's names.

        Raises:
            CheckpointError: the table or a weight is damaged, or is pickled.
        """
        try:
            table = json.loads(self._read(_TABLE))["config"]
            return {
                str(name).removeprefix(_NETWORK): self._weight(entry)
                for name, entry in table.items()
            }
        except (
            AttributeError,
            KeyError,
            TypeError,
            ValueError,
            RuntimeError,
            RecursionError,
            OverflowError,
        ) as error:
            raise self._damaged() from error

    def _weight(self, entry: Any) -> Tensor:
        """Return the tensor of an `entry` of the table."""
        if entry["use_pickle"] is not False:
            raise CheckpointError(f"{self.path} has a pickled weight, and is not read")
        known = entry["tensor_meta"]
        if known["layout"] != _STRIDED:
            raise ValueError("a weight is not strided")
        kind = _KINDS[known["dtype"]]
        sizes = [int(each["as_int"]) for each in known["sizes"]]
        strides = [int(each["as_int"]) for each in known["strides"]]
        numbers = bytearray(self._read(f"data/weights/{entry['path_name']}"))
        if math.prod(sizes) * kind.itemsize > len(numbers):
            raise ValueError("a weight is larger than its numbers")
        stored = torch.frombuffer(numbers, dtype=kind)
        offset = int(known["storage_offset"]["as_int"])
        return torch.as_strided(stored, sizes, strides, offset).contiguous()

    def _read(self, name: str) -> bytes:
        """Return the bytes of the member `name`, whose checksum is right."""
        if self._root + name not in self._names:
            raise CheckpointError(f"{self.path} is no torch.export program of onet", hint=_AGAIN)
        try:
            return self._archive.read(self._root + name)
        except (EOFError, NotImplementedError, RuntimeError, ValueError, zipfile.BadZipFile) as e:
            raise self._damaged() from e

    def _damaged(self) -> CheckpointError:
        return CheckpointError(f"{self.path} is damaged", hint=_AGAIN)
