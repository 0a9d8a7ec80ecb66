import numpy as np
import pytest
import trimesh
from scipy.stats import qmc

from onet_cli.errors import CheckpointError, EmptySurfaceError
from onet_cli.evaluation import measure
from onet_cli.evaluation.measure import Truth
from onet_cli.evaluation.protocol import Protocol
from onet_cli.evaluation.settings import EvaluationSettings
from onet_cli.evaluation.tasks import Prediction, Task, evaluate_task, list_tasks
from onet_cli.geometry.normalize import CUBE_EDGE
from onet_cli.geometry.sampling import sample_surface
from onet_cli.shapes.shape import OccupancySamples, ShapeId, SurfaceSamples
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
    noise = settings.protocol.rules.point_noise
    return measure.score_mesh(
        mesh, truth, settings.mesh_samples, noise, np.random.default_rng(seed)
    )


def raising(error):
    def predict(task, image, truth):
        raise error

    return predict


def answering(mesh):
    return lambda task, image, truth: Prediction(mesh)


def evaluate_shapes(store, ids, predict, settings):
    """Results, and apart the ids without a score and the reasons."""
    outcomes = [
        evaluate_task(store, task, predict, settings) for task in list_tasks(store, ids, settings)
    ]
    results = [result for _, result, _ in outcomes if result is not None]
    return results, [(str(task.id), reason) for task, result, reason in outcomes if not result]


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

    (result,), _ = evaluate_shapes(store, IDS[:1], answering(trimesh.Trimesh()), STRICT)

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
    assert strict[1] == []
    assert paper == ([], [(str(IDS[0]), "no numbers")])


def test_an_object_that_cannot_be_read_does_not_stop_the_others(tmp_path):
    store = make_store(tmp_path, IDS)
    store.path(IDS[1]).write_bytes(b"no HDF5 file")

    results, unscored = evaluate_shapes(store, IDS, answering(sphere()), STRICT)

    assert [result.id for result in results] == [IDS[0], IDS[2]]
    assert [name for name, _ in unscored] == [str(IDS[1])]
    assert "damaged" in unscored[0][1]


def test_scores_depend_on_the_object_and_the_seed_but_not_on_the_company(tmp_path):
    store = make_store(tmp_path, IDS)

    def run(ids, seed=0):
        settings = EvaluationSettings(mesh_samples=2000, seed=seed)
        return {
            r.id: r.metrics for r in evaluate_shapes(store, ids, answering(sphere()), settings)[0]
        }

    together, alone, reseeded = run(IDS), run(IDS[1:2]), run(IDS, seed=1)

    assert together[IDS[1]] == alone[IDS[1]]
    assert together[IDS[0]] != together[IDS[1]]
    assert together[IDS[1]] != reseeded[IDS[1]]


def test_the_view_reaches_the_network_as_an_rgb_picture(tmp_path):
    store = make_store(tmp_path, IDS[:1])
    seen = []

    evaluate_shapes(
        store,
        IDS[:1],
        lambda task, image, truth: seen.append(image) or Prediction(sphere()),
        STRICT,
    )

    assert seen[0].shape == (32, 32, 3)
    assert seen[0].dtype == np.uint8


def test_the_network_is_scored_apart_from_its_mesh(tmp_path):
    store = make_store(tmp_path, IDS[:1])
    prediction = Prediction(sphere(0.4), lambda points: np.linalg.norm(points, axis=1) < 0.5)

    (result,), _ = evaluate_shapes(store, IDS[:1], lambda task, image, truth: prediction, STRICT)

    assert result.metrics.network_iou == 1.0
    assert result.metrics.iou == pytest.approx(0.8**3, abs=0.05)


def test_volume_and_area_errors_are_those_of_the_formulas():
    metrics = score(sphere(0.4), sphere_truth(0.5, points=80_000))

    # A share of points has the deviation of a binomial one, about 0.003 here.
    assert metrics.volume_error == pytest.approx(1 - 0.8**3, abs=0.009)
    assert metrics.area_error == pytest.approx(1 - 0.8**2, abs=0.03)


def test_even_points_tell_volume_errors_and_overlaps_of_boxes_to_a_thousandth():
    truth = box_truth((0.6, 0.6, 0.6))
    even = (qmc.Sobol(3, seed=0).random_base2(17) - 0.5) * CUBE_EDGE
    inside = (np.abs(even) < 0.3).all(axis=1)
    truth = Truth(OccupancySamples(even.astype(np.float32), inside), truth.surface)
    for edges, shift in (((0.8, 0.6, 0.6), 0.0), ((0.3, 0.6, 0.6), 0.0), ((0.6, 0.6, 0.6), 0.2)):
        box = trimesh.creation.box(edges).apply_translation((shift, 0, 0))

        metrics = score(box, truth)

        common = min(0.3, shift + edges[0] / 2) - max(-0.3, shift - edges[0] / 2)
        assert metrics.volume_error == pytest.approx(abs(edges[0] / 0.6 - 1), abs=1e-3)
        assert metrics.iou == pytest.approx(common / (0.6 + edges[0] - common), abs=1e-3)


@pytest.mark.parametrize("change", ["none", "inside out", "two boxes that overlap"])
def test_the_volume_of_a_perfect_prediction_is_right_however_its_faces_are_turned(change):
    extents = (1.0, 0.5, 0.25)
    mesh = trimesh.creation.box(extents)
    if change == "inside out":
        mesh.invert()
    if change == "two boxes that overlap":
        halves = [trimesh.creation.box((0.6, 0.5, 0.25)) for _ in range(2)]
        for half, side in zip(halves, (-0.2, 0.2), strict=True):
            half.apply_translation((side, 0, 0))
        mesh = trimesh.util.concatenate(halves)

    metrics = score(mesh, box_truth(extents))

    assert (metrics.iou, metrics.volume_error) == (1.0, 0.0)


@pytest.mark.parametrize(
    "mesh",
    [
        trimesh.creation.box((1.0, 0.5, 0.25)),
        trimesh.creation.box((1.0, 0.03, 0.03)),
        trimesh.creation.icosphere(subdivisions=5, radius=0.5),
    ],
)
def test_the_area_of_the_truth_is_told_by_how_densely_it_is_sampled(mesh):
    truths = [
        Truth(
            sphere_truth(points=10).occupancy, SurfaceSamples(*sample_surface(mesh, 100_000, rng))
        )
        for rng in map(np.random.default_rng, range(4))
    ]

    # Of one sample the deviation is 0.8 %; beside an edge neighbours are nearer than on a plane.
    assert np.mean([truth.area for truth in truths]) == pytest.approx(mesh.area, rel=0.012)


def test_a_surface_of_no_samples_has_no_area():
    nothing = np.empty((0, 3), np.float32)

    assert Truth(sphere_truth(points=10).occupancy, SurfaceSamples(nothing, nothing)).area == 0.0


def test_pieces_and_their_shares_of_the_volume_are_counted():
    large, small = sphere(0.2), sphere(0.1)
    large.apply_translation((-0.2, 0, 0))
    small.apply_translation((0.3, 0, 0))

    metrics = score(trimesh.util.concatenate([large, small]), sphere_truth(0.5))

    assert metrics.closed == 1.0
    assert metrics.components == 2.0
    assert metrics.largest_share == pytest.approx(8 / 9, abs=1e-3)


def test_an_open_mesh_is_measured_and_said_to_be_open():
    mesh = sphere(0.4)
    mesh.update_faces(np.arange(len(mesh.faces)) > 20)

    metrics = score(mesh, sphere_truth(0.5))

    assert metrics.closed == 0.0
    assert metrics.iou == pytest.approx(0.8**3, abs=0.03)


def test_the_f_curve_rises_and_holds_the_f_score():
    metrics = score(sphere(0.48), sphere_truth(0.5))

    assert metrics.f_curve[1] == metrics.f_score
    assert metrics.f_curve == tuple(sorted(metrics.f_curve))
    assert metrics.f_curve[0] == 0.0
    assert metrics.f_curve[-1] == 1.0


def test_all_views_are_tasks_of_their_own_and_one_is_drawn_at_random(tmp_path):
    store = make_store(tmp_path, IDS, views=8)

    every = list(list_tasks(store, IDS, EvaluationSettings(view="all")))
    drawn = list(list_tasks(store, IDS, EvaluationSettings(view="random")))
    again = list(list_tasks(store, IDS, EvaluationSettings(view="random")))

    assert every == [Task(shape_id, view) for shape_id in IDS for view in range(8)]
    assert [task.id for task in drawn] == IDS
    assert drawn == again
    assert (
        len(
            {
                task.view
                for s in range(9)
                for task in list_tasks(store, IDS, EvaluationSettings(view="random", seed=s))
            }
        )
        > 4
    )


def test_a_result_tells_from_which_side_its_view_was_taken(tmp_path):
    store = make_store(tmp_path, IDS[:1], views=8)

    results, _ = evaluate_shapes(
        store, IDS[:1], answering(sphere()), EvaluationSettings(view="all", mesh_samples=500)
    )

    assert [result.azimuth_deg for result in results] == pytest.approx(
        [0, 45, 90, 135, 180, 225, 270, 315], abs=1e-3
    )


def test_a_view_that_is_not_there_has_no_score_and_a_reason(tmp_path):
    store = make_store(tmp_path, IDS[:1])

    results, unscored = evaluate_shapes(
        store, IDS[:1], answering(sphere()), EvaluationSettings(view=3)
    )

    assert not results
    assert "view 3" in unscored[0][1] or "3" in unscored[0][1]


@pytest.mark.parametrize("change", ["none", "hole", "double", "inverted"])
def test_closed_and_pieces_are_what_trimesh_says(change):
    mesh = trimesh.util.concatenate([sphere(0.2), sphere(0.1).apply_translation((0.4, 0, 0))])
    faces = np.asarray(mesh.faces)
    if change == "hole":
        faces = faces[1:]
    if change == "double":
        faces = np.concatenate([faces, faces[:1]])
    if change == "inverted":
        faces = faces[:, ::-1]
    mesh = trimesh.Trimesh(mesh.vertices, faces, process=False)

    metrics = score(mesh, sphere_truth(0.5))

    assert metrics.closed == float(mesh.is_watertight)
    assert metrics.components == 2.0
    if mesh.is_watertight:
        pieces = [abs(piece.volume) for piece in mesh.split()]
        assert metrics.largest_share == pytest.approx(max(pieces) / sum(pieces), abs=1e-9)
