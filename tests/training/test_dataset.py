import numpy as np
import pytest
import torch

from onet_cli.errors import StoreError
from onet_cli.shapes.store import ShapeStore
from onet_cli.training.dataset import OccupancyDataset, ValidationDataset, draw_points


def test_uniform_points_are_distinct_rows_that_count_one_each():
    draw = draw_points(np.arange(100) < 30, 60, "uniform", np.random.default_rng(0))

    assert len(set(draw.rows.tolist())) == 60
    assert np.all(draw.weights == 1)


def test_balanced_points_are_half_inside_and_weigh_what_uniform_ones_would():
    occupancies = np.random.default_rng(1).random(4096) < 0.1

    draw = draw_points(occupancies, 1000, "balanced", np.random.default_rng(0))

    inside = occupancies[draw.rows]
    assert inside.sum() == 500
    # The weighted mean of any function of the occupancy alone is exactly the uniform one.
    assert np.average(inside, weights=draw.weights) == pytest.approx(occupancies.mean())
    assert draw.weights.mean() == pytest.approx(1)


def test_a_chunk_without_inside_is_drawn_uniformly():
    draw = draw_points(np.zeros(16, dtype=bool), 8, "balanced", np.random.default_rng(0))

    assert np.all(draw.weights == 1)


def test_a_sample_holds_a_view_and_labelled_points_of_its_shape(balls):
    ids = ShapeStore.open(balls).ids("train")
    dataset = OccupancyDataset(balls, ids, points=512, sampling="uniform", seed=0)

    for index in range(len(ids)):
        sample = dataset[index, 0]
        radius = 0.15 + 0.05 * index
        assert sample.images.shape == (3, 32, 32)
        assert sample.images.dtype == torch.uint8
        assert torch.equal(sample.occupancies > 0, sample.points.double().norm(dim=1) < radius)
        shown = (sample.images[0] < 255).float().mean()
        assert shown == pytest.approx(np.pi * radius**2, abs=0.06)


def test_the_same_draw_is_the_same_sample_and_another_pass_is_not(balls):
    ids = ShapeStore.open(balls).ids("train")
    dataset = OccupancyDataset(balls, ids, points=64, sampling="balanced", seed=5)

    first, again, later = dataset[2, 0], dataset[2, 0], dataset[2, 1]

    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))
    assert not torch.equal(first.points, later.points)


def test_validation_samples_are_fixed(balls):
    dataset = ValidationDataset(balls, ShapeStore.open(balls).ids("val"), points=256)

    assert all(torch.equal(a, b) for a, b in zip(dataset[3], dataset[3], strict=True))


def test_a_split_without_shapes_cannot_be_trained_on(balls):
    with pytest.raises(StoreError, match="no shapes to train on"):
        OccupancyDataset(balls, [], points=8, sampling="uniform", seed=0)
