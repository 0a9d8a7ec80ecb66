"""A network of the picture's frame, from pictures with cameras to a scored and calibrated mesh."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from trimesh.creation import box

from onet_cli.evaluation.methods import CheckpointMethod
from onet_cli.evaluation.run import evaluate_method
from onet_cli.evaluation.settings import EvaluationSettings
from onet_cli.geometry.normalize import UnitCube
from onet_cli.models.checkpoint import load_checkpoint
from onet_cli.models.code_layout import MIRROR_WIDTH
from onet_cli.models.network import build_network
from onet_cli.preprocessing.views import ViewOptions, take_views
from onet_cli.reconstruction.calibration_settings import CalibrationSettings
from onet_cli.shapes.shape import OccupancySamples, Shape, ShapeId, SurfaceSamples
from onet_cli.shapes.store import CategoryInfo, DatasetInfo, ShapeStore
from onet_cli.training import calibration
from onet_cli.training.cache import ShapeCache
from onet_cli.training.config import Budget, Hardware, TrainingConfig
from onet_cli.training.data import ShapeData
from onet_cli.training.run import train_network
from onet_cli.training.status import RunEvents
from tests.models.networks import tiny_spec

TINY = tiny_spec(decoder="aligned", image_size=48)
FEW = CalibrationSettings(
    training_views=8, validation_views=8, cut_views=6, meshes=4, resolution=16
)
STEPS = 40


def block(name, rng):
    """A box of random proportions with its true pictures and cameras."""
    extents = np.append(rng.uniform(0.4, 1.0, 2), 1.0)[rng.permutation(3)]
    mesh = box(extents)
    points = rng.uniform(-0.55, 0.55, (4096, 3)).astype(np.float16)
    surface, faces = mesh.sample(2048, return_index=True, seed=int(rng.integers(1000)))
    return Shape(
        id=ShapeId("box", name),
        unit_cube=UnitCube((0.0, 0.0, 0.0), 1.0),
        occupancy=OccupancySamples(points, (np.abs(points) < extents / 2).all(axis=1)),
        surface=SurfaceSamples(
            surface.astype(np.float16), mesh.face_normals[faces].astype(np.float16)
        ),
        views=take_views(mesh, None, rng, ViewOptions(count=4, size=48, cameras="wide")),
    )


@pytest.fixture(scope="module")
def boxes(tmp_path_factory):
    root, rng = tmp_path_factory.mktemp("boxes"), np.random.default_rng(1)
    store = ShapeStore.create(root, DatasetInfo("boxes", {"box": CategoryInfo("box", 12)}))
    shapes = [block(f"{number:02d}", rng) for number in range(12)]
    for shape in shapes:
        store.write(shape, np.random.default_rng(0))
    store.set_split("train", [shape.id for shape in shapes[:8]])
    store.set_split("val", [shape.id for shape in shapes[8:]])
    store.set_split("test", [shape.id for shape in shapes[8:]])
    return root


@pytest.mark.parametrize("mirrored", [True, False])
def test_symmetry_is_found_for_networks_with_a_mirror_plane_only(boxes, mirrored):
    code_dim = TINY.code_dim if mirrored else TINY.code_dim - MIRROR_WIDTH
    config = TrainingConfig(Budget(steps=1), cache="ram")
    shapes = ShapeData(boxes, config, spec=replace(TINY, code_dim=code_dim))
    shapes.plan_cache(torch.device("cpu"))
    draws = [(0, 0), (3, 0)]

    read = torch.stack([shapes.training[draw].symmetry for draw in draws])
    cache = ShapeCache(shapes.training, shapes.cache_plan, torch.device("cpu"))

    assert read.isfinite().all() == mirrored
    assert read.isnan().all() != mirrored
    torch.testing.assert_close(cache.batch(draws).symmetry, read, equal_nan=True)


@pytest.fixture(scope="module")
def trained(boxes, tmp_path_factory):
    run, seen = tmp_path_factory.mktemp("run") / "run", []
    config = TrainingConfig(
        Budget(steps=STEPS),
        batch_size=8,
        points=256,
        lr=5e-3,
        augment="photo",
        workers=0,
        val_every=STEPS,
        mesh_every=STEPS,
        cache="ram",
    )
    network = build_network(TINY, seed=0)
    result = train_network(
        boxes, run, network, config, hardware=Hardware("cpu"), events=RunEvents(listen=seen.append)
    )
    return result, seen[-1]


@pytest.mark.slow
def test_it_learns_boxes_and_makes_meshes_of_them(trained):
    result, last = trained

    assert result.best_iou > 0.55  # a cube for all of them would have about 0.5
    # Where there are stray pieces yet, the box of the whole mesh is far too large.
    assert 0 < last.mesh_iou <= 1


@pytest.mark.slow
def test_it_is_calibrated_and_scored_as_any_other(boxes, trained, tmp_path):
    path = tmp_path / "calibrated.safetensors"

    calibration.calibrate_checkpoint(
        trained[0].checkpoint, [boxes], replace(FEW, fewest_shapes=4), target=path, device="cpu"
    )

    stored = load_checkpoint(path, "cpu")
    assert stored.info.platt is not None
    assert stored.calibration is not None
    assert stored.calibration.familiarity.basis.shape[0] == 2 * 49
    settings = EvaluationSettings(resolution=32, mesh_samples=2000)
    table = evaluate_method(boxes, CheckpointMethod(str(path), "cpu", 32), settings)
    assert len(table.objects) == 4
    assert "box" in table.facts.placing
    assert table.instance_mean.placed_iou > 0.4
