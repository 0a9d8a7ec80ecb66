"""Runtime type checks of dataclasses that were read from files."""

from dataclasses import fields
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

LARGEST = 1e15
"""Maximum magnitude of numbers: sums and squares of larger ones overflow."""


def check_types(record: Any) -> None:
    """Raise TypeError unless every field of the dataclass `record` has its type.

    Numbers must be finite, and at most `LARGEST`.
    """
    hints = get_type_hints(type(record))
    for field in fields(record):
        value = getattr(record, field.name)
        if not _fits(value, hints[field.name]):
            raise TypeError(f"{field.name} is {str(value)[:40]!r}")


def _fits(value: Any, hint: Any) -> bool:
    if get_origin(hint) in (Union, UnionType):
        return any(_fits(value, member) for member in get_args(hint))
    if get_origin(hint) is tuple:
        return isinstance(value, tuple) and all(_fits(item, get_args(hint)[0]) for item in value)
    if hint is float:
        number = isinstance(value, int | float) and not isinstance(value, bool)
        return number and -LARGEST <= value <= LARGEST  # written so that NaN is refused too
    if hint is int:
        return type(value) is int
    return value is None if hint is NoneType else isinstance(value, hint)
