"""A training step: ours as `onet train` makes it, beside plain modules and beside the roofline.

Contestants take turns, each in a process of its own, because how the C library keeps freed memory
is a setting of a process. On a CPU they have one thread, and processor time is compared, which
other work on the machine disturbs less than the clock. The roofline (roofline.py) is that of the
step's products and convolutions; the speeds that it takes are measured in the same turns.

* `plain`: for `onet`, plain_network.py; for other models, our modules as they come, without any of
  the below. Adam with torch's defaults, memory freed as by default.
* `modules`: ours without the fused norms of `models/fused.py`, which are for CPUs.
* `ours`: what `onet train` does, from resizing the pictures to averaging the weights.
* `compiled`, with --compile: likewise with `onet train --compile`, which needs a C++ compiler.

Usage: python bench/train_step.py [--model onet] [--batch-size 16] [--points 2048] [--compile]
       [--device cpu|cuda] [--precision 32|bf16] [--rounds 5] [--json FILE]
"""

import argparse
import multiprocessing
import statistics
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

import torch
from harness import Row, arguments, publish
from plain_network import PlainNetwork, plain_step
from roofline import copy, least_seconds, list_operations, product

from onet_cli.malloc import keep_freed_memory
from onet_cli.models import layers
from onet_cli.models.catalogue import find_model
from onet_cli.models.network import OccupancyNetwork, build_network
from onet_cli.shapes.photo import resize_images
from onet_cli.training.callbacks import warmed_average
from onet_cli.training.config import Budget, TrainingConfig
from onet_cli.training.dataset import Batch
from onet_cli.training.module import OccupancyModule

Step = Callable[[], object]
CAMERA = (0.6, 0.4, 0.55, 1.5, 0.0, 0.0, 0.0, 0.0)
"""A usual camera, by the fields of `shapes.camera`."""
DTYPES = {"32": torch.float32, "bf16": torch.bfloat16}
TOLERANCE = {"32": 1e-3, "bf16": 3e-2}
"""By which contestants' first losses may differ."""


def make_batch(options: argparse.Namespace) -> Batch:
    rng = torch.Generator().manual_seed(0)
    count, points = options.batch_size, options.points
    batch = Batch(
        torch.randint(0, 256, (count, 3, 137, 137), dtype=torch.uint8, generator=rng),
        1.1 * (torch.rand(count, points, 3, generator=rng) - 0.5),
        (torch.rand(count, points, generator=rng) < 0.2).float(),
        torch.ones(count, points),
        torch.tensor(CAMERA).repeat(count, 1),
    )
    return Batch(*(part.to(options.device) for part in batch))


def plain(options: argparse.Namespace) -> Step:
    batch, ours = make_batch(options), network_of(options)
    network: torch.nn.Module = ours
    if options.model == "onet":
        network = PlainNetwork().to(options.device)
        network.take(ours.state_dict())
    images = resize_images(batch.images, ours.spec.image_size)
    optimizer = torch.optim.Adam(network.parameters(), 1e-4)

    def step() -> float:
        with precision(options):
            return plain_step(network, optimizer, images, batch.points, batch.occupancies)

    return step


def ours(options: argparse.Namespace) -> Step:
    if options.device == "cpu":
        keep_freed_memory()
    if options.contestant == "modules":
        layers.can_fuse = lambda *_: False
    batch = make_batch(options)
    config = TrainingConfig(
        Budget(steps=1),
        batch_size=options.batch_size,
        rate=1e-4,
        compiled=options.contestant == "compiled",
    )
    module = OccupancyModule(network_of(options), config, lambda: 0.03).to(options.device).train()
    made = module.configure_optimizers()
    optimizer = made["optimizer"]
    averaged = torch.optim.swa_utils.AveragedModel(
        module, multi_avg_fn=warmed_average(config.ema_decay), use_buffers=True
    )

    def step() -> float:
        optimizer.zero_grad()
        with precision(options):
            loss = module.loss(batch)
        loss.backward()
        module.on_before_optimizer_step(optimizer)
        optimizer.step()
        averaged.update_parameters(module)
        return loss.item()

    return step


def precision(options: argparse.Namespace) -> torch.autocast:
    dtype = DTYPES[options.precision]
    return torch.autocast(options.device, dtype, enabled=dtype != torch.float32)


CONTESTANTS = {
    "plain": plain,
    "modules": ours,
    "ours": ours,
    "compiled": ours,
    "product": lambda options: product(options.device, DTYPES[options.precision])[0],
    "copy": lambda options: copy(options.device)[0],
}


def network_of(options: argparse.Namespace) -> OccupancyNetwork:
    return build_network(find_model(options.model), seed=0).to(options.device)


def work(options: argparse.Namespace, pipe: Connection) -> None:
    """Make a step each time that the other end asks for one; answer its seconds and the loss."""
    torch.set_num_threads(1)
    step = CONTESTANTS[options.contestant](options)
    while pipe.recv():
        start = clock(options)
        loss = step()
        pipe.send((clock(options) - start, loss))


def clock(options: argparse.Namespace) -> float:
    """Return the processor's seconds, or a GPU's, when all that it was given is done."""
    if options.device == "cpu":
        return time.process_time()
    torch.cuda.synchronize()
    return time.perf_counter()


def measure(options: argparse.Namespace, names: list[str]) -> dict[str, list[tuple[float, Any]]]:
    """Return seconds and loss of each step of each contestant, in turns."""
    context = multiprocessing.get_context("spawn")
    pipes = {}
    for name in names:
        mine, theirs = context.Pipe()
        given = argparse.Namespace(**vars(options) | {"contestant": name})
        context.Process(target=work, args=(given, theirs), daemon=True).start()
        pipes[name] = mine
    found: dict[str, list[tuple[float, Any]]] = {name: [] for name in names}
    for _ in range(options.rounds + 2):
        for name, pipe in pipes.items():
            pipe.send(True)
            found[name].append(pipe.recv())
    for pipe in pipes.values():
        pipe.send(False)
    return found


def main() -> None:
    """Let the contestants take turns, and publish medians after two steps to warm up."""
    parser = arguments(__doc__.splitlines()[0])
    parser.add_argument("--model", default="onet")
    parser.add_argument("--batch-size", type=int, default=16)
    parser.add_argument("--points", type=int, default=2048)
    parser.add_argument("--compile", action="store_true", help="also `ours` by torch.compile")
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--precision", choices=DTYPES, default="32")
    options = parser.parse_args()
    names = [name for name in CONTESTANTS if name != "compiled" or options.compile]
    found = measure(options, names)
    seconds = {
        name: statistics.median(step[0] for step in steps[2:]) for name, steps in found.items()
    }
    _, flops = product(options.device, torch.float32)
    _, moved = copy(options.device)
    speed, stream = flops / seconds.pop("product"), moved / seconds.pop("copy")
    first = [found[name][0][1] for name in seconds]
    if max(first) - min(first) > TOLERANCE[options.precision] * max(first):
        raise SystemExit(f"the contestants' first losses differ: {first}")
    options.contestant = "modules"
    operations = list_operations(ours(options))
    flops = sum(operation.flops for operation in operations)
    seconds["roofline"] = least_seconds(operations, speed, stream)
    rows: list[Row] = [
        {
            "step": name,
            "s": taken,
            "samples/s": options.batch_size / taken,
            "GFLOP/s": flops / taken / 1e9,
            "of the roofline": seconds["roofline"] / taken,
            "plain / this": seconds["plain"] / taken,
        }
        for name, taken in seconds.items()
    ]
    title = f"A training step of {options.model}: {options.batch_size} x {options.points} points"
    facts = f"{flops / 1e9:.0f} GFLOP; {speed / 1e9:.0f} GFLOP/s, {stream / 1e9:.1f} GB/s"
    publish(f"{title}, {facts}", rows, options.json, ("torch",))


if __name__ == "__main__":
    main()
