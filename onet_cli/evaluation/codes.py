"""Codes of the views of a data set, and how well they separate categories."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from onet_cli.errors import OnetError
from onet_cli.evaluation.selection import category_names, select_shapes
from onet_cli.evaluation.settings import EvaluationSettings
from onet_cli.evaluation.tasks import Task, list_tasks
from onet_cli.files import whole_file
from onet_cli.models.checkpoint import load_checkpoint
from onet_cli.models.network import OccupancyNetwork
from onet_cli.shapes.photo import decode_view, resize_images
from onet_cli.shapes.store import ShapeStore

BATCH = 32


@dataclass(frozen=True)
class Embeddings:
    """Codes (N, C) float32 of the N views in `tasks`.

    `names` maps category ids to readable names; `unread` lists objects that cannot be read, with
    reasons.
    """

    codes: NDArray[np.float32]
    tasks: tuple[Task, ...]
    names: dict[str, str]
    unread: tuple[tuple[str, str], ...] = ()

    @property
    def categories(self) -> list[str]:
        """The readable name of each view's category."""
        keys = [task.id.category for task in self.tasks]
        return [self.names.get(key, key).split(",")[0] for key in keys]


def encode_views(network: OccupancyNetwork, images: Sequence[NDArray[np.uint8]]) -> Tensor:
    """Return the codes (B, C) of images (H, W, 3), float32 on the CPU."""
    size, device = network.spec.image_size, network.mean.device
    planes = [torch.from_numpy(np.ascontiguousarray(i.transpose(2, 0, 1)))[None] for i in images]
    with torch.inference_mode():
        pixels = torch.cat([resize_images(plane, size) for plane in planes]).to(device)
        return network.describing(network.encode(pixels)).float().cpu()


def embed(
    data: Path,
    checkpoint: str,
    device: str,
    settings: EvaluationSettings,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Embeddings:
    """Return the codes of the views that `settings` selects from the data set in `data`.

    Raises:
        StoreError: there is no data set, or no shape is selected.
        CheckpointError: the checkpoint cannot be read.
        OnetError: none of the views can be read.
    """
    store = ShapeStore.open(data)
    wanted = list(list_tasks(store, select_shapes(store, settings), settings))
    network = load_checkpoint(checkpoint, device).network.eval()
    codes: list[Tensor] = []
    tasks: list[Task] = []
    unread: list[tuple[str, str]] = []
    for start in range(0, len(wanted), BATCH):
        images = []
        for task in wanted[start : start + BATCH]:
            try:
                images.append(decode_view(store.read_view(task.id, task.view)))
                tasks.append(task)
            except OnetError as error:
                unread.append((str(task.id), str(error)))
        if images:
            codes.append(encode_views(network, images))
        progress(len(tasks) + len(unread), len(wanted))
    if not codes:
        raise OnetError(f"no view can be read: {unread[0][1]}")
    return Embeddings(torch.cat(codes).numpy(), tuple(tasks), category_names(store), tuple(unread))


def write_codes(path: Path, found: Embeddings, **flat: NDArray[np.floating]) -> None:
    """Write codes, ids, categories, views and `flat` arrays (N, 2) to an .npz file.

    Raises:
        OnetError: the file cannot be written.
    """
    arrays = {
        "codes": found.codes,
        "ids": np.array([str(task.id) for task in found.tasks]),
        "categories": np.array(found.categories),
        "views": np.array([task.view for task in found.tasks], dtype=np.int32),
        **flat,
    }
    # An open file, as numpy would append its suffix to a path.
    with whole_file(path) as temporary, temporary.open("wb") as file:
        np.savez_compressed(file, **arrays)  # type: ignore[arg-type]


def agreement(found: Embeddings) -> tuple[float, float] | None:
    """Return the accuracy of nearest-neighbour category prediction, and its chance level.

    Neighbours are views of other objects. None if there is only one object. The chance level is
    the expected accuracy of a random other object.
    """
    owners = np.array([str(task.id) for task in found.tasks])
    categories = np.array(found.categories)
    if len(set(owners)) < 2:
        return None
    codes = torch.from_numpy(found.codes)
    hits, chance = [], []
    for start in range(0, len(codes), 1000):
        rows = slice(start, start + 1000)
        other = owners[rows, None] != owners
        distances = torch.cdist(codes[rows], codes).masked_fill(torch.from_numpy(~other), torch.inf)
        hits.append(categories[distances.argmin(dim=1).numpy()] == categories[rows])
        same = (categories[rows, None] == categories) & other
        chance.append(same.sum(axis=1) / other.sum(axis=1))
    return float(np.concatenate(hits).mean()), float(np.concatenate(chance).mean())
