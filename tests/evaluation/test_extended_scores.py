"""Turns, placed meshes, outlines and thin parts, from the store to the tables."""

import csv
import json
from dataclasses import replace

import numpy as np
import pytest
import trimesh

from onet_cli.errors import EmptySurfaceError, InvalidOptionError
from onet_cli.evaluation.align import best_turn, turn
from onet_cli.evaluation.cells import comparison_cells, extended_cells, table_title
from onet_cli.evaluation.compare import compare_tables
from onet_cli.evaluation.html.page import report_page
from onet_cli.evaluation.measure import Truth
from onet_cli.evaluation.protocol import Protocol
from onet_cli.evaluation.report import from_json, render, to_csv, to_json
from onet_cli.evaluation.scores import MeshMetrics
from onet_cli.evaluation.settings import EvaluationSettings
from onet_cli.evaluation.table import EvaluationTable, ObjectResult
from onet_cli.evaluation.tasks import Prediction, Task, evaluate_task, read_truth
from onet_cli.geometry.inside import contains
from onet_cli.geometry.normalize import CUBE_EDGE
from onet_cli.geometry.sampling import sample_surface
from onet_cli.geometry.yaw import TURNS
from onet_cli.shapes.shape import OccupancySamples, ShapeId, SurfaceSamples
from tests.evaluation.synthetic import CHAIR, NAMES, box_truth, make_store, sphere
from tests.evaluation.test_evaluation_table import FACTS

ID = ShapeId(CHAIR, "a")
EXTENTS = (1.0, 0.5, 0.25)
ADDED = {
    "placed_iou": 0.5,
    "outline_photo": 0.6,
    "outline_side": 0.7,
    "outline_behind": 0.8,
    "thin_recall": 0.3,
    "thin_precision": 0.35,
    "thin_f": 0.4,
    "agreement": 0.9,
}


def turned(mesh, degrees):
    matrix = trimesh.transformations.rotation_matrix(np.radians(degrees), (0, 1, 0))
    return mesh.copy().apply_transform(matrix)


def wedge():
    """A box with a smaller one in front, so that every turn tells from the others."""
    front = trimesh.creation.box((0.3, 0.3, 0.5)).apply_translation((0.3, 0.0, 0.2))
    return trimesh.util.concatenate([trimesh.creation.box((0.9, 0.3, 0.3)), front])


def stool(leg=0.04):
    parts = [trimesh.creation.box((0.6, 0.06, 0.6)).apply_translation((0, 0.45, 0))]
    for x, z in [(-0.25, -0.25), (0.25, -0.25), (-0.25, 0.25), (0.25, 0.25)]:
        parts.append(trimesh.creation.box((leg, 0.92, leg)).apply_translation((x, -0.02, z)))
    return trimesh.util.concatenate(parts)


def truth_of(mesh, points=20_000, surface=20_000):
    rng = np.random.default_rng(1)
    query = ((rng.random((points, 3)) - 0.5) * CUBE_EDGE).astype(np.float32)
    drawn, normals = sample_surface(mesh, surface, rng)
    return Truth(
        OccupancySamples(query, contains(mesh, query)),
        SurfaceSamples(drawn.astype(np.float32), normals.astype(np.float32)),
    )


def evaluate(store, prediction, view=0, **options):
    settings = EvaluationSettings(mesh_samples=20_000, view=view, **options)

    def predict(task, image, truth):
        if isinstance(prediction, Exception):
            raise prediction
        return prediction

    _, result, reason = evaluate_task(store, Task(ID, view), predict, settings)
    assert result is not None, reason
    return result


def table_of(metrics, facts=FACTS):
    return EvaluationTable(facts, (ObjectResult(ID, metrics, 1000, 2000, turn_deg=30.0),), NAMES)


def full_metrics(**changes):
    return replace(MeshMetrics(0.9, 0.02, 0.01, 0.03, 0.8, 0.5), **{**ADDED, **changes})


def test_a_turn_goes_from_z_towards_x_and_keeps_heights():
    points = np.array([[0, 0.2, 1], [1, -0.3, 0]])

    assert turn(points, 90) == pytest.approx(np.array([[1, 0.2, 0], [0, -0.3, -1]]), abs=1e-12)


@pytest.mark.parametrize("degrees", [0, 10, 130, 350])
def test_the_best_turn_undoes_that_of_the_prediction(degrees):
    truth, mesh = truth_of(wedge()), turned(wedge(), -degrees)

    assert best_turn(lambda points: contains(mesh, points), truth.occupancy) == degrees


def test_where_all_turns_tie_none_is_taken():
    truth = box_truth(EXTENTS, points=500)

    assert best_turn(lambda points: np.zeros(len(points), bool), truth.occupancy) == 0.0
    assert 360 % TURNS == 0


@pytest.mark.parametrize("form", ["mesh", "samples"])
def test_with_yaw_every_score_is_that_of_the_turned_prediction(tmp_path, form):
    store = make_store(tmp_path, [ID], truth_of(wedge()))
    right, wrong = wedge(), turned(wedge(), 50)

    def prediction(mesh):
        own = lambda points: contains(mesh, points)  # noqa: E731
        if form == "mesh":
            return Prediction(mesh, own, placed=mesh)
        samples = sample_surface(mesh, 20_000, np.random.default_rng(0))
        return Prediction(None, own, SurfaceSamples(*samples))

    plain, aligned = evaluate(store, prediction(right)), evaluate(store, prediction(wrong))
    found = evaluate(store, prediction(wrong), align="yaw")

    assert found.turn_deg == 310
    assert (plain.turn_deg, aligned.turn_deg) == (0, 0)
    assert aligned.metrics.iou < 0.7
    ours, theirs = found.metrics.to_dict(), plain.metrics.to_dict()
    curves = ours.pop("f_curve"), theirs.pop("f_curve")
    assert curves[0] == pytest.approx(curves[1], abs=1e-3)
    for name, value in theirs.items():
        assert (value is None) == (ours[name] is None)
        assert value is None or ours[name] == pytest.approx(value, abs=2e-3), name


def test_the_paper_protocol_refuses_yaw_and_measures_nothing_more(tmp_path):
    store = make_store(tmp_path, [ID])

    with pytest.raises(InvalidOptionError, match="requires --align none, not yaw"):
        EvaluationSettings(protocol=Protocol.PAPER, align="yaw")
    found = evaluate(store, Prediction(sphere(), placed=sphere()), protocol=Protocol.PAPER)
    empty = evaluate(store, EmptySurfaceError("none"), protocol=Protocol.PAPER)

    assert all(getattr(found.metrics, name) is None for name in ADDED)
    assert empty.metrics == Protocol.PAPER.rules.empty


def test_the_camera_of_the_view_is_told_where_it_is_known(tmp_path):
    known = make_store(tmp_path / "known", [ID], views=4)
    unknown = make_store(tmp_path / "unknown", [ID], known=False)

    camera = read_truth(known, Task(ID, 1)).camera

    assert camera.shape == (8,)
    assert np.degrees(camera[:2]) == pytest.approx([90, 20], abs=1e-3)
    assert read_truth(unknown, Task(ID, 0)).camera is None
    assert read_truth(known, Task(ID, 9)).camera is None


def test_outlines_are_those_from_the_photos_side(tmp_path):
    store = make_store(tmp_path, [ID], truth_of(trimesh.creation.box((0.2, 0.6, 1.0))), views=4)
    # As wide and high as the truth from +z, far less deep.
    shallow = trimesh.creation.box((0.2, 0.6, 0.3))

    front = evaluate(store, Prediction(shallow), view=0).metrics
    right = evaluate(store, Prediction(shallow), view=1).metrics

    assert front.outline_side < 0.5 < front.outline_photo
    assert right.outline_photo == pytest.approx(front.outline_side, abs=0.03)
    assert right.outline_side == pytest.approx(front.outline_photo, abs=0.03)


def test_without_a_camera_there_are_no_outlines_nor_where_the_mesh_is_empty(tmp_path):
    store = make_store(tmp_path, [ID], known=False)
    names = ("outline_photo", "outline_side", "outline_behind")

    found = evaluate(store, Prediction(sphere()))
    empty = evaluate(store, EmptySurfaceError("none"))

    assert [getattr(found.metrics, name) for name in names] == [None] * 3
    assert [getattr(empty.metrics, name) for name in names] == [None] * 3
    assert found.metrics.iou == pytest.approx(1, abs=0.05)


def test_an_empty_mesh_loses_outlines_and_the_thin_parts_that_the_truth_has(tmp_path):
    ball, legs = make_store(tmp_path / "ball", [ID]), make_store(tmp_path, [ID], truth_of(stool()))

    of_ball = evaluate(ball, EmptySurfaceError("none")).metrics
    of_legs = evaluate(legs, EmptySurfaceError("none")).metrics

    assert (of_ball.outline_photo, of_ball.outline_side, of_ball.outline_behind) == (0, 0, 0)
    assert (of_ball.thin_recall, of_ball.thin_precision, of_ball.thin_f) == (None, None, None)
    assert (of_legs.thin_recall, of_legs.thin_precision, of_legs.thin_f) == (0, 0, 0)
    assert of_ball.placed_iou is None


def test_thin_parts_are_scored_where_the_truth_has_some(tmp_path):
    store = make_store(tmp_path, [ID], truth_of(stool()))
    ball = make_store(tmp_path / "ball", [ID])

    right = evaluate(store, Prediction(stool())).metrics
    lost = evaluate(store, Prediction(sphere())).metrics

    assert (right.thin_recall, right.thin_precision, right.thin_f) == (1, 1, 1)
    assert lost.thin_f == 0
    assert evaluate(ball, Prediction(stool())).metrics.thin_f is None


def test_the_placed_mesh_has_an_iou_of_its_own(tmp_path):
    store = make_store(tmp_path, [ID])
    failed = Prediction(trimesh.Trimesh(), failure="none", placed=trimesh.Trimesh())

    found = evaluate(store, Prediction(sphere(0.4), placed=sphere(0.5))).metrics

    assert found.iou == pytest.approx(0.8**3, abs=0.06)
    assert found.placed_iou == pytest.approx(1.0, abs=0.01)  # the mesh is no perfect ball
    assert evaluate(store, Prediction(sphere(0.4))).metrics.placed_iou is None
    assert evaluate(store, failed).metrics.placed_iou == 0.0


def test_json_and_csv_hold_all_scores_and_older_json_is_read():
    table = table_of(full_metrics(), replace(FACTS, align="yaw", placing="upright"))
    data = json.loads(to_json(table))
    (line,) = csv.DictReader(to_csv(table).splitlines())

    assert from_json(to_json(table)) == table
    assert data["format_version"] == 3
    assert (data["align"], data["placing"]) == ("yaw", "upright")
    assert {name: data["instance_mean"][name] for name in ADDED} == ADDED
    assert {name: float(line[name]) for name in ADDED} == ADDED
    assert float(line["turn_deg"]) == data["objects"][0]["turn_deg"] == 30
    assert set(ADDED) <= data["instance_mean_interval"].keys()
    older = data | {"format_version": 2}
    del older["align"], older["placing"], older["objects"][0]["turn_deg"]
    for name in ADDED:
        del older["objects"][0]["metrics"][name]
    back = from_json(json.dumps(older))
    assert (back.facts.align, back.facts.placing, back.objects[0].turn_deg) == ("none", "", 0)
    assert back.objects[0].metrics == full_metrics(**dict.fromkeys(ADDED))


@pytest.mark.parametrize("form", ["table", "markdown", "latex"])
def test_a_second_table_holds_the_means_where_there_are_any(form):
    some = render(table_of(full_metrics(placed_iou=None)), form)
    none = render(table_of(full_metrics(**dict.fromkeys(ADDED))), form)

    assert "outline, behind" in some
    assert all(f"{value:.3f}" in some for value in (0.6, 0.7, 0.8, 0.4, 0.9))
    assert "outline" not in none
    assert extended_cells(table_of(full_metrics()))[0] == [
        "categories",
        *("0.500", "0.600", "0.700", "0.800", "0.400", "0.900"),
    ]


def test_the_title_says_how_meshes_were_placed_and_turned():
    plain = table_title(table_of(full_metrics()))
    placed = table_title(table_of(full_metrics(), replace(FACTS, placing="as the network says")))
    turned_too = table_title(table_of(full_metrics(), replace(FACTS, align="yaw")))

    assert "placed" not in plain
    assert "turned" not in plain
    assert "meshes placed as the network says" in placed
    assert "rotated about the vertical" in turned_too


def test_a_comparison_has_the_scores_of_both_and_warns_of_another_turn():
    first, second = table_of(full_metrics()), table_of(full_metrics(thin_f=0.6))
    yaw = replace(second, facts=replace(FACTS, align="yaw", placing="upright"))
    older = table_of(full_metrics(**dict.fromkeys(ADDED)))

    rows = {row[0]: row for row in comparison_cells(compare_tables(first, second))}

    assert {"placed IoU", "out. photo", "out. side", "out. behind", "thin F"} <= rows.keys()
    assert rows["thin F"][1:3] == ["0.4000", "0.6000"]
    assert compare_tables(first, yaw).warnings == ("align: none and yaw",)
    assert "thin F" not in {row[0] for row in comparison_cells(compare_tables(first, older))}


def test_the_page_lists_what_is_known():
    some = report_page(table_of(full_metrics(placed_iou=None)), [])
    none = report_page(table_of(full_metrics(**dict.fromkeys(ADDED))), [])

    assert "outline, behind" in some
    assert "thin parts, F" in some
    assert "placed IoU" not in some
    assert "outline, behind" not in none
