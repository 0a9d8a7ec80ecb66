import runpy
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from onet_cli.errors import EmptySurfaceError, StoreError
from onet_cli.models.calibration import Doubt
from onet_cli.models.checkpoint import load_checkpoint, save_checkpoint
from onet_cli.reconstruction import calibrate_threshold as thresholds
from onet_cli.reconstruction.calibrate import calibrate
from onet_cli.reconstruction.calibrate_threshold import calibrate_threshold
from onet_cli.reconstruction.calibration_settings import CalibrationSettings
from onet_cli.reconstruction.confidence import corrected
from onet_cli.reconstruction.generator import MeshGenerator
from onet_cli.reconstruction.known_views import draw_views
from onet_cli.reconstruction.settings import GeneratorSettings, plain_settings
from onet_cli.reconstruction.trials import measure_trials
from onet_cli.shapes.shape import ShapeId
from tests.evaluation.synthetic import CHAIR, box_truth, make_store, sphere_truth
from tests.reconstruction.rigged import (
    box_checkpoint,
    calibrated,
    front_of,
    sphere_checkpoint,
    surface_radius,
)

IDS = [ShapeId(CHAIR, str(n)) for n in range(4)]
SMALL = CalibrationSettings(training_views=5, validation_views=4, meshes=3, resolution=32)
IMAGE = torch.full((3, 40, 40), 200, dtype=torch.uint8)


def store_of(root, radius):
    store = make_store(root, IDS, sphere_truth(radius, points=800, surface=40_000), views=2)
    store.set_split("train", IDS[:2])
    store.set_split("val", IDS[2:])
    return store


@pytest.fixture
def store(tmp_path):
    """Two shapes of two views each in both splits, as large as the network makes them."""
    return store_of(tmp_path / "data", surface_radius())


def test_a_network_that_is_right_everywhere_is_found_to_be(store):
    stages = []

    found = calibrate(sphere_checkpoint(), [store], SMALL, lambda *stage: stages.append(stage))

    assert set(found.reliability.measured) == {1.0}
    assert found.data == {
        "sources": ["synthetic"],
        "training_views": 4,
        "validation_views": 4,
        "meshes": 3,
        "threshold": 0.2,
    }
    assert ("codes", 4, 4) in stages
    assert stages[-1] == ("meshes", 3, 3)


def test_a_network_that_is_wrong_everywhere_is_not_trusted_afterwards(tmp_path):
    found = calibrate(sphere_checkpoint(), [store_of(tmp_path, 0.1)], SMALL)

    assert set(found.reliability.measured) == {0.0}
    known = replace(sphere_checkpoint(), calibration=found)
    result = MeshGenerator(known, GeneratorSettings(32, confidence=True)).generate(IMAGE)
    assert result.calibrated
    assert result.confidence.max() == 0
    assert corrected(np.ones(1), found.reliability) == 0


def test_what_is_known_of_fronts_stays_when_the_rest_is_measured_anew(store):
    taught = calibrated(sphere_checkpoint(), front_of(), 4)

    found = calibrate(taught, [store], SMALL)

    assert found.front is taught.calibration.front
    assert found.doubt is None


def test_views_are_drawn_evenly_and_once(store):
    everything = draw_views([store], "train", 99, np.random.default_rng(0))
    half = draw_views([store], "train", 2, np.random.default_rng(0))

    found = sorted((shape_id, view) for _, shape_id, view in everything)
    assert found == [(shape_id, view) for shape_id in IDS[:2] for view in (0, 1)]
    assert {shape_id for _, shape_id, _ in half} == set(IDS[:2])


def test_several_data_sets_count_alike_and_one_without_the_split_gives_none(store, tmp_path):
    other = store_of(tmp_path / "other", 0.2)
    rng = np.random.default_rng(0)

    both = draw_views([store, other], "val", 4, rng)
    (other.root / "val.lst").unlink()
    one = draw_views([store, other], "val", 4, rng)

    assert [[view[0] for view in both].count(source) for source in (store, other)] == [2, 2]
    assert {view[0] for view in one} == {store}


def test_an_empty_split_or_a_network_without_surfaces_is_an_error(store):
    with pytest.raises(EmptySurfaceError, match="no validation view"):
        calibrate(sphere_checkpoint(-1.0), [store], SMALL)
    store.set_split("val", [])
    with pytest.raises(StoreError, match="'val'"):
        calibrate(sphere_checkpoint(), [store], SMALL)


def test_the_recipe_adds_it_to_a_checkpoint(store, tmp_path, monkeypatch, capsys):
    path = tmp_path / "model.safetensors"
    plain = sphere_checkpoint()
    save_checkpoint(path, plain.network, plain.info)
    script = Path(__file__).parents[2] / "recipes" / "furniture" / "calibrate.py"
    monkeypatch.setattr(sys, "argv", ["calibrate.py", str(path), str(store.root), "--meshes", "2"])

    runpy.run_path(str(script), run_name="__main__")

    loaded = load_checkpoint(path, "cpu")
    assert loaded.calibration.data["meshes"] == 2
    assert loaded.info.platt is not None
    assert replace(loaded.info, platt=None, scores={}) == replace(plain.info, scores={})
    assert "1 groups of codes" in capsys.readouterr().out
    result = MeshGenerator(loaded, GeneratorSettings(32, confidence=True)).generate(IMAGE)
    assert not result.unfamiliar
    assert set(result.confidence) == {1.0}


def test_a_threshold_that_is_wrong_for_the_data_is_corrected(tmp_path):
    store = store_of(tmp_path / "data", 0.3)  # where the probability is 1/2, not the threshold 0.2

    adapted = calibrate_threshold(sphere_checkpoint(), store, SMALL)

    result = MeshGenerator(adapted, plain_settings(64)).generate(IMAGE)
    assert np.linalg.norm(result.mesh.vertices, axis=1).mean() == pytest.approx(0.3, abs=0.01)
    assert adapted.info.scores["validation_iou_adapted"] > 0.9


@pytest.mark.parametrize(("gain", "scales"), [(0.001, (1.0,)), (0.003, (1.0, 0.8))])
def test_fields_are_averaged_over_scales_where_that_is_worth_it(monkeypatch, store, gain, scales):
    ious = {(1.0,): 0.4, (1.0, 0.8): 0.4 + gain}

    def fit(checkpoint, views, seed, progress):
        scores = {"validation_iou_adapted": ious[checkpoint.info.scales]}
        return replace(checkpoint, info=replace(checkpoint.info, scores=scores))

    monkeypatch.setattr(thresholds, "_fit_threshold", fit)
    seen = box_checkpoint((0.7, 0.5, 0.4), np.array([0.3, 0.2, 0.5, 1.2, 0, 0, 0, 0], np.float32))

    assert calibrate_threshold(seen, store, SMALL).info.scales == scales
    assert calibrate_threshold(sphere_checkpoint(), store, SMALL).info.scales == (1.0,)


def test_a_network_that_cannot_read_smaller_copies_sees_the_photo_alone(tmp_path):
    """The test network sees the box equally large in every copy: wrong in all but the photo."""
    store = make_store(tmp_path / "data", IDS, box_truth((0.7, 0.5, 0.4), points=800), views=1)
    store.set_split("val", IDS)
    row = store.read_cameras(IDS[0])[0]

    adapted = calibrate_threshold(box_checkpoint((0.7, 0.5, 0.4), row), store, SMALL)

    assert adapted.info.scales == (1.0,)
    assert adapted.info.scores["validation_iou_adapted"] > 0.9


def test_a_store_without_validation_views_cannot_say_which_threshold_is_right(tmp_path):
    store = store_of(tmp_path / "data", 0.3)
    store.set_split("val", [])

    with pytest.raises(StoreError, match="'val'"):
        calibrate_threshold(sphere_checkpoint(), store, SMALL)


def test_trials_know_how_good_each_mesh_is(tmp_path):
    right, wrong = (
        store_of(tmp_path / name, r) for name, r in (("a", surface_radius()), ("b", 0.1))
    )

    good = list(measure_trials(sphere_checkpoint(), [right], "val", 4))
    bad = list(measure_trials(sphere_checkpoint(), [wrong], "val", 4))
    none = list(measure_trials(sphere_checkpoint(-1.0), [right], "val", 2))

    assert len(good) == len(bad) == 4
    assert min(trial.iou for trial in good) > 0.9
    assert max(trial.iou for trial in bad) < 0.1
    assert {trial.shape for trial in good} == {str(shape_id) for shape_id in IDS[2:]}
    assert [(trial.iou, trial.signs) for trial in none] == [(0.0, None)] * 2


def test_what_tells_bad_meshes_is_left_out_unless_asked_for_and_where_too_few_are_bad(store):
    assert calibrate(sphere_checkpoint(), [store], SMALL).doubt is None
    assert calibrate(sphere_checkpoint(), [store], replace(SMALL, doubt_views=4)).doubt is None


def test_the_recipe_prints_how_many_bad_meshes_are_warned_of(store, tmp_path, monkeypatch, capsys):
    path = tmp_path / "model.safetensors"
    plain = sphere_checkpoint()
    found = calibrate(plain, [store], SMALL)
    doubt = Doubt(("thickness",), (-2.0,), (1.0,), (-1.0,), 0.0, -50.0, 0.6, 0.1)
    save_checkpoint(path, plain.network, plain.info, False, replace(found, doubt=doubt))
    script = Path(__file__).parents[2] / "recipes" / "furniture" / "doubts.py"
    words = [str(path), str(store.root), "--views", "1", "--splits", "val", "--device", "cpu"]
    monkeypatch.setattr(sys, "argv", ["doubts.py", *words, "--keep", str(tmp_path / "kept")])

    runpy.run_path(str(script), run_name="__main__")
    first = capsys.readouterr().out
    runpy.run_path(str(script), run_name="__main__")

    again = capsys.readouterr()
    assert again.out == first
    assert not again.err
    other = replace(plain.info, threshold=0.3)
    save_checkpoint(path, plain.network, other, False, replace(found, doubt=doubt))
    runpy.run_path(str(script), run_name="__main__")
    assert "is of another checkpoint, data or views: measured anew" in capsys.readouterr().err
    assert "val: 2 views, 0 without a mesh" in first
    assert "warned of others   100.0%" in first
    assert "60.0%" in first
