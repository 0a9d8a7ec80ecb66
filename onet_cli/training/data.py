"""Data module of a training run: training and validation splits, and sampling order."""

import signal
from math import ceil
from pathlib import Path

import lightning.pytorch as pl
import torch
from torch.utils.data import DataLoader, Subset

from onet_cli.errors import InvalidOptionError, StoreError
from onet_cli.models.code_layout import CodeLayout
from onet_cli.models.spec import ModelSpec
from onet_cli.shapes.store import ShapeStore
from onet_cli.training.cache import (
    CachedBatches,
    CachePlan,
    ShapeCache,
    check_room,
    plan_cache,
)
from onet_cli.training.config import TrainingConfig
from onet_cli.training.dataset import Batch, OccupancyDataset, ValidationDataset, check_camera
from onet_cli.training.draws import Draws

VALIDATION_POINTS = 4096
VALIDATION_WORKERS = 4
"""Maximum data loader processes for validation on a GPU; on a CPU there are none."""


class ShapeData(pl.LightningDataModule):
    """The train and validation splits of a data set, and the train split of a second one."""

    def __init__(
        self,
        root: Path,
        config: TrainingConfig,
        extra: Path | None = None,
        spec: ModelSpec | None = None,
    ) -> None:
        """Open the data sets.

        Without `spec`, neither cameras nor symmetry are required.

        Raises:
            StoreError: a data set is missing or empty, or lacks the cameras that `spec` requires.
        """
        super().__init__()
        self.root, self.extra, self.config = root, extra, config
        store = ShapeStore.open(root)
        self.source = store.info.source
        self.exposure = store.info.exposure()
        self.categories = tuple(sorted(store.info.categories))
        cameras = spec is not None and spec.frame == "picture"
        mirrored = spec is not None and cameras and CodeLayout(spec.code_dim).mirrored
        self.training = OccupancyDataset(root, config, extra, cameras, mirrored)
        self.cache_plan: CachePlan | None = None
        validation = store.ids("val")
        if not validation:
            raise StoreError(f"{root} has no validation shapes", hint="add some to its val.lst")
        self.validation = ValidationDataset(
            root, validation, VALIDATION_POINTS, config.validation_samples, cameras
        )
        if cameras:  # fail early rather than in the middle of the run
            for number in {0, len(self.training) - 1}:
                reader, shape = self.training.find(number)
                check_camera(reader.cameras(shape), shape)

    def plan_cache(self, device: torch.device, copies: int = 1) -> int:
        """Plan the cache and return its bytes, after checking the memory for `copies` of it.

        Raises:
            InvalidOptionError: memory is insufficient, or a GPU cache is requested without a GPU.
            StoreError: a training shape cannot be read.
        """
        if self.config.cache == "none":
            return 0
        if self.config.cache == "gpu" and device.type != "cuda":
            raise InvalidOptionError(
                f"--cache gpu needs a CUDA device, but training is on {device.type}",
                hint="use --cache ram",
            )
        self.cache_plan = plan_cache(self.training)
        # A GPU cache is first read into main memory.
        check_room(self.cache_plan, torch.device("cpu"), copies)
        check_room(self.cache_plan, self._cache_device(device))
        return self.cache_plan.bytes

    def _cache_device(self, device: torch.device) -> torch.device:
        return device if self.config.cache == "gpu" else torch.device("cpu")

    def steps_per_epoch(self, ranks: int = 1) -> int:
        """Return the steps in which `ranks` draw each training shape of the first set once."""
        own = 1 - self.config.extra_share if self.training.extra_ids else 1.0
        return max(1, ceil(len(self.training.ids) / (own * ranks * self.config.batch_size)))

    def draws(self, done: int = 0, rank: int = 0, ranks: int = 1) -> Draws:
        """Return the infinite stream of training draws after the first `done`."""
        return Draws(
            len(self.training.ids),
            self.config.seed,
            done,
            rank,
            ranks,
            extra=len(self.training.extra_ids),
            share=self.config.extra_share,
        )

    def train_dataloader(self) -> DataLoader[Batch] | CachedBatches:
        """Return the infinite stream of training batches, from the trainer's step on."""
        assert self.trainer is not None
        ranks = self.trainer.world_size
        done = self.trainer.global_step * self.config.batch_size * ranks
        draws = self.draws(done, self.trainer.global_rank, ranks)
        if self.cache_plan is not None:
            device = self._cache_device(self.trainer.strategy.root_device)
            cache = ShapeCache(self.training, self.cache_plan, device)
            return CachedBatches(cache, draws, self.config.batch_size, self._on_gpu)
        return DataLoader(
            self.training,
            batch_size=self.config.batch_size,
            sampler=draws,
            num_workers=self.config.workers,
            multiprocessing_context="forkserver" if self.config.workers else None,
            persistent_workers=self.config.workers > 0,
            prefetch_factor=4 if self.config.workers else None,
            pin_memory=self._on_gpu,
            worker_init_fn=_leave_signals,
        )

    def val_dataloader(self) -> DataLoader[Batch]:
        """Return the fixed validation batches, distributed over ranks without duplicates."""
        assert self.trainer is not None
        own = range(self.trainer.global_rank, len(self.validation), self.trainer.world_size)
        workers = min(self.config.workers, VALIDATION_WORKERS) if self._on_gpu else 0
        return DataLoader(
            Subset(self.validation, own),
            batch_size=self.config.batch_size,
            num_workers=workers,
            multiprocessing_context="forkserver" if workers else None,
            persistent_workers=workers > 0,
            pin_memory=self._on_gpu,
            worker_init_fn=_leave_signals,
        )

    @property
    def _on_gpu(self) -> bool:
        """Whether the trainer's network is on a CUDA device."""
        assert self.trainer is not None
        return self.trainer.strategy.root_device.type == "cuda"


def _leave_signals(worker: int) -> None:
    """Ignore ctrl-C and SIGTERM, which reach the whole process group, in loader processes."""
    # A loader ends with the training process.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
