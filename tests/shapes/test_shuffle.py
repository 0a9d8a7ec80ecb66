"""The order of samples: numpy's own is the truth."""

import numpy as np
import pytest

from onet_cli.shapes.shuffle import permutation, take_rows

COUNTS = [0, 1, 2, 3, 4, 5, 7, 8, 9, 31, 32, 33, 255, 256, 257, 4097, 70_000]


@pytest.mark.parametrize("bits", [np.random.PCG64, np.random.MT19937, np.random.Philox])
@pytest.mark.parametrize("drawn_before", [0, 1])
def test_a_permutation_and_the_state_after_it_are_numpys(bits, drawn_before):
    ours, theirs = (np.random.Generator(bits(3)) for _ in range(2))
    # Half of a word may be left over.
    for rng in (ours, theirs):
        rng.integers(9, size=drawn_before, dtype=np.uint32)

    for count in COUNTS:
        assert np.array_equal(permutation(count, ours), theirs.permutation(count)), count

    assert ours.random() == theirs.random()


@pytest.mark.parametrize("shape", [(50,), (50, 3), (50, 2, 2), (0,), (0, 3)])
@pytest.mark.parametrize("kind", [np.bool_, np.float16, np.float32, np.int64])
def test_rows_are_taken_as_by_an_index(shape, kind):
    rows = np.random.default_rng(0).integers(0, 100, shape).astype(kind)
    order = permutation(len(rows), np.random.default_rng(1))

    taken = take_rows(rows, order)

    assert taken.dtype == rows.dtype
    assert np.array_equal(taken, rows[order])


def test_rows_that_do_not_follow_each_other_are_taken_too():
    rows = np.arange(60, dtype=np.float16).reshape(10, 6)[::2, ::2]

    order = np.array([4, 0, 1, 3, 2], np.uint32)

    assert np.array_equal(take_rows(rows, order), rows[order])


def test_an_order_of_another_number_of_rows_is_refused():
    with pytest.raises(IndexError, match="an order of 3 for 4 rows"):
        take_rows(np.zeros(4), np.arange(3, dtype=np.uint32))
