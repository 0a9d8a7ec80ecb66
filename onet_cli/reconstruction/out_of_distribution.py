"""Out-of-distribution score of photos.

Most training codes lie near a low-dimensional subspace. A code is out of distribution if its
residual from that subspace is large, or if it is far from all training codes in direction and
length. The residual depends on the direction only, so that a code may be a whole feature map.
"""

import numpy as np
from numpy.typing import NDArray

from onet_cli.models.calibration import Familiarity

DIRECTIONS = 128
"""Dimension of the subspace."""

GROUPS = 256
"""Number of clusters of training codes."""

QUANTILE = 0.995
"""Quantile of the validation views with a score of 1, for each of the two measures."""

LEAST_BESIDE = 0.05
"""Minimum scale of the residual, as the basis is stored in half precision."""

LENGTH_WEIGHT = 0.5
"""Weight of the logarithm of a code's length relative to its unit direction."""

ROUNDS = 30

WARNING = "the photo is unlike the training images: the mesh may be wrong"


Floats = NDArray[np.floating]


def place(codes: Floats, basis: Floats) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Project codes (N, C) to features (N, D + 1), and return their residuals (N,).

    Features are the components of the unit vectors along `basis` (C, D) and the weighted logarithm
    of the lengths. Residuals are shares of the length, 0 to 1.
    """
    codes = np.asarray(codes, np.float32)
    length = np.maximum(np.linalg.norm(codes, axis=1, keepdims=True), 1e-12)
    along = codes / length @ np.asarray(basis, np.float32)
    beside = np.sqrt(np.maximum(1 - np.square(along).sum(axis=1), 0))
    return np.concatenate([along, LENGTH_WEIGHT * np.log(length)], axis=1), beside


def out_of_distribution_score(code: Floats, familiarity: Familiarity) -> float:
    """Return the score of `code` (1, C); above 1 it is out of distribution.

    Raises:
        ValueError: the code has another width than the training codes.
    """
    if code.shape[1] != len(familiarity.basis):
        raise ValueError(f"the code has width {code.shape[1]}, not {len(familiarity.basis)}")
    here, beside = place(code, familiarity.basis)
    far = _to_nearest(here, familiarity.places) / familiarity.farthest
    return float(np.maximum(far, beside / familiarity.widest)[0])


def fit_familiarity(training: Floats, validation: Floats, seed: int = 0) -> Familiarity:
    """Fit the score to training codes, and scale it by validation codes.

    Args:
        training: (N, C) codes of training views.
        validation: (M, C) codes of views of other shapes of the same categories.
        seed: Seed of the k-means initialisation.

    Raises:
        ValueError: there are no codes.
    """
    if len(training) == 0 or len(validation) == 0:
        raise ValueError("an out-of-distribution score needs at least one code")
    from scipy.cluster.vq import kmeans2  # not needed to use what was fitted

    basis = _main_directions(training).astype(np.float16)
    points = place(training, basis)[0].astype(np.float64)
    # Rounded: products of equal rows may differ in the last bit.
    groups = min(GROUPS, len(np.unique(points.round(5), axis=0)))
    middles, owners = kmeans2(points, groups, iter=ROUNDS, minit="++", seed=seed)
    used = np.unique(owners)  # drop empty clusters
    places = middles[used].astype(np.float16)
    here, beside = place(validation, basis)
    farthest = float(np.quantile(_to_nearest(here, places), QUANTILE))
    widest = float(np.quantile(beside, QUANTILE))
    return Familiarity(basis, places, max(farthest, 1e-6), max(widest, LEAST_BESIDE))


def _main_directions(codes: Floats) -> NDArray[np.float32]:
    """Return an orthonormal basis (C, D) of the main subspace of the directions of `codes`."""
    codes = np.asarray(codes, np.float32)
    unit = codes / np.maximum(np.linalg.norm(codes, axis=1, keepdims=True), 1e-12)
    _, vectors = np.linalg.eigh(unit.T @ unit)
    return np.ascontiguousarray(vectors[:, -DIRECTIONS:])  # eigh sorts eigenvalues ascending


def _to_nearest(places: Floats, known: Floats) -> NDArray[np.float32]:
    """Return the distance (N,) of each of `places` (N, D) to the nearest of `known` (P, D)."""
    known = np.asarray(known, np.float32)
    return np.array([np.linalg.norm(known - one, axis=1).min() for one in places], np.float32)
