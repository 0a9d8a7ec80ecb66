from dataclasses import replace

import numpy as np
import pytest
import torch

from onet_cli.geometry.normalize import CUBE_EDGE
from onet_cli.models.torch_points import TorchPoints
from onet_cli.reconstruction import threshold as module
from onet_cli.reconstruction.field import OccupancyField
from onet_cli.reconstruction.generator import MeshGenerator
from onet_cli.reconstruction.settings import plain_settings
from onet_cli.reconstruction.threshold import (
    POINTS,
    adapted_threshold,
    consistency,
    expected_iou,
    fit_platt,
)
from tests.reconstruction.rigged import sphere_checkpoint
from tests.reconstruction.test_generator import IMAGE


def field_with(shares):
    """Return a field that is p inside the share a of the cube, for each (p, a), and 0 elsewhere."""

    def logits(points):
        place = points[:, 0] / 1.1 + 0.5  # even between 0 and 1
        values = place.new_full(place.shape, -30.0)
        begin = 0.0
        for probability, share in shares:
            within = (place >= begin) & (place < begin + share)
            values[within] = np.log(probability / (1 - probability))
            begin += share
        return values

    return OccupancyField(TorchPoints(logits))


def simulated(rng, scale, shift, photos=60, points=2000):
    """Return logits of photos, some sharp and some vague, and points inside by the corrected p."""
    sharpness = rng.uniform(0.5, 4, (photos, 1))
    corrected = sharpness * rng.normal(-1, 1, (photos, points))
    occupied = rng.random((photos, points)) < 1 / (1 + np.exp(-corrected))
    return (corrected - shift) / scale, occupied


def test_the_expected_iou_is_the_mean_over_draws():
    rng = np.random.default_rng(0)
    probabilities = np.sort(rng.random(400))[::-1]
    draws = rng.random((4000, 400)) < probabilities

    expected = expected_iou(np.log(probabilities / (1 - probabilities))[None], 1, 0)[0]

    for count in (1, 50, 200, 400):
        hits = draws[:, :count].sum(axis=1)
        drawn = hits / (count + draws[:, count:].sum(axis=1))
        assert expected[count - 1] == pytest.approx(drawn.mean(), abs=2e-3)


@pytest.mark.parametrize(
    ("shares", "threshold"),
    [
        # A sure half and a doubtful rest: 0.9 x 0.3 / (0.3 + 0.2 p) against (0.27 + 0.2 p) / 0.5.
        ([(0.9, 0.3), (0.6, 0.2)], 0.6),
        ([(0.9, 0.3), (0.3, 0.2)], 0.9),
        # Nothing is sure: even 0.3 is worth showing, as 0.5 alone would be a worse answer.
        ([(0.35, 0.2), (0.3, 0.2)], 0.3),
    ],
)
def test_what_is_doubtful_is_cut_where_the_rest_is_sure_and_kept_where_nothing_is(
    shares, threshold
):
    assert adapted_threshold(field_with(shares), (1, 0), 0.3) == pytest.approx(threshold)


def test_the_correction_is_applied():
    shares = [(0.9, 0.3), (0.6, 0.2)]

    assert adapted_threshold(field_with(shares), (1, -2), 0.3) == pytest.approx(0.9)


def test_no_threshold_is_below_half_of_the_usual_one():
    assert adapted_threshold(field_with([(0.01, 0.3)]), (1, 0), 0.4) == pytest.approx(0.2)


def test_the_fit_finds_a_correction_as_good_as_the_true_one():
    rng = np.random.default_rng(1)
    logits, occupied = simulated(rng, scale=0.8, shift=-1.0)

    platt, score = fit_platt(logits, occupied)

    order = np.argsort(-logits, axis=1)
    sharp = np.take_along_axis(logits, order, axis=1)
    count = expected_iou(sharp, 0.8, -1.0).argmax(axis=1)
    inside = np.take_along_axis(occupied, order, axis=1)
    ious = [
        row[: k + 1].sum() / (k + 1 + row[k + 1 :].sum())
        for row, k in zip(inside, count, strict=True)
    ]
    assert score >= np.mean(ious) - 1e-12
    assert platt[1] == pytest.approx(-1.0, abs=0.5)


def test_a_checkpoint_that_knows_how_adapts_the_threshold_unless_one_is_given():
    known = sphere_checkpoint()
    adapting = replace(known, info=replace(known.info, platt=(1.0, 0.0)))

    # The probabilities fall steeply from 1 to 0 at the radius, so the best cut is near 1/2 ...
    adapted = MeshGenerator(adapting, plain_settings(32)).generate(IMAGE)
    given = plain_settings(32, 0.2)

    assert 0.35 < adapted.threshold < 0.65
    # ... which is nearer to 0.3 than where the fixed threshold puts it.
    assert np.linalg.norm(adapted.mesh.vertices, axis=1).mean() == pytest.approx(0.3, abs=0.02)
    assert MeshGenerator(adapting, given).generate(IMAGE).threshold == 0.2


def slab(low, high):
    """Return a field that is inside for x between `low` and `high`, as shares of the cube."""
    return OccupancyField(
        TorchPoints(
            lambda points: (
                9 - 18.0 * (abs(points[:, 0] / 1.1 + 0.5 - (low + high) / 2) > (high - low) / 2)
            )
        )
    )


def test_consistency_is_the_mean_iou_of_the_photo_with_its_copies():
    assert consistency([slab(0.2, 0.6), slab(0.2, 0.6)]) == 1
    assert consistency([slab(0.1, 0.4), slab(0.5, 0.9)]) == 0
    half = consistency([slab(0.2, 0.6), slab(0.4, 0.6), slab(0.2, 0.6)])
    assert half == pytest.approx((0.5 + 1) / 2, abs=0.01)
    assert consistency([slab(0.2, 0.6)]) is None
    assert consistency([slab(0.5, 0.5), slab(0.5, 0.5)]) is None


def test_the_points_that_fill_the_cube_are_those_of_torchs_sobol_engine():
    sequence = torch.quasirandom.SobolEngine(3, scramble=True, seed=0)

    points = module._spread_points()

    np.testing.assert_array_equal(points, ((sequence.draw(POINTS) - 0.5) * CUBE_EDGE).numpy())
