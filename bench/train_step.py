"""A training step on one core: ours as `onet train` makes it, beside plain modules.

Contestants take turns, each in a process of its own, because how the C library keeps freed memory
is a setting of a process. Processor time is compared, which other work on the machine disturbs
less than the clock; the floor is the time of the step's arithmetic at the speed of a large float32
matrix product, measured in the same turns.

* `plain`: for `onet`, plain_network.py; for other models, our modules as they come, without any of
  the below. Adam with torch's defaults, memory freed as by default.
* `modules`: ours without the fused norms of `models/fused.py`.
* `ours`: what `onet train` does, from resizing the pictures to averaging the weights.
* `compiled`, with --compile: `plain` through torch.compile, which needs a C++ compiler.

Usage: python bench/train_step.py [--model onet] [--batch-size 16] [--points 2048] [--compile]
       [--rounds 5] [--json FILE]
"""

import argparse
import multiprocessing
import statistics
import time
from collections.abc import Callable
from multiprocessing.connection import Connection

import torch
from harness import Row, arguments, publish
from plain_network import PlainNetwork, plain_step
from torch.utils.flop_counter import FlopCounterMode

from onet_cli.malloc import keep_freed_memory
from onet_cli.models import layers
from onet_cli.models.catalogue import find_model
from onet_cli.models.network import OccupancyNetwork, build_network
from onet_cli.shapes.photo import resize_images
from onet_cli.training.callbacks import warmed_average
from onet_cli.training.config import Budget, TrainingConfig
from onet_cli.training.dataset import Batch
from onet_cli.training.module import OccupancyModule

Step = Callable[[], float]
GEMM = 2048
"""Edge of the matrices whose product tells the machine's speed."""


def make_batch(options: argparse.Namespace) -> Batch:
    rng = torch.Generator().manual_seed(0)
    count, points = options.batch_size, options.points
    return Batch(
        torch.randint(0, 256, (count, 3, 137, 137), dtype=torch.uint8, generator=rng),
        1.1 * (torch.rand(count, points, 3, generator=rng) - 0.5),
        (torch.rand(count, points, generator=rng) < 0.2).float(),
        torch.ones(count, points),
    )


def plain(options: argparse.Namespace) -> Step:
    batch, ours = make_batch(options), network_of(options)
    network: torch.nn.Module = ours
    if options.model == "onet":
        network = PlainNetwork()
        network.take(ours.state_dict())
    images = resize_images(batch.images, ours.spec.image_size)
    optimizer = torch.optim.Adam(network.parameters(), 1e-4)
    made = torch.compile(network) if options.contestant == "compiled" else network
    return lambda: plain_step(made, optimizer, images, batch.points, batch.occupancies)


def ours(options: argparse.Namespace) -> Step:
    keep_freed_memory()
    if options.contestant == "modules":
        layers.can_fuse = lambda *_: False
    batch = make_batch(options)
    config = TrainingConfig(Budget(steps=1), batch_size=options.batch_size, rate=1e-4)
    module = OccupancyModule(network_of(options), config, lambda: 0.03).train()
    made = module.configure_optimizers()
    optimizer = made["optimizer"]
    averaged = torch.optim.swa_utils.AveragedModel(
        module, multi_avg_fn=warmed_average(config.ema_decay), use_buffers=True
    )

    def step() -> float:
        optimizer.zero_grad()
        loss = module.loss(batch)
        loss.backward()
        module.on_before_optimizer_step(optimizer)
        optimizer.step()
        averaged.update_parameters(module)
        return loss.item()

    return step


def product(options: argparse.Namespace) -> Step:
    left, right = torch.rand(2, GEMM, GEMM)

    def multiply() -> float:
        for _ in range(8):
            torch.mm(left, right)
        return 0.0

    return multiply


CONTESTANTS = {
    "plain": plain,
    "compiled": plain,
    "modules": ours,
    "ours": ours,
    "sgemm": product,
}


def network_of(options: argparse.Namespace) -> OccupancyNetwork:
    return build_network(find_model(options.model), seed=0)


def work(options: argparse.Namespace, pipe: Connection) -> None:
    """Make a step each time that the other end asks for one; answer seconds and the loss."""
    torch.set_num_threads(1)
    step = CONTESTANTS[options.contestant](options)
    while pipe.recv():
        clock, processor = time.perf_counter(), time.process_time()
        loss = step()
        pipe.send((time.perf_counter() - clock, time.process_time() - processor, loss))


def count_flops(options: argparse.Namespace) -> float:
    """Return the operations of a step's matrices and convolutions, forward and backward."""
    options.contestant = "modules"
    step = ours(options)
    with FlopCounterMode(display=False) as counter:
        step()
    return float(counter.get_total_flops())


def measure(options: argparse.Namespace, names: list[str]) -> dict[str, list[tuple[float, ...]]]:
    """Return (seconds, processor seconds, loss) of each step of each contestant, in turns."""
    context = multiprocessing.get_context("spawn")
    pipes = {}
    for name in names:
        mine, theirs = context.Pipe()
        given = argparse.Namespace(**vars(options) | {"contestant": name})
        context.Process(target=work, args=(given, theirs), daemon=True).start()
        pipes[name] = mine
    found: dict[str, list[tuple[float, ...]]] = {name: [] for name in names}
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
    parser.add_argument("--compile", action="store_true", help="also `plain` by torch.compile")
    options = parser.parse_args()
    names = [name for name in CONTESTANTS if name != "compiled" or options.compile]
    found = measure(options, names)
    first = [found[name][0][2] for name in names if name != "sgemm"]
    if max(first) - min(first) > 1e-3 * max(first):
        raise SystemExit(f"the contestants' first losses differ: {first}")
    flops = count_flops(options)
    clock, processor = (
        {name: statistics.median(step[k] for step in found[name][2:]) for name in names}
        for k in (0, 1)
    )
    speed = 8 * 2 * GEMM**3 / processor.pop("sgemm")
    rows: list[Row] = [
        {
            "step": name,
            "s": clock[name],
            "processor s": seconds,
            "GFLOP/s": flops / seconds / 1e9,
            "of sgemm's speed": flops / seconds / speed,
            "plain / this": processor["plain"] / seconds,
        }
        for name, seconds in processor.items()
    ]
    rows.append(
        {
            "step": "floor",
            "processor s": flops / speed,
            "GFLOP/s": speed / 1e9,
            "of sgemm's speed": 1.0,
            "plain / this": processor["plain"] * speed / flops,
        }
    )
    title = f"A training step of {options.model}: {options.batch_size} x {options.points} points"
    publish(f"{title}, {flops / 1e9:.0f} GFLOP", rows, options.json, ("torch",))


if __name__ == "__main__":
    main()
