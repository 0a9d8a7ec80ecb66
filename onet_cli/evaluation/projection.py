"""Projections of codes to the plane: PCA and t-SNE."""

import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.float32]

MOST_POINTS = 3000
"""Maximum number of points for t-SNE, which needs several N x N matrices."""

PERPLEXITY = 30.0

_EARLY = 250  # steps of early exaggeration
_EXAGGERATION = 12.0
_ROWS = 128


def principal_components(codes: NDArray[np.floating]) -> tuple[Plane, tuple[float, float]]:
    """Return the first two principal components of `codes` (N, C), and their explained variance.

    The components are (N, 2), with signs such that the largest weight of each is positive.
    Variances are shares of the total.
    """
    centred = np.asarray(codes, np.float64) - np.mean(codes, axis=0, dtype=np.float64)
    _, lengths, axes = np.linalg.svd(centred, full_matrices=False)
    axes = np.vstack([axes[:2], np.zeros((2, axes.shape[1]))])[:2]
    signs = np.sign(axes[np.arange(2), np.abs(axes).argmax(axis=1)])
    total = float((lengths**2).sum()) or 1.0
    shares = [*(float(length) ** 2 / total for length in lengths[:2]), 0.0, 0.0]
    return (centred @ (axes.T * signs)).astype(np.float32), (shares[0], shares[1])


def tsne(codes: NDArray[np.floating], steps: int = 750, perplexity: float = PERPLEXITY) -> Plane:
    """Return the t-SNE embedding (N, 2) of `codes` (N, C).

    Distances between clusters and their sizes are not meaningful. The initialisation is PCA, so the
    result is deterministic. The gradient is exact, over all pairs.

    Source: van der Maaten & Hinton, "Visualizing data using t-SNE", JMLR 2008; learning rate:
    Belkina et al., Nature Communications 2019.
    """
    count = len(codes)
    if count < 3:
        return principal_components(codes)[0]
    joint = affinities(codes, min(perplexity, (count - 1) / 3))
    joint = joint + joint.T
    joint /= 2 * count
    places = principal_components(codes)[0]
    places *= 1e-4 / (float(places[:, 0].std()) or 1.0)
    velocity, gains = np.zeros_like(places), np.ones_like(places)
    rate = max(count / _EXAGGERATION / 4, 50.0)
    for step in range(steps):
        early = step < _EARLY
        slope = _slope(joint, places, _EXAGGERATION if early else 1.0)
        # Adaptive gains: larger while the direction persists, smaller after sign changes.
        gains[:] = np.where(slope * velocity < 0, gains + 0.2, gains * 0.8).clip(0.01)
        velocity *= 0.5 if early else 0.8
        velocity -= rate * gains * slope
        places += velocity
        places -= places.mean(axis=0)
    return places


def affinities(codes: NDArray[np.floating], perplexity: float) -> NDArray[np.float32]:
    """Return the conditional probabilities (N, N) of points as neighbours of each other.

    They are Gaussian in the distance, with the width that gives the requested perplexity per row.
    """
    chances = squared_distances(np.asarray(codes, np.float32))
    np.fill_diagonal(chances, np.inf)
    for start in range(0, len(chances), _ROWS):
        chances[start : start + _ROWS] = _bisected(chances[start : start + _ROWS], perplexity)
    return chances


def _bisected(distances: NDArray[np.float32], perplexity: float) -> NDArray[np.float32]:
    """Return rows of `affinities` for squared `distances` (R, N), inf on the diagonal."""
    distances = distances - distances.min(axis=1, keepdims=True)
    itself = np.isinf(distances)
    wanted = np.log(perplexity)
    low, high = np.zeros(len(distances)), np.full(len(distances), np.inf)
    mean = np.where(itself, 0, distances).sum(axis=1) / (distances.shape[1] - 1)
    precision = 1 / np.maximum(mean, 1e-12)
    for _ in range(40):
        scaled = distances * precision[:, None].astype(np.float32)
        chances = np.exp(-scaled)
        total = chances.sum(axis=1)
        scaled[itself] = 0
        entropy = np.log(total) + np.einsum("rn,rn->r", scaled, chances) / total
        wide = entropy > wanted
        low, high = np.where(wide, precision, low), np.where(wide, high, precision)
        middle = (low + np.where(np.isinf(high), 0, high)) / 2
        precision = np.where(np.isinf(high), precision * 2, middle)
    found: NDArray[np.float32] = chances / total[:, None]
    return found


def squared_distances(points: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the squared distances (N, N) between all pairs of `points` (N, C)."""
    lengths = (points**2).sum(axis=1)
    found: NDArray[np.float32] = points @ (-2 * points.T)
    found += lengths[:, None]
    found += lengths
    return found.clip(0, out=found)


def _slope(joint: NDArray[np.float32], places: Plane, exaggeration: float) -> Plane:
    """Return the gradient (N, 2) of the KL divergence between `joint` and the embedding."""
    pull, push = np.empty_like(places), np.empty_like(places)
    total = 0.0
    lengths = (places**2).sum(axis=1)
    # In blocks that fit the cache: whole matrices would be read from memory ten times.
    for start in range(0, len(places), _ROWS):
        rows = slice(start, start + _ROWS)
        near = places[rows] @ (-2 * places.T)
        near += lengths[rows, None]
        near += lengths
        near.clip(0, out=near)
        near += 1
        np.reciprocal(near, out=near)
        near[np.arange(len(near)), np.arange(start, start + len(near))] = 0
        total += float(near.sum(dtype=np.float64))
        pull[rows] = _weighted(joint[rows] * near, places, rows)
        near *= near
        push[rows] = _weighted(near, places, rows)
    slope: Plane = 4 * (np.float32(exaggeration) * pull - push / np.float32(total))
    return slope


def _weighted(weights: NDArray[np.float32], places: Plane, rows: slice) -> Plane:
    """Return (R, 2) the sums over points of weight times displacement."""
    found: Plane = weights.sum(axis=1)[:, None] * places[rows] - weights @ places
    return found
