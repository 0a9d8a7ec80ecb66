"""Dry run: costs and an example batch of a run, from a few steps."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor
from torch.autograd.graph import saved_tensors_hooks
from torch.utils.data import default_collate
from torch.utils.flop_counter import FlopCounterMode, conv_flop_count

from onet_cli.files import whole_file
from onet_cli.geometry.normalize import CUBE_EDGE
from onet_cli.malloc import keep_freed_memory
from onet_cli.models.checkpoint import resolve_device
from onet_cli.models.network import OccupancyNetwork
from onet_cli.training.config import Precision, TrainingConfig
from onet_cli.training.data import ShapeData
from onet_cli.training.dataset import Batch
from onet_cli.training.draws import Draw
from onet_cli.training.memory import memory_errors
from onet_cli.training.module import OccupancyModule
from onet_cli.training.precision import float32_products, mixed
from onet_cli.training.trial import settle_precision, try_precisions

STEPS = 4
"""Timed steps, after a warm-up step."""

COPIES = 5
"""Copies of the weights: themselves, gradients, two moments of Adam, EMA."""

SHOWN, EDGE, COLOUR = 12, 112, (60, 90, 160)


@dataclass(frozen=True)
class DryRun:
    """Costs measured in a few steps.

    `flops` counts the matrix products and convolutions of one step, forward and backward;
    `weight_bytes` is the size of all copies of the weights, `activation_bytes` that of tensors
    saved for the backward pass; `steps` is the number of steps within the budget. `cache_bytes` is
    the size of the cache, 0 without one; `precision` is that of the steps.
    """

    training_shapes: int
    validation_shapes: int
    flops: int
    weight_bytes: int
    activation_bytes: int
    seconds_per_step: float
    load_seconds_per_step: float
    steps: int
    seconds: float
    cache_bytes: int
    precision: Precision

    @property
    def gflops(self) -> float:
        """Throughput in GFLOP/s."""
        return self.flops / self.seconds_per_step / 1e9


def measure_dry_run(
    data: Path,
    network: OccupancyNetwork,
    config: TrainingConfig,
    picture: Path,
    *,
    extra: Path | None = None,
    device: str = "auto",
) -> DryRun:
    """Run a few steps with `network`, draw the first batch to the PNG `picture`, and report.

    This changes the network's weights. The image shows the encoder's input and, below each view,
    the inside points of its shape from the front.

    Raises:
        StoreError: `data` or `extra` is not a data set, or has no training shapes.
        InvalidOptionError: the requested cache does not fit into memory.
        OnetError: memory is insufficient, or `picture` cannot be written.
    """
    place = resolve_device(device)
    if place.type == "cpu":
        keep_freed_memory()
    shapes = ShapeData(data, config, extra, network.spec)
    cache = shapes.plan_cache(place)
    config = settle_precision(config, lambda: try_precisions(shapes, network, config, place))
    draws = iter(shapes.draws())
    module = OccupancyModule(network, config, lambda: 0.5, shapes.exposure).to(place).train()
    optimizer = torch.optim.AdamW(module.parameters(), lr=config.lr)
    loading, stepping = [], []
    for number in range(STEPS + 1):
        start = time.perf_counter()
        batch = _load(shapes, [next(draws) for _ in range(config.batch_size)], place)
        loading.append(time.perf_counter() - start)
        with memory_errors(config), float32_products(config.precision, place):
            if number == 0:
                draw_batch(module, batch, picture)
                flops, activations = _count(module, batch)
                continue
            stepping.append(_step(module, optimizer, batch))
    seconds = float(np.median(stepping))
    # Loader processes work in parallel to the network.
    wait = float(np.median(loading)) / max(config.workers, 1)
    pace = max(seconds, wait) if config.workers else seconds + wait
    steps = config.budget.steps_at(shapes.steps_per_epoch(), pace)
    weights = sum(
        parameter.numel() * parameter.element_size() for parameter in network.parameters()
    )
    return DryRun(
        training_shapes=len(shapes.training),
        validation_shapes=len(shapes.validation.ids),
        flops=flops,
        weight_bytes=COPIES * weights,
        activation_bytes=activations,
        seconds_per_step=seconds,
        load_seconds_per_step=float(np.median(loading)),
        steps=steps,
        seconds=steps * pace,
        cache_bytes=cache,
        precision=config.precision,
    )


def _load(shapes: ShapeData, draws: list[Draw], place: torch.device) -> Batch:
    samples = [shapes.training[draw] for draw in draws]
    return Batch(*(part.to(place) for part in default_collate(samples)))


def _step(module: OccupancyModule, optimizer: torch.optim.Optimizer, batch: Batch) -> float:
    """Run a step and return its time in seconds."""
    place = batch.images.device
    start = time.perf_counter()
    optimizer.zero_grad()
    with mixed(module.config.precision, place):
        loss = module.loss(batch)
    module.backward(loss)
    optimizer.step()
    if place.type == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter() - start


def _count(module: OccupancyModule, batch: Batch) -> tuple[int, int]:
    """Return the FLOPs of one step, and the bytes saved for its backward pass."""
    kept: dict[int, int] = {}

    def keep(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        kept[storage.data_ptr()] = storage.nbytes()
        return tensor

    weights = {parameter.untyped_storage().data_ptr() for parameter in module.parameters()}
    inputs = module.inputs(batch)
    rules = {torch.ops.aten.convolution_backward: convolution_backward_flops}
    with FlopCounterMode(display=False, custom_mapping=rules) as counter:
        precision = mixed(module.config.precision, batch.images.device)
        with saved_tensors_hooks(keep, lambda tensor: tensor), precision:
            loss = module.loss_of(batch, *inputs)
        held = sum(size for place, size in kept.items() if place not in weights)
        module.backward(loss)
    module.zero_grad()
    return counter.get_total_flops(), held


def convolution_backward_flops(
    gradient: Sequence[int],
    inputs: Sequence[int],
    weight: Sequence[int],
    *options: Any,
    out_shape: object = None,
) -> int:
    """Return the FLOPs of a convolution's backward pass: per gradient, those of the forward pass.

    torch's own rule treats a grouped convolution as a full one.
    """
    *_, transposed, _padding, _groups, wanted = options
    forward: int = conv_flop_count(list(inputs), list(weight), list(gradient), transposed)
    return forward * (bool(wanted[0]) + bool(wanted[1]))


def draw_batch(module: OccupancyModule, batch: Batch, path: Path) -> None:
    """Write a PNG of the network's input: views, and inside points seen from the front.

    For networks of the picture's frame, points are projected by the camera of the view.
    """
    images, points, known = module.inputs(batch)
    places = points[..., :2] * (2 / CUBE_EDGE) * points.new_tensor([1, -1])
    if known is not None:
        places = known.camera.project(points)
    columns = []
    for view, cloud, inside in zip(
        images.cpu()[:SHOWN], places.cpu()[:SHOWN], batch.occupancies.cpu()[:SHOWN], strict=True
    ):
        shown = (view.clamp(0, 1).permute(1, 2, 0) * 255).byte().numpy()
        square = Image.fromarray(shown).resize((EDGE, EDGE))
        front = _dots(cloud[inside > 0.5].numpy())
        columns.append(np.concatenate([np.asarray(square), front], axis=0))
    with whole_file(path) as temporary:
        Image.fromarray(np.concatenate(columns, axis=1)).save(temporary, "png")


def _dots(places: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Return an image (EDGE, EDGE, 3) with dots at `places` (N, 2), in -1 to 1."""
    paper = np.full((EDGE, EDGE, 3), 255, np.uint8)
    column, row = np.clip((places.T / 2 + 0.5) * EDGE, 0, EDGE - 2).astype(int)
    for right in range(2):
        for below in range(2):
            paper[row + below, column + right] = COLOUR
    return paper
