from dataclasses import fields, replace

import pytest

from onet_cli.errors import InvalidOptionError
from onet_cli.evaluation.scores import (
    EXTENDED,
    F_SCORE_DISTANCE,
    F_SCORE_DISTANCES,
    MAIN,
    SHOWN,
    MeshMetrics,
    mean_metrics,
)

METRICS = MeshMetrics(0.5, 0.02, 0.01, 0.03, 0.8, 0.6, f_curve=(0.1, 0.2, 0.3, 0.4))


def test_f_scores_are_taken_at_half_to_five_percent_of_the_longest_edge():
    assert F_SCORE_DISTANCES == (0.005, 0.01, 0.02, 0.05)
    assert F_SCORE_DISTANCE in F_SCORE_DISTANCES


@pytest.mark.parametrize("score", SHOWN)
def test_distances_are_better_small_and_shown_in_tenths_of_the_longest_edge(score):
    is_distance = score in ("chamfer_l1", "accuracy", "completeness")

    assert SHOWN[score].better == (-1 if is_distance else 1)
    raised = replace(METRICS, **{score: 0.07})
    assert raised.shown(score) == pytest.approx(0.7 if is_distance else 0.07)
    assert replace(METRICS, **{score: None}).shown(score) is None


def test_main_scores_and_extended_ones_are_all_that_are_shown():
    assert [*MAIN, *EXTENDED] == list(SHOWN)
    # What the tables of the field have; everything else stands in a second one.
    assert (
        *("iou", "chamfer_l1", "accuracy", "completeness"),
        *("normal_consistency", "f_score"),
    ) == MAIN


def test_what_is_not_measured_counts_for_nothing():
    assert METRICS.closed == METRICS.components == METRICS.largest_share == 0
    assert MeshMetrics(0.5, 0.02, 0.01, 0.03, 0.8, 0.6).f_curve == (0, 0, 0, 0)
    assert all(getattr(METRICS, score) is None for score in EXTENDED)


def test_chamfer_l1_has_the_papers_unit_where_it_is_defined():
    assert METRICS.chamfer_l1_x10 == pytest.approx(0.2)
    assert replace(METRICS, chamfer_l1=None).chamfer_l1_x10 is None


def test_a_mean_is_over_the_metrics_in_which_a_score_is_defined():
    other = replace(METRICS, iou=None, chamfer_l1=0.04, f_curve=(0.3, 0.4, 0.5, 0.6), closed=1.0)

    mean = mean_metrics([METRICS, other])

    assert mean.iou == 0.5
    assert mean.chamfer_l1 == pytest.approx(0.03)
    assert mean.closed == 0.5
    assert mean.agreement is None
    assert mean.f_curve == pytest.approx((0.2, 0.3, 0.4, 0.5))


def test_scores_come_back_from_their_dictionary():
    full = MeshMetrics(
        **{
            field.name: (0.1, 0.2, 0.3, 0.4) if field.name == "f_curve" else 0.01 * n
            for n, field in enumerate(fields(MeshMetrics))
        }
    )
    data = full.to_dict()

    assert data["chamfer_l1_x10"] == full.chamfer_l1_x10
    assert MeshMetrics.from_dict(data) == full
    assert MeshMetrics.from_dict({**data, "f_curve": list(full.f_curve)}) == full


@pytest.mark.parametrize("score", [*EXTENDED, "thin_recall", "thin_precision"])
def test_scores_of_later_formats_may_be_missing(score):
    data = replace(METRICS, **{score: 0.5}).to_dict()
    del data[score]

    assert getattr(MeshMetrics.from_dict(data), score) is None


@pytest.mark.parametrize("change", ["no iou", "no closed", "short curve", "long curve", "no curve"])
def test_scores_that_are_missing_or_invalid_are_refused(change):
    data = METRICS.to_dict()
    if change == "no curve":
        data["f_curve"] = None
    elif change.endswith("curve"):
        data["f_curve"] = (0.1,) * (3 if change == "short curve" else 5)
    else:
        del data[change.removeprefix("no ")]

    with pytest.raises(InvalidOptionError, match="missing or invalid"):
        MeshMetrics.from_dict(data)


def test_no_metrics_have_no_mean():
    with pytest.raises(ValueError, match="no scores"):
        mean_metrics([])
