import math
from dataclasses import replace

import numpy as np
import pytest
import torch
import trimesh

from onet_cli.errors import EmptySurfaceError, InvalidOptionError
from onet_cli.geometry.picture_frame import from_cube, to_cube
from onet_cli.reconstruction import generator
from onet_cli.reconstruction.generator import MeshGenerator
from onet_cli.reconstruction.outline import SIDE, peaks_along_rays
from onet_cli.reconstruction.revolution import Axis
from onet_cli.reconstruction.settings import GeneratorSettings
from tests.reconstruction.rigged import box_checkpoint, sphere_checkpoint, surface_radius

IMAGE = torch.full((3, 40, 50), 200, dtype=torch.uint8)


PLAIN = {"exact": True, "confidence": False, "color": False}


def generate(radius=0.3, **settings):
    return MeshGenerator(sphere_checkpoint(radius), GeneratorSettings(**PLAIN | settings)).generate(
        IMAGE
    )


def test_the_mesh_is_the_sphere_at_the_checkpoints_threshold():
    result = generate(resolution=64)

    radii = np.linalg.norm(result.mesh.vertices, axis=1)
    assert result.threshold == 0.2
    assert np.abs(radii - surface_radius()).max() < 1e-3
    assert result.mesh.volume == pytest.approx(4 / 3 * math.pi * surface_radius() ** 3, rel=0.01)
    assert result.mesh.is_watertight


def test_a_threshold_that_is_given_replaces_the_checkpoints():
    result = generate(resolution=32, threshold=0.5)

    assert np.linalg.norm(result.mesh.vertices, axis=1).mean() == pytest.approx(0.3, abs=1e-3)


def test_evaluations_are_the_sum_of_the_rounds_and_far_fewer_than_the_grid():
    result = generate(resolution=128)

    assert result.evaluations == sum(result.rounds)
    assert len(result.rounds) >= 3
    assert result.evaluations < 129**3 / 8
    assert result.seconds > 0


def test_simplification_reaches_the_asked_faces_and_stays_closed():
    result = generate(resolution=64, faces=500)

    assert len(result.mesh.faces) <= 500
    assert result.mesh.is_watertight


def test_refinement_brings_a_simplified_mesh_nearer():
    plain = generate(resolution=32, faces=300)
    refined = generate(resolution=32, faces=300, refine=30)

    def error(mesh):
        centres = np.linalg.norm(mesh.triangles_center, axis=1)
        return np.average(np.abs(centres - surface_radius()), weights=mesh.area_faces)

    assert error(refined.mesh) < error(plain.mesh)


def test_an_empty_surface_names_the_highest_probability_and_the_option():
    with pytest.raises(EmptySurfaceError, match=r"highest probability is 0\.1") as caught:
        generate(radius=-0.05, resolution=32)

    assert "--threshold" in caught.value.hint


@pytest.mark.parametrize("suffix", [".obj", ".ply", ".glb", ".stl", ".off"])
def test_a_saved_mesh_reads_back_equal(tmp_path, suffix):
    result = generate(resolution=32)

    result.save(tmp_path / f"ball{suffix}")

    again = trimesh.load(tmp_path / f"ball{suffix}", force="mesh", process=suffix == ".stl")
    assert len(again.faces) == len(result.mesh.faces)
    assert again.volume == pytest.approx(result.mesh.volume, rel=1e-5)
    if suffix != ".stl":  # which repeats each vertex for each face
        np.testing.assert_allclose(again.vertices, result.mesh.vertices, atol=1e-6)
        assert np.array_equal(again.faces, result.mesh.faces)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"resolution": 130}, "130"),
        ({"threshold": 0.0}, "threshold"),
        ({"threshold": 1.0}, "threshold"),
        ({"threshold": math.nan}, "threshold"),
        ({"faces": 3}, "4 faces"),
        ({"refine": -1}, "at least 0"),
    ],
)
def test_settings_that_cannot_work_are_refused(settings, message):
    with pytest.raises(InvalidOptionError, match=message):
        GeneratorSettings(**settings)


def test_photos_are_averaged_over_the_sizes_that_the_checkpoint_names_unless_told_not_to():
    """The test network sees the box equally large in every copy, so the mean is another mesh."""
    row = np.array([0.4, 0.3, 0.5, 1.2, 0, 0, 0, 0], np.float32)
    alone = box_checkpoint((0.7, 0.5, 0.4), row)
    both = replace(alone, info=replace(alone.info, scales=(1.0, 0.8)))

    def mesh(checkpoint, **options):
        made = MeshGenerator(checkpoint, GeneratorSettings(32, signs=True, **options))
        return made.generate(IMAGE)

    expected, mean, off = mesh(alone), mesh(both), mesh(both, multiscale=False)
    np.testing.assert_array_equal(off.mesh.vertices, expected.mesh.vertices)
    assert expected.signs.consistency is None
    assert mean.mesh.vertices.shape != expected.mesh.vertices.shape
    # The copy of 26 of 32 pixels has the box larger by that ratio in the frame of the original.
    assert mean.signs.consistency == pytest.approx(0.8125**3, abs=0.1)
    assert mean.signs.perspective == pytest.approx(0.5 / 1.2 * (1 + 0.8125) / 2)


class Watched(MeshGenerator):
    """Keeps the images that the network gets."""

    def __init__(self, checkpoint):
        super().__init__(checkpoint, GeneratorSettings(**PLAIN, resolution=32))
        encode = checkpoint.encode
        self.seen = []

        def watched(images):
            self.seen.append(images)
            return encode(images)

        self._model = replace(checkpoint)
        object.__setattr__(self._model, "encode", watched)


@pytest.mark.parametrize("exposure", [1.0, 0.85])
def test_the_network_sees_the_object_in_the_exposure_of_its_training_images(exposure):
    plain = sphere_checkpoint()
    watched = Watched(replace(plain, info=replace(plain.info, exposure=exposure)))
    image = np.full((3, 32, 32), 255, np.uint8)
    mask = np.zeros((32, 32), np.uint8)
    mask[8:24, 8:24] = 255

    watched.generate(image, mask)

    (seen,) = watched.seen[0]
    np.testing.assert_allclose(seen[:, mask > 0], exposure, atol=1 / 255)
    np.testing.assert_array_equal(seen[:, mask == 0], 1)


ROW = np.array([0.5, 0.3, 0.5, 1.2, 0, 0, 0, 0], np.float32)
"""A camera, as `shapes.camera.describe_cameras` returns it."""


def look(mask, **settings):
    """Return what a network that sees a box makes of a photo with `mask` (224, 224)."""
    checkpoint = box_checkpoint((0.7, 0.5, 0.4), ROW)
    info = replace(checkpoint.info, outline=0.5)
    generator = MeshGenerator(replace(checkpoint, info=info), GeneratorSettings(**settings))
    image = np.full((3, 224, 224), 255, np.uint8)
    return generator.look(image, np.where(mask, 255, 0).astype(np.uint8))


def test_level_and_missing_parts_follow_the_mask_and_the_settings():
    off = dict.fromkeys(("smooth", "gaps", "thin", "depth", "revolve"), False)
    plain = look(np.ones((224, 224), bool), **off)
    covered = peaks_along_rays(plain.bare, plain.camera).highest > 0
    mask = np.kron(covered, np.ones((224 // SIDE, 224 // SIDE), bool))
    beside = np.roll(mask, 12, axis=1)  # a part of it is in no field
    points = (np.random.default_rng(0).random((4000, 3)) - 0.5).astype(np.float32)

    bare, filled = look(mask | beside, **off), look(mask | beside, **off | {"gaps": True})

    assert bare.gaps is None
    np.testing.assert_array_equal(bare.field(points), bare.bare(points))
    assert 0 < filled.gaps < 0.3
    np.testing.assert_array_equal(filled.bare(points), bare.bare(points))
    assert (filled.field(points) > bare.field(points)).any()
    smooth = look(mask | beside, **off | {"smooth": True})
    assert smooth.gaps is None
    assert (smooth.field(points) != bare.field(points)).any()
    bounded = look(mask | beside, **off | {"depth": True})
    assert (bounded.field(points) <= bare.field(points)).all()
    assert (bounded.field(points) < bare.field(points)).any()
    assert bare.field.level != plain.field.level
    assert look(mask).gaps < filled.gaps


def test_round_objects_are_turned_if_wanted(monkeypatch):
    """A network that takes a box for round gets a body of revolution."""
    whole = look(np.ones((224, 224), bool))
    covered = peaks_along_rays(whole.bare, whole.camera).highest > whole.bare.level
    mask = np.kron(covered, np.ones((224 // SIDE, 224 // SIDE), bool))
    points = (np.random.default_rng(0).random((4000, 3)) - 0.5).astype(np.float32)
    plain = look(mask)
    monkeypatch.setattr(generator, "find_axis", lambda code: Axis(0.0, 0.0, 1.0))

    turned, left = look(mask), look(mask, revolve=False)

    np.testing.assert_array_equal(left.field(points), plain.field(points))
    quarter = from_cube(points)[:, [2, 1, 0]] * [1, 1, -1]
    around = to_cube(quarter).astype(np.float32)
    before, after = (
        np.abs(look.field(around) - look.field(points)) < 1e-3 for look in (plain, turned)
    )
    assert after.mean() > 3 * before.mean()  # what is beside the round body stays as it is
