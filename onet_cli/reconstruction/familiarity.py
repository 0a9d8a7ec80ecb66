"""Whether a photo shows something of a kind that the network was trained on.

Codes are compared by their direction and, weighed less, by their length: what an encoder does not
know it maps between the known directions, or hardly anywhere. Directions are measured along the
few axes on which most of the training codes lie, so that a code may be a whole feature map.
"""

import numpy as np
import torch
from torch import Tensor

from onet_cli.models.calibration import Familiarity

DIRECTIONS = 64
"""How many axes are kept."""

GROUPS = 256
"""How many groups of training codes are kept."""

QUANTILE = 0.99
"""Share of the validation views that count as familiar."""

LENGTH_WEIGHT = 0.5
"""Weight of the logarithm of a code's length beside its direction, a unit vector."""

ROUNDS = 30

WARNING = "unlike anything the network was trained on: the mesh may be a wrong guess"


def place(codes: Tensor, basis: Tensor) -> Tensor:
    """Return where codes (N, C) lie, (N, D + 2) float32.

    That is: their unit vectors along `basis` (C, D), how much of these lies beside it, and the
    weighted logarithm of their lengths.
    """
    codes = codes.detach().float().cpu()
    length = codes.norm(dim=1, keepdim=True).clamp_min(1e-12)
    along = codes / length @ basis.float()
    beside = (1 - along.square().sum(dim=1, keepdim=True)).clamp_min(0).sqrt()
    return torch.cat([along, beside, LENGTH_WEIGHT * length.log()], dim=1)


def strangeness(code: Tensor, familiarity: Familiarity) -> float:
    """Return how far `code` (1, C) is from the training codes; above 1 it is unlike them.

    Raises:
        ValueError: the code has another width than the training codes.
    """
    if code.shape[1] != len(familiarity.basis):
        raise ValueError(f"a code of {code.shape[1]} does not fit {len(familiarity.basis)}")
    here = place(code, familiarity.basis)
    return float(_to_nearest(here, familiarity.places)[0]) / familiarity.farthest


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
    points = place(training, basis).numpy().astype(np.float64)
    groups = min(GROUPS, len(np.unique(points, axis=0)))
    middles, owners = kmeans2(points, groups, iter=ROUNDS, minit="++", seed=seed)
    used = np.unique(owners)  # a group that lost all its codes is nowhere
    places = torch.from_numpy(middles[used]).to(torch.float16)
    distances = _to_nearest(place(validation, basis), places)
    farthest = float(np.quantile(distances.numpy(), QUANTILE))
    return Familiarity(basis, places, max(farthest, 1e-6))


def _main_directions(codes: Tensor) -> Tensor:
    """Return an orthonormal basis (C, D) of the plane nearest to the directions of `codes`."""
    unit = torch.nn.functional.normalize(codes.detach().float().cpu(), dim=1)
    _, vectors = torch.linalg.eigh(unit.T @ unit)
    main: Tensor = vectors[:, -DIRECTIONS:].contiguous()  # eigh sorts them from the least on
    return main


def _to_nearest(places: Tensor, known: Tensor) -> Tensor:
    return torch.cdist(places, known.float()).amin(dim=1)
