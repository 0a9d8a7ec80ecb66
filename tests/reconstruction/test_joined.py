import numpy as np
import pytest

from onet_cli.geometry.components import connected_parts
from onet_cli.geometry.isosurface import grid_surface
from onet_cli.geometry.mise import evaluate_grid
from onet_cli.reconstruction.joined import CachedField, join_pieces

LEVEL = -0.6


class Balls:
    """A field of two soft balls, with a gap of 0.6 below the level, that counts its points."""

    level = LEVEL

    def __init__(self, gap=0.06):
        self.asked, self.apart = [], 0.12 + gap / 2

    def __call__(self, points):
        self.asked.append(points)
        distances = [np.linalg.norm(points - (x, 0, 0), axis=1) for x in (-self.apart, self.apart)]
        return (LEVEL + 20 * (0.12 - np.min(distances, axis=0))).astype(np.float32)


def extract(field, resolution=64, guess=False):
    memory = CachedField(field, resolution)
    grid = evaluate_grid(memory, resolution, LEVEL, guess=guess)
    return memory, grid_surface(grid), grid


def parts(mesh):
    return len(np.unique(connected_parts(np.asarray(mesh.faces), len(mesh.vertices))))


@pytest.mark.parametrize("resolution", [48, 64, 128])
@pytest.mark.parametrize("guess", [False, True])
def test_pieces_become_one_closed_mesh_that_is_the_same_elsewhere(resolution, guess):
    memory, surface, grid = extract(Balls(), resolution, guess)

    joined, _ = join_pieces(surface, grid, memory, limit=1.0, guess=guess)

    assert parts(surface) == 2
    assert parts(joined) == 1
    assert joined.is_watertight
    before, after = (
        {tuple(row) for row in np.asarray(mesh.vertices)[np.abs(mesh.vertices[:, 0]) > 0.2]}
        for mesh in (surface, joined)
    )
    assert len(before) > 100
    assert before == after


@pytest.mark.parametrize("resolution", [48, 64, 128])
def test_no_point_is_asked_twice_or_off_the_grid_and_all_are_counted(resolution):
    field = Balls()
    memory, surface, grid = extract(field, resolution)

    _, joined = join_pieces(surface, grid, memory, limit=1.0, guess=False)

    places = (np.concatenate(field.asked) / 1.1 + 0.5) * resolution
    np.testing.assert_allclose(places, np.rint(places), atol=1e-4)
    assert len(np.unique(np.rint(places), axis=0)) == len(places)
    assert joined.evaluations == len(places) >= grid.evaluations


@pytest.mark.parametrize(("gap", "limit"), [(0.06, 0.3), (0.2, 1.0)])
def test_a_gap_that_is_too_deep_stays(gap, limit):
    memory, surface, grid = extract(Balls(gap))

    same, _ = join_pieces(surface, grid, memory, limit, guess=False)

    assert same is surface


def test_one_piece_costs_nothing():
    field = Balls(gap=-0.1)
    memory, surface, grid = extract(field)

    same, same_grid = join_pieces(surface, grid, memory, limit=1.0, guess=False)

    assert same is surface
    assert same_grid is grid
