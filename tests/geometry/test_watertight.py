"""Any mesh becomes a closed one of the same solid: analytic shapes, damaged in every way."""

import numpy as np
import pytest
import trimesh

from onet_cli.errors import InvalidGeometryError, InvalidOptionError
from onet_cli.geometry.inside import contains
from onet_cli.geometry.mesh import make_mesh
from onet_cli.geometry.sampling import sample_surface
from onet_cli.geometry.watertight import make_watertight
from tests import reference
from tests.analytic import Box, Sphere, Torus, is_closed_manifold

RESOLUTION = 64
UPRIGHT = trimesh.transformations.rotation_matrix(np.pi / 2, [1, 0, 0])


class Union:
    """Several shapes as one."""

    def __init__(self, *parts):
        self.parts = parts

    def contains(self, points):
        return np.any([part.contains(points) for part in self.parts], axis=0)

    def mesh(self):
        return trimesh.util.concatenate([part.mesh() for part in self.parts])


class Cylinder:
    radius, height = 0.3, 1.0

    def contains(self, points):
        x, y, z = np.moveaxis(points, -1, 0)
        return (np.hypot(x, z) < self.radius) & (np.abs(y) < self.height / 2)

    def mesh(self):
        return trimesh.creation.cylinder(self.radius, self.height, sections=48, transform=UPRIGHT)


LEG = 3.5 / RESOLUTION
TABLE = Union(
    Box((1.0, 0.06, 0.8), (0, 0.37, 0)),
    *(Box((LEG, 0.75, LEG), (x, -0.025, z)) for x in (-0.4, 0.4) for z in (-0.3, 0.3)),
)
SHAPES = {
    "sphere": Sphere(0.5),
    "box": Box((1.0, 0.6, 0.4)),
    "torus": Torus(0.35, 0.15),
    "cylinder": Cylinder(),
    "table": TABLE,
    "overlapping": Union(Box((1, 0.5, 0.4)), Box((0.4, 1, 0.5)), Sphere(0.35)),
    "nested": Union(Box((1, 1, 1)), Sphere(0.3)),
}
FAST = ("sphere", "table")


def damage(mesh, kind, rng):
    """The mesh cut into small faces, then with holes narrower than 3 cells, flips or doubles."""
    edge = 2.0 / RESOLUTION
    vertices, faces = trimesh.remesh.subdivide_to_size(mesh.vertices, mesh.faces, edge, 12)
    chosen = rng.random(len(faces)) < 0.2
    if kind == "holes":
        faces = faces[~chosen]
    elif kind == "flips":
        faces = np.where(chosen[:, None], faces[:, ::-1], faces)
    elif kind == "doubles":
        faces = np.concatenate([faces, faces[chosen], faces[rng.random(len(faces)) < 0.2, ::-1]])
    elif kind == "pieces":
        vertices, faces = vertices[faces].reshape(-1, 3), np.arange(faces.size).reshape(-1, 3)
    return make_mesh(vertices, faces)


def cube_points(count=20_000):
    return 1.1 * (np.random.default_rng(5).random((count, 3)) - 0.5)


@pytest.mark.parametrize("kind", ["holes", "flips", "doubles", "pieces"])
@pytest.mark.parametrize(
    "name", [n if n in FAST else pytest.param(n, marks=pytest.mark.slow) for n in SHAPES]
)
def test_the_occupancy_of_damaged_shapes_is_right_at_99_percent_of_points(name, kind):
    shape, points = SHAPES[name], cube_points()
    mesh = damage(shape.mesh(), kind, np.random.default_rng(2))

    result = make_watertight(mesh, RESOLUTION, keep=False)

    right = contains(result.mesh, points) == shape.contains(points)
    assert right.mean() > 0.99
    assert is_closed_manifold(result.mesh)
    assert result.mesh.volume > 0
    assert result.volume == pytest.approx(result.mesh.volume)
    assert result.surface_offset < 0.3 / RESOLUTION
    assert result.lost_share == 0


@pytest.mark.parametrize("name", ["sphere", "box", "torus", "table"])
def test_a_shape_made_anew_is_the_shape(name):
    shape, points = SHAPES[name], cube_points()

    result = make_watertight(shape.mesh(), 128, keep=False)

    ours, true = contains(result.mesh, points), shape.contains(points)
    assert (ours & true).sum() / (ours | true).sum() > 0.985
    assert result.surface_offset < 0.1 / 128


@pytest.mark.parametrize("shape", [Sphere(0.5), Box((1, 0.5, 0.7)), Torus(0.35, 0.15)])
def test_a_solid_is_kept_as_it_is(shape):
    mesh = shape.mesh()

    result = make_watertight(mesh, RESOLUTION)

    assert result.kept
    assert result.reason == ""
    assert np.array_equal(result.mesh.vertices, mesh.vertices)
    assert np.array_equal(result.mesh.faces, mesh.faces)


def test_a_solid_whose_faces_share_no_vertices_is_kept_with_equal_ones_merged():
    mesh = Box((1, 0.5, 0.7)).mesh()
    apart = make_mesh(mesh.vertices[mesh.faces].reshape(-1, 3), np.arange(36).reshape(-1, 3))

    result = make_watertight(apart, RESOLUTION)

    assert result.kept
    assert len(result.mesh.vertices) == 8
    assert is_closed_manifold(result.mesh)


@pytest.mark.parametrize(("turned", "reason"), [(True, "hollow"), (False, "nested")])
def test_a_box_with_inner_walls_is_filled(turned, reason):
    outer, inner = Box((1, 0.8, 0.6)).mesh(), Box((0.9, 0.7, 0.5)).mesh()
    if turned:
        inner.invert()

    result = make_watertight(trimesh.util.concatenate([outer, inner]), RESOLUTION)

    assert not result.kept
    assert result.reason == reason
    assert result.volume == pytest.approx(0.48, rel=0.01)
    assert (np.abs(result.mesh.vertices).max(axis=1) > 0.25).all()


def test_a_mesh_that_is_inside_out_is_turned():
    mesh = Sphere(0.5).mesh()
    mesh.invert()

    result = make_watertight(mesh, RESOLUTION)

    assert result.reason == "inverted"
    assert result.volume == pytest.approx(Sphere(0.5).volume, rel=0.01)


def test_a_box_without_a_bottom_is_full():
    mesh = Box((1, 0.6, 0.8)).mesh(subdivisions=3)
    mesh.update_faces(mesh.triangles_center[:, 1] > -0.299)

    result = make_watertight(mesh, RESOLUTION)

    assert result.reason == "open"
    # The opening is closed by what views from just below the horizon leave: a shallow dent.
    assert result.volume > 0.9 * 0.48


@pytest.mark.parametrize("tilt", [0.0, 0.3, 0.9])
def test_a_sheet_without_thickness_gets_some_and_stays_whole(tilt):
    sheet = make_mesh(
        np.array([[-0.5, 0, -0.4], [0.5, 0, -0.4], [0.5, 0, 0.4], [-0.5, 0, 0.4]]),
        np.array([[0, 1, 2], [0, 2, 3]]),
    ).apply_transform(trimesh.transformations.rotation_matrix(tilt, [1, 0.3, 0]))
    sheet.apply_scale(1 / np.ptp(sheet.vertices, axis=0).max())

    result = make_watertight(sheet, RESOLUTION)

    assert is_closed_manifold(result.mesh)
    assert result.mesh.body_count == 1
    assert result.mesh.euler_number == 2
    assert 1.1 < result.volume * RESOLUTION / sheet.area < 1.4
    assert result.surface_offset < 0.8 / RESOLUTION
    assert "too thin" in result.warnings[0]


@pytest.mark.parametrize("way", [(1, 0, 0), (1, 0.4, 0.1), (1, 1, 1)])
def test_a_wire_thinner_than_a_cell_stays_whole(way):
    end = 0.5 * np.array(way) / max(way)
    wire = trimesh.creation.cylinder(0.2 / RESOLUTION, segment=[-end, end], sections=5)
    wire.apply_translation([0, 0.5 / RESOLUTION, 0.5 / RESOLUTION])
    wire.vertices = np.clip(wire.vertices, -0.5, 0.5)

    result = make_watertight(wire, RESOLUTION, keep=False)

    assert result.mesh.body_count == 1
    assert result.mesh.euler_number == 2
    assert result.lost_share == 0
    assert result.surface_offset < 1 / RESOLUTION


def test_a_fin_on_a_block_stays_joined_to_it():
    block = Box((1, 0.3, 0.5), (0, -0.2, 0)).mesh()
    fin = make_mesh(
        np.array([[0.02, -0.05, -0.2], [0.02, -0.05, 0.2], [0.02, 0.4, 0.2], [0.02, 0.4, -0.2]]),
        np.array([[0, 1, 2], [0, 2, 3]]),
    )

    result = make_watertight(trimesh.util.concatenate([block, fin]), RESOLUTION)

    assert result.mesh.body_count == 1
    assert result.mesh.bounds[1, 1] == pytest.approx(0.4, abs=1.5 / RESOLUTION)


def test_the_share_made_thicker_is_that_of_the_sheets_area():
    block = Box((1, 0.3, 0.5), (0, -0.2, 0)).mesh()
    fin = make_mesh(
        np.array([[0.02, -0.05, -0.2], [0.02, -0.05, 0.2], [0.02, 0.5, 0.2], [0.02, 0.5, -0.2]]),
        np.array([[0, 1, 2], [0, 2, 3]]),
    )

    thin = make_watertight(trimesh.util.concatenate([block, fin]), RESOLUTION).warnings
    thick = make_watertight(block, RESOLUTION, keep=False).warnings

    assert len(thin) == 1
    share = int(thin[0].partition("%")[0]) / 100
    assert share == pytest.approx(fin.area / (fin.area + block.area), abs=0.03)
    assert thick == ()


@pytest.mark.parametrize("shape", [Sphere(0.5), Box((1, 0.6, 0.4)), SHAPES["nested"]])
@pytest.mark.parametrize("faces", [4, 8, 60])
def test_the_offset_and_the_lost_share_are_those_of_the_slow_twin(shape, faces):
    mesh = shape.mesh()

    result = make_watertight(mesh, 24, keep=False, faces=faces)

    visible = mesh if not isinstance(shape, Union) else shape.parts[0].mesh()
    points, _ = sample_surface(visible, 3_000, np.random.default_rng(1))
    expected, _ = reference.distance_to_triangles(np.asarray(result.mesh.triangles), points)
    assert result.surface_offset == pytest.approx(expected.mean(), rel=0.05, abs=1e-3)
    assert result.lost_share == pytest.approx((expected > 2 / 24).mean(), abs=0.03)


def test_a_gap_of_five_cells_stays_open():
    gap = 5 / RESOLUTION
    mesh = trimesh.util.concatenate(
        [Box((0.5, 0.5, 0.4), (0, 0, side * (0.2 + gap / 2))).mesh() for side in (-1, 1)]
    )

    result = make_watertight(mesh, RESOLUTION, keep=False)

    assert result.mesh.body_count == 2


def test_the_same_mesh_gives_the_same_result():
    mesh = damage(TABLE.mesh(), "flips", np.random.default_rng(4))

    one, two = (make_watertight(mesh, 64) for _ in range(2))

    assert np.array_equal(one.mesh.vertices, two.mesh.vertices)
    assert np.array_equal(one.mesh.faces, two.mesh.faces)


def test_the_result_has_the_faces_asked_for():
    result = make_watertight(Sphere(0.5).mesh(), RESOLUTION, keep=False, faces=600)

    assert len(result.mesh.faces) == 600


def with_vertex(value):
    vertices = np.array(Box((1, 1, 1)).mesh().vertices)
    vertices[3, 1] = value
    return make_mesh(vertices, Box().mesh().faces)


@pytest.mark.parametrize(
    ("mesh", "message"),
    [
        (make_mesh(np.zeros((0, 3)), np.zeros((0, 3), int)), "no faces"),
        (make_mesh(np.zeros((3, 3)), np.array([[0, 1, 2]])), "single point"),
        (with_vertex(np.nan), "not finite"),
        (with_vertex(-np.inf), "not finite"),
        (with_vertex(0.7), "leaves the unit cube"),
    ],
)
def test_a_mesh_that_cannot_be_closed_is_refused(mesh, message):
    with pytest.raises(InvalidGeometryError, match=message):
        make_watertight(mesh)


@pytest.mark.parametrize("resolution", [0, 15, 513])
def test_a_grid_too_coarse_or_too_fine_is_refused(resolution):
    with pytest.raises(InvalidOptionError, match="cells"):
        make_watertight(Sphere(0.5).mesh(), resolution)


def test_a_triangle_and_a_needle_become_small_solids():
    triangle = np.array([[-0.5, 0, 0], [0.5, 0, 0], [0, 0.4, 0.1]])
    needle = np.array([[-0.5, 0, 0], [0.5, 0, 0], [0.1, 0, 0]])
    for corners in (triangle, needle):
        result = make_watertight(make_mesh(corners, np.array([[0, 1, 2]])), 48)

        assert is_closed_manifold(result.mesh)
        assert result.volume > 0
        assert np.ptp(result.mesh.vertices[:, 0]) == pytest.approx(1, abs=2 / 48)
