"""One photo's occupancy field: numpy points in, logits out, as fast as the machine allows."""

import math
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from onet_cli.reconstruction.rods import Rods

Decode = Callable[[Tensor], Tensor]
"""Points (N, 3) to logits (N,), with the photo's code already in place."""

CPU_ROWS = 2048
"""Points per chunk on a CPU: a layer's activations, 2 MB at a width of 256, stay near the core, and
Python's lock, which every operation takes, is not asked for too often."""

ACCELERATOR_ROWS = 1 << 17
"""Points per chunk elsewhere: large enough to fill the device, small enough for its memory."""


class OccupancyField:
    """The occupancy field of one photo; calling it takes points (N, 3) to logits (N,), float32.

    `decode` is what `OccupancyNetwork.for_code` returns, `device` where it computes and `threshold`
    the probability at the surface. On a CPU
    the chunks run on one Python thread per core, each with single-threaded matrix products: chunks
    are independent, so nothing waits at the end of each layer. `rods` are lifted above the surface.
    """

    def __init__(
        self,
        decode: Decode,
        device: torch.device | str = "cpu",
        threshold: float = 0.5,
        rods: Rods | None = None,
    ) -> None:
        self._decode = decode
        self.threshold = threshold
        self._rods = rods
        self._device = torch.device(device)
        self._rows = CPU_ROWS if self._device.type == "cpu" else ACCELERATOR_ROWS

    def __call__(self, points: NDArray[np.floating]) -> NDArray[np.float32]:
        """Return the logits (N,) at `points` (N, 3) of the unit-cube frame."""
        points = np.ascontiguousarray(points, dtype=np.float32)
        logits = np.empty(len(points), dtype=np.float32)

        def evaluate(rows: slice) -> None:
            with torch.inference_mode():
                chunk = torch.from_numpy(points[rows]).to(self._device)
                logits[rows] = self._lifted(self._decode(chunk), chunk).float().cpu().numpy()

        self._for_each_chunk(evaluate, len(points))
        return logits

    @property
    def level(self) -> float:
        """The logit at the surface."""
        return math.log(self.threshold) - math.log1p(-self.threshold)

    def cut_at(self, threshold: float) -> "OccupancyField":
        """Return the same field with another surface."""
        return OccupancyField(self._decode, self._device, threshold, self._rods)

    def with_rods(self, rods: Rods | None) -> "OccupancyField":
        """Return the same field with other rods."""
        placed = None if rods is None else rods.to(self._device)
        return OccupancyField(self._decode, self._device, self.threshold, placed)

    def _lifted(self, logits: Tensor, points: Tensor) -> Tensor:
        """Return `logits` (N,) at `points` (N, 3) with the rods."""
        if self._rods is None:
            return logits
        return torch.maximum(logits, self.level + self._rods.heights(points))

    def with_gradient(
        self, points: NDArray[np.floating]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return the logits (N,) at `points` (N, 3) and their gradients (N, 3) in space."""
        points = np.ascontiguousarray(points, dtype=np.float32)
        logits = np.empty(len(points), dtype=np.float32)
        gradients = np.empty((len(points), 3), dtype=np.float32)

        def evaluate(rows: slice) -> None:
            with torch.enable_grad():
                chunk = torch.from_numpy(points[rows]).to(self._device).requires_grad_()
                values = self._lifted(self._decode(chunk), chunk)
                (slopes,) = torch.autograd.grad(values.sum(), chunk)
            logits[rows] = values.detach().float().cpu().numpy()
            gradients[rows] = slopes.float().cpu().numpy()

        self._for_each_chunk(evaluate, len(points))
        return logits, gradients

    def _for_each_chunk(self, work: Callable[[slice], None], count: int) -> None:
        """Run `work` on every chunk of `count` rows; chunks write to places of their own."""
        chunks = [slice(start, start + self._rows) for start in range(0, count, self._rows)]
        threads = min(torch.get_num_threads(), len(chunks)) if self._device.type == "cpu" else 1
        if threads <= 1:
            for chunk in chunks:
                work(chunk)
            return
        with single_threaded_pool(threads) as pool:
            for _ in pool.map(work, chunks):  # consumed, so that an error is raised here
                pass


@contextmanager
def single_threaded_pool(threads: int) -> Iterator[ThreadPoolExecutor]:
    """Yield a pool in whose threads torch computes on one thread each."""
    before = torch.get_num_threads()
    try:
        with ThreadPoolExecutor(threads, initializer=torch.set_num_threads, initargs=(1,)) as pool:
            yield pool
    finally:
        # Also resets the default that threads started later would inherit from the workers.
        torch.set_num_threads(before)
