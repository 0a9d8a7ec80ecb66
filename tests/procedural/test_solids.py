"""Primitive solids: occupancy, area and normals against formulas."""

import numpy as np
import pytest

from onet_cli.geometry.inside import contains
from onet_cli.geometry.mesh import make_mesh
from onet_cli.procedural.solids import polygon
from onet_cli.procedural.solids.extrusion import Extrusion
from onet_cli.procedural.solids.lathe import Lathe
from onet_cli.procedural.solids.pillow import Pillow
from onet_cli.procedural.solids.pose import about, along, at
from onet_cli.procedural.solids.prism import Prism, arch, oval, rectangle
from onet_cli.procedural.solids.rounded_box import RoundedBox
from onet_cli.procedural.solids.torus import Torus
from onet_cli.procedural.solids.turned import Ellipsoid, Frustum

TILT = about("x", 20).then(about("y", -35)).then(at(0.3, -0.2, 0.1))
BOX = Prism(outline=rectangle(0.6, 0.4), height=0.5)
LEG = Prism(outline=rectangle(0.2, 0.3), height=0.9, scale=1.6, shift=(0.15, -0.1))
OVAL = Prism(outline=oval(0.8, 0.5), height=0.2, scale=0.9)
ARCH = Prism(outline=arch(0.8, 0.6, 0.2), height=0.3)
CUSHION = RoundedBox(size=(0.7, 0.3, 0.5), radius=0.1)
PEBBLE = RoundedBox(size=(0.4, 0.4, 0.6), radius=0.2)
SHADE = Frustum(bottom=0.4, top=0.2, height=0.5)
CONE = Frustum(bottom=0.4, top=0.0, height=0.7)
POLE = Frustum(bottom=0.3, top=0.3, height=0.6)
HOPPER = Prism(outline=rectangle(0.5, 0.3), height=0.4, scale=(0.6, 1.5))
SQUARE = rectangle(0.8, 0.6)
CELL = np.array([[-0.4, -0.3], [0.4, -0.3], [0.4, 0.0], [0.1, 0.0], [0.1, 0.3], [-0.4, 0.3]])
ELL = Extrusion(rings=(CELL,), height=0.2)
FRAME = Extrusion(rings=(SQUARE, rectangle(0.5, 0.4)), height=0.1)
CUP = Lathe(
    profile=np.array([[0, 0], [0.3, 0], [0.4, 0.6], [0.34, 0.6], [0.25, 0.06], [0, 0.06]]),
    segments=64,
)
SHELL = Lathe(
    profile=np.array([[0.4, 0.0], [0.5, 0.4], [0.42, 0.4], [0.34, 0.0]]), sweep=200, segments=48
)
RING = Torus(ring=0.4, tube=0.1, segments=48, around=32)
BEND = Torus(ring=0.4, tube=0.12, sweep=130, segments=32, around=32)
CUSHION_2 = Pillow(radii=(0.4, 0.15, 0.3), plan=5, side=2.2, segments=64)
EGG = Ellipsoid(radii=(0.3, 0.5, 0.2))
SOLIDS = {
    "box": BOX,
    "leg": LEG,
    "oval": OVAL,
    "arch": ARCH,
    "cushion": CUSHION,
    "pebble": PEBBLE,
    "shade": SHADE,
    "cone": CONE,
    "pole": POLE,
    "egg": EGG,
    "hopper": HOPPER,
    "ell": ELL,
    "frame": FRAME,
    "cup": CUP,
    "shell": SHELL,
    "ring": RING,
    "bend": BEND,
    "pillow": CUSHION_2,
}
every_solid = pytest.mark.parametrize(
    "solid", [s.moved(TILT) for s in SOLIDS.values()], ids=list(SOLIDS)
)


def signed_volume(vertices, faces):
    a, b, c = (vertices[faces[:, k]] for k in range(3))
    return np.einsum("ij,ij->i", a, np.cross(b, c)).sum() / 6


def mesh_area(vertices, faces):
    a, b, c = (vertices[faces[:, k]] for k in range(3))
    return np.linalg.norm(np.cross(b - a, c - a), axis=1).sum() / 2


@pytest.mark.parametrize(
    ("solid", "volume", "area"),
    [
        (BOX, 0.6 * 0.4 * 0.5, 2 * (0.24 + 0.3 + 0.2)),
        (POLE, np.pi * 0.09 * 0.6, 2 * np.pi * 0.3 * (0.3 + 0.6)),
        (CONE, np.pi * 0.16 * 0.7 / 3, np.pi * 0.4 * (0.4 + np.hypot(0.4, 0.7))),
        (HOPPER, 0.4 * (0.15 + 0.5 * 0.6 * 0.3 * 1.5 + 4 * 0.4 * 0.375) / 6, HOPPER.area),
        (ELL, 0.2 * (0.48 - 0.09), 2 * 0.39 + 0.2 * 2.8),
        (FRAME, 0.1 * (0.48 - 0.2), 2 * 0.28 + 0.1 * (2.8 + 1.8)),
        (RING, 2 * np.pi**2 * 0.4 * 0.01, 4 * np.pi**2 * 0.4 * 0.1),
        (
            Lathe(profile=np.array([[0, 0], [0.4, 0], [0, 0.7]])),
            np.pi * 0.16 * 0.7 / 3,
            np.pi * 0.4 * (0.4 + np.hypot(0.4, 0.7)),
        ),
        (
            Lathe(profile=np.array([[0.3, 0], [0.4, 0], [0.4, 0.5], [0.3, 0.5]]), sweep=90),
            np.pi / 4 * 0.07 * 0.5,
            np.pi / 4 * 2 * 0.07 + np.pi / 2 * 0.7 * 0.5 + 2 * 0.1 * 0.5,
        ),
        (Ellipsoid(radii=(0.3, 0.3, 0.3)), 4 / 3 * np.pi * 0.027, 4 * np.pi * 0.09),
        (RoundedBox(size=(0.2,) * 3, radius=0.1), 4 / 3 * np.pi * 0.001, 4 * np.pi * 0.01),
    ],
    ids=[
        "box",
        "cylinder",
        "cone",
        "hopper",
        "ell",
        "frame",
        "torus",
        "turned cone",
        "quarter pipe",
        "sphere",
        "ball-shaped box",
    ],
)
def test_volume_and_area_are_those_of_the_textbook(solid, volume, area):
    assert solid.volume == pytest.approx(volume, rel=1e-9)
    assert solid.area == pytest.approx(area, rel=1e-9)


def test_a_prolate_spheroid_has_the_area_of_the_textbook():
    a, c = 0.2, 0.5
    eccentricity = np.sqrt(1 - a**2 / c**2)
    area = 2 * np.pi * a**2 * (1 + c / (a * eccentricity) * np.arcsin(eccentricity))

    assert Ellipsoid(radii=(a, c, a)).area == pytest.approx(area, rel=1e-9)


@every_solid
def test_as_many_random_points_are_inside_as_the_volume_says(solid):
    lower, upper = solid.bounds()
    points = lower + np.random.default_rng(0).random((200_000, 3)) * (upper - lower)

    volume = solid.contains(points).mean() * np.prod(upper - lower)

    assert volume == pytest.approx(solid.volume, rel=0.01)


@every_solid
def test_surface_samples_lie_between_inside_and_outside(solid):
    points, normals = solid.sample_surface(5000, np.random.default_rng(1))

    assert np.allclose(np.linalg.norm(normals, axis=1), 1)
    assert solid.contains(points - 1e-7 * normals).mean() > 0.999
    assert not solid.contains(points + 1e-7 * normals).any()


@every_solid
def test_samples_spread_evenly_so_that_flux_gives_the_volume(solid):
    points, normals = solid.sample_surface(200_000, np.random.default_rng(2))
    centred = points - np.mean(solid.bounds(), axis=0)

    # Gauss: the mean of x . n over the surface is three times volume over area.
    flux = np.einsum("ij,ij->i", centred, normals)

    noise = 4 * flux.std() / np.sqrt(len(flux))  # of a thin wall it is more than the flux's 1 %
    assert flux.mean() == pytest.approx(3 * solid.volume / solid.area, rel=0.01, abs=noise)
    assert np.abs(normals.mean(axis=0)).max() < 0.01


@every_solid
def test_the_mesh_is_oriented_outwards_and_nearly_the_solid(solid):
    vertices, faces = solid.mesh()

    assert signed_volume(vertices, faces) == pytest.approx(solid.volume, rel=0.04)
    if not isinstance(solid, (Lathe, Torus)):  # their inner walls are approximated from outside
        assert signed_volume(vertices, faces) <= solid.volume * (1 + 1e-9)
    assert mesh_area(vertices, faces) == pytest.approx(solid.area, rel=0.04)


def test_a_pillow_with_round_sections_is_an_ellipsoid():
    radii = (0.4, 0.15, 0.3)
    pillow, egg = Pillow(radii=radii, plan=2, side=2), Ellipsoid(radii=radii)
    points = np.random.default_rng(5).uniform(-0.4, 0.4, (20_000, 3))

    assert pillow.volume == pytest.approx(egg.volume, rel=1e-12)
    assert pillow.area == pytest.approx(egg.area, rel=1e-9)
    assert np.array_equal(pillow.contains(points), egg.contains(points))


@every_solid
def test_inside_agrees_with_the_closed_mesh(solid):
    vertices, faces = solid.mesh()
    lower, upper = solid.bounds()
    points = lower + np.random.default_rng(4).random((20_000, 3)) * (upper - lower)
    mesh = make_mesh(vertices, faces)
    mesh.merge_vertices(digits_vertex=9)
    mesh.update_faces(mesh.nondegenerate_faces())

    differ = contains(mesh, points) != solid.contains(points)

    assert mesh.is_watertight
    assert differ.mean() < 0.02  # all of them between a curved wall and its facets


def test_a_bend_too_tight_for_its_tube_is_refused():
    with pytest.raises(ValueError, match="does not bend"):
        Torus(ring=0.1, tube=0.2)


def test_triangles_of_a_polygon_with_holes_cover_it_once():
    rings = polygon.outwards([rectangle(2, 2), rectangle(0.5, 0.5)[::-1] + 0.4])
    corners = np.concatenate(rings)

    a, b, c = (corners[polygon.triangulate(rings)[:, k]] for k in range(3))
    turn = (b - a)[:, 0] * (c - a)[:, 1] - (b - a)[:, 1] * (c - a)[:, 0]

    assert (turn > 0).all()
    assert turn.sum() / 2 == pytest.approx(4 - 0.25)


@every_solid
def test_bounds_touch_the_surface(solid):
    points, _ = solid.sample_surface(200_000, np.random.default_rng(3))
    lower, upper = solid.bounds()

    assert np.all(points >= lower - 1e-9)
    assert np.all(points <= upper + 1e-9)
    assert np.allclose(points.min(axis=0), lower, atol=0.01)
    assert np.allclose(points.max(axis=0), upper, atol=0.01)


def test_a_rod_runs_from_end_to_end():
    start, end = np.array([0.1, 0.2, 0.3]), np.array([-0.4, 0.5, 1.0])
    pose = along(start, end)

    ends = pose.apply(np.array([[0, 0, 0], [0, np.linalg.norm(end - start), 0]]))

    assert np.allclose(ends, [start, end])
    assert np.allclose(pose.undo(ends), [[0, 0, 0], [0, np.linalg.norm(end - start), 0]])
    assert np.linalg.det(pose.rotation) == pytest.approx(1)


def test_a_rod_without_length_is_refused():
    with pytest.raises(ValueError, match="two different ends"):
        along(np.zeros(3), np.zeros(3))


def test_a_radius_that_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="does not fit"):
        RoundedBox(size=(1.0, 0.1, 1.0), radius=0.06)
