"""Changes inside of containers that keep checksums: zip, npz, PNG, TIFF, pickles."""

import io
import pickletools
import struct
import zipfile
import zlib
from collections.abc import Mapping

import numpy as np

from tests.faults.mutations import (
    Mutation,
    all_places,
    mutate_bytes,
    mutate_json,
    odd_number,
    pick,
)

_PNG = b"\x89PNG\r\n\x1a\n"


def mutate_zip(inner: Mapping[str, Mutation]) -> Mutation:
    """Return a mutation of a zip: of a member by its suffix, with a right checksum, or of heads."""

    def mutate(whole: bytes, rng: np.random.Generator) -> bytes:
        if rng.random() < 0.1:
            return mutate_bytes(whole, rng)
        if rng.random() < 0.3:
            return _mutate_zip_heads(whole, rng)
        members = _members(whole)
        name = pick(sorted(members), rng)
        change = inner.get(name.rpartition(".")[2], mutate_bytes)
        match int(rng.integers(0, 8)):
            case 0:
                del members[name]
            case 1:
                members[pick(_NAMES, rng)] = members.pop(name)
            case 2:
                members[name] = members[pick(sorted(members), rng)]
            case _:
                members[name] = change(members[name], rng)
        return _zipped(members, pick((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED), rng))

    return mutate


_NAMES = (
    "../../x.obj",
    "/etc/x.obj",
    "a\\..\\x.obj",
    "\x1b[31m.obj",
    "x" * 300,
    "con",
    ".",
    "a//b",
)


def _members(whole: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(whole)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def _zipped(members: Mapping[str, bytes], method: int) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        for name, data in members.items():
            # Of one time, so that the bytes follow from the seed.
            info = zipfile.ZipInfo(name)
            info.compress_type = method
            archive.writestr(info, data)
    return stream.getvalue()


def _mutate_zip_heads(whole: bytes, rng: np.random.Generator) -> bytes:
    """Return a zip with fields of its heads changed: of members, its directory, its end."""
    data = bytearray(whole)
    heads = [(b"PK\3\4", 30), (b"PK\1\2", 46), (b"PK\5\6", 22)]
    for _ in range(int(rng.integers(1, 4))):
        signature, length = pick(heads, rng)
        found = all_places(whole, signature)
        if found:
            width = int(rng.choice([2, 4]))
            place = pick(found, rng) + 4 + int(rng.integers(0, length - 4 - width + 1))
            data[place : place + width] = odd_number(width, rng)
    return bytes(data)


def mutate_npy(whole: bytes, rng: np.random.Generator) -> bytes:
    """Return an npy file with another shape, type or order in its head, or other numbers."""
    length = int.from_bytes(whole[8:10], "little")
    head, body = eval(whole[10 : 10 + length], {"__builtins__": {}}), whole[10 + length :]
    match int(rng.integers(0, 5)):
        case 0:
            head["shape"] = pick(_SHAPES, rng)
        case 1:
            head["descr"] = pick(_KINDS, rng)
        case 2:
            head["fortran_order"] = pick((True, 1, "no"), rng)
        case 3:
            return mutate_bytes(whole, rng)
        case _:
            place = int(rng.integers(0, max(len(body), 1)))
            odd = pick((b"\xff" * 16, b"\0\x7c" * 8, b"\0" * 16, b"\xff\x7b" * 8), rng)
            body = body[:place] + odd + body[place + 16 :]
    text = repr(head).encode()
    text += b" " * (-(len(text) + 11) % 64) + b"\n"
    return whole[:8] + len(text).to_bytes(2, "little") + text + body


_SHAPES = ((), (0,), (0, 3), (1, 3), (3,), (-1, 3), (2**40, 3), (2**62, 3), (5, 2), (2, 2, 3), "x")
_KINDS = ("<f2", "<f4", ">f8", "|u1", "<i8", "<c8", "|b1", "|S4", "<U4", "|O", "<M8[s]", "|V8", "x")


def mutate_png(whole: bytes, rng: np.random.Generator) -> bytes:
    """Return a PNG with chunks changed, added, moved or left out, and right checksums."""
    if rng.random() < 0.15:
        return mutate_bytes(whole, rng)
    chunks, place = [], len(_PNG)
    while place + 8 <= len(whole):
        length = int.from_bytes(whole[place : place + 4], "big")
        body = whole[place + 8 : place + 8 + length]
        chunks.append([whole[place + 4 : place + 8], body])
        place += 12 + length
    for _ in range(int(rng.integers(1, 4))):
        at = int(rng.integers(0, len(chunks)))
        match int(rng.integers(0, 6)):
            case 0:
                chunks.insert(at, [pick(_CHUNKS, rng), _chunk_body(rng)])
            case 1 if len(chunks) > 1:
                del chunks[at]
            case 2:
                chunks.insert(int(rng.integers(0, len(chunks))), chunks.pop(at))
            case 3:
                pixels = (
                    zlib.decompressobj().decompress(chunks[at][1]) if _packed(chunks[at]) else b""
                )
                chunks[at][1] = zlib.compress(mutate_bytes(pixels, rng))
            case 4:
                head = bytearray(chunks[0][1])
                spot = int(rng.integers(0, max(len(head), 1)))
                head[spot : spot + 1] = bytes([int(pick((0, 1, 2, 3, 4, 6, 8, 16, 255), rng))])
                chunks[0][1] = bytes(head)
            case _:
                chunks[at][1] = mutate_bytes(chunks[at][1], rng)
    return _PNG + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in chunks
    )


_CHUNKS = (b"iCCP", b"zTXt", b"iTXt", b"tEXt", b"tRNS", b"PLTE", b"acTL", b"fcTL", b"fdAT", b"eXIf")
_CHUNKS = (
    *_CHUNKS,
    b"gAMA",
    b"cHRM",
    b"pHYs",
    b"IDAT",
    b"IHDR",
    b"sRGB",
    b"sBIT",
    b"bKGD",
    b"XXXX",
)


def _packed(chunk: list[bytes]) -> bool:
    return chunk[0] == b"IDAT" and chunk[1][:1] == b"\x78"


def _chunk_body(rng: np.random.Generator) -> bytes:
    packed = zlib.compress(bytes(int(pick((0, 100, 10**6), rng))))
    return pick(
        (
            b"",
            b"name\0\0" + packed,
            b"name\0\1\0\0\0" + packed,
            bytes(int(rng.integers(0, 300))),
            rng.bytes(int(rng.integers(0, 40))),
            b"II*\0\x08\0\0\0" + rng.bytes(30),
        ),
        rng,
    )


def mutate_tiff(whole: bytes, rng: np.random.Generator) -> bytes:
    """Return a little-endian TIFF with tag, type, count or value of entries changed, or bytes."""
    if rng.random() < 0.2:
        return mutate_bytes(whole, rng)
    data = bytearray(whole)
    start = int.from_bytes(whole[4:8], "little")
    count = int.from_bytes(whole[start : start + 2], "little")
    for _ in range(int(rng.integers(1, 4))):
        entry = start + 2 + 12 * int(rng.integers(0, max(count, 1)))
        match int(rng.integers(0, 5)):
            case 0:
                data[entry : entry + 2] = int(pick(_TAGS, rng)).to_bytes(2, "little")
            case 1:
                data[entry + 2 : entry + 4] = int(rng.integers(0, 18)).to_bytes(2, "little")
            case 2:
                data[entry + 4 : entry + 8] = odd_number(4, rng)
            case 3:
                small = int(rng.integers(0, 12)).to_bytes(4, "little")
                data[entry + 8 : entry + 12] = small
            case _:
                data[entry + 8 : entry + 12] = odd_number(4, rng)
    return bytes(data)


_TAGS = (256, 257, 258, 259, 262, 266, 273, 274, 277, 278, 279, 284, 317, 320, 322, 323, 324, 325)
_TAGS = (*_TAGS, 330, 338, 339, 347, 530, 532, 34665, 34675, 50838)


def mutate_pickle(whole: bytes, rng: np.random.Generator) -> bytes:
    """Return a file of `torch.save` with opcodes of its pickle changed, checksums made right."""
    members = _members(whole)
    name = next(each for each in members if each.endswith("data.pkl"))
    if rng.random() < 0.2:
        other = pick(sorted(members), rng)
        members[other] = mutate_bytes(members[other], rng)
    else:
        members[name] = _mutate_opcodes(members[name], rng)
    return _zipped(members, zipfile.ZIP_STORED)


def mutate_program(whole: bytes, rng: np.random.Generator) -> bytes:
    """Return a program of `torch.export` with its table, a text or a weight changed."""
    members = _members(whole)
    names = [name for name in sorted(members) if name.endswith(".json") or "/extra/" in name]
    name = pick(names if rng.random() < 0.8 else sorted(members), rng)
    described = name.endswith((".json", "/onet", "/stages", "/calibration"))
    change = mutate_json if described and rng.random() < 0.8 else mutate_bytes
    members[name] = change(members[name], rng)
    return _zipped(members, zipfile.ZIP_STORED)


def _mutate_opcodes(code: bytes, rng: np.random.Generator) -> bytes:
    places = [place for _, _, place in pickletools.genops(code) if place is not None]
    ends = [*places[1:], len(code)]
    data = code
    for _ in range(int(rng.integers(1, 4))):
        number = int(rng.integers(0, len(places)))
        start, stop = places[number], ends[number]
        other = int(rng.integers(0, len(places)))
        match int(rng.integers(0, 5)):
            case 0:
                data = data[:start] + data[stop:]
            case 1:
                data = data[:start] + code[places[other] : ends[other]] + data[stop:]
            case 2:
                data = data[:start] + pick(_OPCODES, rng) + data[start:]
            case 3:
                data = data[:start] + pick(_OPCODES, rng) + data[stop:]
            case _:
                inside = mutate_bytes(data[start + 1 : stop], rng)
                data = data[: start + 1] + inside + data[stop:]
    return data


_OPCODES = (
    *(b"(", b".", b"0", b"1", b"2", b"R", b"b", b"e", b"u", b"s", b"t", b"}", b"]", b")", b"o"),
    *(b"N", b"\x88", b"Q", b"\x81", b"\x93", b"\x85", b"\x86", b"\x87", b"\x8f", b"\x90"),
    *(b"J\xff\xff\xff\x7f", b"K\xff", b"M\xff\xff", b"\x8a\x08" + b"\xff" * 8, b"h\0", b"q\0"),
    *(b"cos\nsystem\n", b"cbuiltins\neval\n", b"ctorch._utils\n_rebuild_tensor_v2\n"),
    *(b"cnumpy\ndtype\n", b"cnumpy.core.multiarray\nscalar\n", b"ccollections\nOrderedDict\n"),
    *(b"ctorch\nFloatStorage\n", b"ctorch.serialization\nload\n", b"X\3\0\0\0f4x", b"C\2ab"),
    *(b"B\xff\xff\xff\x7f", b"X\xff\xff\xff\x7f", b"G\x7f\xf8\0\0\0\0\0\0", b"\x80\5", b"\x80\2"),
)
