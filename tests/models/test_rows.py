"""Truth: numpy in double precision. Widths and counts that fill no register, block or thread."""

import sys

import numpy as np
import pytest
import torch

from onet_cli._ext import rows

SIZES = [(1, 1, 1), (3, 7, 5), (2, 131, 37), (2, 700, 256)]


@pytest.fixture(params=[1, 2, 3])
def threads(request):
    before = torch.get_num_threads()
    torch.set_num_threads(request.param)
    yield request.param
    torch.set_num_threads(before)


def given(samples, count, width):
    rng = np.random.default_rng(count)
    numbers = rng.normal(size=(4, samples, count, width)).astype(np.float32)
    return numbers, rng.normal(size=(2, samples, width)).astype(np.float32)


def test_passes_run_on_as_many_threads_as_torch(threads):
    shared = sys.platform == "linux" and torch.backends.openmp.is_available()

    assert rows.count_threads() == (threads if shared else 1)


@pytest.mark.parametrize("size", SIZES)
def test_moments(threads, size):
    numbers, _ = given(*size)
    flat = numbers[0].reshape(-1, size[2]) + 300
    mean, variance = np.empty((2, size[2]))

    rows.moments(flat, mean, variance)

    np.testing.assert_allclose(mean, flat.mean(axis=0, dtype=np.float64), rtol=1e-6)
    true = flat.astype(np.float64).var(axis=0)
    np.testing.assert_allclose(variance, true, rtol=1e-4, atol=1e-12)


@pytest.mark.parametrize("size", SIZES)
def test_activation_of_some_rows(threads, size):
    (x, *_), (factors, offsets) = given(*size)
    start, stop = size[1] // 3, size[1]
    out = np.full((size[1], size[2]), 7, np.float32)

    rows.activate(x, factors, offsets, size[0] - 1, start, stop, out)

    true = np.maximum(x[-1, start:stop] * factors[-1] + offsets[-1], 0)
    np.testing.assert_allclose(out[: stop - start], true, rtol=1e-5, atol=1e-6)
    assert (out[stop - start :] == 7).all()


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("has_other", [True, False])
def test_addition_to_some_rows(threads, size, has_other):
    (out, other, *_), (level, _) = given(*size)
    before, start, stop = out.copy(), size[1] // 3, size[1]

    rows.add(out, level[0], other if has_other else None, size[0] - 1, start, stop)

    before[-1, start:stop] += level[0] + (other[-1, start:stop] if has_other else 0)
    np.testing.assert_allclose(out, before, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("size", SIZES)
def test_mask_and_sums_of_some_rows(threads, size):
    (gradient, x, active, _), (sums, products) = given(*size)
    start, stop = size[1] // 3, size[1]
    active = np.maximum(active[0, start:stop], 0)
    true = gradient.copy()
    true[-1, start:stop] *= active > 0
    added = true[-1, start:stop].astype(np.float64)
    true_sums, true_products = sums.copy(), products.copy()
    true_sums[-1] += added.sum(axis=0)
    true_products[-1] += (added * x[-1, start:stop]).sum(axis=0)

    rows.mask(gradient, active, x, size[0] - 1, start, stop, sums, products)

    np.testing.assert_array_equal(gradient, true)
    np.testing.assert_allclose(sums, true_sums, rtol=1e-5, atol=1e-4)
    np.testing.assert_allclose(products, true_products, rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("has_other", [True, False])
def test_combination(threads, size, has_other):
    (gradient, x, other, _), (factors, levels) = given(*size)
    slope, level = levels[0], factors[0]
    true = factors[:, None] * gradient + slope * x + level + (other if has_other else 0)

    rows.combine(gradient, x, other if has_other else None, factors, slope, level)

    np.testing.assert_allclose(gradient, true, rtol=1e-4, atol=1e-5)


def test_what_is_no_number_stays_so_and_its_gradient_too():
    x = np.full((1, 2, 16), np.nan, np.float32)
    ones, out = np.ones((1, 16), np.float32), np.zeros((2, 16), np.float32)

    rows.activate(x, ones, ones, 0, 0, 2, out)
    gradient = np.ones_like(x)
    rows.mask(gradient, out, x, 0, 0, 2, np.zeros_like(ones), np.zeros_like(ones))

    assert np.isnan(out).all()
    assert (gradient == 1).all()  # as torch's
