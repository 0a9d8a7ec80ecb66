import math

import pytest
import torch

from onet_cli.training.dataset import Batch
from onet_cli.training.module import (
    THRESHOLDS,
    iou_by_threshold,
    occupancy_loss,
    rate_factor,
)


def batch_of(occupancies, weights):
    return Batch(torch.empty(0), torch.empty(0), occupancies, weights, *2 * [torch.empty(0)])


def test_the_loss_sums_over_points_and_averages_over_the_batch():
    logits = torch.tensor([[0.0, 2.0], [-1.0, 3.0]])
    occupancies = torch.tensor([[1.0, 0.0], [1.0, 1.0]])

    loss = occupancy_loss(logits, batch_of(occupancies, torch.tensor([[1.0, 1.0], [1.0, 0.5]])))

    def entropy(logit, label):
        probability = 1 / (1 + math.exp(-logit))
        return -math.log(probability if label else 1 - probability)

    first = entropy(0, 1) + entropy(2, 0)
    second = entropy(-1, 1) + 0.5 * entropy(3, 1)
    assert float(loss) == pytest.approx((first + second) / 2, rel=1e-5)


def test_smoothed_labels_are_met_best_by_their_own_probability():
    logits = torch.linspace(-6, 6, 241).repeat(2, 1).T
    occupancies = torch.tensor([0.0, 1.0]).expand(241, 2)

    losses = torch.stack(
        [
            occupancy_loss(row[None], batch_of(labels[None], torch.ones(1, 2)), 0.1)
            for row, labels in zip(logits * torch.tensor([1, -1]), occupancies, strict=True)
        ]
    )

    assert float(logits[losses.argmin(), 0]) == pytest.approx(math.log(0.1 / 0.9), abs=0.03)


def test_iou_is_counted_at_every_threshold():
    probabilities = torch.tensor([[0.9, 0.6, 0.3, 0.1]])
    occupancies = torch.tensor([[1.0, 0.0, 1.0, 0.0]])

    ious = iou_by_threshold(torch.logit(probabilities), occupancies)[0]

    by_threshold = dict(zip([round(float(t), 2) for t in THRESHOLDS], ious.tolist(), strict=True))
    assert by_threshold[0.2] == pytest.approx(2 / 3)
    assert by_threshold[0.5] == pytest.approx(1 / 3)
    assert by_threshold[0.75] == pytest.approx(1 / 2)
    assert by_threshold[0.95] == 0


def test_the_rate_rises_to_one_and_falls_to_zero():
    assert rate_factor(0.015, 0.03) == pytest.approx(0.5)
    assert rate_factor(0.03, 0.03) == 1
    assert rate_factor(0.515, 0.03) == pytest.approx(0.5)
    assert rate_factor(1.0, 0.03) == pytest.approx(0)
