"""The least time that a device can take for some operations, from speeds measured on it.

A product of matrices or a convolution takes at least its floating-point operations at the speed of
a large product, and at least its bytes, what comes in and what goes out once each, at the speed of
a large copy. What lies between (norms, ReLUs, sums) is held to be fused with them, and free.

Source: Williams, Waterman & Patterson, "Roofline: an insightful visual performance model for
multicore architectures", Communications of the ACM 2009.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.utils._pytree import tree_leaves
from torch.utils.flop_counter import FlopCounterMode, flop_registry, shape_wrapper

from onet_cli.training.dry_run import convolution_backward_flops

EDGE = {"cpu": 2048, "cuda": 8192}
"""Of the matrices whose product tells a device's speed."""

COPIED = 2**26
"""Numbers in float32 that are copied: many times what a cache holds."""

TIMES = 8


@dataclass(frozen=True)
class Operation:
    """A product or a convolution: its floating-point operations, and the bytes in and out."""

    flops: int
    moved: int


def list_operations(step: Callable[[], object]) -> list[Operation]:
    """Return the products and convolutions that `step` makes."""
    found: list[Operation] = []

    def noting(rule: Callable[..., int]) -> Callable[..., int]:
        def note(*args: Any, out_val: Any = None, **kwargs: Any) -> int:
            flops = rule(*args, out_val=out_val, **kwargs)
            tensors = [x for x in tree_leaves((args, kwargs, out_val)) if isinstance(x, Tensor)]
            found.append(Operation(flops, sum(x.numel() * x.element_size() for x in tensors)))
            return flops

        note._get_raw = True  # type: ignore[attr-defined]  # tensors, please, and not their shapes
        return note

    rules = dict(flop_registry)
    rules[torch.ops.aten.convolution_backward] = shape_wrapper(convolution_backward_flops)
    noted = {target: noting(rule) for target, rule in rules.items()}
    with FlopCounterMode(display=False, custom_mapping=noted):
        step()
    return found


def least_seconds(operations: list[Operation], flops_per_s: float, bytes_per_s: float) -> float:
    """Return the least time that they take one after the other."""
    return sum(max(x.flops / flops_per_s, x.moved / bytes_per_s) for x in operations)


def product(device: str, dtype: torch.dtype) -> tuple[Callable[[], object], float]:
    """Return what multiplies large matrices, and its operations."""
    edge = EDGE[device]
    left, right = torch.rand(2, edge, edge, device=device).to(dtype)

    def multiply() -> None:
        for _ in range(TIMES):
            torch.mm(left, right)

    return multiply, TIMES * 2.0 * edge**3


def copy(device: str) -> tuple[Callable[[], object], float]:
    """Return what copies much memory, and the bytes that it reads and writes."""
    source, target = torch.zeros(2, COPIED, device=device)

    def move() -> None:
        for _ in range(TIMES):
            target.copy_(source)

    return move, TIMES * 2.0 * source.nbytes
