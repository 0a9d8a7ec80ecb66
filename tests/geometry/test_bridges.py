import numpy as np
import pytest
from scipy.ndimage import label
from scipy.sparse import coo_array
from scipy.sparse.csgraph import dijkstra

from onet_cli._ext import bridges as kernel
from onet_cli.geometry.bridges import LEAST_PIECE, largest_piece, lift_gaps

SIDE = 33
LEVEL = -0.6
AXIS = np.linspace(-0.55, 0.55, SIDE)
PLACES = np.stack(np.meshgrid(AXIS, AXIS, AXIS, indexing="ij"), axis=-1)


def balls(*centres, radius=0.12, floor=-6.0):
    """Return logits of soft balls, `LEVEL` on their surfaces, and `floor` far off."""
    distances = [np.linalg.norm(PLACES - centre, axis=-1) for centre in centres]
    return np.maximum(LEVEL + 20 * (radius - np.min(distances, axis=0)), floor).astype(np.float32)


def pieces(logits):
    return label(logits >= LEVEL)[1]


@pytest.fixture
def pair():
    """Two balls; between their surfaces the field falls to 0.6 below the level."""
    return balls((-0.15, 0, 0), (0.15, 0, 0))


def test_a_small_gap_is_closed_and_nothing_else_changes(pair):
    lift = lift_gaps(pair, LEVEL, limit=1.0)

    assert pieces(pair) == 2
    assert pieces(pair + lift) == 1
    assert lift.min() == 0
    assert lift.max() < 1.0 + 0.25 + 1e-6
    assert (lift[np.abs(PLACES[..., 0]) > 0.35] == 0).all()
    grown = (pair + lift >= LEVEL) & (pair < LEVEL)
    assert (np.linalg.norm(PLACES[grown], axis=1) < 0.12).all()


def test_a_gap_that_is_too_deep_stays(pair):
    assert lift_gaps(pair, LEVEL, limit=0.4) is None


def test_one_piece_needs_no_bridge():
    assert lift_gaps(balls((0, 0, 0)), LEVEL, limit=1.0) is None


def test_what_is_unknown_is_no_way(pair):
    pair[np.abs(PLACES[..., 0]) < 0.02] = -np.inf

    assert lift_gaps(pair, LEVEL, limit=100.0) is None


def test_pieces_are_joined_through_others():
    chain = balls((-0.4, 0, 0), (-0.1, 0, 0), (0.2, 0, 0))
    chain[PLACES[..., 0] < -0.35] += 0.5  # so that an end is the largest

    lift = lift_gaps(chain, LEVEL, limit=1.0)

    assert pieces(chain) == 3
    assert pieces(chain + lift) == 1


def test_a_speck_is_left_alone(pair):
    whole = balls((0, 0, 0), radius=0.35)
    whole[SIDE // 2, SIDE // 2, SIDE - 2] = 1.0
    whole[SIDE // 2, SIDE // 2, SIDE - 3 :] = np.maximum(
        whole[SIDE // 2, SIDE // 2, SIDE - 3 :], -0.7
    )

    assert pieces(whole) == 2
    assert lift_gaps(whole, LEVEL, limit=1.0) is None


def test_the_way_is_the_one_on_which_least_is_missing(pair):
    detour = np.full_like(pair, -6)
    detour[4:8, 16, 16] = detour[25:29, 16, 16] = 1.0
    detour[7:26, 16, 16] = np.maximum(detour[7:26, 16, 16], LEVEL - 0.9)  # straight
    detour[7, 16:22, 16] = detour[25, 16:22, 16] = LEVEL - 0.1  # round about
    detour[7:26, 21, 16] = LEVEL - 0.1
    detour[7, 16, 16] = detour[25, 16, 16] = 1.0

    lift = lift_gaps(detour, LEVEL, limit=1.0)

    joined = detour + lift >= LEVEL
    assert pieces(detour + lift) == 1
    assert joined[7:26, 21, 16].all()
    assert not joined[16, 16, 16]


@pytest.fixture(params=[2, 5, 12])
def rough(request):
    """A random field whose pieces have all kinds of neighbours, faces of the lattice too."""
    side = request.param
    logits = np.random.default_rng(side).normal(size=(side,) * 3).astype(np.float32)
    logits[0, 0, 0] = 1.0
    logits[-1, -1, -1] = -np.inf
    return logits


def labelled(logits):
    least = np.empty(logits.size, dtype=np.int64)
    kernel.label(logits, LEVEL + 1, least)
    return least


def test_pieces_are_those_of_a_library(rough):
    known, count = label(rough >= LEVEL + 1)

    least = labelled(rough)

    assert count > 0
    for piece in range(1, count + 1):
        points = np.flatnonzero(known == piece)
        assert (least[points] == points.min()).all()
    assert (least[known.ravel() == 0] == -1).all()


def test_ways_cost_what_a_library_says(rough):
    level, limit, step = LEVEL + 1, 1.2, 0.05
    flat, side = rough.ravel(), len(rough)
    least = labelled(rough)
    lack = np.maximum(level - flat.astype(np.float64), 0)
    numbers = np.arange(flat.size).reshape(rough.shape)
    pairs = [
        np.stack([np.delete(numbers, end, axis).ravel() for end in (-1, 0)]) for axis in range(3)
    ]
    one, other = np.concatenate(pairs, axis=1)
    free = (lack[one] == 0) & (lack[other] == 0)
    weights = np.where(free, 1e-300, step + (lack[one] + lack[other]) / 2)
    way = np.maximum(lack[one], lack[other]) <= limit
    graph = coo_array((weights[way], (one[way], other[way])), shape=(flat.size,) * 2)

    for start in np.unique(least[least >= 0]):
        true = dijkstra(graph, directed=False, indices=start)

        cost, before = np.empty(flat.size), np.empty(flat.size, dtype=np.int32)
        kernel.flood(flat, side, least, start, level, limit, step, cost, before)

        np.testing.assert_allclose(cost, true, rtol=1e-5, atol=1e-9)
        reached = np.flatnonzero(np.isfinite(cost) & (least != start))
        assert (cost[before[reached]] <= cost[reached]).all()
        assert (before[~np.isfinite(cost) | (least == start)] == -1).all()


def test_the_largest_piece_has_its_share_of_the_points():
    small, large = balls((-0.3, 0, 0), radius=0.1), balls((0.2, 0, 0), radius=0.25)
    counts = [np.count_nonzero(ball >= LEVEL) for ball in (small, large)]

    share = largest_piece(np.maximum(small, large), LEVEL)

    assert share == pytest.approx(counts[1] / sum(counts), rel=1e-12)
    assert largest_piece(small, LEVEL) == 1
    assert largest_piece(small, small.max() + 1) == 0


def test_crumbs_get_no_bridge():
    field = balls((0.1, 0, 0), radius=0.4)
    inside = np.count_nonzero(field >= LEVEL)
    assert 1 / (inside + 1) < LEAST_PIECE
    field[2, 16, 16] = LEVEL + 1  # one point

    assert lift_gaps(field, LEVEL, limit=100.0) is None

    field[1:4, 15:18, 15:18] = LEVEL + 1
    assert lift_gaps(field, LEVEL, limit=100.0) is not None
