"""Changes to whole inputs: of bytes, of words, of JSON trees. All follow from a generator.

A mutation takes an input and a `numpy.random.Generator` and returns another input.
"""

import json
import math
import re
import struct
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

Mutation = Callable[[bytes, np.random.Generator], bytes]

WORDS = [
    *(
        b"-1 0 1 2 inf -inf nan 1e308 -1e308 1e-320 1e39 999999999999 18446744073709551615 "
        b"-2147483649 2147483648 65535 0x7f 1_000 null [] {} true NaN Infinity ../../x /dev/zero"
    ).split(),
    *(b"", b"\0", b"\n", b"\r", b"'", b'"', b"\xff", b"\x1b[31m", b"9" * 400, b"x" * 5000),
]
"""What stands in the place of a word."""

VALUES: tuple[Any, ...] = (
    *(None, True, -1, 0, 1, 2, 255, 2**31, 2**63, 10**400, 0.5, -1e308, math.inf, math.nan),
    *("", "x", "1", "../../x", "\x1b[31m\n\u202e", "\ud800", "y" * 3000),
    *([], {}, [[]], [1, "a", None], {"a": 1}, [0.0] * 50),
)
"""What stands in the place of a value of a JSON tree."""

NUMBERS = (
    0,
    1,
    2,
    3,
    127,
    255,
    2**15,
    2**16 - 1,
    2**31 - 1,
    2**31,
    2**32 - 1,
    2**63 - 1,
    2**64 - 1,
)

_WORD = re.compile(rb"[^\s,=<>\"/]+")


def pick(options: Sequence[Any], rng: np.random.Generator) -> Any:
    """Return one of `options`."""
    return options[int(rng.integers(0, len(options)))]


def odd_number(width: int, rng: np.random.Generator, order: str = "little") -> bytes:
    """Return a number at or near the ends of a range, in `width` bytes."""
    value = (int(pick(NUMBERS, rng)) + int(rng.integers(-1, 2))) % 256**width
    return value.to_bytes(width, order)  # type: ignore[arg-type]


def all_places(whole: bytes, wanted: bytes) -> list[int]:
    """Return the places of `wanted` in `whole`, overlapping ones too."""
    found, place = [], whole.find(wanted)
    while place >= 0:
        found.append(place)
        place = whole.find(wanted, place + 1)
    return found


def mutate_bytes(whole: bytes, rng: np.random.Generator) -> bytes:
    """Return `whole` with bytes changed, cut, repeated or replaced by telling ones."""
    data = bytearray(whole)
    for _ in range(int(rng.integers(1, 6))):
        place = int(rng.integers(0, max(len(data), 1)))
        length = int(rng.integers(0, 16))
        match int(rng.integers(0, 7)):
            case 0 | 1:
                data[place : place + 1] = bytes([int(rng.integers(0, 256))])
            case 2:
                data[place : place + length] = pick(WORDS, rng)
            case 3:
                width = int(rng.choice([2, 4, 8]))
                order = "little" if rng.random() < 0.7 else "big"
                data[place : place + width] = odd_number(width, rng, order)
            case 4:
                del data[place : place + length]
            case 5:
                data[place:place] = data[place : place + length]
            case _:
                if rng.random() < 0.2:
                    del data[place:]
    return bytes(data)


def mutate_words(whole: bytes, rng: np.random.Generator) -> bytes:
    """Return a text with words replaced, and lines repeated, moved or left out."""
    data = whole
    for _ in range(int(rng.integers(1, 4))):
        if rng.random() < 0.3:
            data = _mutate_lines(data, rng)
            continue
        found = list(_WORD.finditer(data))
        if found:
            start, stop = pick(found, rng).span()
            other = pick(found, rng).group() if rng.random() < 0.3 else pick(WORDS, rng)
            data = data[:start] + other + data[stop:]
    return data


def _mutate_lines(data: bytes, rng: np.random.Generator) -> bytes:
    lines = data.split(b"\n")
    place = int(rng.integers(0, len(lines)))
    match int(rng.integers(0, 4)):
        case 0:
            del lines[place]
        case 1:
            lines[place:place] = [lines[place]] * int(pick((1, 2, 300), rng))
        case 2:
            lines.insert(int(rng.integers(0, len(lines))), lines.pop(place))
        case _:
            lines[place] += b" " + pick(WORDS, rng)
    return b"\n".join(lines)


def mutate_tree(tree: Any, rng: np.random.Generator) -> Any:
    """Return a JSON tree, itself changed, with values replaced, left out, repeated or nested."""
    for _ in range(int(rng.integers(1, 4))):
        places = [(None, None), *_places(tree)]
        holder, key = pick(places[1:] or places, rng)
        if holder is None:
            return pick(VALUES, rng)
        match int(rng.integers(0, 8)):
            case 0:
                del holder[key]
            case 1 if isinstance(holder, list):
                holder.extend([holder[key]] * int(pick((1, 3, 200), rng)))
            case 1:
                holder["x" if rng.random() < 0.5 else "\ud800"] = holder[key]
            case 2:
                value = pick(places[1:], rng)
                holder[key] = json.loads(json.dumps(value[0][value[1]]))
            case 3:
                depth = int(pick((1, 3, 40), rng))
                for _ in range(depth):
                    holder[key] = [holder[key]]
            case 4 if isinstance(holder[key], int | float):
                holder[key] = holder[key] * pick((-1, 0.5, 2, 1000, 1e300), rng)
            case _:
                holder[key] = json.loads(json.dumps(pick(VALUES, rng)))
    return tree


def _places(tree: Any) -> list[tuple[Any, Any]]:
    """Return each place in a tree as the list or dictionary that holds it, and its key."""
    found: list[tuple[Any, Any]] = []
    waiting = [tree]
    while waiting:
        holder = waiting.pop()
        keys = (
            holder if isinstance(holder, dict) else range(len(holder) if holder is not None else 0)
        )
        for key in keys:
            found.append((holder, key))
            if isinstance(holder[key], dict | list):
                waiting.append(holder[key])
    return found


def mutate_json(whole: bytes, rng: np.random.Generator) -> bytes:
    """Return a JSON text with its tree changed, or now and then its bytes."""
    if rng.random() < 0.2:
        return mutate_bytes(whole, rng)
    tree = mutate_tree(json.loads(whole), rng)
    return dump_json(tree)


def dump_json(tree: Any) -> bytes:
    """Return a tree as JSON; halves of surrogates stay escapes, and numbers that are none stay."""
    return json.dumps(tree).encode()


def mutate_json_lines(whole: bytes, rng: np.random.Generator) -> bytes:
    """Return lines of JSON, one of them changed."""
    lines = whole.rstrip(b"\n").split(b"\n")
    place = int(rng.integers(0, len(lines)))
    if rng.random() < 0.2:
        return _mutate_lines(whole, rng)
    lines[place] = mutate_json(lines[place], rng)
    return b"\n".join(lines) + b"\n"


def mutate_safetensors(whole: bytes, rng: np.random.Generator) -> bytes:
    """Return a safetensors file with its header changed, JSON texts in it too, or its bytes."""
    if rng.random() < 0.15:
        return mutate_bytes(whole, rng)
    end = 8 + int.from_bytes(whole[:8], "little")
    header, body = json.loads(whole[8:end]), whole[end:]
    notes = header["__metadata__"]
    if rng.random() < 0.7:
        key = pick(sorted(notes), rng)
        tree = json.loads(notes[key])
        notes[key] = json.dumps(mutate_tree(tree, rng))
    else:
        mutate_tree(header, rng)
    if rng.random() < 0.2:  # weights that are no numbers, or huge
        place = int(rng.integers(0, max(len(body), 1)))
        body = body[:place] + pick((b"\xff" * 64, b"\0\x7c" * 64, b"\0" * 64), rng) + body[place:]
        body = body[: len(whole) - end]
    text = dump_json(header)
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text + body


def mutate_glb(whole: bytes, rng: np.random.Generator) -> bytes:
    """Return a GLB file with its JSON changed, lengths made to fit, or its bytes."""
    if rng.random() < 0.25:
        return mutate_bytes(whole, rng)
    length = int.from_bytes(whole[12:16], "little")
    text, rest = whole[20 : 20 + length], whole[20 + length :]
    if rng.random() < 0.8:
        text = dump_json(mutate_tree(json.loads(text), rng))
        text += b" " * (-len(text) % 4)
    else:
        rest = rest[:8] + mutate_bytes(rest[8:], rng)[: len(rest) - 8].ljust(len(rest) - 8, b"\0")
    whole = struct.pack("<I4s", len(text), b"JSON") + text + rest
    return b"glTF" + struct.pack("<II", 2, 12 + len(whole)) + whole


def one_of(*mutations: Mutation) -> Mutation:
    """Return a mutation that is one of several each time."""

    def mutate(whole: bytes, rng: np.random.Generator) -> bytes:
        chosen: Mutation = pick(mutations, rng)
        return chosen(whole, rng)

    return mutate


mutate_text = one_of(mutate_words, mutate_words, mutate_words, mutate_bytes)
