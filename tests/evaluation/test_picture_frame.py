import json

import numpy as np
import pytest
import torch
from trimesh.creation import box

from onet_cli.errors import InvalidOptionError
from onet_cli.evaluation.picture_frame import predict_in_picture_frame
from onet_cli.evaluation.settings import EvaluationSettings
from onet_cli.evaluation.tasks import Task, evaluate_task, read_truth
from onet_cli.geometry.camera import Camera
from onet_cli.geometry.render import on_white, render
from onet_cli.reconstruction.generator import MeshGenerator
from onet_cli.reconstruction.settings import plain_settings
from onet_cli.shapes.shape import ShapeId
from tests.evaluation.synthetic import CHAIR, box_truth, make_store
from tests.reconstruction.rigged import box_checkpoint

EXTENTS = (1.0, 0.6, 0.4)
SHAPE = ShapeId(CHAIR, "box")


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    truth = box_truth(EXTENTS, points=8000, surface=20_000)
    return make_store(tmp_path_factory.mktemp("boxes"), [SHAPE], truth, views=5)


def scores(store, view, extents=EXTENTS, lean=0.0, kept=None):
    row = read_truth(store, Task(SHAPE, view)).camera
    checkpoint = box_checkpoint(extents, row, float(row[1]) + lean)
    generator = MeshGenerator(checkpoint, plain_settings(64))

    def predict(task, image, truth):
        planes = torch.from_numpy(image.transpose(2, 0, 1).copy())
        return predict_in_picture_frame(generator, task, planes, truth, kept)

    settings = EvaluationSettings(mesh_samples=20_000)
    _, result, reason = evaluate_task(store, Task(SHAPE, view), predict, settings)
    assert result is not None, reason
    return result.metrics


@pytest.mark.parametrize("view", range(5))
def test_a_true_answer_scores_one_from_any_side(store, view):
    found = scores(store, view)

    assert found.iou > 0.9
    assert found.placed_iou > 0.9
    assert found.network_iou > 0.97
    assert min(found.outline_photo, found.outline_side, found.outline_behind) > 0.9


def test_size_and_place_are_its_own_in_the_first_score_and_the_truths_in_the_second(store):
    found = scores(store, 1, extents=(0.5, 0.3, 0.2))

    assert found.iou > 0.85  # of the right proportions
    assert found.placed_iou == pytest.approx(0.125, abs=0.03)


def test_a_wrong_elevation_costs_in_the_mesh_and_not_in_the_picture(store):
    upright, leaning = scores(store, 1), scores(store, 1, lean=0.25)

    assert leaning.iou < upright.iou - 0.1
    assert leaning.placed_iou < upright.placed_iou - 0.1 or leaning.placed_iou > 0.9


def test_a_shape_beside_the_centre_is_placed_where_the_field_has_it(store):
    task = Task(SHAPE, 1)
    truth = read_truth(store, task)
    ball = (0.3, 0.0, 0.0, 0.15)  # place and radius; it sticks out of the box
    checkpoint = box_checkpoint((0.4, 0.3, 0.2), truth.camera, speck=ball)
    generator = MeshGenerator(checkpoint, plain_settings(64))

    found = predict_in_picture_frame(generator, task, torch.zeros(3, 32, 32).byte(), truth, None)

    expected = [[-0.2, -0.15, -0.15], [0.45, 0.15, 0.15]]
    np.testing.assert_allclose(found.placed.bounds, expected, atol=0.02)


@pytest.mark.parametrize(("lean", "least"), [(0.0, 0.95), (0.25, 0.92)])
def test_the_agreement_is_that_of_the_outline_seen_by_the_guessed_camera(
    store, tmp_path, lean, least
):
    task = Task(SHAPE, 2)
    truth = read_truth(store, task)
    size = 224
    camera = Camera.orbit(2 * 360 / 5, 20, 2.0, size)  # the same view, in a larger picture
    pixels = on_white(render(box(EXTENTS), camera, size))
    image = torch.from_numpy(pixels.transpose(2, 0, 1).copy())
    checkpoint = box_checkpoint(EXTENTS, truth.camera, float(truth.camera[1]) + lean)
    generator = MeshGenerator(checkpoint, plain_settings(64))

    first = predict_in_picture_frame(generator, task, image, truth, tmp_path / "box.ply")
    again = predict_in_picture_frame(generator, task, image, truth, tmp_path / "box.ply")

    assert first.agreement > least
    assert first.agreement == again.agreement
    assert first.agreement == pytest.approx(generator.generate(image).agreement, abs=2e-3)


def test_without_a_surface_the_agreement_is_nothing(store):
    row = read_truth(store, Task(SHAPE, 1)).camera
    generator = MeshGenerator(box_checkpoint((-1.0, -1.0, -1.0), row), plain_settings(32))

    def predict(task, image, truth):
        planes = torch.from_numpy(image.transpose(2, 0, 1).copy())
        return predict_in_picture_frame(generator, task, planes, truth, None)

    _, result, _ = evaluate_task(store, Task(SHAPE, 1), predict, EvaluationSettings())

    assert result.metrics.agreement == 0


def test_kept_meshes_score_the_same(store, tmp_path):
    kept = tmp_path / "box" / "01.ply"

    first, again = (scores(store, 1, kept=kept) for _ in range(2))

    assert kept.is_file()
    assert first == again
    placing = np.array(json.loads(kept.with_suffix(".placing.json").read_text()))
    np.testing.assert_allclose(placing[:, :3] @ placing[:, :3].T, np.eye(3), atol=0.02)


def test_a_view_without_a_camera_cannot_be_scored(tmp_path):
    unknown = make_store(tmp_path, [SHAPE], box_truth(EXTENTS, 800, 800), known=False)
    truth = read_truth(unknown, Task(SHAPE, 0))
    row = np.array([0, 0.3, 0.5, 1.5, 0, 0, 0, 0], np.float32)
    generator = MeshGenerator(box_checkpoint(EXTENTS, row))

    with pytest.raises(InvalidOptionError, match="no camera"):
        predict_in_picture_frame(
            generator, Task(SHAPE, 0), torch.zeros(3, 8, 8).byte(), truth, None
        )
