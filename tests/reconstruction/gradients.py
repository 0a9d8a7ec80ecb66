"""Gradients of fields beside differences of their values."""

import numpy as np


def require_gradient(field, points, rng, share):
    """Assert that the logits of `with_gradient` are the field's, and the gradients their slopes.

    That is, for `share` of the points: steps from one cell to the next, or from one case of a
    change to another, have two slopes.
    """
    logits, slopes = field.with_gradient(points)

    np.testing.assert_allclose(logits, field(points), atol=1e-5)
    move = rng.normal(size=points.shape).astype(np.float32) * np.float32(1e-3)
    gain = field(points + move / 2).astype(np.float64) - field(points - move / 2)
    expected = (slopes * move).sum(axis=1)
    assert np.quantile(np.abs(gain - expected), share) < 0.02 * np.abs(expected).mean()
