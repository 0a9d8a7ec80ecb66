import numpy as np
import pytest
import torch

from onet_cli.errors import StoreError
from onet_cli.shapes.store import DatasetInfo, ShapeStore
from onet_cli.training.config import Budget, TrainingConfig
from onet_cli.training.dataset import OccupancyDataset, ValidationDataset, draw_points
from tests.training.conftest import same


def config(**settings):
    return TrainingConfig(Budget(steps=1), **settings)


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
    dataset = OccupancyDataset(balls, config(points=512))

    for index in range(len(dataset)):
        sample = dataset[index, 0]
        radius = 0.15 + 0.05 * index
        assert sample.images.shape == (3, 32, 32)
        assert sample.images.dtype == torch.uint8
        assert torch.equal(sample.occupancies > 0, sample.points.double().norm(dim=1) < radius)
        shown = (sample.images[0] < 255).float().mean()
        assert shown == pytest.approx(np.pi * radius**2, abs=0.06)


def test_the_same_draw_is_the_same_sample_and_another_pass_is_not(balls):
    dataset = OccupancyDataset(balls, config(points=64, sampling="balanced", seed=5))

    first, again, later = dataset[2, 0], dataset[2, 0], dataset[2, 1]

    assert same(first, again)
    assert not torch.equal(first.points, later.points)


def test_validation_samples_are_fixed(balls):
    dataset = ValidationDataset(balls, ShapeStore.open(balls).ids("val"), points=256, samples=6)

    assert same(dataset[3], dataset[3])


@pytest.mark.parametrize(("samples", "length"), [(4, 4), (6, 6), (11, 6), (13, 12), (99, 12)])
def test_few_validation_shapes_are_seen_from_several_sides(balls, samples, length):
    ids = ShapeStore.open(balls).ids("val")

    dataset = ValidationDataset(balls, ids, points=8, samples=samples)

    assert len(dataset) == length
    if length == 12:  # both views of each shape
        for number in range(6):
            assert not torch.equal(dataset[number].images, dataset[number + 6].images)
            assert torch.equal(dataset[number].points, dataset[number + 6].points)


def test_a_split_without_shapes_cannot_be_trained_on(tmp_path):
    ShapeStore.create(tmp_path, DatasetInfo("none", {})).set_split("train", [])

    with pytest.raises(StoreError, match="no shapes to train on"):
        OccupancyDataset(tmp_path, config())


def test_points_near_the_surface_are_a_share_of_a_sample_and_labelled_right(shells):
    dataset = OccupancyDataset(shells, config(points=400, near=0.25))

    sample = dataset[1, 0]

    distance = sample.points.double().norm(dim=1) - 0.3
    assert (distance.abs()[300:] < 0.051).all()
    assert (distance.abs()[:300] > 0.051).any()
    assert torch.equal(sample.occupancies > 0, distance < 0)


def test_only_points_near_the_surface_can_be_asked_for(shells):
    sample = OccupancyDataset(shells, config(points=64, near=1.0))[0, 0]

    assert ((sample.points.double().norm(dim=1) - 0.3).abs() < 0.051).all()


def test_a_set_without_points_near_the_surface_says_what_to_do(balls):
    dataset = OccupancyDataset(balls, config(near=0.5))

    with pytest.raises(StoreError, match="no points near the surface"):
        dataset[0, 0]


def test_a_second_set_is_numbered_after_the_first(balls, shells):
    dataset = OccupancyDataset(balls, config(points=16), extra=shells)
    alone = OccupancyDataset(balls, config(points=16))

    assert len(dataset) == len(alone) + 3
    assert torch.equal(dataset[2, 1].points, alone[2, 1].points)
    sample = dataset[len(alone) + 1, 0]
    assert torch.equal(sample.occupancies > 0, sample.points.double().norm(dim=1) < 0.3)
