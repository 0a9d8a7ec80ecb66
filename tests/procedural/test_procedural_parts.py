"""What shapes are put together from: assemblies, pipes, vessels, textures, culling."""

import numpy as np
import pytest

from onet_cli.geometry.appearance import Material
from onet_cli.procedural import textures
from onet_cli.procedural.assembly import Assembly
from onet_cli.procedural.bending import pipe
from onet_cli.procedural.cull import Cull
from onet_cli.procedural.finish import Finish
from onet_cli.procedural.joinery import block, path, rod
from onet_cli.procedural.solids.torus import Torus
from onet_cli.procedural.turnery import shell, vessel
from onet_cli.procedural.unwrap import unwrap

GREY = Finish.plain((120, 120, 120))


def test_two_halves_of_a_box_have_the_samples_of_the_whole():
    left = block(GREY, (-0.5, 0, -0.5), (0.1, 1, 0.5))
    right = block(GREY, (-0.1, 0, -0.5), (0.5, 1, 0.5))

    points, normals = Assembly([left, right]).sample_surface(60_000, np.random.default_rng(0))

    assert np.allclose(np.abs(points).max(axis=1), 0.5)
    shares = [(np.abs(normals[:, axis]) > 0.5).mean() for axis in range(3)]
    assert np.allclose(shares, 1 / 3, atol=0.01)
    overlap = (np.abs(points[:, 0]) < 0.1).mean()
    assert overlap == pytest.approx(0.2 * 4 / 6, abs=0.01)


def test_a_ring_of_rods_has_no_gaps_at_its_joints():
    angle = 2 * np.pi * np.arange(15) / 14
    corners = np.stack([0.4 * np.cos(angle), 0 * angle, 0.4 * np.sin(angle)], axis=1)
    assembly = Assembly(path(GREY, corners.tolist(), 0.05))

    assert assembly.contains(assembly.unit_cube.to_unit(corners)).all()


@pytest.mark.parametrize("closed", [False, True])
def test_a_bent_pipe_is_one_smooth_tube(closed):
    corners = [(0, 0, 0), (1, 0, 0), (1, 0.8, 0), (1, 0.8, 0.7), (0, 0.5, 0.9)]
    parts = pipe(GREY, corners, 0.05, 0.2, closed=closed)
    assembly = Assembly(parts)

    points, normals = assembly.sample_surface(20_000, np.random.default_rng(0))

    # One radius below every sample runs the middle line, which the tube contains.
    depth = 0.95 * 0.05 / assembly.unit_cube.scale
    assert assembly.contains(points - depth * normals).mean() > 0.99
    bends = sum(isinstance(part.solid, Torus) for part in parts)
    assert bends == (5 if closed else 3)


def test_a_vessel_holds_water_and_has_walls_of_the_asked_thickness():
    cup = vessel(GREY, [(0.4, 0.0), (0.4, 0.25), (0.4, 0.5), (0.4, 0.75), (0.4, 1.0)], 0.1)

    def inside(x, y):
        return bool(cup.solid.contains(np.array([[x, y, 0.0]]))[0])

    assert [inside(x, 0.5) for x in (0.0, 0.29, 0.31, 0.39, 0.41)] == [0, 0, 1, 1, 0]
    assert [inside(0.0, y) for y in (0.05, 0.09, 0.12, 0.9)] == [1, 1, 0, 0]


def test_texture_coordinates_follow_the_grain_and_repeat_whole_times_around():
    wood = Finish(Material(texture=np.zeros((4, 4, 3), np.uint8)), tile=0.25)
    beam, post = block(wood, (0, 0, 0), (2, 0.2, 0.1)), rod(wood, (0, 0, 0), (0, 1, 0), 0.2)

    flat = unwrap(beam.solid, beam.solid.local_mesh(), 0.25)
    wrapped = unwrap(post.solid, post.solid.local_mesh(), 0.25)

    assert np.ptp(flat[..., 1]) == pytest.approx(2 / 0.25)
    sides = wrapped[np.ptp(wrapped[..., 1], axis=1) > 3]
    assert np.ptp(sides[..., 1]) == pytest.approx(1 / 0.25)
    assert np.ptp(sides[..., 0], axis=1).max() < 1  # no face spans the seam
    assert np.ptp(sides[..., 0]) == pytest.approx(round(2 * np.pi * 0.2 / 0.25), abs=0.3)


@pytest.mark.parametrize("axis", [0, 1])
def test_textures_tile_without_a_seam(axis):
    rng, colour = np.random.default_rng(0), (160, 110, 70)
    for make in (textures.wood, textures.weave, textures.leather, textures.marble):
        texture = make(rng, colour).astype(float)

        steps = np.abs(np.diff(texture, axis=axis)).mean(axis=1 - axis).mean(axis=1)
        seam = np.abs(texture.take(0, axis) - texture.take(-1, axis)).mean()

        assert seam <= steps.max() * 1.3 + 2


def test_culling_finds_what_a_plain_comparison_finds():
    rng = np.random.default_rng(0)
    points = np.round(rng.uniform(-1, 1, (5000, 3)), 2)  # many ties
    cull = Cull(points)
    for _ in range(50):
        low, high = np.sort(np.round(rng.uniform(-1.2, 1.2, (2, 3)), 2), axis=0)

        rows = cull.within(low, high)

        plain = np.flatnonzero(np.all((points >= low) & (points <= high), axis=1))
        assert np.array_equal(np.sort(rows), plain)


def test_a_wall_closes_behind_and_opens_in_front():
    assembly = Assembly([shell(GREY, 0.5, (0.0, 0.6), 0.06, 240)])
    angle = np.radians(np.linspace(-110, 110, 200))
    middle = np.stack([0.47 * np.sin(angle), 0 * angle + 0.3, -0.47 * np.cos(angle)], axis=1)

    inside = assembly.contains(assembly.unit_cube.to_unit(middle))
    front = assembly.contains(assembly.unit_cube.to_unit(np.array([[0, 0.3, 0.47]])))

    assert inside.all()
    assert not front.any()


def test_every_part_keeps_its_material_and_its_faces_in_order():
    red, blue = Finish.plain((200, 10, 10)), Finish.plain((10, 10, 200))
    parts = [block(red, (0, 0, 0), (1, 1, 1)), rod(blue, (0, 0, 0), (0, 2, 0), 0.1)]
    parts += [block(red, (2, 0, 0), (3, 1, 1))]

    mesh, looks = Assembly(parts).mesh()

    counts = [len(part.solid.mesh()[1]) for part in parts]
    assert len(mesh.faces) == sum(counts)
    assert [material.colour for material in looks.materials] == [red.colour, blue.colour]
    assert looks.material_of_face.tolist() == np.repeat([0, 1, 0], counts).tolist()
