"""Training of a front classifier for networks of the picture's frame.

The network is frozen; a small head is trained on its codes of views with known cameras.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from onet_cli.errors import InvalidOptionError, StoreError
from onet_cli.models.calibration import Front
from onet_cli.models.code_layout import GRID, CodeLayout
from onet_cli.models.front import (
    DIRECTIONS,
    STEP,
    Weights,
    find_front,
    front_inputs,
    front_logits,
    occupied_rings,
    plane_angle,
    ring_points,
)
from onet_cli.models.front_head import FrontHead
from onet_cli.models.network import OccupancyNetwork
from onet_cli.reconstruction.known_views import View, draw_views, view_picture
from onet_cli.shapes.photo_resize import resize_planes
from onet_cli.shapes.shape import ShapeId
from onet_cli.shapes.store import ShapeStore
from onet_cli.shapes.symmetry import LOOKED_AT, has_front, symmetry_of

BATCH = 16
EPOCHS, STEP_VIEWS, RATE, DECAY = 20, 128, 2e-3, 0.1
SHARPNESS = 12.0
"""Concentration of the target distribution: 0.6 of the maximum at 17 degrees."""

FOUND_DEG = 30.0
"""Maximum error in degrees of a correct front."""

LEAST_DEVIATION = 0.05

LIMIT = 0.65
"""Minimum probability of an accepted prediction."""


Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class FrontViews:
    """Inputs of the head for N views, and the ground truth.

    Attributes:
        inputs: (N, D), from `front_inputs`.
        rings: (N, 60, 36), from `occupied_rings`.
        plane: (N,), from `plane_angle`.
        azimuth: (N,) azimuth of the camera relative to the object's front, in radians.
        views: The views.
    """

    inputs: Tensor
    rings: Tensor
    plane: Tensor
    azimuth: Tensor
    views: tuple[View, ...]

    def with_front(self) -> NDArray[np.bool_]:
        """Return which views (N,) show an object with a front (`shapes.symmetry`)."""
        known: dict[tuple[int, ShapeId], bool] = {}
        for store, shape, _ in self.views:
            if (id(store), shape) not in known:
                surface = store.read_surface(shape, LOOKED_AT)
                known[id(store), shape] = has_front(symmetry_of(surface.points))
        return np.array([known[id(store), shape] for store, shape, _ in self.views], np.bool_)


@dataclass(frozen=True)
class FrontAnswers:
    """Predictions for N views: the azimuth's `error_deg` (N,) and the predicted `chance` (N,)."""

    error_deg: NDArray[np.float64]
    chance: NDArray[np.float64]

    @property
    def right(self) -> NDArray[np.bool_]:
        """Whether each prediction (N,) is correct."""
        return self.error_deg <= FOUND_DEG


def require_mirror_planes(network: OccupancyNetwork) -> None:
    """Raise InvalidOptionError unless `network` predicts mirror planes, which fronts require."""
    spec = network.spec
    if spec.frame != "picture" or not CodeLayout(spec.code_dim).mirrored:
        raise InvalidOptionError(
            f"the model {spec.name} predicts no mirror planes, which fronts require",
            hint="meshes of networks of the object's frame already face +z"
            if spec.frame == "object"
            else "train a model that does: `onet train --model onet-aligned`",
        )


def look_at_views(
    network: OccupancyNetwork,
    stores: Sequence[ShapeStore],
    split: str,
    count: int,
    progress: Progress = lambda stage, done, total: None,
) -> FrontViews:
    """Evaluate `network` on up to `count` views of a split, spread over stores and shapes.

    Raises:
        InvalidOptionError: the network has no mirror planes.
        StoreError: no store has such views, or their cameras are unknown.
    """
    require_mirror_planes(network)
    views = draw_views(stores, split, count, np.random.default_rng(0))
    parts = []
    for start in range(0, len(views), BATCH):
        parts.append(_look(network, views[start : start + BATCH]))
        progress(split, min(start + BATCH, len(views)), len(views))
    inputs, rings, planes = (
        torch.from_numpy(np.concatenate(each)) for each in zip(*parts, strict=True)
    )
    shown = {(id(store), shape): store for store, shape, _ in views}
    cameras = {key: store.read_cameras(key[1]) for key, store in shown.items()}
    azimuths = np.array([cameras[id(store), shape][view, 0] for store, shape, view in views])
    if np.isnan(azimuths).any():
        raise StoreError(f"not every view of the split {split!r} has a camera")
    return FrontViews(inputs, rings, planes, torch.from_numpy(azimuths).float(), tuple(views))


@torch.inference_mode()
def _look(
    network: OccupancyNetwork, views: Sequence[View]
) -> tuple[NDArray[np.floating], NDArray[np.floating], NDArray[np.floating]]:
    """Return `inputs`, `rings` and `plane` of a batch of views."""
    device, size = network.mean.device, network.spec.image_size
    pixels = np.stack([resize_planes(view_picture(view), size) for view in views])
    codes = network.encode(torch.from_numpy(pixels).to(device))
    code = codes.float().cpu().numpy()
    logits = network.decode(torch.from_numpy(ring_points(code)).to(device), codes)
    rings = occupied_rings(logits.float().cpu().numpy())
    return front_inputs(code), rings, plane_angle(code)


def fit_front(views: FrontViews, seed: int = 0, epochs: int = EPOCHS) -> Weights:
    """Train a `FrontHead` on `views`, and return its weights in half precision."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return _fit(views, epochs)


def _fit(views: FrontViews, epochs: int) -> Weights:
    depth = views.inputs.shape[1] // GRID**2
    count = depth * GRID**2
    head = FrontHead(depth, views.inputs.shape[1] - count)
    cells = views.inputs[:, :count].reshape(-1, depth, GRID**2)
    # Train on standardised inputs; the standardisation is folded into the weights below.
    of_cells, of_rings = _spread(cells, (0, 2)), _spread(views.rings, (0, 2))
    of_others = _spread(views.inputs[:, count:], (0,))
    even = FrontViews(
        torch.cat(
            [_even(cells, of_cells, -1).flatten(1), _even(views.inputs[:, count:], of_others)], 1
        ),
        _even(views.rings, of_rings, -1),
        views.plane,
        views.azimuth,
        views.views,
    )
    _teach(head, even, epochs)
    _bring_in(head.mix, of_cells, slice(None))
    _bring_in(head.near, of_rings, slice(None))
    _bring_in(head.hidden, of_others, slice(head.hidden.in_features - len(of_others[0]), None))
    return {name: tensor.detach().half().numpy() for name, tensor in head.state_dict().items()}


def _teach(head: FrontHead, views: FrontViews, epochs: int) -> None:
    optimizer = torch.optim.AdamW(head.parameters(), lr=RATE, weight_decay=DECAY)
    steps = epochs * -(-len(views.azimuth) // STEP_VIEWS)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, total_steps=steps)
    azimuths = torch.arange(DIRECTIONS) * STEP
    near = torch.exp(SHARPNESS * (torch.cos(views.azimuth[:, None] - azimuths) - 1))
    target = near / near.sum(dim=1, keepdim=True)
    for _ in range(epochs):
        for some in torch.split(torch.randperm(len(target)), STEP_VIEWS):
            claimed = head(views.inputs[some], views.rings[some]).log_softmax(dim=1)
            loss = -(target[some] * claimed).sum(dim=1).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()


Spread = tuple[Tensor, Tensor]


def _spread(values: Tensor, over: tuple[int, ...]) -> Spread:
    """Return mean and standard deviation, the latter increased by a constant."""
    return values.mean(dim=over), values.std(dim=over) + LEAST_DEVIATION


def _even(values: Tensor, spread: Spread, *behind: int) -> Tensor:
    mean, deviation = (each.reshape(*each.shape, *(1 for _ in behind)) for each in spread)
    return (values - mean) / deviation


@torch.no_grad()
def _bring_in(layer: nn.Conv1d | nn.Conv2d | nn.Linear, spread: Spread, inputs: slice) -> None:
    """Fold the standardisation of `inputs` by `_even` into the weights of `layer`."""
    mean, deviation = spread
    weight = layer.weight[:, inputs]
    behind = [1] * (weight.ndim - 2)
    weight /= deviation.reshape(-1, *behind)
    assert layer.bias is not None
    layer.bias -= (weight * mean.reshape(-1, *behind)).flatten(1).sum(dim=1)


def answer(weights: Weights, views: FrontViews) -> FrontAnswers:
    """Return the predictions of a head with `weights` for `views`."""
    logits = front_logits(weights, views.inputs.numpy(), views.rings.numpy())
    azimuth, chance = find_front(logits, views.plane.numpy())
    off = np.remainder(azimuth - views.azimuth.numpy() + math.pi, 2 * math.pi) - math.pi
    return FrontAnswers(np.degrees(np.abs(off).astype(np.float64)), chance.astype(np.float64))


def summarise(weights: Weights, answers: FrontAnswers) -> Front:
    """Return the head for storage, with rates from its `answers` for objects with a front."""
    taken = answers.chance >= LIMIT
    right = answers.right[taken].mean() if taken.any() else 0.0
    return Front(weights, LIMIT, float(answers.right.mean()), float(taken.mean()), float(right))
