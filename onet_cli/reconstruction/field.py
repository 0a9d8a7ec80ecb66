"""Occupancy field of one photo: numpy points to logits, parallel and in chunks."""

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
"""Maps points (N, 3) to logits (N,) for a fixed code."""

CPU_ROWS = 2048
"""Points per chunk on a CPU: activations of a layer (2 MB at a width of 256) fit the cache, and
contention for Python's global lock is low."""

ACCELERATOR_ROWS = 1 << 17
"""Points per chunk on other devices: enough for full utilisation, few enough for their memory."""


class OccupancyField:
    """The occupancy field of one photo; calling it maps points (N, 3) to logits (N,), float32.

    `decode` is the result of `OccupancyNetwork.for_code`, `device` its device and `threshold` the
    probability at the surface. On a CPU, chunks run on one Python thread per core with
    single-threaded matrix products, which avoids synchronisation after each layer. The logits are
    raised to the level of `rods`.
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
        """Return the logits (N,) at `points` (N, 3) in the frame of the network's points."""
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
        """The iso-level (logit)."""
        return math.log(self.threshold) - math.log1p(-self.threshold)

    def cut_at(self, threshold: float) -> "OccupancyField":
        """Return the same field with another threshold."""
        return OccupancyField(self._decode, self._device, threshold, self._rods)

    def with_decoder(self, decode: Decode) -> "OccupancyField":
        """Return the field of another decoder with the same threshold, without rods."""
        return OccupancyField(decode, self._device, self.threshold)

    def with_rods(self, rods: Rods | None) -> "OccupancyField":
        """Return the same field with other rods."""
        placed = None if rods is None else rods.to(self._device)
        return OccupancyField(self._decode, self._device, self.threshold, placed)

    def _lifted(self, logits: Tensor, points: Tensor) -> Tensor:
        """Return `logits` (N,) at `points` (N, 3), raised to those of the rods."""
        if self._rods is None:
            return logits
        return torch.maximum(logits, self.level + self._rods.heights(points))

    def with_gradient(
        self, points: NDArray[np.floating]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return the logits (N,) at `points` (N, 3) and their spatial gradients (N, 3)."""
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
        """Run `work` on every chunk of `count` rows, in parallel."""
        chunks = [slice(start, start + self._rows) for start in range(0, count, self._rows)]
        threads = min(torch.get_num_threads(), len(chunks)) if self._device.type == "cpu" else 1
        if threads <= 1:
            for chunk in chunks:
                work(chunk)
            return
        with single_threaded_pool(threads) as pool:
            for _ in pool.map(work, chunks):  # consumed to raise errors here
                pass


@contextmanager
def single_threaded_pool(threads: int) -> Iterator[ThreadPoolExecutor]:
    """Yield a thread pool in which torch uses one thread per worker."""
    before = torch.get_num_threads()
    try:
        with ThreadPoolExecutor(threads, initializer=torch.set_num_threads, initargs=(1,)) as pool:
            yield pool
    finally:
        # Also resets the default for threads that are started later.
        torch.set_num_threads(before)
