import numpy as np
from trimesh.creation import icosphere

from onet_cli.geometry.smoothing import smooth_values


def slowly(values, faces, hold, rounds):
    """The same by a loop over vertices."""
    neighbours = [set() for _ in values]
    for face in faces:
        for a, b in zip(face, np.roll(face, -1), strict=True):
            neighbours[a].add(b)
            neighbours[b].add(a)
    found = values.astype(float)
    for _ in range(rounds):
        means = np.array([found[sorted(near)].mean(axis=0) for near in neighbours])
        found = hold[:, None] * values + (1 - hold[:, None]) * means
    return found


def test_each_round_goes_a_step_towards_the_neighbours():
    ball, rng = icosphere(subdivisions=2), np.random.default_rng(0)
    values, hold = rng.random((len(ball.vertices), 3)), rng.random(len(ball.vertices))
    hold[::3] = 1

    found = smooth_values(values, ball.faces, hold, 4)

    np.testing.assert_allclose(found, slowly(values, ball.faces, hold, 4), atol=1e-12)
    np.testing.assert_array_equal(found[::3], values[::3])


def test_even_values_stay_and_no_vertex_need_move():
    ball = icosphere(subdivisions=1)
    even = np.full((len(ball.vertices), 2), 0.3)

    np.testing.assert_allclose(smooth_values(even, ball.faces, np.zeros(len(even)), 5), even)
    np.testing.assert_array_equal(smooth_values(even, ball.faces, np.ones(len(even)), 5), even)
