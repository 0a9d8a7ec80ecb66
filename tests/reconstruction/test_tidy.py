import json
import math
import struct

import numpy as np
import pytest
import trimesh

from onet_cli.errors import InvalidOptionError
from onet_cli.geometry.components import component_volumes
from onet_cli.geometry.isosurface import extract_surface
from onet_cli.geometry.simplify import simplify
from onet_cli.models.torch_points import TorchPoints
from onet_cli.reconstruction.field import OccupancyField
from onet_cli.reconstruction.refine import refine
from onet_cli.reconstruction.tidy import drop_components, finish, save_mesh


def ball(radius, centre=(0.0, 0.0, 0.0)):
    mesh = trimesh.creation.icosphere(subdivisions=2, radius=radius)
    mesh.apply_translation(centre)
    return mesh


def shell():
    """A ball with a cavity; and a floater outside."""
    hollow = ball(0.15)
    hollow.invert()
    return trimesh.util.concatenate([ball(0.3), hollow, ball(0.05, (0.45, 0.0, 0.0))])


@pytest.mark.parametrize(
    ("options", "left"),
    [({}, 3), ({"least": 0.001}, 3), ({"least": 0.01}, 2), ({"largest": True}, 2)],
)
def test_floaters_are_dropped_by_their_share_and_cavities_stay_with_their_solid(options, left):
    kept = drop_components(shell(), **options)

    assert len(component_volumes(kept)[1]) == left
    assert kept.is_watertight
    floater = ball(0.05).volume if left == 3 else 0
    assert kept.volume == pytest.approx(ball(0.3).volume - ball(0.15).volume + floater)
    assert len(kept.vertices) == len(np.unique(kept.faces))


def test_a_dropped_solid_takes_its_cavity_along_and_the_largest_always_stays():
    pair = trimesh.util.concatenate([shell(), ball(0.4, (2, 0, 0))])

    assert drop_components(pair, largest=True).volume == pytest.approx(ball(0.4).volume)
    assert drop_components(pair, 1.0).volume == pytest.approx(ball(0.4).volume)


def test_scaling_and_turning_keep_the_shape():
    box = trimesh.creation.box((0.2, 0.8, 0.4))

    finished = finish(box, scale_mm=120, up="z")

    np.testing.assert_allclose(np.ptp(finished.vertices, axis=0), (30, 60, 120))
    assert finished.volume == pytest.approx(30 * 60 * 120)  # not mirrored
    top = np.argmax(box.vertices @ (0, 1, 0.1))
    assert finished.vertices[top][2] == pytest.approx(60)
    np.testing.assert_allclose(finish(box).vertices, box.vertices)


@pytest.mark.parametrize("length", [0.0, -1.0, math.nan, math.inf, 1e300, 1e-300])
def test_a_length_that_is_none_is_refused(length):
    with pytest.raises(InvalidOptionError, match="longest edge"):
        finish(ball(1), scale_mm=length)


@pytest.mark.parametrize("suffix", [".obj", ".ply", ".stl", ".glb", ".off"])
def test_every_format_reads_back_equal_with_normals_where_it_has_them(tmp_path, suffix):
    mesh = extract_surface(bumpy_field(24), 0.0)

    written = save_mesh(mesh, tmp_path / f"mesh{suffix}", scale_mm=50, up="z")

    data = (tmp_path / f"mesh{suffix}").read_bytes()
    again = trimesh.load(tmp_path / f"mesh{suffix}", force="mesh", process=suffix == ".stl")
    assert again.is_watertight
    assert again.volume == pytest.approx(written.volume, rel=1e-5)
    assert again.extents.max() == pytest.approx(50, rel=1e-5)
    np.testing.assert_allclose(
        again.vertices[again.faces], written.vertices[written.faces], atol=1e-5
    )
    if suffix in (".obj", ".ply", ".glb"):
        np.testing.assert_allclose(again.vertex_normals, written.vertex_normals, atol=1e-4)
        marks = {".obj": b"\nvn ", ".ply": b"property float nx", ".glb": b'"NORMAL"'}
        assert marks[suffix] in data or b"property double nx" in data
    if suffix == ".glb":
        assert again.visual.material.roughnessFactor == pytest.approx(0.8)
        assert b'"baseColorFactor"' in data
    if suffix == ".ply":
        assert b"format binary" in data[:60]
    if suffix == ".stl":
        assert len(data) == 84 + 50 * len(mesh.faces)


def read_attribute(path):
    """The values as they are in the file, read by its own description and not by trimesh."""
    data = path.read_bytes()
    if path.suffix == ".glb":
        (length,) = struct.unpack("<I", data[12:16])
        tree, start = json.loads(data[20 : 20 + length]), 28 + length
        (attributes,) = (p["attributes"] for mesh in tree["meshes"] for p in mesh["primitives"])
        accessor = tree["accessors"][attributes["_CONFIDENCE"]]
        view = tree["bufferViews"][accessor["bufferView"]]
        start += view.get("byteOffset", 0) + accessor.get("byteOffset", 0)
        assert accessor["componentType"] == 5126  # float32
        return np.frombuffer(data, "<f4", accessor["count"], start)
    header, _, body = data.partition(b"end_header\n")
    lines = header.decode().splitlines()
    (count,) = (int(line.split()[2]) for line in lines if line.startswith("element vertex"))
    names = [line.split()[2] for line in lines if line.startswith("property float")]
    rows = np.frombuffer(body, "<f4", count * len(names)).reshape(count, -1)
    return rows[:, names.index("confidence")]


@pytest.mark.parametrize("suffix", [".ply", ".glb"])
def test_confidence_is_an_attribute_of_each_vertex_in_the_file(tmp_path, suffix):
    mesh = ball(0.3)
    confidence = np.linspace(0, 1, len(mesh.vertices), dtype=np.float32)
    mesh.vertex_attributes["confidence"] = confidence

    written = save_mesh(mesh, tmp_path / f"a{suffix}", scale_mm=100, up="z")

    np.testing.assert_array_equal(read_attribute(tmp_path / f"a{suffix}"), confidence)
    np.testing.assert_array_equal(written.vertex_attributes["confidence"], confidence)
    again = trimesh.load(tmp_path / f"a{suffix}", force="mesh", process=False)
    np.testing.assert_allclose(again.vertices, written.vertices, atol=1e-4)


@pytest.mark.parametrize("suffix", [".obj", ".stl", ".off"])
def test_formats_without_a_place_for_it_are_written_as_before(tmp_path, suffix):
    mesh = ball(0.3)
    save_mesh(mesh, tmp_path / f"plain{suffix}")
    mesh.vertex_attributes["confidence"] = np.ones(len(mesh.vertices), np.float32)
    save_mesh(mesh, tmp_path / f"known{suffix}")

    plain, known = ((tmp_path / f"{name}{suffix}").read_bytes() for name in ("plain", "known"))
    assert plain == known


def bumpy_field(resolution, reach=0.4):
    line = np.linspace(-0.55, 0.55, resolution + 1)
    x, y, z = np.meshgrid(line, line, line, indexing="ij")
    return reach - np.sqrt(x * x + y * y + z * z) + 0.06 * np.sin(25 * x) * np.sin(31 * y + 17 * z)


def noise_field(resolution, seed):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(resolution + 1,) * 3).astype(np.float32)


FIELDS = {
    "bumpy": bumpy_field(32),
    "beyond the box": bumpy_field(32, reach=0.7),
    "full": np.ones((17, 17, 17)),
    "noise": noise_field(12, 0),
    "plateau": np.where(noise_field(12, 1) > 0.7, 1.0, 0.0),
}


def refuse_flaws(mesh):
    """Assert that `mesh` is closed, outward, and without degenerate or duplicate faces."""
    assert mesh.is_watertight
    assert mesh.is_winding_consistent
    assert mesh.volume > 0
    assert (mesh.area_faces > 0).all()
    corners = np.sort(mesh.faces, axis=1)
    assert (np.diff(corners, axis=1) > 0).all()
    assert len(np.unique(corners, axis=0)) == len(corners)


@pytest.mark.parametrize("steps", [0, 10])
@pytest.mark.parametrize("name", FIELDS)
def test_meshes_are_clean_after_refinement_and_simplification(name, steps):
    def scatter(points):
        return (points * 40).sin().sum(dim=1)

    mesh = extract_surface(FIELDS[name], 0.5 if name == "plateau" else 0.0)
    refuse_flaws(mesh)
    mesh = refine(mesh, OccupancyField(TorchPoints(scatter)), 0.0, steps)
    refuse_flaws(mesh)
    fewer = simplify(mesh, max(len(mesh.faces) // 5, 4))
    refuse_flaws(fewer)
    refuse_flaws(drop_components(fewer, largest=True))


def test_a_shape_that_reaches_the_box_is_capped_there():
    mesh = extract_surface(FIELDS["full"], 0.0)

    assert mesh.is_watertight
    np.testing.assert_allclose(np.abs(mesh.bounds), 0.55, atol=0.08)
    assert mesh.volume == pytest.approx(1.1**3, rel=0.2)
