import math
import runpy
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
import trimesh
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import save_file

from onet_cli.errors import CheckpointError, InvalidOptionError
from onet_cli.models.checkpoint import load_checkpoint, save_checkpoint
from onet_cli.models.front import DIRECTIONS, RINGS, STEP
from onet_cli.models.weights import read_header, read_tensors
from onet_cli.reconstruction import generator as module
from onet_cli.reconstruction.batch import _warnings
from onet_cli.reconstruction.front import FrontGuess, face_front, guess_front
from onet_cli.reconstruction.front_fit import (
    LIMIT,
    FrontViews,
    answer,
    fit_front,
    require_mirror_planes,
    summarise,
)
from onet_cli.reconstruction.generator import GeneratorSettings, MeshGenerator
from onet_cli.reconstruction.upright import Standing
from onet_cli.reconstruction.viewpoint import Viewpoint
from onet_cli.shapes.shape import ShapeId
from onet_cli.shapes.symmetry import has_front, symmetry_of
from tests.evaluation.synthetic import CHAIR, box_truth, make_store, sphere_truth
from tests.models.networks import tiny_network
from tests.reconstruction.rigged import box_checkpoint, calibrated, front_of, sphere_checkpoint
from tests.reconstruction.test_upright import row_of

IMAGE = torch.full((3, 40, 40), 200, dtype=torch.uint8)
INPUTS = 2 * 49 + 36 + 2


def views(count=600, seed=0):
    """Views of things with a back: rings are full there, and noise elsewhere."""
    rng = np.random.default_rng(seed)
    azimuth = rng.uniform(-math.pi, math.pi, count)
    angles = np.arange(DIRECTIONS) * STEP
    # The front is seen at minus the camera's azimuth; the back lies on the other side.
    back = np.cos(angles - (math.pi - azimuth[:, None])) > 0.8
    rings = back[:, None] * rng.uniform(0.5, 1, (count, RINGS, 1))
    rings = rings + rng.uniform(0, 0.3, (count, RINGS, DIRECTIONS))
    parts = (rng.normal(size=(count, INPUTS)), rings, azimuth % math.pi, azimuth)
    return FrontViews(*(torch.from_numpy(part).float() for part in parts), views=())


@pytest.fixture(scope="module")
def learned():
    return fit_front(views(), epochs=6)


def test_fronts_are_learned_from_shapes_and_found_in_others(learned):
    answers = answer(learned, views(200, seed=1))

    assert answers.right.mean() > 0.95
    assert np.median(answers.error_deg) < 1  # by the mirror plane
    assert answers.chance.mean() == pytest.approx(answers.right.mean(), abs=0.25)
    known = summarise(learned, answers)
    assert known.found == answers.right.mean()
    assert known.right >= known.found
    assert sum(2 * tensor.size for tensor in learned.values()) < 100_000


@given(st.integers(1, DIRECTIONS - 1))
def test_views_from_farther_around_are_answered_so(learned, steps):
    some = views(20, seed=2)
    turned = replace(
        some,
        rings=some.rings.roll(-steps, 2),
        azimuth=some.azimuth + steps * STEP,
        plane=some.plane + steps * STEP,
    )

    first, second = answer(learned, some), answer(learned, turned)

    assert first.right.mean() > 0.9
    assert second.right.mean() > 0.9


@given(st.floats(-360, 360), st.floats(-0.4, 1.2))
def test_a_turned_mesh_is_seen_in_the_photo_where_it_was(azimuth, elevation):
    box = trimesh.creation.box((1, 0.5, 0.25))
    box.vertex_attributes["confidence"] = np.arange(8) / 8
    viewpoint = Viewpoint(elevation, 0.3, Standing((0.1, 0.0, 0.2), 1.2))

    mesh, seen = face_front(box, viewpoint, FrontGuess(azimuth, 0.9, turned=True))

    before = viewpoint.camera(100).project(np.asarray(box.vertices))
    np.testing.assert_allclose(seen.camera(100).project(mesh.vertices), before, atol=1e-3)
    np.testing.assert_array_equal(mesh.vertex_attributes["confidence"], np.arange(8) / 8)
    # What faced the camera now faces as far around as the camera stands.
    expected = (math.sin(math.radians(azimuth)), math.cos(math.radians(azimuth)))
    middle = np.asarray(mesh.vertices)[np.asarray(box.vertices)[:, 2] > 0].mean(axis=0)
    np.testing.assert_allclose(middle[[0, 2]] / 0.125, expected, atol=1e-6)


def generate(checkpoint, monkeypatch, guess):
    monkeypatch.setattr(module, "guess_front", lambda *given: guess)
    known = calibrated(checkpoint, front_of())
    return MeshGenerator(known, GeneratorSettings(32, front=True)).generate(IMAGE)


@pytest.mark.parametrize("azimuth", [0.0, 35.0, 200.0])
def test_a_front_that_is_found_faces_z_and_one_in_doubt_as_in_the_photo(azimuth, monkeypatch):
    checkpoint = box_checkpoint((1.0, 0.5, 0.3), row_of(azimuth, 30.0))

    plain = MeshGenerator(checkpoint, GeneratorSettings(32)).generate(IMAGE)
    found = generate(checkpoint, monkeypatch, FrontGuess(azimuth, 0.9, turned=True))
    doubted = generate(checkpoint, monkeypatch, FrontGuess(azimuth, 0.4, turned=False))

    np.testing.assert_allclose(np.ptp(found.mesh.vertices, axis=0), (1.0, 0.5, 0.3), atol=0.06)
    np.testing.assert_array_equal(doubted.mesh.vertices, plain.mesh.vertices)
    assert found.viewpoint.azimuth_deg == pytest.approx(azimuth)
    assert found.agreement == plain.agreement
    said = "the object's front is uncertain (40 %): the mesh faces as in the photo"
    assert said in _warnings(doubted)
    assert not any("front" in warning for warning in _warnings(found))


def test_a_network_of_the_objects_frame_has_nothing_to_turn():
    made = MeshGenerator(sphere_checkpoint(), GeneratorSettings(32, front=True)).generate(IMAGE)

    assert made.front is None
    with pytest.raises(InvalidOptionError, match="mirror planes"):
        require_mirror_planes(sphere_checkpoint().network)


@pytest.mark.parametrize("measured", [False, True])
def test_a_checkpoint_that_has_not_learned_fronts_says_so(measured):
    checkpoint = box_checkpoint((1.0, 0.5, 0.3), row_of(0.0, 30.0))
    if measured:
        checkpoint = calibrated(checkpoint, None)

    with pytest.raises(InvalidOptionError, match="predict the front of an object"):
        MeshGenerator(checkpoint, GeneratorSettings(32, front=True))
    MeshGenerator(checkpoint, GeneratorSettings(32))


@pytest.fixture
def saved(tmp_path):
    network = tiny_network(decoder="aligned")
    path = tmp_path / "tiny.safetensors"
    checkpoint = calibrated(replace(sphere_checkpoint(), network=network), front_of(), 98)
    info = replace(checkpoint.info, spec=network.spec)
    save_checkpoint(path, network, info, calibration=checkpoint.calibration)
    return path


def test_a_front_comes_back_with_its_checkpoint_and_answers_the_same(saved):
    loaded = load_checkpoint(saved, "cpu")
    front = loaded.calibration.front

    code = loaded.encode(np.random.default_rng(0).random((1, 3, 64, 64), np.float32))
    first, second = (guess_front(each, code, loaded.for_code(code)) for each in (front, front_of()))

    assert first == second
    assert 0 <= first.azimuth_deg < 360
    assert first.turned == (first.confidence >= LIMIT)
    assert (front.limit, front.found, front.sure, front.right) == (LIMIT, 0.7, 0.5, 0.9)


@pytest.mark.parametrize("damage", ["mix.weight", "out.bias", "hidden.weight"])
def test_a_damaged_front_is_an_error_of_the_checkpoint(saved, damage):
    header, tensors = read_header(saved), read_tensors(saved)
    tensors[f"calibration.front.{damage}"] = torch.zeros(3)
    save_file(tensors, saved, metadata=header)

    with pytest.raises(CheckpointError, match="calibration"):
        load_checkpoint(saved, "cpu")


IDS = [ShapeId(CHAIR, str(number)) for number in range(2)]


@pytest.fixture
def recipe(saved, tmp_path, monkeypatch):
    """The recipe, for a network that knows nothing and views of boxes behind their origin."""
    truth = box_truth((0.6, 0.4, 0.2), points=800, surface=4000)
    moved = truth.surface.points - np.float32((0, 0, 0.3))
    truth = replace(truth, surface=replace(truth.surface, points=moved))
    store = make_store(tmp_path / "data", IDS, truth, views=4)
    store.set_split("train", IDS)
    store.set_split("val", IDS)
    plain = load_checkpoint(saved, "cpu")
    save_checkpoint(
        saved, plain.network, plain.info, calibration=replace(plain.calibration, front=None)
    )
    script = Path(__file__).parents[2] / "recipes" / "furniture" / "fronts.py"

    def run(*options):
        words = ["fronts.py", str(saved), str(store.root), "--device", "cpu", *options]
        monkeypatch.setattr(sys, "argv", words)
        runpy.run_path(str(script), run_name="__main__")

    return run


def test_the_recipe_teaches_a_checkpoint_and_measures_it(recipe, saved, capsys):
    recipe("--fit", "--views", "8", "--least", "0")
    learned = capsys.readouterr().out

    front = load_checkpoint(saved, "cpu").calibration.front
    recipe()
    measured = capsys.readouterr().out

    assert "val: 8 views of 2 objects that have a front" in measured
    assert measured in learned
    assert f"found within 30 degrees  {front.found:6.1%}" in measured
    assert front.limit == LIMIT


def test_the_recipe_stores_nothing_that_is_not_good_enough(recipe, saved):
    before = saved.read_bytes()

    with pytest.raises(SystemExit, match="not stored"):
        recipe("--fit", "--views", "8", "--least", "1.01")
    with pytest.raises(SystemExit):
        recipe()  # there is no front to measure

    assert saved.read_bytes() == before


def test_what_looks_the_same_from_behind_has_no_front():
    ball = sphere_truth(points=8, surface=4000).surface.points
    chair = box_truth((0.6, 0.4, 0.2), points=8, surface=4000).surface.points - (0, 0, 0.3)

    assert not has_front(symmetry_of(ball))
    assert has_front(symmetry_of(chair))
