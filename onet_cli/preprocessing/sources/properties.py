"""Parser of Java `.properties` files: lines of `key = value` in Latin-1, with escapes."""

import re

_LINE = re.compile(r"(?P<key>(?:\\.|[^\\=:\s])*)\s*[=:]?\s*(?P<value>.*)", re.DOTALL)
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|(.))", re.DOTALL)
_NAMED = {"n": "\n", "t": "\t", "r": "\r", "f": "\f"}


def parse_properties(data: bytes) -> dict[str, str]:
    r"""Return the values of a `.properties` file by key; of repeated keys, the last is kept.

    A backslash at the end of a line continues it on the next; `#` and `!` start a comment only at
    the start of a line; `\\uXXXX` is a UTF-16 code unit.

    Source: Java SE 8 API specification, `java.util.Properties.load(Reader)`.
    """
    values = {}
    for line in _logical_lines(data.decode("latin-1")):
        found = _LINE.match(line)
        if found is not None:
            values[_unescape(found["key"])] = _unescape(found["value"])
    return values


def _logical_lines(text: str) -> list[str]:
    lines: list[str] = []
    going_on = False
    for raw in re.split(r"\r\n|\r|\n", text):
        line = raw.lstrip(" \t\f")
        if not going_on:
            if not line or line[0] in "#!":
                continue
            lines.append("")
        slashes = len(line) - len(line.rstrip("\\"))
        going_on = slashes % 2 == 1
        lines[-1] += line[:-1] if going_on else line
    return lines


def _unescape(text: str) -> str:
    def replace(found: re.Match[str]) -> str:
        if found[1] is not None:
            return chr(int(found[1], 16))
        return _NAMED.get(found[2], found[2])

    plain = _ESCAPE.sub(replace, text)
    # Join surrogate pairs; replace unpaired surrogates.
    return plain.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
