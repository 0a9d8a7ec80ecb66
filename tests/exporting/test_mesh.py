import io

import numpy as np
import pytest
import trimesh

from onet_cli.errors import InvalidGeometryError, InvalidOptionError
from onet_cli.exporting.binvox import encode_binvox
from onet_cli.exporting.export import ExportOptions, export
from onet_cli.exporting.mesh import convert_mesh, export_voxels
from onet_cli.geometry.closedness import is_closed
from onet_cli.geometry.mesh import make_mesh
from onet_cli.meshes.read import read_mesh
from onet_cli.meshes.write import write_mesh


@pytest.fixture
def ball(tmp_path):
    mesh = trimesh.creation.icosphere(subdivisions=3, radius=2)
    mesh.apply_scale((1, 0.5, 0.75))
    mesh.apply_translation((10, 20, -30))
    mesh.export(tmp_path / "ball.obj")
    return tmp_path / "ball.obj"


def read_binvox(path):
    """Return the cells [x, y, z] and the numbers of the header, read by the format's page."""
    header, _, data = path.read_bytes().partition(b"data\n")
    lines = [line.split() for line in header.decode().splitlines()]
    assert lines[0] == ["#binvox", "1"]
    facts = {words[0]: [float(word) for word in words[1:]] for words in lines[1:]}
    pairs = np.frombuffer(data, np.uint8).reshape(-1, 2)
    x, y, z = (int(side) for side in facts["dim"])
    cells = np.repeat(pairs[:, 0], pairs[:, 1]).reshape(x, z, y).transpose(0, 2, 1)
    return cells.astype(bool), facts


@pytest.mark.parametrize("suffix", [".obj", ".ply", ".stl", ".glb", ".off"])
def test_a_mesh_keeps_its_surface_in_every_format(ball, tmp_path, suffix):
    written = convert_mesh(read_mesh(ball), tmp_path / f"out{suffix}")

    again = trimesh.load(tmp_path / f"out{suffix}", force="mesh")
    assert len(again.faces) == len(written.faces) == 1280
    assert again.volume == pytest.approx(trimesh.load(ball).volume, rel=1e-4)


def test_faces_simplifies_to_at_most_so_many_and_keeps_the_mesh_closed(ball, tmp_path):
    mesh = convert_mesh(read_mesh(ball), tmp_path / "out.ply", faces=200)

    assert len(mesh.faces) <= 200
    assert mesh.is_watertight
    assert mesh.volume == pytest.approx(trimesh.load(ball).volume, rel=0.05)


def test_voxels_fill_the_meshs_own_bounding_cube(ball, tmp_path):
    export_voxels(read_mesh(ball), tmp_path / "out.npz", resolution=64)

    with np.load(tmp_path / "out.npz") as file:
        cells, centre, edge = file["occupancies"], file["centre"], float(file["edge"])
    assert (cells.shape, cells.dtype) == ((64, 64, 64), bool)
    assert edge == pytest.approx(4, abs=0.01)
    np.testing.assert_allclose(centre, (10, 20, -30), atol=0.01)
    assert cells.mean() * edge**3 == pytest.approx(trimesh.load(ball).volume, rel=0.02)
    extent = [np.ptp(np.nonzero(cells)[axis]) + 1 for axis in range(3)]
    np.testing.assert_allclose(extent, (64, 32, 48), atol=2)


def test_binvox_reads_back_equal_here_and_in_trimesh(ball, tmp_path):
    grid = export_voxels(read_mesh(ball), tmp_path / "out.binvox", resolution=48)

    cells, facts = read_binvox(tmp_path / "out.binvox")
    assert np.array_equal(cells, grid.occupancies)
    np.testing.assert_allclose(facts["translate"], np.array(grid.centre) - grid.edge / 2, rtol=1e-6)
    assert facts["scale"] == pytest.approx([grid.edge])
    assert np.array_equal(trimesh.load(tmp_path / "out.binvox").matrix, grid.occupancies)


@pytest.mark.parametrize("fill", ["empty", "full", "random", "asymmetric"])
def test_runs_of_any_length_survive_binvox(fill):
    rng = np.random.default_rng(0)
    cells = np.zeros((16, 16, 16), dtype=bool)
    if fill == "full":
        cells[:] = True
    elif fill == "random":
        cells = rng.random(cells.shape) < 0.5
    elif fill == "asymmetric":
        cells[:3, 5:7, 1:] = True

    data = encode_binvox(cells, (0.0, 0.0, 0.0), 1.0)

    loaded = trimesh.exchange.binvox.load_binvox(io.BytesIO(data))
    assert np.array_equal(loaded.matrix, cells)


def test_options_that_cannot_work_are_refused(ball, tmp_path):
    with pytest.raises(InvalidOptionError, match="must have 1 to 1024 cells"):
        export_voxels(read_mesh(ball), tmp_path / "out.npz", resolution=0)
    with pytest.raises(InvalidOptionError, match="4 faces"):
        convert_mesh(read_mesh(ball), tmp_path / "out.ply", faces=2)
    with pytest.raises(InvalidOptionError, match="not a supported voxel format"):
        export_voxels(read_mesh(ball), tmp_path / "out.vox")


OUTLINE = [(0, 0), (3, 0), (3, 1), (1, 1), (1, 2), (0, 2)]
"""An L: fans around most of its corners lay triangles outside of it."""
HEIGHT, OUTLINE_AREA, OUTLINE_LENGTH = 0.5, 4.0, 10.0


def concave_prism(suffix, start):
    """Return a prism over the L as a text file; its lid's first corner is the `start`th."""
    outline = OUTLINE[start:] + OUTLINE[:start]
    count = len(outline)
    points = [(x, y, z) for z in (0, HEIGHT) for x, y in outline]
    faces = [list(range(count))[::-1], [count + i for i in range(count)]]
    faces += [[i, (i + 1) % count, count + (i + 1) % count, count + i] for i in range(count)]
    rows = "\n".join(f"{x} {y} {z}" for x, y, z in points)
    polygons = "\n".join(f"{len(face)} {' '.join(map(str, face))}" for face in faces)
    if suffix == ".obj":
        lines = [f"v {row}" for row in rows.splitlines()]
        lines += ["f " + " ".join(str(i + 1) for i in face) for face in faces]
        return "\n".join(lines)
    if suffix == ".off":
        return f"OFF\n{len(points)} {len(faces)} 0\n{rows}\n{polygons}\n"
    return (
        f"ply\nformat ascii 1.0\nelement vertex {len(points)}\nproperty float x\n"
        f"property float y\nproperty float z\nelement face {len(faces)}\n"
        f"property list uchar int vertex_indices\nend_header\n{rows}\n{polygons}\n"
    )


@pytest.mark.parametrize("suffix", [".obj", ".off", ".ply"])
@pytest.mark.parametrize("start", range(len(OUTLINE)))
def test_concave_polygons_are_covered_and_nothing_else(tmp_path, suffix, start):
    source = tmp_path / f"prism{suffix}"
    source.write_text(concave_prism(suffix, start))

    convert_mesh(read_mesh(source), tmp_path / "out.stl")

    mesh = trimesh.load(tmp_path / "out.stl")
    assert mesh.is_watertight
    assert mesh.volume == pytest.approx(HEIGHT * OUTLINE_AREA)
    assert mesh.area == pytest.approx(2 * OUTLINE_AREA + HEIGHT * OUTLINE_LENGTH)


@pytest.fixture
def confident():
    mesh = trimesh.creation.icosphere(subdivisions=3)
    values = np.random.default_rng(0).random(len(mesh.vertices), dtype=np.float32)
    mesh.vertex_attributes["confidence"] = values
    return mesh


def confidence_by_place(mesh):
    """Return the vertices (V, 3) and their confidence (V,), in an order that files keep."""
    points = np.round(mesh.vertices, 4) + 0.0
    order = np.lexsort(points.T)
    return points[order], np.asarray(mesh.vertex_attributes["confidence"]).reshape(-1)[order]


@pytest.mark.parametrize("way", [".ply .glb .ply", ".glb .ply .glb", ".ply .ply", ".glb .glb"])
def test_confidence_survives_any_way_through_ply_and_glb(confident, tmp_path, way):
    first, *others = (tmp_path / f"{n}{suffix}" for n, suffix in enumerate(way.split()))
    write_mesh(confident, first)

    for target in others:
        convert_mesh(read_mesh(first), target)
        first = target

    points, confidence = confidence_by_place(read_mesh(first))
    expected_points, expected = confidence_by_place(confident)
    np.testing.assert_allclose(points, expected_points, atol=2e-4)
    np.testing.assert_array_equal(confidence, expected)


@pytest.mark.parametrize("suffix", [".obj", ".stl", ".off"])
def test_formats_without_a_place_for_confidence_are_written_without(confident, tmp_path, suffix):
    write_mesh(confident, tmp_path / "a.ply")

    convert_mesh(read_mesh(tmp_path / "a.ply"), tmp_path / f"out{suffix}")

    again = read_mesh(tmp_path / f"out{suffix}")
    assert "confidence" not in again.vertex_attributes
    assert len(again.vertices) == len(confident.vertices)


def test_simplified_vertices_have_the_confidence_around_them(confident, tmp_path):
    confident.vertex_attributes["confidence"] = (confident.vertices[:, 0] > 0).astype(np.float32)

    convert_mesh(confident, tmp_path / "out.ply", faces=200)

    mesh = read_mesh(tmp_path / "out.ply")
    clear = np.abs(mesh.vertices[:, 0]) > 0.2
    right = mesh.vertices[clear, 0] > 0
    assert clear.sum() > 50
    assert np.array_equal(mesh.vertex_attributes["confidence"][clear] == 1, right)


def test_parts_of_a_scene_keep_their_confidence_where_they_stand(confident, tmp_path):
    other = confident.copy()
    other.vertex_attributes["confidence"] = 1 - confident.vertex_attributes["confidence"]
    scene = trimesh.Scene()
    for mesh, offset in ((confident, 0), (other, 5)):
        named = mesh.copy()
        named.vertex_attributes = {"_CONFIDENCE": mesh.vertex_attributes["confidence"]}
        scene.add_geometry(
            named, transform=trimesh.transformations.translation_matrix([offset, 0, 0])
        )
    (tmp_path / "two.glb").write_bytes(scene.export(file_type="glb"))

    convert_mesh(read_mesh(tmp_path / "two.glb"), tmp_path / "out.ply")

    mesh = read_mesh(tmp_path / "out.ply")
    moved = np.asarray(mesh.vertices)[:, 0] > 2
    one, two = (
        np.sort(np.asarray(mesh.vertex_attributes["confidence"])[side]) for side in (~moved, moved)
    )
    np.testing.assert_array_equal(one, np.sort(confident.vertex_attributes["confidence"]))
    np.testing.assert_array_equal(two, np.sort(other.vertex_attributes["confidence"]))


@pytest.fixture
def far(tmp_path):
    """Return a file of two boxes with coordinates of 5e6, 0.12 thick and 0.01 apart."""
    boxes = [trimesh.creation.box((1, 0.12, 1)), trimesh.creation.box((0.1, 1.1, 1))]
    boxes[1].apply_translation((0.3, 0.62, 0))
    mesh = trimesh.util.concatenate(boxes)
    mesh.apply_translation((500000, 4500000.5, 120))
    (tmp_path / "far.obj").write_text(trimesh.exchange.obj.export_obj(mesh, digits=9))
    return tmp_path / "far.obj"


@pytest.mark.parametrize("suffix", [".stl", ".ply", ".glb", ".obj", ".off"])
def test_what_is_said_of_meshes_far_away_holds_of_the_file(far, tmp_path, suffix):
    target = tmp_path / f"out{suffix}"

    line, *notes = export(str(far), target, ExportOptions())

    again = read_mesh(target)
    assert line == f"{target}  16 vertices, 24 faces, closed"
    assert again.is_watertight
    assert len(again.vertices) == 16
    assert np.allclose(np.ptp(again.vertices, axis=0), np.ptp(read_mesh(far).vertices, axis=0))
    middle = np.abs(again.bounds.mean(axis=0)).max()
    if suffix in (".obj", ".off"):
        assert notes == []
        assert middle > 4e6
    else:
        (note,) = notes
        assert note.startswith("moved to the origin, by -500000 -4500001.0")
        assert middle < 1e-6


def test_details_that_single_precision_joins_are_kept_at_the_origin(tmp_path):
    thin = trimesh.creation.box((1, 1, 1e-9))
    thin.apply_translation((0.5, 0.5, 0.5))
    (tmp_path / "thin.obj").write_text(trimesh.exchange.obj.export_obj(thin, digits=12))

    line, note = export(str(tmp_path / "thin.obj"), tmp_path / "thin.stl", ExportOptions())

    assert line.endswith("8 vertices, 12 faces, closed")
    assert note.startswith("moved to the origin")
    assert read_mesh(tmp_path / "thin.stl").is_watertight


@pytest.mark.parametrize("radius", [2e-7, 6e-7, 1e-6, 4e-6])
@pytest.mark.parametrize("suffix", [".stl", ".ply", ".obj"])
def test_what_is_said_of_closedness_holds_of_the_file(tmp_path, radius, suffix):
    ball = trimesh.creation.icosphere(subdivisions=2, radius=radius)
    ball.apply_translation((7, 7, 7))  # where floats are 5e-7 apart
    mesh = trimesh.util.concatenate([ball, trimesh.creation.box((10, 10, 10))])
    (tmp_path / "small.obj").write_text(trimesh.exchange.obj.export_obj(mesh, digits=12))

    line, *_ = export(str(tmp_path / "small.obj"), tmp_path / f"out{suffix}", ExportOptions())

    written = read_mesh(tmp_path / f"out{suffix}")
    kept = written.faces[[len(set(face)) == 3 for face in written.faces.tolist()]]
    assert line.endswith("not closed") != is_closed(make_mesh(written.vertices, kept))


@pytest.mark.parametrize("suffix", [".stl", ".ply", ".glb", ".obj"])
def test_a_mesh_too_small_for_single_precision_is_refused_or_kept(tmp_path, suffix):
    tiny = trimesh.creation.box((1e-200, 2e-200, 3e-200))
    (tmp_path / "tiny.obj").write_text(
        "".join(f"v {x!r} {y!r} {z!r}\n" for x, y, z in tiny.vertices.tolist())
        + "".join(f"f {a} {b} {c}\n" for a, b, c in (tiny.faces + 1).tolist())
    )
    target = tmp_path / f"out{suffix}"

    if suffix == ".obj":
        export(str(tmp_path / "tiny.obj"), target, ExportOptions())
        np.testing.assert_allclose(np.ptp(read_mesh(target).vertices, axis=0), tiny.extents)
    else:
        with pytest.raises(InvalidGeometryError, match=r"too small for .* single precision"):
            export(str(tmp_path / "tiny.obj"), target, ExportOptions())
        assert not target.exists()
