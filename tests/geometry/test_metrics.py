import json
from pathlib import Path

import numpy as np
import pytest

from onet_cli.errors import EmptySurfaceError, InvalidGeometryError
from onet_cli.geometry.inside import contains
from onet_cli.geometry.mesh import make_mesh
from onet_cli.geometry.metrics import compare_surfaces, occupancy_iou

DATA = Path(__file__).parent.parent / "data"


@pytest.fixture(scope="module")
def recorded():
    with np.load(DATA / "metrics.npz") as arrays:
        return dict(arrays), json.loads((DATA / "metrics.json").read_text())


@pytest.fixture(scope="module")
def scores(recorded):
    arrays, _ = recorded
    return compare_surfaces(
        arrays["pred_points"], arrays["pred_normals"], arrays["gt_points"], arrays["gt_normals"]
    )


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("accuracy", "accuracy"),
        ("completeness", "completeness"),
        ("chamfer_l1", "chamfer-L1"),
        ("chamfer_l2", "chamfer-L2"),
        ("normals_accuracy", "normals accuracy"),
        ("normals_completeness", "normals completeness"),
        ("normal_consistency", "normals"),
    ],
)
def test_each_score_is_the_one_the_original_evaluation_recorded(recorded, scores, ours, theirs):
    assert getattr(scores, ours) == pytest.approx(recorded[1]["with_normals"][theirs], abs=1e-6)


def test_iou_of_a_mesh_is_the_one_the_original_evaluation_recorded(recorded):
    arrays, expected = recorded
    mesh = make_mesh(arrays["pred_vertices"], arrays["pred_faces"])
    target = arrays["iou_occ"].astype(bool)

    predicted = contains(mesh, arrays["iou_points"])

    inside = np.unpackbits(arrays["expected_pred_inside"])[: len(predicted)].astype(bool)
    np.testing.assert_array_equal(predicted, inside)
    assert predicted.sum() == expected["n_inside_pred"]
    assert target.sum() == expected["n_inside_gt"]
    assert occupancy_iou(predicted, target) == pytest.approx(expected["iou_mesh"], abs=1e-6)


def test_f_score_is_the_harmonic_mean_of_the_shares_within_the_distance():
    predicted = np.array([[0, 0, 0], [1, 0, 0], [2, 0, 0], [3, 0, 0]], float)
    target = np.array([[0.005, 0, 0], [1, 0.005, 0], [2, 0.5, 0], [9, 0, 0], [10, 0, 0]], float)
    up = [np.tile([0.0, 0, 1], (len(points), 1)) for points in (predicted, target)]
    precision, recall = 2 / 4, 2 / 5

    scores = compare_surfaces(predicted, up[0], target, up[1], f_score_distances=(0.01,))

    assert scores.f_scores[0] == pytest.approx(2 * precision * recall / (precision + recall))


def test_a_distance_of_exactly_the_limit_counts():
    up = np.array([[0.0, 0, 1]])
    scores = compare_surfaces(
        np.zeros((1, 3)), up, np.array([[0.25, 0, 0]]), up, f_score_distances=(0.25,)
    )

    assert scores.f_scores == (1.0,)


def test_a_curve_of_f_scores_rises_with_the_distance():
    rng = np.random.default_rng(4)
    points = rng.random((500, 3))
    up = np.tile([0.0, 0.0, 1.0], (500, 1))

    scores = compare_surfaces(
        points, up, points + np.array([0.02, 0, 0]), up, f_score_distances=(0.001, 0.01, 0.03)
    )

    assert scores.f_scores == tuple(sorted(scores.f_scores))
    assert scores.f_scores[-1] == 1.0


def test_f_score_is_zero_when_nothing_is_near():
    up = np.array([[0.0, 0, 1]])
    assert compare_surfaces(np.zeros((1, 3)), up, np.ones((1, 3)), up).f_scores == (0.0,)


def test_a_surface_compared_with_itself_is_perfect():
    points = np.random.default_rng(0).uniform(-0.5, 0.5, (500, 3))
    normals = points / np.linalg.norm(points, axis=1, keepdims=True)

    scores = compare_surfaces(points, normals, points, normals)

    assert scores.chamfer_l1 == scores.chamfer_l2 == 0
    assert scores.normal_consistency == pytest.approx(1)
    assert scores.f_scores == (1.0,)


def test_normals_count_the_same_when_they_are_flipped_or_scaled(recorded, scores):
    arrays, _ = recorded

    flipped = compare_surfaces(
        arrays["pred_points"],
        -3 * arrays["pred_normals"],
        arrays["gt_points"],
        arrays["gt_normals"],
    )

    assert flipped.normal_consistency == pytest.approx(scores.normal_consistency, abs=1e-9)


@pytest.mark.parametrize("counts", [(0, 5), (5, 0), (0, 0)])
def test_an_empty_surface_cannot_be_compared(counts):
    predicted, target = (np.ones((count, 3)) for count in counts)
    with pytest.raises(EmptySurfaceError):
        compare_surfaces(predicted, predicted, target, target)


def test_iou_is_shared_points_over_points_in_either():
    a = np.array([1, 1, 1, 0, 0], bool)
    b = np.array([0, 1, 1, 1, 0], bool)
    assert occupancy_iou(a, b) == 0.5
    assert occupancy_iou(a, ~a) == 0
    assert occupancy_iou(a, a) == 1


def test_iou_of_two_empty_shapes_is_one():
    nothing = np.zeros(4, bool)
    assert occupancy_iou(nothing, nothing) == 1


def test_iou_refuses_shapes_that_differ():
    with pytest.raises(InvalidGeometryError, match=r"\(4,\) and \(5,\)"):
        occupancy_iou(np.zeros(4, bool), np.zeros(5, bool))


@pytest.mark.parametrize("stray", [np.nan, np.inf, 1e30])
def test_a_sample_that_lies_nowhere_is_refused(stray):
    good, bad = np.zeros((3, 3)), np.full((3, 3), stray)
    for predicted, target in ((good, bad), (bad, good)):
        with pytest.raises(InvalidGeometryError, match="not finite"):
            compare_surfaces(predicted, good, target, good)


def test_normals_without_length_agree_with_nothing():
    points, up = np.eye(3), np.tile([0.0, 0, 1], (3, 1))
    assert compare_surfaces(points, 0 * up, points, up).normal_consistency == 0
    assert compare_surfaces(points, 1e-200 * up, points, up).normal_consistency == 0


def test_samples_all_in_one_place_have_scores():
    points, up = np.full((9, 3), 0.25), np.tile([0.0, 0, 1], (9, 1))

    scores = compare_surfaces(points, up, points[:4], up[:4])

    assert scores.chamfer_l1 == 0
    assert scores.normal_consistency == 1


def test_normals_count_by_the_angle_between_them_and_none_counts_nothing():
    points = np.array([[0.0, 0, 0], [1, 0, 0], [2, 0, 0], [3, 0, 0]])
    normals = np.array([[0.0, 0, 2], [0, 0, 1], [0, 1, 1], [0, 0, 0]])
    others = np.array([[0.0, 0, -1], [0, 5, 0], [0, 0, 3], [0, 0, 1]])

    scores = compare_surfaces(points, normals, points[::-1], others[::-1])

    assert scores.normal_consistency == pytest.approx((1 + 0 + np.sqrt(0.5) + 0) / 4)


def test_normals_that_do_not_go_with_the_points_are_refused():
    points = np.random.default_rng(0).normal(size=(9, 3))
    with pytest.raises(InvalidGeometryError, match=r"\(8, 3\) normals for \(9, 3\) points"):
        compare_surfaces(points, points, points, points[:8])
