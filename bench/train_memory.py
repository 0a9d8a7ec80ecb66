"""CachedField of a training step by model and batch size: counted for a GPU, measured on the CPU.

* `weights`: float32, times five: themselves, gradients, Adam's two moments, the average.
* `GPU, counted`: those, and what the step keeps for its backward pass in float32, tensor by tensor,
  counted with tensors that have shapes and no contents. A GPU needs some more: the largest layer's
  gradients and work space, and half a gigabyte or so for CUDA itself.
* `CPU, measured`: the largest resident set of a process that makes two steps; torch and its
  libraries are about 0.3 GB of it.

Usage: python bench/train_memory.py [--models onet ...] [--batches 16 32 64] [--no-measure]
       [--json FILE]
"""

import argparse
import resource
import subprocess
import sys

import torch
from harness import Row, arguments, publish
from torch import Tensor
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.autograd.graph import saved_tensors_hooks

from onet_cli.malloc import keep_freed_memory
from onet_cli.models.catalogue import find_model
from onet_cli.models.code_layout import BINS
from onet_cli.models.network import build_network
from onet_cli.training.config import Budget, TrainingConfig
from onet_cli.training.dataset import Batch
from onet_cli.training.module import OccupancyModule

MODELS = ["onet", "onet-small", "onet-attention", "onet-aligned"]
POINTS, COPIES = 2048, 5
CAMERA = (0.6, 0.4, 0.55, 1.5, 0.0, 0.0, 0.0, 0.0)
"""A usual camera, by the fields of `shapes.camera`."""


def make(model: str, batch: int) -> tuple[OccupancyModule, Batch]:
    config = TrainingConfig(Budget(steps=1), batch_size=batch, lr=1e-4)
    module = OccupancyModule(build_network(find_model(model), seed=0), config, lambda: 0.5).train()
    images = torch.zeros(batch, 3, 137, 137, dtype=torch.uint8)
    points, ones = torch.zeros(batch, POINTS, 3), torch.ones(batch, POINTS)
    cameras = torch.tensor(CAMERA).repeat(batch, 1)
    return module, Batch(images, points, ones, ones, cameras, torch.ones(batch, BINS))


def weight_bytes(model: str) -> int:
    network = make(model, 1)[0].network
    return COPIES * sum(parameter.numel() * 4 for parameter in network.parameters())


def kept_bytes(model: str, batch: int) -> int:
    """Return what a step keeps for its backward pass, apart from the weights.

    Norms are not fused here, as on a GPU, because the tensors have no memory.
    """
    kept: dict[int, int] = {}
    alive = []  # so that no two tensors get one address

    def keep(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        kept[storage._cdata] = storage.nbytes()
        alive.append(storage)
        return tensor

    module, samples = make(model, 1)
    own = [*module.parameters(), *module.buffers()]
    weights = {tensor.untyped_storage()._cdata for tensor in own}
    with FakeTensorMode(allow_non_fake_inputs=True) as mode:
        weights |= {mode.from_tensor(p).untyped_storage()._cdata for p in own}
        shapes = (torch.empty(batch, *part.shape[1:], dtype=part.dtype) for part in samples)
        with saved_tensors_hooks(keep, lambda tensor: tensor):
            module.loss(Batch(*shapes))
    return sum(size for place, size in kept.items() if place not in weights)


def measure(model: str, batch: int) -> None:
    """Make two steps and print the largest resident set in bytes."""
    keep_freed_memory()
    torch.set_num_threads(1)
    module, samples = make(model, batch)
    optimizer = module.configure_optimizers()["optimizer"]
    averaged = torch.optim.swa_utils.AveragedModel(module, use_buffers=True)
    for _ in range(2):
        optimizer.zero_grad()
        module.loss(samples).backward()
        optimizer.step()
        averaged.update_parameters(module)
    print(1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)


def measured(model: str, batch: int) -> float:
    command = [sys.executable, __file__, "--measure", model, str(batch)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return float(done.stdout)


def main() -> None:
    """Count and measure all of them."""
    parser = arguments(__doc__.splitlines()[0])
    parser.add_argument("--models", nargs="+", default=MODELS)
    parser.add_argument("--batches", nargs="+", type=int, default=[16, 32, 64])
    parser.add_argument("--no-measure", action="store_true", help="count only")
    parser.add_argument("--measure", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        measure(options.measure[0], int(options.measure[1]))
        return
    rows: list[Row] = []
    for model in options.models:
        weights = weight_bytes(model)
        for batch in options.batches:
            found = {"GPU, counted": weights + kept_bytes(model, batch)}
            if not options.no_measure:
                found["CPU, measured"] = measured(model, batch)
            gigabytes = {name: count / 1e9 for name, count in found.items()}
            rows.append({"model": model, "batch": batch, "weights": weights / 1e9} | gigabytes)
    publish("GB of a training step, 2 048 points", rows, options.json, ("torch",))


if __name__ == "__main__":
    main()
