"""A training step: ours as `onet train` makes it, beside plain modules and beside the roofline.

Contestants take turns, each in a process of its own, because how the C library keeps freed memory
is a setting of a process. On a CPU they have one thread, and processor time is compared, which
other work on the machine disturbs less than the clock. The roofline (roofline.py) is that of the
step's products and convolutions; the speeds that it takes are measured in the same turns.

* `plain`: for `onet`, plain_network.py; for other models, our modules as they come, without any of
  the below. Adam with torch's defaults, memory freed as by default.
* `modules`, on a CPU: ours without what takes several layers at once there, `models/fused.py` and
  `models/decoders/point_layers.py`, and without the kernels of `models/depthwise.py` and
  `models/decoders/look_up.py`.
* `ours`: what `onet train` does, from resizing the pictures to averaging the weights.
* `compiled`, with --compile: likewise with `onet train --compile`, which needs a compiler.
* `from files`, `from memory`, with --data: likewise, on the batches of a data set, by loader
  processes and by --cache (on a GPU the GPU's). `waiting` is the share of the time by the clock in
  which the step waits for its batch; on a CPU it is of little use, as the contestants share cores.

On a GPU float32 is as `onet train` has it there, products in TF32, and so is the roofline's.

Usage: python bench/train_step.py [--model onet] [--batch-size 16] [--points 2048] [--compile]
       [--device cpu|cuda] [--precision 32|bf16] [--augment photo] [--data STORE] [--workers N]
       [--encoder-lr 0.2] [--rounds 5] [--json FILE]

--encoder-lr below 1 freezes a pretrained encoder's first blocks, as in `onet train`. On a GPU a
turn is of 20 steps without waiting for each, as in training, and `waiting` is that of all.
"""

import argparse
import multiprocessing
import statistics
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch
from harness import Row, arguments, publish
from plain_network import PlainNetwork, plain_step
from roofline import copy, least_seconds, list_operations, product
from torch import Tensor

from onet_cli.malloc import keep_freed_memory
from onet_cli.models import depthwise, layers
from onet_cli.models.catalogue import find_model
from onet_cli.models.code_layout import BINS
from onet_cli.models.decoders import look_up, point_layers
from onet_cli.models.network import OccupancyNetwork, build_network
from onet_cli.shapes.photo import resize_images
from onet_cli.training.averaging import Average
from onet_cli.training.config import Budget, TrainingConfig, usual_workers
from onet_cli.training.data import ShapeData
from onet_cli.training.dataset import Batch
from onet_cli.training.module import OccupancyModule
from onet_cli.training.precision import float32_products, mixed

Step = Callable[[], object]
STEPS_OF_TURN = 20
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
        torch.ones(count, BINS),
    )
    return Batch(*(part.to(options.device) for part in batch))


def plain(options: argparse.Namespace) -> Step:
    unfuse()
    batch, network = make_batch(options), network_of(options)
    if options.model == "onet":
        twin = PlainNetwork().to(options.device)
        twin.take(network.state_dict())
        images = resize_images(batch.images, network.spec.image_size)
        optimizer = torch.optim.Adam(twin.parameters(), 1e-4)

        def step() -> float:
            with precision(options):
                return plain_step(twin, optimizer, images, batch.points, batch.occupancies)

        return step
    module = OccupancyModule(network, settings(options), lambda: 0.03).to(options.device).train()
    module.network.to(memory_format=torch.contiguous_format)
    adam = torch.optim.Adam(module.parameters(), 1e-4)

    def step_of_module() -> float:
        adam.zero_grad()
        images, points, camera = module.inputs(batch)
        with precision(options):
            loss = module.loss_of(batch, images.contiguous(), points, camera)
        loss.backward()
        adam.step()
        return loss.item()

    return step_of_module


def unfuse() -> None:
    """Let each layer be one of its own."""
    layers.can_fuse = point_layers._can_fuse = lambda *_: False
    depthwise.trains_on_cpu = look_up.trains_on_cpu = lambda *_: False


class Ours:
    """A step of `onet train` on one batch, over and over; `waited` is what it waited for that."""

    def __init__(self, options: argparse.Namespace) -> None:
        if options.device == "cpu":
            keep_freed_memory()
        if options.contestant == "modules":
            unfuse()
        self.waited, self._options = 0.0, options
        config = self.config = settings(options)
        self._module = OccupancyModule(network_of(options), config, lambda: 0.03)
        self._module.to(options.device).train()
        self._optimizer = self._module.configure_optimizers()["optimizer"]
        self._averaged = Average(self._module, config.ema, torch.device(options.device))

    def batch(self) -> Batch:
        """Return the batch of the next step."""
        if not hasattr(self, "_batch"):
            self._batch = make_batch(self._options)
        return self._batch

    def __call__(self) -> Tensor:
        """Make a step and return the loss, where the network is."""
        self._optimizer.zero_grad()
        batch = self.batch()
        with precision(self._options):
            loss = self._module.loss(batch)
        self._module.backward(loss)
        self._module.on_before_optimizer_step(self._optimizer)
        self._optimizer.step()
        self._averaged.update_parameters(self._module)
        return loss.detach()


class Fed(Ours):
    """The same on the batches of a data set."""

    def __init__(self, options: argparse.Namespace) -> None:
        super().__init__(options)
        shapes = ShapeData(options.data, self.config, None, network_of(options).spec)
        place = torch.device(options.device)
        shapes.plan_cache(place)
        strategy = SimpleNamespace(root_device=place)
        shapes.trainer = SimpleNamespace(
            world_size=1, global_rank=0, global_step=0, strategy=strategy
        )
        self._batches = iter(shapes.train_dataloader())

    def batch(self) -> Batch:
        """Return the next one, when it has come."""
        start = time.perf_counter()
        batch = next(self._batches)
        self.waited += time.perf_counter() - start
        device = self._options.device
        return Batch(*(part.to(device, non_blocking=device == "cuda") for part in batch))


def settings(options: argparse.Namespace) -> TrainingConfig:
    memory = "gpu" if options.device == "cuda" else "ram"
    return TrainingConfig(
        Budget(steps=1),
        batch_size=options.batch_size,
        points=options.points,
        augment=options.augment,
        lr=1e-4,
        encoder_lr=options.encoder_lr,
        precision=options.precision,
        compile=options.contestant == "compiled",
        workers=options.workers,
        cache=memory if options.contestant == "from memory" else "none",
    )


def precision(options: argparse.Namespace) -> torch.autocast:
    return mixed(options.precision, torch.device(options.device))


CONTESTANTS: dict[str, Callable[[argparse.Namespace], Step]] = {
    "plain": plain,
    "modules": Ours,
    "ours": Ours,
    "compiled": Ours,
    "from files": Fed,
    "from memory": Fed,
    "product": lambda options: product(options.device, DTYPES[options.precision])[0],
    "copy": lambda options: copy(options.device)[0],
}
FED = "from files", "from memory"
NEEDED = "ours", "product", "copy"


def network_of(options: argparse.Namespace) -> OccupancyNetwork:
    return build_network(find_model(options.model), seed=0).to(options.device)


def work(options: argparse.Namespace, pipe: Connection) -> None:
    """Make a step each time that the other end asks for one; answer its seconds and the loss.

    And the share of the time by the clock that it waited for its batch.
    """
    torch.set_num_threads(1)
    step = CONTESTANTS[options.contestant](options)
    count = 1 if options.device == "cpu" else STEPS_OF_TURN
    with float32_products(options.precision, torch.device(options.device)):
        while asked(pipe):
            start, began = clock(options), time.perf_counter()
            if hasattr(step, "waited"):
                step.waited = 0.0
            losses = [step() for _ in range(count)]
            taken = clock(options) - start
            waited = getattr(step, "waited", 0.0) / (time.perf_counter() - began)
            loss = losses[0]
            pipe.send((taken / count, None if loss is None else float(loss), waited))


def asked(pipe: Connection) -> bool:
    """Return whether the other end asks for one more step; it closes where it does not."""
    try:
        return bool(pipe.recv())
    except (EOFError, ConnectionError):
        return False


def clock(options: argparse.Namespace) -> float:
    """Return the processor's seconds, or a GPU's, when all that it was given is done."""
    if options.device == "cpu":
        return time.process_time()
    torch.cuda.synchronize()
    return time.perf_counter()


def measure(options: argparse.Namespace, names: list[str]) -> dict[str, list[tuple[Any, ...]]]:
    """Return seconds, loss and waiting of each step of each contestant, in turns."""
    context = multiprocessing.get_context("spawn")
    pipes = {}
    for name in names:
        mine, theirs = context.Pipe()
        given = argparse.Namespace(**vars(options) | {"contestant": name})
        context.Process(target=work, args=(given, theirs)).start()
        theirs.close()
        pipes[name] = mine
    found: dict[str, list[tuple[Any, ...]]] = {name: [] for name in names}
    try:
        for _ in range(options.rounds + 2):
            for name in list(pipes):
                try:
                    pipes[name].send(True)
                    found[name].append(pipes[name].recv())
                except (EOFError, ConnectionError):  # its process has printed why
                    if name in NEEDED:
                        raise
                    print(f"{name} failed and is left out")
                    pipes.pop(name).close()
                    del found[name]
    finally:
        for pipe in pipes.values():
            pipe.close()
    return found


def read_options() -> argparse.Namespace:
    parser = arguments(__doc__.splitlines()[0])
    parser.add_argument("--model", default="onet")
    parser.add_argument("--batch-size", type=int, default=16)
    parser.add_argument("--points", type=int, default=2048)
    parser.add_argument("--compile", action="store_true", help="also `ours` by torch.compile")
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--precision", choices=DTYPES, default="32")
    parser.add_argument("--augment", choices=("none", "photo"), default="none")
    parser.add_argument("--encoder-lr", type=float, default=1.0, help="as of `onet train`")
    parser.add_argument("--data", type=Path, help="a data set, to measure the waiting for it")
    parser.add_argument("--workers", type=int, help="loader processes, as `onet train` has them")
    options = parser.parse_args()
    if options.workers is None:
        options.workers = usual_workers(options.device)
    return options


def chosen(options: argparse.Namespace) -> list[str]:
    left_out = set() if options.compile else {"compiled"}
    left_out |= set() if options.data else {*FED}
    left_out |= set() if options.device == "cpu" else {"modules"}
    return [name for name in CONTESTANTS if name not in left_out]


def main() -> None:
    """Let the contestants take turns, and publish medians after two steps to warm up."""
    options = read_options()
    found = measure(options, chosen(options))
    seconds = {
        name: statistics.median(step[0] for step in steps[2:]) for name, steps in found.items()
    }
    _, flops = product(options.device, torch.float32)
    _, moved = copy(options.device)
    speed, stream = flops / seconds.pop("product"), moved / seconds.pop("copy")
    first = [found[name][0][1] for name in seconds if name not in FED]
    if options.augment == "none" and max(first) - min(first) > TOLERANCE[options.precision] * max(
        first
    ):
        raise SystemExit(f"the contestants' first losses differ: {first}")
    options.contestant = "modules"  # each layer of its own, so that each product is counted
    operations = list_operations(Ours(options))
    flops = sum(operation.flops for operation in operations)
    seconds["roofline"] = least_seconds(operations, speed, stream)
    rows: list[Row] = [
        {
            "step": name,
            "s": taken,
            "samples/s": options.batch_size / taken,
            "GFLOP/s": flops / taken / 1e9,
            "of the roofline": seconds["roofline"] / taken,
            "plain / this": seconds["plain"] / taken if "plain" in seconds else "",
        }
        for name, taken in seconds.items()
    ]
    for row in rows:
        if row["step"] in FED:
            steps = found[row["step"]][2:]
            row["waiting"] = statistics.median(waited for _, _, waited in steps)
    title = f"A training step of {options.model}: {options.batch_size} x {options.points} points"
    title += f", {options.device}, --precision {options.precision}"
    facts = f"{flops / 1e9:.0f} GFLOP; {speed / 1e9:.0f} GFLOP/s, {stream / 1e9:.1f} GB/s"
    publish(f"{title}, {facts}", rows, options.json, ("torch",))


if __name__ == "__main__":
    main()
