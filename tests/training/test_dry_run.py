import numpy as np
import pytest
import torch
from PIL import Image
from torch.utils.flop_counter import FlopCounterMode

from onet_cli.models.network import build_network
from onet_cli.models.spec import ModelSpec
from onet_cli.training.config import Budget, TrainingConfig
from onet_cli.training.data import ShapeData
from onet_cli.training.dry_run import convolution_backward_flops, measure_dry_run

TINY = ModelSpec("tiny", "convnet", "simple", code_dim=16, hidden_dim=16, image_size=32)


def tried(balls, picture, **settings):
    given = {"batch_size": 4, "points": 256, "workers": 0} | settings
    config = TrainingConfig(Budget(steps=70), **given)
    return measure_dry_run(balls, build_network(TINY, seed=0), config, picture, device="cpu")


def test_a_dry_run_says_what_a_run_would_cost(balls, tmp_path):
    facts = tried(balls, tmp_path / "batch.png")

    assert (facts.training_shapes, facts.validation_shapes) == (6, 6)
    weights = sum(parameter.numel() for parameter in build_network(TINY).parameters())
    assert facts.weight_bytes == 5 * 4 * weights
    assert facts.steps == 70
    assert facts.seconds == pytest.approx(
        70 * (facts.seconds_per_step + facts.load_seconds_per_step)
    )
    # The decoder alone: matrices of 2 H (3 + 10 H + 1) operations a point, three times for the
    # gradients by inputs and weights, but no gradient by the points.
    decoder = 4 * 256 * 2 * 16 * (2 * 3 + 3 * (10 * 16 + 1))
    assert decoder < facts.flops < 100 * decoder


def test_what_a_step_keeps_grows_with_the_batch(balls, tmp_path):
    small, large = (
        tried(balls, tmp_path / "batch.png", batch_size=size).activation_bytes for size in (2, 6)
    )
    assert large == pytest.approx(3 * small, rel=0.1)


def test_the_picture_shows_the_first_batch_and_its_points(balls, tmp_path):
    tried(balls, tmp_path / "batch.png")

    picture = np.asarray(Image.open(tmp_path / "batch.png"))
    assert picture.shape == (2 * 112, 4 * 112, 3)
    config = TrainingConfig(Budget(steps=70), batch_size=4, points=256, workers=0)
    shapes = ShapeData(balls, config)
    draws = iter(shapes.draws())
    for place in range(4):
        sample = shapes.training[next(draws)]
        square = picture[:112, place * 112 : (place + 1) * 112].astype(float)
        shown = torch.nn.functional.interpolate(sample.images[None].float(), size=112)[0]
        assert np.abs(square.mean() - shown.mean().item()) < 5
        below = picture[112:, place * 112 : (place + 1) * 112]
        marked = np.argwhere((below != 255).any(axis=2))
        reach = sample.points[sample.occupancies > 0].abs().max().item() / 1.1 * 112
        assert np.abs(marked - 55.5).max() == pytest.approx(reach, abs=2)


def test_the_size_of_a_cache_is_part_of_the_costs(balls, tmp_path):
    picture = tmp_path / "batch.png"

    assert tried(balls, picture).cache_bytes == 0
    cached = tried(balls, picture, cache="ram").cache_bytes
    assert cached == 6 * (2 * 3 * 32 * 32 + 4096 * 6 + 4096 // 8)


def test_budgets_are_turned_into_steps():
    assert Budget(steps=10, epochs=3).steps_at(4, 1.0) == 10
    assert Budget(epochs=3, seconds=100).steps_at(4, 1.0) == 12
    assert Budget(seconds=100).steps_at(4, 0.25) == 400


@pytest.mark.parametrize("groups", [1, 4, 8])
@pytest.mark.parametrize("kind", [torch.nn.Conv2d, torch.nn.ConvTranspose2d])
def test_a_grouped_convolution_costs_its_groups_only(groups, kind):
    layer = kind(8, 16, 3, padding=1, groups=groups, bias=False)
    pictures = torch.rand(2, 8, 10, 10, requires_grad=True)
    rules = {torch.ops.aten.convolution_backward: convolution_backward_flops}
    with FlopCounterMode(display=False, custom_mapping=rules) as counter:
        layer(pictures).sum().backward()
    forward = 2 * (2 * 10 * 10) * 3 * 3 * 8 * 16 // groups
    assert counter.get_total_flops() == 3 * forward
