"""Damaged npz files: one line each, and no memory for what is not there."""

import io
import zipfile

import numpy as np
import pytest

from onet_cli.archives.npz import read_npz
from onet_cli.errors import SourceError


def npz(head, body=b"", name="points.npy"):
    text = head.encode().ljust(117) + b"\n"
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr(name, b"\x93NUMPY\1\0" + len(text).to_bytes(2, "little") + text + body)
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
