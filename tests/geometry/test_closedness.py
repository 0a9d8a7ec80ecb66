"""What makes a mesh a solid that can be kept, one flaw at a time."""

import numpy as np
import pytest
import trimesh

from onet_cli.errors import InvalidGeometryError
from onet_cli.geometry.closedness import find_flaw, is_closed
from onet_cli.geometry.mesh import make_mesh
from tests.analytic import Box, Sphere, Torus


def joined(*meshes):
    return trimesh.util.concatenate(meshes)


def turned(mesh):
    return make_mesh(mesh.vertices, mesh.faces[:, ::-1])


BALL = Sphere(0.3).mesh()
FLAWS = {
    "a missing face": (make_mesh(BALL.vertices, BALL.faces[1:]), "open"),
    "a doubled face": (make_mesh(BALL.vertices, np.vstack([BALL.faces, BALL.faces[:1]])), "open"),
    "a fin": (make_mesh(BALL.vertices, np.vstack([BALL.faces, [[0, 1, 2]]])), "open"),
    "a face turned over": (
        make_mesh(BALL.vertices, np.vstack([BALL.faces[1:], BALL.faces[:1, ::-1]])),
        "inconsistent",
    ),
    "inside out": (turned(BALL), "inverted"),
    "one part inside out": (
        joined(Box((0.2,) * 3, (-0.3, 0, 0)).mesh(), turned(Box((0.2,) * 3, (0.3, 0, 0)).mesh())),
        "inverted",
    ),
    "a cavity": (joined(Sphere(0.4).mesh(), turned(Sphere(0.2).mesh())), "hollow"),
    "a part within another": (joined(Sphere(0.4).mesh(), Sphere(0.2).mesh()), "nested"),
    "overlapping parts": (
        joined(Sphere(0.3).mesh(), Sphere(0.3, (0.2, 0, 0)).mesh()),
        "overlapping",
    ),
    "parts that share a side": (
        joined(Box((0.4,) * 3, (-0.2, 0, 0)).mesh(), Box((0.4,) * 3, (0.2, 0, 0)).mesh()),
        "overlapping",
    ),
    "no faces": (make_mesh(np.zeros((3, 3)), np.zeros((0, 3), int)), "empty"),
    "no volume": (
        make_mesh(np.array([[0.0, 0, 0], [1, 0, 0], [0, 1, 0]]), np.array([[0, 1, 2], [0, 2, 1]])),
        "empty",
    ),
}


@pytest.mark.parametrize("name", FLAWS)
def test_a_flaw_is_named(name):
    mesh, flaw = FLAWS[name]

    assert find_flaw(mesh) == flaw


def test_a_closet_of_boards_that_nobody_sees_into_is_hollow():
    walls = []
    for axis in range(3):
        for side in (-1, 1):
            centre, size = np.zeros(3), np.full(3, 0.9)
            centre[axis], size[axis] = side * 0.48, 0.03
            walls.append(Box(tuple(size), tuple(centre)).mesh())

    assert find_flaw(joined(*walls)) == "hollow"


@pytest.mark.parametrize(("share", "flaw"), [(0.018, ""), (0.022, "hollow")])
def test_hidden_space_is_a_flaw_from_two_percent_of_the_filled_solid_on(share, flaw):
    # A tube and two lids, with gaps that nobody sees through. Within 1.5 of 128 cells of a face
    # space is not counted: a cylinder of radius r and height h is left, and
    # share = pi r^2 h / (pi r^2 h + solid), where solid = pi (rest - tube r_tube^2).
    band, tube, lid, gap = 1.5 / 128, 0.6, 0.1, 0.01
    height, rest = tube + 2 * gap - 2 * band, 0.5**2 * (tube + 2 * lid)
    radii = np.linspace(0.05, 0.2, 10_000)
    hidden = radii**2 * height
    shares = hidden / (hidden + rest - tube * (radii + band) ** 2)
    radius = radii[np.argmin(np.abs(shares - share))]
    walls = trimesh.creation.annulus(radius + band, 0.5, tube, sections=64)
    top = trimesh.creation.cylinder(0.5, lid, sections=64)
    top.apply_translation((0, 0, (tube + lid) / 2 + gap))
    bottom = top.copy().apply_translation((0, 0, -(tube + lid) - 2 * gap))

    assert find_flaw(joined(walls, top, bottom)) == flaw


@pytest.mark.parametrize(
    "mesh",
    [
        Sphere().mesh(),
        Box().mesh(),
        Torus().mesh(),
        joined(Box((0.2,) * 3, (-0.3, 0, 0)).mesh(), Sphere(0.2, (0.3, 0, 0)).mesh()),
        trimesh.creation.annulus(0.3, 0.4, 0.5),
    ],
)
@pytest.mark.parametrize("scale", [1e-3, 1, 1e4])
def test_a_solid_has_no_flaw_at_any_size_and_place(mesh, scale):
    moved = make_mesh(mesh.vertices * scale + 3 * scale, mesh.faces)

    assert find_flaw(moved) == ""


def test_a_vertex_that_is_not_finite_is_refused():
    vertices = np.array(BALL.vertices)
    vertices[5, 1] = np.nan

    with pytest.raises(InvalidGeometryError, match="not finite"):
        find_flaw(make_mesh(vertices, BALL.faces))


@pytest.mark.parametrize("shape", [Sphere(), Box(), Torus()])
def test_a_surface_around_a_solid_is_closed(shape):
    assert is_closed(shape.mesh())


@pytest.mark.parametrize(
    "faces",
    [
        [],
        [[0, 1, 2]],
        [[0, 1, 2], [0, 1, 3], [0, 2, 3]],
        [[0, 1, 2], [0, 1, 3], [0, 2, 3], [1, 2, 3], [0, 1, 4]],
        [[0, 0, 1], [0, 1, 1]],
    ],
    ids=["no face", "one face", "a tetrahedron without one", "an edge of three", "no area"],
)
def test_a_mesh_with_an_edge_that_has_not_two_faces_is_not_closed(faces):
    corners = np.random.default_rng(0).random((5, 3))
    assert not is_closed(make_mesh(corners, np.array(faces, int).reshape(-1, 3)))


def test_two_solids_that_share_an_edge_are_not_closed():
    tetrahedra = np.array([[0, 1, 2], [0, 3, 1], [1, 3, 2], [0, 2, 3]])
    other = np.array([0, 1, 4, 5])[tetrahedra]
    corners = np.random.default_rng(0).random((6, 3))
    assert is_closed(make_mesh(corners, tetrahedra))
    assert not is_closed(make_mesh(corners, np.vstack([tetrahedra, other])))
