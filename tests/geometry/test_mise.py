import json
import subprocess
import sys
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from onet_cli.errors import InvalidGeometryError, InvalidOptionError
from onet_cli.geometry.mise import evaluate_grid, split_resolution
from tests import reference
from tests.analytic import Torus, grid_points

DATA = Path(__file__).parents[1] / "data"
RECORDED = json.loads((DATA / "mise.json").read_text())


def torus(points):
    x, y, z = points.T.astype(np.float64)
    return 40 * (0.1 - np.sqrt((np.sqrt(x**2 + z**2) - 0.3) ** 2 + y**2))


def thin_rod(points):
    direction = np.array([1, 0.37, 0.21]) / np.linalg.norm([1, 0.37, 0.21])
    points = points.astype(np.float64)
    return 400 * (0.010 - np.linalg.norm(points - np.outer(points @ direction, direction), axis=1))


def sphere_cut_by_box(points):
    return 40 * (0.2 - np.linalg.norm(points.astype(np.float64) - (0.51, 0, 0), axis=1))


LIMITS = {False: (-np.inf, np.inf), True: (-np.finfo(np.float32).max, np.finfo(np.float32).max)}
FIELDS = [torus, thin_rod, sphere_cut_by_box]


@pytest.mark.parametrize("field", FIELDS, ids=lambda field: field.__name__)
def test_the_grid_is_that_of_the_original_implementation(field):
    recorded, arrays = RECORDED[field.__name__], np.load(DATA / "mise.npz")
    level = recorded["threshold_logit"]

    grid = evaluate_grid(field, 128, level)

    assert list(grid.rounds) == recorded["points_per_round"]
    assert grid.evaluations == recorded["total"]
    occupied = np.packbits(grid.values >= level)
    np.testing.assert_array_equal(occupied, arrays[f"{field.__name__}/occupied_packbits"])
    every4 = grid.values[::4, ::4, ::4]
    np.testing.assert_array_equal(every4, arrays[f"{field.__name__}/grid_every4"])
    # The recorded sum is over float64 values; ours are rounded to float32.
    assert grid.values.sum(dtype=np.float64) == pytest.approx(recorded["sum"], rel=1e-8)


def test_a_torus_equals_the_dense_grid_wherever_the_surface_passes():
    def field(points):
        return Torus().depth(points).astype(np.float32)

    grid = evaluate_grid(field, 64, level=0.0)

    axes = (np.float32(1.1) * (np.arange(65, dtype=np.float32) / np.float32(64) - np.float32(0.5)),)
    dense = field(np.stack(np.meshgrid(*axes * 3, indexing="ij"), -1))
    np.testing.assert_array_equal(grid.values >= 0, dense >= 0)
    for axis in range(3):
        crosses = np.diff(dense >= 0, axis=axis)
        for side in (slice(None, -1), slice(1, None)):
            at = tuple(side if n == axis else slice(None) for n in range(3))
            np.testing.assert_array_equal(grid.values[at][crosses], dense[at][crosses])


@settings(max_examples=5, phases=[Phase.generate])
@given(
    seed=st.integers(0, 2**32 - 1),
    roughness=st.floats(1, 60),
    steps=st.sampled_from([1, 10, 1000]),
    level=st.floats(-4, 4).map(np.float32),
)
def test_random_waves_give_the_same_rounds_and_values_as_the_slow_twin(
    seed, roughness, steps, level
):
    rng = np.random.default_rng(seed)
    waves, phases = rng.normal(0, roughness, (3, 4)), rng.uniform(0, 6, 4)

    def field(points):  # few steps: many points lie exactly at a level
        return np.round(np.sin(points.astype(np.float64) @ waves + phases).sum(1) * steps) / steps

    with pytest.MonkeyPatch.context() as patch:  # small: the twin is slow
        patch.setattr("onet_cli.geometry.mise.split_resolution", lambda resolution: (8, 2))
        grid = evaluate_grid(field, 32, float(level), edge=0.9)

    values, rounds = reference.mise(field, 8, 2, level, 0.9)
    assert grid.rounds == rounds
    np.testing.assert_array_equal(grid.values, values.astype(np.float32))


def test_three_halvings_follow_a_surface_as_the_slow_twin_does(monkeypatch):
    monkeypatch.setattr("onet_cli.geometry.mise.split_resolution", lambda resolution: (8, 3))
    grid = evaluate_grid(thin_rod, 64, -4.0)

    values, rounds = reference.mise(thin_rod, 8, 3, -4.0, 1.1)

    assert len(rounds) > 4
    assert grid.rounds == rounds
    np.testing.assert_array_equal(grid.values, values.astype(np.float32))


@pytest.mark.parametrize("guess", [False, True])
def test_no_point_is_evaluated_twice(guess):
    seen = []

    def field(points):
        seen.append(points)
        return thin_rod(points)

    grid = evaluate_grid(field, 128, -4.0, guess=guess)

    assert grid.evaluations == len(np.unique(np.concatenate(seen), axis=0))
    assert grid.rounds == tuple(map(len, seen))
    assert grid.highest == max(field(points).max() for points in list(seen))


@pytest.mark.parametrize("field", FIELDS, ids=lambda field: field.__name__)
def test_guessing_saves_evaluations_and_finds_the_same_surface(field):
    level = RECORDED[field.__name__]["threshold_logit"]
    exact = evaluate_grid(field, 128, level)

    grid = evaluate_grid(field, 128, level, guess=True)

    assert sum(exact.rounds[2:]) > 1.5 * sum(grid.rounds[2:])
    np.testing.assert_array_equal(grid.values >= level, exact.values >= level)
    for axis in range(3):
        crosses = np.diff(exact.values >= level, axis=axis)
        for side in (slice(None, -1), slice(1, None)):
            at = tuple(side if n == axis else slice(None) for n in range(3))
            np.testing.assert_array_equal(grid.values[at][crosses], exact.values[at][crosses])


@pytest.mark.parametrize("seed", range(4))
def test_guesses_never_lie_at_an_edge_that_the_surface_crosses(seed):
    rng = np.random.default_rng(seed)
    waves, phases = rng.normal(0, 60, (3, 4)), rng.uniform(0, 6, 4)

    def rough(points):  # waves as short as two cells: guesses go wrong, and are followed up
        return np.sin(points.astype(np.float64) @ waves + phases).sum(1)

    values = evaluate_grid(rough, 64, 1.5, guess=True).values

    for axis in range(3):
        crosses = np.diff(values >= 1.5, axis=axis)
        for side in (slice(None, -1), slice(1, None)):
            at = tuple(side if n == axis else slice(None) for n in range(3))
            assert np.isfinite(values[at][crosses]).all()


@pytest.mark.parametrize("guess", [False, True])
@pytest.mark.parametrize("values", [(-np.inf, np.inf), (-3e38, 3e38), (0.0, 0.0), (-1e-45, 0.0)])
def test_huge_tiny_and_tied_values_are_taken_as_they_are(values, guess):
    def field(points):
        return np.where(np.linalg.norm(points, axis=1) < 0.3, values[1], values[0])

    grid = evaluate_grid(field, 64, 0.0, guess=guess)

    distances = np.linalg.norm(grid_points(64, 1.1), axis=-1)
    far = np.abs(distances - 0.3) > 1e-6
    np.testing.assert_array_equal(
        (grid.values >= 0)[far], (distances < 0.3)[far] | (values[0] >= 0)
    )
    assert grid.values[32, 32, 32] == np.float32(values[1]).clip(*LIMITS[guess])


def test_a_grid_takes_less_than_a_quarter_of_the_memory_of_all_its_points():
    tracemalloc.start()
    try:
        grid = evaluate_grid(torus, 128, 0.0)
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert grid.evaluations > 50_000
    assert held < grid.values.nbytes / 4


@pytest.mark.slow
def test_512_cells_per_side_take_less_than_a_gigabyte():
    script = """
import resource, numpy as np
from onet_cli.geometry.isosurface import grid_surface
from onet_cli.geometry.mise import evaluate_grid
def ring(p):
    return 0.13 - np.hypot(np.hypot(p[:, 0], p[:, 2]) - 0.3, p[:, 1])
mesh = grid_surface(evaluate_grid(ring, 512, 0.0))
assert len(mesh.faces) > 900_000
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )

    unit = 1 if sys.platform == "darwin" else 1024
    assert int(done.stdout) * unit < 1e9


def test_index_i_lies_at_edge_times_i_over_r_less_a_half():
    seen = []

    def field(points):
        seen.append(points)
        return points[:, 0] + 10 * points[:, 1] + 100 * points[:, 2]

    grid = evaluate_grid(field, 16, level=1e9, edge=2.0)

    np.testing.assert_allclose(seen[0], grid_points(16, 2.0).reshape(-1, 3), atol=1e-6)
    np.testing.assert_array_equal(grid.values.ravel(), field(seen[0]))
    assert grid.rounds == (17**3,)


@pytest.mark.parametrize(
    ("resolution", "split"),
    [(16, (16, 0)), (31, (31, 0)), (32, (32, 0)), (63, (63, 0)), (64, (32, 1)), (128, (32, 2)),
     (96, (48, 1)), (100, (50, 1)), (256, (32, 3)), (504, (63, 3))],
)  # fmt: skip
def test_a_resolution_splits_into_a_coarse_grid_and_halvings(resolution, split):
    assert split_resolution(resolution) == split


@pytest.mark.parametrize(
    ("resolution", "nearest"),
    [(65, "64 or 66"), (130, "128 or 132"), (15, "16 or 17"), (-3, "16 or 17")],
)
def test_another_resolution_is_refused_with_the_two_nearest(resolution, nearest):
    with pytest.raises(InvalidOptionError) as caught:
        split_resolution(resolution)

    assert nearest in caught.value.hint


def test_a_field_that_returns_nan_is_refused():
    with pytest.raises(InvalidGeometryError, match="NaN"):
        evaluate_grid(lambda points: points[:, 0] * np.nan, 16, 0.0)


def test_a_field_of_the_wrong_shape_is_a_programming_error():
    with pytest.raises(ValueError, match="the field returned"):
        evaluate_grid(lambda points: points, 16, 0.0)
