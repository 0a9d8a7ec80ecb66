"""Vectorised parsing of text files of numbers."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from onet_cli.errors import SourceError

_SHOWN = 40  # maximum characters of a line in an error message


@dataclass(frozen=True)
class Text:
    """A text file as bytes; every line ends in a line feed and has no indentation."""

    name: str
    data: bytes

    @classmethod
    def of(cls, name: str, data: bytes) -> "Text":
        """Return the text of the file `name`, with line ends normalised and without indentation.

        Raises:
            SourceError: the file is empty or not text.
        """
        data = without_mark(data).rstrip(b"\0\x1a \t\r\n")
        if not data:
            raise SourceError(f"{name} is empty")
        if b"\0" in data:
            raise SourceError(f"{name} is not a text file")
        if b"\r" in data:
            data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        if data[:1].isspace() or b"\n " in data or b"\n\t" in data:
            data = re.sub(rb"(?m)^[ \t]+", b"", data)
        return cls(name, data + b"\n")

    @cached_property
    def ends(self) -> NDArray[np.intp]:
        """(L,) offsets of the line feeds."""
        ends: NDArray[np.intp] = np.flatnonzero(np.frombuffer(self.data, np.uint8) == ord("\n"))
        return ends

    @cached_property
    def starts(self) -> NDArray[np.intp]:
        """(L,) offsets of the first byte of each line."""
        return np.concatenate([[0], self.ends[:-1] + 1])

    def starting(self, word: bytes) -> NDArray[np.intp]:
        """Return the lines that start with `word` and a blank, ascending."""
        data = np.frombuffer(self.data, np.uint8)
        chosen = np.flatnonzero(self.ends - self.starts > len(word))
        for offset, letter in enumerate(word):
            chosen = chosen[data[self.starts[chosen] + offset] == letter]
        after = data[self.starts[chosen] + len(word)]
        found: NDArray[np.intp] = chosen[(after == ord(" ")) | (after == ord("\t"))]
        return found

    def line(self, number: int) -> str:
        """Return one line as text: UTF-8, or else Latin-1."""
        return as_text(self.data[self.starts[number] : self.ends[number]])

    def joined(self, lines: NDArray[np.intp]) -> bytes:
        """Return `lines` (ascending) concatenated, each with its line feed."""
        if len(lines) == 0:
            return b""
        breaks = np.flatnonzero(np.diff(lines) != 1)
        firsts = self.starts[lines[np.concatenate([[0], breaks + 1])]].tolist()
        lasts = self.ends[lines[np.concatenate([breaks, [len(lines) - 1]])]].tolist()
        parts = [self.data[a : b + 1] for a, b in zip(firsts, lasts, strict=True)]
        return parts[0] if len(parts) == 1 else b"".join(parts)


def without_mark(data: bytes) -> bytes:
    """Return a text without its byte-order mark, and UTF-16 as UTF-8."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16", errors="replace").encode()
    return data.removeprefix(b"\xef\xbb\xbf")


def as_text(data: bytes) -> str:
    """Return bytes as text: UTF-8, or else Latin-1, which older programs write."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("latin-1")


@dataclass(frozen=True)
class Words:
    """Words of a block of lines: offsets `starts` (W,), and `counts` (L,) per line."""

    starts: NDArray[np.intp]
    counts: NDArray[np.intp]

    @classmethod
    def of(cls, block: bytes) -> "Words":
        """Return the words of `block`, whose lines end in line feeds."""
        data = np.frombuffer(block, np.uint8)
        blank = data <= ord(" ")
        first = ~blank
        first[1:] &= blank[:-1]
        starts = np.flatnonzero(first)
        ends = np.flatnonzero(data == ord("\n"))
        return cls(starts, np.diff(np.searchsorted(starts, ends), prepend=0))


@dataclass(frozen=True)
class Rows:
    """Lines of numbers: concatenated `values`, and `counts` (L,) per line."""

    values: NDArray[np.float64]
    counts: NDArray[np.intp]

    @classmethod
    def of(cls, name: str, block: bytes) -> "Rows":
        """Return the numbers in `block`, lines of the file `name`.

        Raises:
            SourceError: a word is not a number.
        """
        counts = Words.of(block).counts
        return cls(numbers(name, block, int(counts.sum()), np.float64), counts)

    def columns(self, count: int) -> NDArray[np.float64]:
        """Return the first `count` numbers of every line, (L, count), padded with 0."""
        if len(self.counts) and (self.counts == self.counts[0]).all():
            table = self.values.reshape(len(self.counts), -1)[:, :count]
            if table.shape[1] == count:
                return table
        result = np.zeros((len(self.counts), count))
        starts = np.cumsum(self.counts) - self.counts
        for column in range(count):
            present = self.counts > column
            result[present, column] = self.values[starts[present] + column]
        return result

    @property
    def fewest(self) -> int:
        """Minimum number of values on a line."""
        return int(self.counts.min()) if len(self.counts) else 0


def numbers(
    name: str, block: bytes, count: int, kind: type[np.float64] | type[np.int64]
) -> NDArray[np.float64]:
    """Return the `count` numbers in `block`, separated by white space.

    Raises:
        SourceError: there are more or fewer words, or one is not a number.
    """
    if count == 0:
        return np.zeros(0, kind)
    try:
        values: NDArray[np.float64] = np.fromstring(block, kind, sep=" ")
    except ValueError:
        values = np.zeros(0)
    if len(values) != count:
        convert = float if kind is np.float64 else int
        raise SourceError(f"{name} cannot be read: {_first_bad(block, convert)}")
    return values


def _first_bad(block: bytes, convert: Callable[[bytes], object]) -> str:
    for line in block.splitlines():
        try:
            for word in line.split():
                convert(word)
        except ValueError:
            shown = as_text(line.strip())
            return f"{shown[:_SHOWN]!r} does not consist of numbers"
    return "a line does not consist of numbers"
