import json
import math
from dataclasses import asdict, replace

import numpy as np
import pytest
import torch

from onet_cli.errors import CheckpointError
from onet_cli.models.calibration import Calibration, Doubt, Familiarity, Reliability
from onet_cli.models.checkpoint import load_checkpoint, save_checkpoint
from onet_cli.reconstruction.doubt import (
    FALSE_ALARMS,
    Signs,
    describe,
    fit_doubt,
    is_doubtful,
    probability,
)
from onet_cli.reconstruction.generator import MeshGenerator
from onet_cli.reconstruction.settings import GeneratorSettings, plain_settings
from tests.reconstruction.rigged import sphere_checkpoint

IMAGE = torch.full((3, 40, 40), 200, dtype=torch.uint8)
PLAIN = Signs(0.9, 0.3, 0.8, 0.5, 0.05)
WEIGHED = Doubt(("agreement",), (0.8,), (0.1,), (-2.0,), -1.0, 1.0, 0.6, 0.1)


def trials(count=600, objects=40, seed=0):
    """Signs of which the agreement tells bad meshes by a logistic law, and the others nothing."""
    rng = np.random.default_rng(seed)
    agreement = rng.uniform(0.4, 1.0, count)
    bad = rng.random(count) < 1 / (1 + np.exp(12 * (agreement - 0.6)))
    rest = rng.uniform(0.1, 1.0, (count, 4))
    signs = [Signs(float(a), *map(float, row)) for a, row in zip(agreement, rest, strict=True)]
    groups = [f"object{n % objects}" for n in range(count)]
    return signs, bad, groups


def test_the_model_finds_the_law_that_tells_bad_meshes():
    signs, bad, groups = trials(4000)

    doubt = fit_doubt(signs, bad, groups)

    for agreement in (0.5, 0.6, 0.7):
        expected = 1 / (1 + math.exp(12 * (agreement - 0.6)))
        found = probability(doubt, replace(PLAIN, agreement=agreement))
        assert found == pytest.approx(expected, abs=0.1)
    weights = dict(zip(doubt.signs, doubt.weights, strict=True))
    assert abs(weights.pop("agreement")) > 5 * max(map(abs, weights.values()))


def test_a_tenth_of_the_meshes_that_are_not_bad_is_warned_of():
    signs, bad, groups = trials(3000)
    fresh, truly, _ = trials(3000, seed=1)

    doubt = fit_doubt(signs, bad, groups)

    warned = np.array([is_doubtful(doubt, entry) for entry in fresh])
    assert doubt.false_alarms == pytest.approx(FALSE_ALARMS, abs=0.01)
    assert warned[~truly].mean() == pytest.approx(FALSE_ALARMS, abs=0.04)
    assert warned[truly].mean() == pytest.approx(doubt.caught, abs=0.06)
    assert doubt.caught > 0.4


def test_what_is_known_of_no_mesh_is_left_out_and_of_one_mesh_concludes_nothing():
    signs, bad, groups = trials()
    blind = [replace(entry, agreement=None, out_of_distribution=None) for entry in signs]

    doubt = fit_doubt(blind, bad, groups)

    assert doubt.signs == ("lowest_tenth", "expected_iou", "thickness")
    usual = replace(PLAIN, agreement=WEIGHED.means[0])
    unknown = probability(WEIGHED, replace(PLAIN, agreement=None))
    assert unknown == pytest.approx(probability(WEIGHED, usual))


def test_too_few_of_either_kind_give_no_model():
    signs, bad, groups = trials(200)

    assert fit_doubt(signs, np.zeros_like(bad), groups) is None
    assert fit_doubt(signs, np.ones_like(bad), groups) is None


def test_the_warning_says_why_and_what_to_try():
    low = describe(replace(PLAIN, agreement=0.41))
    strange = describe(replace(PLAIN, out_of_distribution=1.2))

    assert "its outline has an IoU of 0.41 with the photo's" in low
    assert "unlike the training images" in strange
    assert all(word in low for word in ("--mask", "--threshold", "another photo"))
    deep = "the mesh is likely to be wrong in depth"
    assert strange.startswith(f"{deep} (")
    assert describe(PLAIN).startswith(f"{deep}: ")
    # Its outline agrees: another mask would not help.
    assert "photo from another side" in describe(PLAIN)
    assert "--mask" not in describe(PLAIN)
    assert describe(replace(PLAIN, agreement=None)).startswith("the mesh is likely to be wrong: ")


def calibrated(doubt, farthest=1.0):
    """Return a checkpoint of a sphere, whose photos are familiar to it."""
    familiarity = Familiarity(np.eye(4), np.zeros((1, 5)), farthest, 2.0)
    known = Calibration(Reliability((0.0, 1.0), (0.0, 1.0), 0.02), familiarity, {}, doubt)
    return replace(sphere_checkpoint(), calibration=known)


@pytest.mark.parametrize(("limit", "said"), [(-50.0, True), (50.0, False)])
def test_a_mesh_beyond_the_limit_is_warned_of(limit, said):
    thick = Doubt(("thickness",), (-2.0,), (1.0,), (-1.0,), 0.0, limit, 0.5, 0.1)
    settings = GeneratorSettings(32, confidence=True)

    made = MeshGenerator(calibrated(thick), settings).generate(IMAGE)

    assert (made.warning is not None) is said
    # A ball's volume over its area is a third of its radius.
    radius = math.cbrt(made.mesh.volume * 3 / 4 / math.pi)
    assert made.signs.thickness == pytest.approx(radius / 3, rel=0.02)
    assert made.signs.height == pytest.approx(1, rel=0.02)
    assert made.bad_chance == pytest.approx(
        1 / (1 + math.exp(math.log(made.signs.thickness) + 2)), rel=1e-6
    )


def test_without_a_model_nothing_is_measured_and_strange_photos_are_warned_of_as_before():
    made = MeshGenerator(calibrated(None, farthest=1e-3), plain_settings(32)).generate(IMAGE)

    assert made.signs is None
    assert made.bad_chance is None
    assert made.warning.startswith("the photo is unlike the training images")
    settings = GeneratorSettings(32, signs=True, confidence=True)
    signs = MeshGenerator(calibrated(None), settings).generate(IMAGE).signs
    assert signs.agreement is None  # a network of the object's frame
    assert 0 < signs.expected_iou <= 1


def test_the_model_travels_in_the_checkpoint(tmp_path):
    path = tmp_path / "model.safetensors"
    checkpoint = calibrated(WEIGHED)

    save_checkpoint(path, checkpoint.network, checkpoint.info, False, checkpoint.calibration)

    assert load_checkpoint(path, "cpu").calibration.doubt == WEIGHED


@pytest.mark.parametrize("damage", [{"weights": [1.0, 2.0]}, {"bias": "high"}, {"limit": None}])
def test_a_damaged_model_is_refused(tmp_path, damage, monkeypatch):
    path = tmp_path / "model.safetensors"
    checkpoint = calibrated(WEIGHED)
    header = checkpoint.calibration.to_header()
    stored = json.loads(header["calibration"])
    stored["doubt"] = {**asdict(WEIGHED), **damage}
    monkeypatch.setattr(Calibration, "to_header", lambda self: {"calibration": json.dumps(stored)})
    save_checkpoint(path, checkpoint.network, checkpoint.info, False, checkpoint.calibration)

    with pytest.raises(CheckpointError, match="calibration"):
        load_checkpoint(path, "cpu")
