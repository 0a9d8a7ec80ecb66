"""How pixels look, as mixtures of Gaussians, and how neighbours settle what each belongs to."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from onet_cli.shapes.photo_pixels import Plane

Values = NDArray[np.float64]

PARTS = 6
"""Gaussians in a mixture."""

_SAMPLE = 4000  # pixels that a mixture is fitted to
_ROUNDS = 8
_FLOOR = 6.0  # least variance: what noise and JPEG do to a colour
_STEEP = 0.02  # how much a squared difference in Lab hinders a walk
_PULL = 0.3  # strength of the looks against the neighbours


def fit_mixture(features: Values, weights: Values) -> Callable[[Values], Values]:
    """Return the log density of a mixture of Gaussians fitted to `features` (N, D) by EM.

    `weights` (N,) say how much each row counts. The same arguments give the same mixture.
    """
    rng = np.random.default_rng(0)
    share = weights / weights.sum()
    rows = features[rng.choice(len(features), _SAMPLE, p=share)]
    middles = rows[rng.choice(len(rows), PARTS, replace=False)]
    spread = np.stack([np.cov(rows.T) / PARTS + _FLOOR * np.eye(rows.shape[1])] * PARTS)
    sizes = np.full(PARTS, 1 / PARTS)
    for _ in range(_ROUNDS):
        logs = _log_parts(rows, sizes, middles, spread)
        belongs = np.exp(logs - np.logaddexp.reduce(logs, axis=1)[:, None])
        mass = belongs.sum(axis=0) + 1e-6
        sizes, middles = mass / mass.sum(), belongs.T @ rows / mass[:, None]
        for part in range(PARTS):
            away = rows - middles[part]
            spread[part] = (belongs[:, part, None] * away).T @ away / mass[part]
            spread[part] += _FLOOR * np.eye(rows.shape[1])
    return lambda values: np.logaddexp.reduce(_log_parts(values, sizes, middles, spread), axis=1)


def _log_parts(rows: Values, sizes: Values, middles: Values, spread: Values) -> Values:
    """Return the log of each part's share of the density at `rows`: (N, PARTS)."""
    logs = np.empty((len(rows), len(sizes)))
    for part, (size, middle) in enumerate(zip(sizes, middles, strict=True)):
        root = np.linalg.inv(np.linalg.cholesky(spread[part]))
        away = (rows - middle) @ root.T
        distance = np.einsum("ij,ij->i", away, away)
        logs[:, part] = np.log(size) + np.log(np.diag(root)).sum() - distance / 2
    return logs


class RandomWalks:
    """Lets neighbouring pixels of like colour agree; built once per picture `lab` (H, W, 3).

    Source: Grady, CVPR 2005: random walks with priors.
    """

    def __init__(self, lab: Plane) -> None:
        from scipy.sparse import coo_array, diags_array

        number = np.arange(lab.shape[0] * lab.shape[1]).reshape(lab.shape[:2])
        ends, links = [], []
        for here, there in ((np.s_[1:], np.s_[:-1]), (np.s_[:, 1:], np.s_[:, :-1])):
            ends.append((number[here].ravel(), number[there].ravel()))
            step = ((lab[here] - lab[there]) ** 2).sum(axis=-1).ravel()
            links.append(np.exp(-_STEEP * step.astype(np.float64)) + 1e-3)
        a, b = (np.concatenate(side) for side in zip(*ends, strict=True))
        link = np.concatenate(links)
        joined = coo_array((link, (a, b)), shape=(number.size, number.size)).tocsr()
        joined = joined + joined.T
        self._shape = number.shape
        self._system = (diags_array(joined.sum(axis=1) + _PULL) - joined).tocsr()

    def settle(self, evidence: Values) -> Values:
        """Return probabilities (H, W) of object from `evidence` (H, W), its log odds."""
        from scipy.sparse import diags_array
        from scipy.sparse.linalg import cg

        wanted = (1 / (1 + np.exp(-evidence))).ravel()
        scale = diags_array(1 / self._system.diagonal())
        found, _ = cg(self._system, _PULL * wanted, x0=wanted, rtol=1e-3, maxiter=80, M=scale)
        settled: Values = np.clip(found, 0.001, 0.999).reshape(self._shape)
        return settled
