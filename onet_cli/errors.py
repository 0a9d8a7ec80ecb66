"""Errors caused by input, which `onet` prints in two lines before it exits with code 1."""

from collections.abc import Iterable
from difflib import get_close_matches
from unicodedata import category


class OnetError(Exception):
    """Base class: a message, and in `hint` what to try next. Not for programming mistakes."""

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint

    def __reduce__(self) -> tuple[object, ...]:
        # Worker processes pickle errors; the default `__reduce__` would lose the hint.
        return (_rebuild, (type(self), str(self), self.hint))


def _rebuild(kind: type[OnetError], message: str, hint: str | None) -> OnetError:
    return kind(message, hint=hint)


def printable(text: str, keep: str = "") -> str:
    """Return `text` with control characters escaped, so that a terminal does not execute them.

    File names may hold any bytes. Characters in `keep` are not escaped.
    """
    if text.isprintable():
        return text
    return "".join(
        letter
        if letter.isprintable() or letter in keep or category(letter) == "Zs"
        else letter.encode("unicode_escape").decode("ascii")
        for letter in text
    )


class OutputError(OnetError):
    """A result cannot be written: never the failure of a single object."""


class UnknownNameError(OnetError):
    """No model, encoder, decoder, category or split has this name."""

    @classmethod
    def among(cls, kind: str, name: str, known: Iterable[str]) -> "UnknownNameError":
        """Return the error for `name`, hinting at the nearest of `known`."""
        names = sorted(known)
        near = get_close_matches(name, names, n=1, cutoff=0.5)
        hint = f"did you mean {near[0]!r}?" if near else f"choose one of: {', '.join(names)}"
        return cls(f"no {kind} is named {name!r}", hint=hint)


class InvalidOptionError(OnetError):
    """An option has an invalid value."""


class InvalidGeometryError(OnetError):
    """A mesh or point set is malformed."""


class EmptySurfaceError(OnetError):
    """A surface has no points, or an occupancy field never crosses the threshold."""


class PhotoError(OnetError):
    """A photo cannot be read or shows no object."""


class SourceError(OnetError):
    """A shape source, or one shape in it, cannot be read."""


class EmptyMeshError(SourceError, EmptySurfaceError):
    """A mesh file has no faces."""


class StoreError(OnetError):
    """A data set on disk is missing, incomplete or has an unsupported format version."""


class CheckpointError(OnetError):
    """A checkpoint cannot be read, or is incompatible."""
