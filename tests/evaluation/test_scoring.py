import numpy as np
import pytest
import trimesh

from onet_cli.errors import CheckpointError, EmptySurfaceError
from onet_cli.evaluation.evaluate import evaluate_shapes, score_mesh
from onet_cli.evaluation.protocol import Protocol
from onet_cli.evaluation.settings import EvaluationSettings
from onet_cli.shapes.shape import OccupancySamples, ShapeId
from tests.evaluation.synthetic import (
    CHAIR,
    SOFA,
    box_truth,
    make_store,
    sphere,
    sphere_truth,
)

STRICT = EvaluationSettings(mesh_samples=20_000)
PAPER = EvaluationSettings(protocol=Protocol.PAPER, mesh_samples=20_000)
IDS = [ShapeId(CHAIR, "a"), ShapeId(CHAIR, "b"), ShapeId(SOFA, "c")]


def score(mesh, truth, settings=STRICT, seed=0):
    return score_mesh(mesh, truth, settings, np.random.default_rng(seed))


def raising(error):
    def predict(image):
        raise error

    return predict


def test_a_perfect_box_scores_an_iou_of_1_and_the_sampling_noise_as_chamfer():
    extents = (1.0, 0.5, 0.25)
    area = 2 * (1.0 * 0.5 + 1.0 * 0.25 + 0.5 * 0.25)

    metrics = score(trimesh.creation.box(extents), box_truth(extents))

    # From a point of a plane to the nearest of random ones of density n it is 1 / (2 sqrt(n)).
    noise = 0.5 * np.sqrt(area / 20_000)
    assert metrics.iou == 1.0
    assert metrics.chamfer_l1 == pytest.approx(noise, rel=0.05)
    assert metrics.accuracy == pytest.approx(metrics.completeness, rel=0.05)
    # The chance that none of them lies within 0.01 is exp(-n pi 0.01^2).
    assert metrics.f_score == pytest.approx(1 - np.exp(-20_000 / area * np.pi * 1e-4), abs=0.01)
    # Only beside an edge can the nearest point lie on another face.
    assert metrics.normal_consistency > 0.97


def test_concentric_spheres_score_their_gap_and_the_ratio_of_their_volumes():
    metrics = score(sphere(0.4), sphere_truth(0.5))

    assert metrics.iou == pytest.approx(0.8**3, abs=0.02)
    assert metrics.accuracy == pytest.approx(0.1, abs=0.002)
    assert metrics.completeness == pytest.approx(0.1, abs=0.002)
    assert metrics.chamfer_l1 == pytest.approx((metrics.accuracy + metrics.completeness) / 2)
    assert metrics.chamfer_l1_x10 == pytest.approx(1.0, abs=0.02)
    assert metrics.normal_consistency > 0.98
    assert metrics.f_score == 0.0


def test_a_shifted_box_scores_the_overlap_and_the_distance_of_the_two_boxes():
    box = trimesh.creation.box((0.5, 0.5, 0.5))
    box.apply_translation((0.1, 0, 0))

    metrics = score(box, box_truth((0.5, 0.5, 0.5), points=80_000))

    # The leading face is 0.1 off. The trailing one lies inside the other box and is min(0.1,
    # distance to its own border) off: the integral of (1 - 4t)^2 for t from 0 to 0.1. Of the four
    # faces along the shift a fifth sticks out, by 0.05 in the mean; the rest coincide and show
    # the noise of sampling.
    noise = 0.5 * np.sqrt(6 * 0.5**2 / 20_000)
    distance = (0.1 + (1 - 0.6**3) / 12 + 4 * (0.2 * 0.05 + 0.8 * noise)) / 6
    assert metrics.iou == pytest.approx((0.5 - 0.1) / (0.5 + 0.1), abs=0.01)
    assert metrics.accuracy == pytest.approx(distance, abs=5e-4)
    assert metrics.completeness == pytest.approx(distance, abs=5e-4)


def test_the_paper_protocol_adds_noise_to_float16_points_only():
    # Points just inside the face of a box, nearer to it than the noise is wide.
    points = np.zeros((8000, 3), np.float32)
    points[:, 0] = 0.25 - 2e-5
    truth = box_truth((0.5, 0.5, 0.5))
    box = trimesh.creation.box((0.5, 0.5, 0.5))
    box.apply_scale(1 + 1e-6)

    def iou(dtype, settings):
        occupancy = OccupancySamples(points.astype(dtype), np.ones(len(points), bool))
        return score(box, type(truth)(occupancy, truth.surface), settings).iou

    assert iou(np.float32, PAPER) == 1.0
    assert iou(np.float16, STRICT) == 1.0
    assert iou(np.float16, PAPER) < 0.9


def test_an_iou_that_is_not_defined_is_left_out():
    truth = sphere_truth(0.5)
    outside = ~truth.occupancy.occupancies
    nothing = OccupancySamples(truth.occupancy.points[outside], np.zeros(outside.sum(), bool))

    metrics = score(sphere(0.4), type(truth)(nothing, truth.surface))

    assert metrics.iou is None


@pytest.mark.parametrize(
    ("settings", "chamfer", "normals"), [(STRICT, np.sqrt(3), 0.0), (PAPER, None, -1.0)]
)
def test_an_empty_surface_scores_what_the_protocol_says(tmp_path, settings, chamfer, normals):
    store = make_store(tmp_path, IDS)

    results, unscored = evaluate_shapes(
        store, IDS, raising(EmptySurfaceError("no surface")), settings
    )

    assert not unscored
    assert [result.failure for result in results] == ["no surface"] * 3
    for result in results:
        assert result.metrics.iou == 0.0
        assert result.metrics.chamfer_l1 == chamfer
        assert result.metrics.accuracy == result.metrics.completeness == np.sqrt(3)
        assert result.metrics.normal_consistency == normals
        assert result.metrics.f_score == 0.0


def test_a_mesh_without_faces_counts_as_an_empty_surface(tmp_path):
    store = make_store(tmp_path, IDS[:1])

    (result,), _ = evaluate_shapes(store, IDS[:1], lambda image: trimesh.Trimesh(), STRICT)

    assert result.failure == "the mesh has no surface"
    assert result.metrics == Protocol.STRICT.rules.empty


def test_a_prediction_that_fails_counts_in_the_strict_protocol_and_drops_out_in_the_papers(
    tmp_path,
):
    store = make_store(tmp_path, IDS[:1])
    predict = raising(CheckpointError("no numbers"))

    strict = evaluate_shapes(store, IDS[:1], predict, STRICT)
    paper = evaluate_shapes(store, IDS[:1], predict, PAPER)

    assert strict[0][0].metrics == Protocol.STRICT.rules.empty
    assert strict[1] == ()
    assert paper == ((), ((str(IDS[0]), "no numbers"),))


def test_an_object_that_cannot_be_read_does_not_stop_the_others(tmp_path):
    store = make_store(tmp_path, IDS)
    store.path(IDS[1]).write_bytes(b"no HDF5 file")
    steps = []

    results, unscored = evaluate_shapes(
        store, IDS, lambda image: sphere(), STRICT, lambda done, total: steps.append((done, total))
    )

    assert [result.id for result in results] == [IDS[0], IDS[2]]
    assert [name for name, _ in unscored] == [str(IDS[1])]
    assert "damaged" in unscored[0][1]
    assert steps == [(1, 3), (2, 3), (3, 3)]


def test_scores_depend_on_the_object_and_the_seed_but_not_on_the_company(tmp_path):
    store = make_store(tmp_path, IDS)

    def run(ids, seed=0):
        settings = EvaluationSettings(mesh_samples=2000, seed=seed)
        return {
            r.id: r.metrics for r in evaluate_shapes(store, ids, lambda _: sphere(), settings)[0]
        }

    together, alone, reseeded = run(IDS), run(IDS[1:2]), run(IDS, seed=1)

    assert together[IDS[1]] == alone[IDS[1]]
    assert together[IDS[0]] != together[IDS[1]]
    assert together[IDS[1]] != reseeded[IDS[1]]


def test_the_view_reaches_the_network_as_an_rgb_picture(tmp_path):
    store = make_store(tmp_path, IDS[:1])
    seen = []

    evaluate_shapes(store, IDS[:1], lambda image: seen.append(image) or sphere(), STRICT)

    assert seen[0].shape == (32, 32, 3)
    assert seen[0].dtype == np.uint8
