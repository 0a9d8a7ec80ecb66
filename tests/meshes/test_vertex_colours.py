import numpy as np
import pytest
import trimesh

from onet_cli.exporting.export import ExportOptions, export
from onet_cli.geometry.appearance import Appearance, Material
from onet_cli.geometry.mesh import COLOUR, make_mesh
from onet_cli.meshes.read import load_mesh_file
from onet_cli.meshes.vertex_colours import vertex_colours
from onet_cli.meshes.write import write_mesh

FACES = np.array([[0, 1, 2], [0, 2, 3]])


@pytest.mark.parametrize("way", [(".glb",), (".obj",), (".3mf",), (".glb", ".3mf", ".obj")])
def test_colours_of_vertices_survive_conversions_to_the_last_bit(tmp_path, way):
    ball = trimesh.creation.icosphere(subdivisions=2)
    mesh = make_mesh(ball.vertices, ball.faces)
    rng = np.random.default_rng(0)
    mesh.vertex_attributes[COLOUR] = rng.integers(0, 256, (len(mesh.vertices), 3)).astype(np.uint8)
    path = tmp_path / "start.ply"
    write_mesh(mesh, path)

    for step, suffix in enumerate([*way, ".ply"]):
        source, path = path, tmp_path / f"{step}{suffix}"
        export(str(source), path, ExportOptions())

    loaded = load_mesh_file(path)
    found = vertex_colours(loaded.mesh.faces, loaded.appearance, len(loaded.mesh.vertices))
    order, expected = (
        np.lexsort(np.round(np.asarray(m.vertices), 5).T) for m in (loaded.mesh, mesh)
    )
    assert np.array_equal(found[order], mesh.vertex_attributes[COLOUR][expected])


def test_a_texture_is_read_between_its_pixels_and_repeats():
    picture = np.zeros((2, 2, 3), np.uint8)
    picture[0, 0], picture[0, 1], picture[1, 0] = (255, 0, 0), (0, 255, 0), (0, 0, 255)
    corners = np.array([[0.25, 0.75], [0.75, 0.75], [1.25, 0.25], [0.75, -0.75]])
    look = Appearance(
        (Material(texture=picture),), np.zeros(2, np.int32), corners[FACES].astype(np.float32)
    )

    found = vertex_colours(FACES, look, 4)

    assert found.tolist() == [[255, 0, 0], [0, 255, 0], [0, 0, 255], [0, 0, 0]]
    middle = Appearance(look.materials, look.material_of_face, np.full((2, 3, 2), 0.5, np.float32))
    assert vertex_colours(FACES, middle, 4).tolist() == [[137, 137, 137]] * 4  # a quarter of light


def test_a_vertex_between_two_materials_has_the_mean_of_their_light():
    look = Appearance((Material((255, 255, 255)), Material((0, 0, 0))), np.array([0, 1], np.int32))

    found = vertex_colours(FACES, look, 5)

    assert found[:, 0].tolist() == [188, 255, 188, 0, 0]


def test_a_mesh_without_looks_has_no_colours():
    assert vertex_colours(FACES, Appearance.plain(2), 4) is None


def test_export_says_what_a_file_asks_for_and_does_not_have(tmp_path):
    (tmp_path / "box.mtl").write_text("newmtl wood\nKd 0.8 0.2 0.2\nmap_Kd gone.png\n")
    text = trimesh.exchange.obj.export_obj(trimesh.creation.box(), include_texture=False)
    (tmp_path / "box.obj").write_text("mtllib box.mtl\nusemtl wood\n" + text)

    lines = export(str(tmp_path / "box.obj"), tmp_path / "box.ply", ExportOptions())

    assert lines[-1].startswith("warning: ")
    assert "gone.png" in lines[-1]
    loaded = load_mesh_file(tmp_path / "box.ply")
    found = vertex_colours(loaded.mesh.faces, loaded.appearance, 8)
    assert (found == found[0]).all()
    assert found[0, 0] > found[0, 1]
