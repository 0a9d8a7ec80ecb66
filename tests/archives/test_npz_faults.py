"""Damaged npz files: one line each, and no memory for what is not there."""

import io
import zipfile

import numpy as np
import pytest

from onet_cli.archives.npz import read_npz
from onet_cli.errors import SourceError


def npz(told, body=b"", name="points.npy", version=b"\1\0"):
    text = told.encode().ljust(117) + b"\n"
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr(
            name, b"\x93NUMPY" + version + len(text).to_bytes(2, "little") + text + body
        )
    return stream.getvalue()


HEAD = "{{'descr': {}, 'fortran_order': False, 'shape': {}}}"


@pytest.mark.parametrize(
    "head",
    [
        HEAD.format("'<f4'", "(2**3, 3)"),
        HEAD.format("'<f4'", "(1099511627776, 3)"),
        HEAD.format("'<f4'", "(100000000, 3)"),
        HEAD.format("'<f4'", "(-1, 3)"),
        HEAD.format("'|O'", "(1,)"),
        HEAD.format("'x'", "(1,)"),
        "{'descr': ('''",
        "(" * 90,
        "",
    ],
)
def test_an_odd_head_is_refused_in_one_line(head):
    with pytest.raises(SourceError, match="is damaged") as caught:
        read_npz(npz(head, bytes(8)), "a.npz")
    assert "\n" not in str(caught.value)
    assert not isinstance(caught.value.__cause__, MemoryError)


@pytest.mark.parametrize("descr", ["'<U4'", "'|V8'", "'<c8'", "'<M8[s]'"])
def test_arrays_that_are_no_real_numbers_are_left_out(descr):
    assert read_npz(npz(HEAD.format(descr, "(1,)"), bytes(16)), "a.npz") == {}


def test_what_is_no_array_is_left_out():
    assert read_npz(npz(HEAD.format("'<f4'", "(1,)"), bytes(4), "readme.txt"), "a.npz") == {}


def test_what_numpy_writes_is_read():
    stream = io.BytesIO()
    np.savez_compressed(stream, a=np.arange(6.0).reshape(2, 3).T, b=np.array(True))

    found = read_npz(stream.getvalue(), "a.npz")

    np.testing.assert_array_equal(found["a"], np.arange(6.0).reshape(2, 3).T)
    assert found["b"].dtype == bool


def test_arrays_that_do_not_begin_at_a_multiple_of_their_size_are_moved_there():
    text = HEAD.format("'<f8'", "(2,)").encode() + b"\n"
    text = text if len(text) % 2 else b" " + text
    data = b"\x93NUMPY\1\0" + len(text).to_bytes(2, "little") + text + np.ones(2).tobytes()
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("a.npy", data)

    found = read_npz(stream.getvalue(), "a.npz")["a"]

    assert found.flags.aligned
    np.testing.assert_array_equal(found, [1, 1])


def test_a_head_that_is_too_long_is_refused():
    # Version 2 has a length of four bytes, the last two of which are here the head's first ones.
    whole = npz(HEAD.format("'<f4'", "(1,)"), bytes(4), version=b"\2\0")

    with pytest.raises(SourceError, match="head of an array is too long"):
        read_npz(whole, "a.npz")
