"""Bilinear look-ups in feature planes, with a kernel for training on CPUs.

Source: torch's `grid_sample`. The kernel has the features of a cell side by side, so that they fill
registers in the backward pass too.
"""

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn import functional as F

from onet_cli._ext import maps as kernel
from onet_cli.geometry.normalize import CUBE_EDGE
from onet_cli.models.cpu_training import trains_on_cpu


def look_up(plane: Tensor, positions: Tensor, edge: float = CUBE_EDGE) -> Tensor:
    """Return the features (B, K, T) of `plane` (B, K, P, P) at `positions` (B, T, 2).

    The plane is a square of edge length `edge`, centred at the origin. Beyond the centres of its
    outermost cells their features apply: "outside", as training covers the border.
    """
    if plane.requires_grad and trains_on_cpu(plane, positions) and plane.numel():
        cells = plane.float().permute(0, 2, 3, 1)
        found: Tensor = _LookUp.apply(cells, positions.float(), plane.shape[-1] / edge)  # type: ignore[no-untyped-call]
        return found
    grid = (positions * (2 / edge)).unsqueeze(2)
    features = F.grid_sample(plane, grid, padding_mode="border", align_corners=False)
    return features.squeeze(3)


class _LookUp(torch.autograd.Function):
    """Cells (B, P, P, K) and positions (B, T, 2) to features (B, K, T)."""

    @staticmethod
    def forward(ctx: Any, cells: Tensor, positions: Tensor, per_cell: float) -> Tensor:
        """Return the features; a unit of length is `per_cell` cells."""
        cells, positions = cells.contiguous(), positions.contiguous()
        features = cells.new_empty(len(cells), cells.shape[3], positions.shape[1])
        if features.numel():
            kernel.look_up(cells.numpy(), positions.numpy(), per_cell, features.numpy())
        ctx.save_for_backward(cells, positions)
        ctx.per_cell = per_cell
        return features

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, Tensor | None, None]:
        """Return the gradients of cells and positions."""
        cells, positions = ctx.saved_tensors
        by_cells = torch.zeros_like(cells)
        by_positions = torch.zeros_like(positions) if ctx.needs_input_grad[1] else None
        if gradient.numel():
            kernel.look_up_gradient(
                cells.numpy(),
                positions.numpy(),
                ctx.per_cell,
                gradient.contiguous().numpy(),
                by_cells.numpy(),
                None if by_positions is None else by_positions.numpy(),
            )
        return by_cells, by_positions, None
