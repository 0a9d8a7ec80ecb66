import io

import numpy as np
import pytest
import trimesh

from onet_cli.errors import EmptySurfaceError, InvalidGeometryError, InvalidOptionError
from onet_cli.exporting.binvox import encode_binvox
from onet_cli.exporting.mesh import convert_mesh, export_voxels


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
    written = convert_mesh(ball, tmp_path / f"out{suffix}")

    again = trimesh.load(tmp_path / f"out{suffix}", force="mesh")
    assert len(again.faces) == len(written.faces) == 1280
    assert again.volume == pytest.approx(trimesh.load(ball).volume, rel=1e-4)


def test_faces_simplifies_to_at_most_so_many_and_keeps_the_mesh_closed(ball, tmp_path):
    mesh = convert_mesh(ball, tmp_path / "out.ply", faces=200)

    assert len(mesh.faces) <= 200
    assert mesh.is_watertight
    assert mesh.volume == pytest.approx(trimesh.load(ball).volume, rel=0.05)


def test_voxels_fill_the_meshs_own_bounding_cube(ball, tmp_path):
    export_voxels(ball, tmp_path / "out.npz", resolution=64)

    with np.load(tmp_path / "out.npz") as file:
        cells, centre, edge = file["occupancies"], file["centre"], float(file["edge"])
    assert (cells.shape, cells.dtype) == ((64, 64, 64), bool)
    assert edge == pytest.approx(4, abs=0.01)
    np.testing.assert_allclose(centre, (10, 20, -30), atol=0.01)
    assert cells.mean() * edge**3 == pytest.approx(trimesh.load(ball).volume, rel=0.02)
    extent = [np.ptp(np.nonzero(cells)[axis]) + 1 for axis in range(3)]
    np.testing.assert_allclose(extent, (64, 32, 48), atol=2)


def test_binvox_reads_back_equal_here_and_in_trimesh(ball, tmp_path):
    grid = export_voxels(ball, tmp_path / "out.binvox", resolution=48)

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


def test_a_file_that_is_no_mesh_is_refused_and_nothing_is_written(tmp_path):
    (tmp_path / "bad.obj").write_text("not a mesh")

    with pytest.raises((InvalidGeometryError, EmptySurfaceError)):
        export_voxels(tmp_path / "bad.obj", tmp_path / "out.npz")

    assert [file.name for file in tmp_path.iterdir()] == ["bad.obj"]


def test_options_that_cannot_work_are_refused(ball, tmp_path):
    with pytest.raises(InvalidOptionError, match="at least 1 cell"):
        export_voxels(ball, tmp_path / "out.npz", resolution=0)
    with pytest.raises(InvalidOptionError, match="4 faces"):
        convert_mesh(ball, tmp_path / "out.ply", faces=2)
    with pytest.raises(InvalidOptionError, match="no voxel format"):
        export_voxels(ball, tmp_path / "out.vox")
