"""Whether a photo shows something of a kind that the network was trained on.

Most training codes lie along a few directions. A code is unfamiliar if too much of it lies beside
them, as much of what an encoder has not learned to ignore does, or if it is far, in direction and
length, from all training codes, as what it maps between them is. Only directions count for the
first, so that a code may be a whole feature map.
"""

import numpy as np
import torch
from torch import Tensor

from onet_cli.models.calibration import Familiarity

DIRECTIONS = 128
"""How many axes are kept."""

GROUPS = 256
"""How many groups of training codes are kept."""

QUANTILE = 0.995
"""Share of the validation views that count as familiar by each of the two measures."""

LEAST_BESIDE = 0.05
"""Shares beside the basis below this say nothing: the basis is stored in half precision."""

LENGTH_WEIGHT = 0.5
"""Weight of the logarithm of a code's length beside its direction, a unit vector."""

ROUNDS = 30

WARNING = "unlike anything the network was trained on: the mesh may be a wrong guess"


def place(codes: Tensor, basis: Tensor) -> tuple[Tensor, Tensor]:
    """Return where codes (N, C) lie, (N, D + 1), and how much of them beside `basis`, (N,).

    Where is: their unit vectors along `basis` (C, D), and the weighted logarithm of their lengths.
    How much is a share of their length, 0 to 1.
    """
    codes = codes.detach().float().cpu()
    length = codes.norm(dim=1, keepdim=True).clamp_min(1e-12)
    along = codes / length @ basis.float()
    beside = (1 - along.square().sum(dim=1)).clamp_min(0).sqrt()
    return torch.cat([along, LENGTH_WEIGHT * length.log()], dim=1), beside


def out_of_distribution_score(code: Tensor, familiarity: Familiarity) -> float:
    """Return how unlike the training codes `code` (1, C) is; above 1 it is out of distribution.

    Raises:
        ValueError: the code has another width than the training codes.
    """
    if code.shape[1] != len(familiarity.basis):
        raise ValueError(f"a code of {code.shape[1]} does not fit {len(familiarity.basis)}")
    here, beside = place(code, familiarity.basis)
    far = _to_nearest(here, familiarity.places) / familiarity.farthest
    return float(torch.maximum(far, beside / familiarity.widest)[0])


def fit_familiarity(training: Tensor, validation: Tensor, seed: int = 0) -> Familiarity:
    """Return where the training codes lie, and how far validation codes are from there.

    Args:
        training: (N, C), of views that the network was trained on.
        validation: (M, C), of views of other shapes of the same kinds.
        seed: Of the groups' first middles.

    Raises:
        ValueError: there are no codes.
    """
    if len(training) == 0 or len(validation) == 0:
        raise ValueError("familiarity cannot be fitted to no codes")
    from scipy.cluster.vq import kmeans2  # not needed to use what was fitted

    basis = _main_directions(training).to(torch.float16)
    points = place(training, basis)[0].numpy().astype(np.float64)
    groups = min(GROUPS, len(np.unique(points, axis=0)))
    middles, owners = kmeans2(points, groups, iter=ROUNDS, minit="++", seed=seed)
    used = np.unique(owners)  # a group that lost all its codes is nowhere
    places = torch.from_numpy(middles[used]).to(torch.float16)
    here, beside = place(validation, basis)
    farthest = float(np.quantile(_to_nearest(here, places).numpy(), QUANTILE))
    widest = float(np.quantile(beside.numpy(), QUANTILE))
    return Familiarity(basis, places, max(farthest, 1e-6), max(widest, LEAST_BESIDE))


def _main_directions(codes: Tensor) -> Tensor:
    """Return an orthonormal basis (C, D) of the plane nearest to the directions of `codes`."""
    unit = torch.nn.functional.normalize(codes.detach().float().cpu(), dim=1)
    _, vectors = torch.linalg.eigh(unit.T @ unit)
    main: Tensor = vectors[:, -DIRECTIONS:].contiguous()  # eigh sorts them from the least on
    return main


def _to_nearest(places: Tensor, known: Tensor) -> Tensor:
    return torch.cdist(places, known.float()).amin(dim=1)
