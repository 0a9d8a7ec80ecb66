import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pykdtree.kdtree import KDTree

from onet_cli.errors import EmptySurfaceError, InvalidGeometryError
from onet_cli.geometry.nearest import _along_curve, nearest


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("targets", [1, 7, 400])
def test_the_nearest_is_the_least_of_all_distances(targets, dtype):
    rng = np.random.default_rng(targets)
    queries = rng.uniform(-0.5, 0.5, (300, 3)).astype(dtype)
    cloud = rng.uniform(-0.5, 0.5, (targets, 3)).astype(dtype)
    table = np.linalg.norm(queries[:, None].astype(float) - cloud[None].astype(float), axis=2)

    distances, indices = nearest(queries, cloud)

    np.testing.assert_array_equal(indices, table.argmin(axis=1))
    np.testing.assert_allclose(distances, table.min(axis=1), atol=1e-6)


@settings(max_examples=25)
@given(
    seed=st.integers(0, 2**32 - 1),
    scale=st.sampled_from([1e-12, 1.0, 1e6, 1e17]),
    count=st.sampled_from([1, 50, 4096, 6000]),
    distinct=st.sampled_from([1, 3, 1000]),
)
def test_no_target_is_nearer_than_the_one_found(seed, scale, count, distinct):
    rng = np.random.default_rng(seed)
    queries = (rng.normal(size=(count, 3)) * scale).astype(np.float32)
    targets = (rng.normal(size=(distinct, 3)) * scale).astype(np.float32)
    targets = targets[rng.integers(distinct, size=2 * distinct)]

    distances, indices = nearest(queries, targets)

    exact = queries.astype(np.float64) - targets[indices]
    np.testing.assert_allclose(distances, np.linalg.norm(exact, axis=1), rtol=1e-5)
    for other in rng.integers(len(targets), size=20):
        away = np.linalg.norm(queries.astype(np.float64) - targets[other], axis=1)
        assert (distances <= away * (1 + 1e-5)).all()


def test_arrays_that_are_not_contiguous_are_read_as_they_look():
    rng = np.random.default_rng(0)
    wide = rng.uniform(size=(50, 6))
    np.testing.assert_array_equal(nearest(wide[:, ::2], wide[:, ::2])[1], np.arange(50))


def test_no_queries_have_no_neighbours():
    distances, indices = nearest(np.zeros((0, 3)), np.ones((2, 3)))
    assert distances.shape == indices.shape == (0,)


def test_no_targets_is_an_error():
    with pytest.raises(EmptySurfaceError):
        nearest(np.ones((2, 3)), np.zeros((0, 3)))


@pytest.mark.parametrize(
    "queries",
    [
        np.random.default_rng(1).normal(0, 0.2, (20_000, 3)),
        np.random.default_rng(2).normal(0, 0.2, (5000, 1)) * [1.0, 2.0, 0.0],  # on a line
        np.full((5000, 3), 0.3),
        np.random.default_rng(3).normal(0, 1e17, (5000, 3)),
    ],
    ids=["cloud", "line", "one place", "huge"],
)
def test_many_queries_find_exactly_what_the_tree_finds_query_by_query(queries):
    targets = np.random.default_rng(0).normal(0, 0.2, (3000, 3)).astype(np.float32)
    expected_distances, expected = KDTree(targets).query(queries.astype(np.float32))

    distances, indices = nearest(queries, targets)

    np.testing.assert_array_equal(distances, expected_distances)
    np.testing.assert_array_equal(indices, expected)


@pytest.mark.parametrize("stray", [np.nan, np.inf, -1e30])
def test_a_point_that_has_no_distance_is_refused(stray):
    good, bad = np.zeros((2, 3)), np.array([[0, stray, 0]])
    for queries, targets in ((good, bad), (bad, good)):
        with pytest.raises(InvalidGeometryError, match="not finite"):
            nearest(queries, targets)


def test_points_of_two_coordinates_are_refused():
    with pytest.raises(InvalidGeometryError, match=r"\(N, 3\)"):
        nearest(np.zeros((2, 2)), np.zeros((2, 3)))


@pytest.mark.parametrize("scale", [1e-30, 1.0, 1e17])
def test_the_curve_visits_octant_by_octant_and_every_point_once(scale):
    points = np.random.default_rng(4).uniform(-1, 1, (6000, 3)).astype(np.float32)
    cells = ((points - points.min(axis=0)) / np.ptp(points, axis=0).max() * 31).astype(int)
    bits = [cells[:, axis] >> bit & 1 for bit in range(4, -1, -1) for axis in range(3)]
    keys = np.dot(2 ** np.arange(14, -1, -1), bits)

    order = _along_curve(points * np.float32(scale))

    np.testing.assert_array_equal(np.sort(order), np.arange(6000))
    # Up to points that rounding puts into the next cell.
    assert np.count_nonzero(np.diff(keys[order]) < 0) <= 12
