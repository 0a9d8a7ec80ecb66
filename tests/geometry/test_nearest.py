import numpy as np
import pytest

from onet_cli.errors import EmptySurfaceError
from onet_cli.geometry.nearest import nearest


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
