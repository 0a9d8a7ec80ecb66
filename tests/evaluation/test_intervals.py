import numpy as np
import pytest

from onet_cli.evaluation.intervals import Interval, bootstrap_mean


def test_the_interval_of_a_mean_is_that_of_the_normal_law_for_many_objects():
    values = np.random.default_rng(0).normal(0.5, 0.2, size=2000)

    interval = bootstrap_mean([values])

    half = 1.96 * values.std() / np.sqrt(len(values))
    assert interval.low == pytest.approx(values.mean() - half, abs=0.1 * half)
    assert interval.high == pytest.approx(values.mean() + half, abs=0.1 * half)


def test_about_nineteen_of_twenty_intervals_hold_the_true_mean():
    rng = np.random.default_rng(1)
    intervals = [bootstrap_mean([rng.random(40)], seed) for seed in range(200)]

    held = np.mean([interval.low <= 0.5 <= interval.high for interval in intervals])

    assert 0.90 <= held <= 0.98


def test_every_group_weighs_the_same_however_many_objects_it_has():
    many, few = np.full(1000, 0.2), np.full(2, 0.8)

    assert bootstrap_mean([many, few, np.empty(0)]) == Interval(
        pytest.approx(0.5), pytest.approx(0.5)
    )


def test_groups_vary_on_their_own():
    a, b = np.random.default_rng(2).random((2, 500))

    both, alone = bootstrap_mean([a, b]), bootstrap_mean([a])

    # Two independent means: their average varies 1 / sqrt(2) as much.
    ratio = (both.high - both.low) / (alone.high - alone.low)
    assert ratio == pytest.approx(np.sqrt(0.5), rel=0.1)


def test_nothing_has_no_interval():
    assert bootstrap_mean([]) is None
    assert bootstrap_mean([np.empty(0)]) is None


def test_the_same_seed_gives_the_same_interval_and_many_objects_fit_into_memory():
    values = np.random.default_rng(3).random(9000)

    assert bootstrap_mean([values], 5) == bootstrap_mean([values], 5)


def test_a_large_group_and_a_small_one_are_resampled_as_often():
    many, few = np.random.default_rng(3).random(400), np.array([0.0, 1.0])

    interval = bootstrap_mean([many, few])

    # The large group hardly varies; the mean of the small one is 0, 1/2 or 1.
    assert interval.low == pytest.approx(many.mean() / 2, abs=0.02)
    assert interval.high == pytest.approx((many.mean() + 1) / 2, abs=0.02)
