"""Whether what a command printed is what its page shows, the machine's own numbers aside."""

import math
import re

THIN = "\u202f\u00a0\u2009 "  # spaces that group digits
NUMBER = re.compile(rf"(?<![\w.])\d{{1,3}}(?:[{THIN}]\d{{3}})+(?!\d)|\d+(?:\.\d+)?(?:e[+-]\d+)?")
OF_THE_MACHINE = (  # times, rates and what is hashed from them
    re.compile(r"\d+(?:\.\d+)?[  ](?:s|ms|minutes|hours)\b"),
    re.compile(r"\d+(?:\.\d+)?[  ](?:samples/s|photos/s|GFLOP/s)"),
    re.compile(r"waiting +\d+%"),
    re.compile(r"\b\d\.\d+e-\d+\b"),  # differences by rounding
    re.compile(r"\b(?=[0-9a-f]*\d)[0-9a-f]{12}\b"),
)
DRAWN = re.compile(r"([━─═])\1+")


def difference(shown: str, printed: str, tolerance: float) -> str | None:
    """Return in words how what was printed differs from what is shown; None if it does not.

    A line `...` stands for any lines. Numbers may differ by the share `tolerance`, and by the
    rounding of what is shown.
    """
    pieces = re.split(r"^\.\.\.$", shown, flags=re.MULTILINE)
    if len(pieces) == 1:
        return _differ(shown, printed, tolerance)
    lines = printed.splitlines()
    for place, piece in enumerate(pieces):
        wanted = piece.strip("\n").splitlines()
        found = _find(wanted, lines, tolerance, place == 0, place == len(pieces) - 1)
        if found is None:
            return f"nothing is printed like:\n{piece}\nin:\n{printed}"
        lines = lines[found:]
    return None


def _find(
    wanted: list[str], lines: list[str], tolerance: float, first: bool, last: bool
) -> int | None:
    """Return the index after `wanted` in `lines`, at their start or end where it must be."""
    count = len(wanted)
    starts = [0] if first else [len(lines) - count] if last else range(len(lines) - count + 1)
    for start in starts:
        if start >= 0 and all(
            _differ(a, b, tolerance) is None
            for a, b in zip(wanted, lines[start : start + count], strict=False)
        ):
            return start + count
    return None


def _differ(shown: str, printed: str, tolerance: float) -> str | None:
    expected, actual = _plain(shown), _plain(printed)
    if NUMBER.sub("#", expected) != NUMBER.sub("#", actual):
        return f"shown:\n{shown}\nprinted:\n{printed}"
    for one, other in zip(NUMBER.findall(expected), NUMBER.findall(actual), strict=True):
        if not _close(one, other, tolerance):
            return f"{one} is shown, {other} printed\nshown:\n{shown}\nprinted:\n{printed}"
    return None


def _plain(text: str) -> str:
    """Return text without what is the machine's own, and with single spaces."""
    for pattern in OF_THE_MACHINE:
        text = pattern.sub("~", text)
    return " ".join(DRAWN.sub(r"\1", text).split())


def _close(shown: str, printed: str, tolerance: float) -> bool:
    one, other = (float(re.sub(f"[{THIN}]", "", text)) for text in (shown, printed))
    if math.isinf(tolerance):
        return True
    _, _, digits = shown.partition(".")
    rounding = 0.5 * 10.0 ** -len(digits) if digits and "e" not in shown else 0.0
    return abs(one - other) <= tolerance * max(abs(one), abs(other)) + 2 * rounding
