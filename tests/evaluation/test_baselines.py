import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from onet_cli.errors import InvalidOptionError, StoreError
from onet_cli.evaluation.baselines import BaselineMethod, coarse_grid, membership, overlap
from onet_cli.evaluation.run import evaluate_method
from onet_cli.evaluation.settings import EvaluationSettings
from onet_cli.geometry.normalize import CUBE_EDGE
from onet_cli.models.checkpoint import CheckpointInfo, save_checkpoint
from onet_cli.models.network import build_network
from onet_cli.models.spec import ModelSpec
from onet_cli.shapes.shape import OccupancySamples, ShapeId, Views
from tests.evaluation.synthetic import CHAIR, SOFA, box_truth, make_store, sphere_truth

BALL, BOX, PLATE = (ShapeId(CHAIR, name) for name in ("ball", "box", "plate"))
FLAT = ShapeId(SOFA, "flat")
TEST = ShapeId(CHAIR, "test")
SETTINGS = EvaluationSettings(mesh_samples=5000)


def shade(shape_id):
    data = io.BytesIO()
    Image.new("RGB", (32, 32), (40 * len(shape_id.name), 90, 10)).save(data, "PNG")
    return data.getvalue()


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """Two chairs and a sofa to learn from; the test object is nearly the first chair."""
    truths = {
        BALL: sphere_truth(0.45),
        BOX: box_truth((1.0, 0.4, 0.4)),
        FLAT: box_truth((1.0, 0.1, 1.0)),
        TEST: sphere_truth(0.44, seed=5),
    }
    store = make_store(tmp_path_factory.mktemp("data"), [])
    source = make_store(tmp_path_factory.mktemp("one"), [BALL])
    for shape_id, truth in truths.items():
        shape = replace(
            source.read(BALL),
            id=shape_id,
            occupancy=truth.occupancy,
            surface=truth.surface,
            views=Views((shade(BALL if shape_id == TEST else shape_id),)),
        )
        store.write(shape, np.random.default_rng(0))
    store.set_split("train", [BALL, BOX, FLAT])
    store.set_split("test", [TEST])
    return store


def answer(store, kind, checkpoint=None):
    (result,) = evaluate_method(
        store.root, BaselineMethod(kind, store.root, checkpoint, "cpu"), SETTINGS
    ).objects
    return result.metrics


@pytest.mark.parametrize("kind", ["oracle", "oracle-category"])
def test_the_oracle_answers_with_the_training_shape_that_overlaps_best(store, kind):
    metrics = answer(store, kind)

    assert metrics.iou == pytest.approx((0.44 / 0.45) ** 3, abs=0.06)
    assert metrics.accuracy == pytest.approx(0.01, abs=0.003)
    assert metrics.network_iou is None


def test_retrieval_answers_with_the_shape_whose_view_has_the_nearest_code(store, tmp_path):
    spec = ModelSpec("tiny", "convnet", "cbn", code_dim=16, hidden_dim=16, image_size=32)
    path = tmp_path / "tiny.safetensors"
    save_checkpoint(path, build_network(spec, seed=0), CheckpointInfo(spec))

    # The test object has the very picture of the ball.
    assert answer(store, "retrieval", str(path)).accuracy == pytest.approx(0.01, abs=0.003)


def test_the_mean_of_a_category_lies_between_its_shapes(store):
    metrics = answer(store, "category-mean")

    assert 0.2 < metrics.iou < 0.95
    assert metrics.closed == 1.0


def test_retrieval_needs_codes_and_every_baseline_training_shapes(tmp_path):
    empty = make_store(tmp_path, [TEST])

    with pytest.raises(InvalidOptionError, match="codes"):
        BaselineMethod("retrieval", tmp_path)
    with pytest.raises(StoreError, match="no training shapes"):
        evaluate_method(tmp_path, BaselineMethod("oracle", empty.root), SETTINGS)


def test_a_coarse_grid_holds_the_inside_share_of_each_cell():
    points = np.array([[0.1, 0.1, 0.1], [0.2, 0.2, 0.2], [-0.3, 0.1, 0.1]], np.float32)
    samples = OccupancySamples(points, np.array([True, False, True]))

    grid = coarse_grid(samples, cells=2).reshape(2, 2, 2)

    assert grid[1, 1, 1] == 0.5
    assert grid[0, 1, 1] == 1.0
    assert grid.sum() == 1.5


def test_the_overlap_of_coarse_grids_is_near_the_iou_of_the_shapes():
    small, large = (sphere_truth(r, points=80_000).occupancy for r in (0.35, 0.5))

    found = overlap(coarse_grid(small), np.stack([coarse_grid(large), coarse_grid(small)]))

    assert found[0] == pytest.approx(0.7**3, abs=0.05)
    assert found[1] == pytest.approx(1.0)


def test_points_are_labelled_as_the_nearest_sample_is():
    truth = sphere_truth(0.4, points=50_000)
    queries = ((np.random.default_rng(9).random((4000, 3)) - 0.5) * CUBE_EDGE).astype(np.float32)

    labels = membership(truth.occupancy)(queries)

    distance = np.abs(np.linalg.norm(queries, axis=1) - 0.4)
    clear = distance > 0.06
    assert (labels == (np.linalg.norm(queries, axis=1) < 0.4))[clear].all()
