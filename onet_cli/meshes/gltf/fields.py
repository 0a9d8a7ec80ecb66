"""The JSON of a glTF file, with values validated on access."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from onet_cli.errors import SourceError


def unreadable(name: str, reason: str = "") -> SourceError:
    """Return the error for a damaged file."""
    return SourceError(f"{name} is not a readable glTF file{f': {reason}' if reason else ''}")


@dataclass(frozen=True)
class Fields:
    """One JSON object: its `values`, the file's `name` and its `path` in the file, for messages.

    Every method raises SourceError if a value is missing without a default, or has the wrong type
    or range.
    """

    name: str
    path: str
    values: dict[str, Any]

    def error(self, reason: str) -> SourceError:
        """Return the error for this object with a `reason`."""
        return unreadable(self.name, f"{self.path} {reason}" if self.path else reason)

    def count(self, key: str, default: int | None = None) -> int:
        """Return a non-negative integer."""
        value = self._get(key, default)
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            raise self.error(f"has a {key} that is not a non-negative integer")
        return value

    def index(self, key: str) -> int | None:
        """Return an index into another table, or None if the key is missing."""
        return self.count(key) if key in self.values else None

    def number(self, key: str, default: float) -> float:
        """Return a finite number."""
        value = self._get(key, default)
        if not _is_number(value):
            raise self.error(f"has a {key} that is not a number")
        return float(value)

    def numbers(self, key: str, default: list[float]) -> NDArray[np.float64]:
        """Return finite numbers, as many as `default` has, or any number if it is empty."""
        value = self._get(key, default)
        if not isinstance(value, list) or not all(map(_is_number, value)):
            raise self.error(f"has a {key} that is not a list of numbers")
        if default and len(value) != len(default):
            raise self.error(f"has a {key} of {len(value)} numbers, not {len(default)}")
        return np.array(value, np.float64)

    def indices(self, key: str) -> list[int]:
        """Return a list of indices, empty if the key is missing."""
        value = self._get(key, [])
        if not isinstance(value, list) or not all(type(v) is int and v >= 0 for v in value):
            raise self.error(f"has {key} that are not non-negative integers")
        return value

    def text(self, key: str) -> str:
        """Return a string, "" if the key is missing."""
        value = self._get(key, "")
        if not isinstance(value, str):
            raise self.error(f"has a {key} that is not a string")
        return value

    def texts(self, key: str) -> list[str]:
        """Return a list of strings, empty if the key is missing."""
        value = self._get(key, [])
        if not isinstance(value, list) or not all(isinstance(v, str) for v in value):
            raise self.error(f"has {key} that are not strings")
        return value

    def child(self, key: str) -> "Fields":
        """Return the object under `key`, an empty one if the key is missing."""
        value = self._get(key, {})
        if not isinstance(value, dict):
            raise self.error(f"has a {key} that is not an object")
        return Fields(self.name, f"{self.path}.{key}".lstrip("."), value)

    def table(self, key: str) -> "Table":
        """Return the list of objects under `key`, an empty one if the key is missing."""
        value = self._get(key, [])
        if not isinstance(value, list):
            raise self.error(f"has {key} that are not a list")
        return Table(self.name, f"{self.path}.{key}".lstrip("."), value)

    def extension(self, *names: str) -> "Fields | None":
        """Return the object's extension of one of these names, or None."""
        extensions = self.child("extensions")
        present = [name for name in names if name in extensions.values]
        return extensions.child(present[0]) if present else None

    def __contains__(self, key: str) -> bool:
        return key in self.values

    def _get(self, key: str, default: Any) -> Any:
        value = self.values.get(key, default)
        if value is None:
            raise self.error(f"has no {key}")
        return value


@dataclass(frozen=True)
class Table:
    """A list of JSON objects."""

    name: str
    path: str
    values: list[Any]

    def __len__(self) -> int:
        return len(self.values)

    def __getitem__(self, index: int) -> Fields:
        if not 0 <= index < len(self.values):
            raise unreadable(self.name, f"there is no {self.path}[{index}]")
        value = self.values[index]
        path = f"{self.path}[{index}]"
        if not isinstance(value, dict):
            raise unreadable(self.name, f"{path} is not an object")
        return Fields(self.name, path, value)

    def __iter__(self) -> Iterator[Fields]:
        return (self[index] for index in range(len(self.values)))


def _is_number(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:  # an integer beyond the range of floats
        return False
