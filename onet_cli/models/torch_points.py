"""Fields and threads of torch, for `models.predictor`."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from onet_cli.models.decoder import PointDecoder

CPU_ROWS = 2048
"""Points per chunk on a CPU: activations of a layer (2 MB at a width of 256) fit the cache, and
contention for Python's global lock is low."""

ACCELERATOR_ROWS = 1 << 17
"""Points per chunk on other devices: enough for full utilisation, few enough for their memory."""


class TorchWorkers:
    """Threads of torch: on a CPU one per core with single-threaded matrix products, which avoids
    synchronisation after each layer; on other devices one.
    """

    def __init__(self, device: torch.device | str = "cpu") -> None:
        self._on_cpu = torch.device(device).type == "cpu"

    @property
    def threads(self) -> int:
        """The number of threads that the calling thread may use."""
        return torch.get_num_threads() if self._on_cpu else 1

    @contextmanager
    def pool(self, threads: int) -> Iterator[ThreadPoolExecutor]:
        """Yield a thread pool in which torch uses one thread per worker."""
        before = torch.get_num_threads()
        try:
            set_threads, one = torch.set_num_threads, (1,)
            with ThreadPoolExecutor(threads, initializer=set_threads, initargs=one) as pool:
                yield pool
        finally:
            # Also resets the default for threads that are started later.
            torch.set_num_threads(before)


class TorchPoints:
    """The field of `decode`, the result of `OccupancyNetwork.for_code`, on `device`."""

    def __init__(self, decode: PointDecoder, device: torch.device | str = "cpu") -> None:
        self._decode, self._device = decode, torch.device(device)
        self.workers = TorchWorkers(device)
        self.rows = CPU_ROWS if self._device.type == "cpu" else ACCELERATOR_ROWS

    def __call__(self, points: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the logits (N,) at `points` (N, 3)."""
        with torch.inference_mode():
            return _array(self._decode(torch.from_numpy(points).to(self._device)))

    def with_gradient(
        self, points: NDArray[np.float32]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return the logits (N,) at `points` (N, 3) and their gradients (N, 3)."""
        with torch.enable_grad():
            given = torch.from_numpy(points).to(self._device).requires_grad_()
            logits = self._decode(given)
            (slopes,) = torch.autograd.grad(logits.sum(), given)
        return _array(logits), _array(slopes)


def _array(tensor: Tensor) -> NDArray[np.float32]:
    array: NDArray[np.float32] = tensor.detach().float().cpu().numpy()
    return array
