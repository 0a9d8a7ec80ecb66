"""The data of a training run: what is trained on, what validates, and in which order."""

from math import ceil
from pathlib import Path

import lightning.pytorch as pl
from torch.utils.data import DataLoader, Subset

from onet_cli.errors import StoreError
from onet_cli.shapes.store import ShapeStore
from onet_cli.training.config import TrainingConfig
from onet_cli.training.dataset import Batch, OccupancyDataset, ValidationDataset
from onet_cli.training.draws import Draws

VALIDATION_POINTS = 4096


class ShapeData(pl.LightningDataModule):
    """The train and validation splits of a store, and the train split of a second one."""

    def __init__(self, root: Path, config: TrainingConfig, extra: Path | None = None) -> None:
        super().__init__()
        self.root, self.config = root, config
        store = ShapeStore.open(root)
        self.source = store.info.source
        self.categories = tuple(sorted(store.info.categories))
        self.training = OccupancyDataset(root, config, extra)
        validation = store.ids("val")
        if not validation:
            raise StoreError(f"{root} has no validation shapes", hint="list some in its val.lst")
        self.validation = ValidationDataset(
            root, validation, VALIDATION_POINTS, config.validation_samples
        )

    def steps_per_epoch(self, ranks: int = 1) -> int:
        """Return the steps in which `ranks` draw every training shape of the first set once."""
        own = 1 - self.config.extra_share if self.training.extra_ids else 1.0
        return max(1, ceil(len(self.training.ids) / (own * ranks * self.config.batch_size)))

    def draws(self, done: int = 0, rank: int = 0, ranks: int = 1) -> Draws:
        """Return the endless stream of training draws after the first `done`."""
        return Draws(
            len(self.training.ids),
            self.config.seed,
            done,
            rank,
            ranks,
            extra=len(self.training.extra_ids),
            share=self.config.extra_share,
        )

    def train_dataloader(self) -> DataLoader[Batch]:
        """Return the endless stream of training batches, from the trainer's step on."""
        assert self.trainer is not None
        ranks = self.trainer.world_size
        done = self.trainer.global_step * self.config.batch_size * ranks
        draws = self.draws(done, self.trainer.global_rank, ranks)
        return DataLoader(
            self.training,
            batch_size=self.config.batch_size,
            sampler=draws,
            num_workers=self.config.workers,
            multiprocessing_context="forkserver" if self.config.workers else None,
            persistent_workers=self.config.workers > 0,
            prefetch_factor=4 if self.config.workers else None,
        )

    def val_dataloader(self) -> DataLoader[Batch]:
        """Return the fixed validation batches: of several ranks, each has its share, none twice."""
        assert self.trainer is not None
        own = range(self.trainer.global_rank, len(self.validation), self.trainer.world_size)
        return DataLoader(Subset(self.validation, own), batch_size=self.config.batch_size)
