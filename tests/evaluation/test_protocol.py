import pytest

from onet_cli.evaluation.protocol import Protocol


def test_an_empty_mesh_has_the_worst_scores_of_the_strict_protocol():
    empty = Protocol.STRICT.rules.empty

    # The unit cube's diagonal is the longest distance within it.
    worst = 3**0.5
    assert (empty.chamfer_l1, empty.accuracy, empty.completeness) == (worst, worst, worst)
    assert empty.chamfer_l2 == pytest.approx(3)
    assert (empty.volume_error, empty.area_error) == (1, 1)
    others = ("iou", "normal_consistency", "f_score", "closed", "components", "largest_share")
    assert all(getattr(empty, score) == 0 for score in others)
    assert (empty.outline_photo, empty.outline_side, empty.outline_behind) == (0, 0, 0)
    assert empty.f_curve == (0, 0, 0, 0)


def test_the_papers_protocol_leaves_the_chamfer_of_an_empty_mesh_out():
    rules = Protocol.PAPER.rules

    assert rules.empty.chamfer_l1 is None
    assert rules.empty.normal_consistency == -1
    assert (rules.empty.iou, rules.empty.f_score) == (0, 0)
    assert (rules.empty.volume_error, rules.empty.area_error) == (1, 1)
    assert rules.empty.accuracy == rules.empty.completeness == 3**0.5
    assert (rules.threshold, rules.resolution, rules.view) == (0.2, 128, 0)
    assert rules.point_noise == 1e-4
    assert [rules.joins, rules.counts_unpredicted, rules.extended] == [False] * 3
    assert rules.align == "none"


def test_the_strict_protocol_leaves_threshold_grid_view_and_alignment_open():
    rules = Protocol.STRICT.rules

    assert rules.threshold is rules.resolution is rules.view is rules.align is None
    assert rules.joins
    assert rules.counts_unpredicted
    assert rules.extended
    assert rules.point_noise == 0
