"""Meshes of a few validation shapes during training: IoU, and images for the logger."""

from dataclasses import replace
from pathlib import Path

import lightning.pytorch as pl
import numpy as np
from lightning.pytorch.callbacks import Callback
from lightning.pytorch.loggers import Logger
from PIL import Image

from onet_cli.errors import EmptySurfaceError
from onet_cli.geometry.inside import contains
from onet_cli.geometry.metrics import occupancy_iou
from onet_cli.geometry.surfels import MOST, surfels
from onet_cli.models.checkpoint import Checkpoint, CheckpointInfo
from onet_cli.models.network import OccupancyNetwork
from onet_cli.reconstruction.generator import MeshGenerator
from onet_cli.reconstruction.preview import Sight, draw_preview
from onet_cli.reconstruction.result import Reconstruction
from onet_cli.reconstruction.settings import plain_settings
from onet_cli.reconstruction.viewpoint import Viewpoint, turn_mesh
from onet_cli.shapes.photo import decode_view
from onet_cli.shapes.shape import ShapeId
from onet_cli.shapes.store import ShapeStore
from onet_cli.training.callbacks import Clock, KeepBest
from onet_cli.training.chart import draw_chart
from onet_cli.training.loggers import log_mesh, log_picture
from onet_cli.training.module import THRESHOLDS, OccupancyModule

SHAPES, SHOWN = 8, 4
"""Number of validation shapes with a mesh, and of those shown."""

RESOLUTION, POINTS, TILE = 64, 10_000, 192


class WatchMeshes(Callback):
    """Reconstructs the first views of a few validation shapes, every `every` steps and at the end.

    It runs with a validation, and uses its threshold and averaged weights; therefore it must be
    between `KeepBest` and `AveragedWeights` in the list of callbacks. The IoU is measured at stored
    points; a shape without a mesh counts as 0.
    """

    def __init__(
        self, root: Path, ids: list[ShapeId], every: int, clock: Clock, best: KeepBest
    ) -> None:
        self.store, self.ids, self.every = ShapeStore.open(root), ids[:SHAPES], every
        self.clock, self.best = clock, best
        self.iou: float | None = None

    def on_validation_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Draw the threshold curve, and reconstruct meshes if due."""
        assert isinstance(pl_module, OccupancyModule)
        self.iou = None
        if not trainer.is_global_zero:
            return
        board, step = trainer.logger, trainer.global_step
        curve = draw_chart("IoU by threshold", THRESHOLDS.tolist(), pl_module.iou_curve)
        log_picture(board, "thresholds", np.asarray(curve), step)
        if self.every and self._is_due(step, pl_module.config.val_every):
            self.iou = self._look(pl_module.network, board, step)
            pl_module.log("mesh_iou", self.iou, rank_zero_only=True)

    def _is_due(self, step: int, interval: int) -> bool:
        """Return whether meshes became due since the last validation, or the run ends."""
        # Depends only on the step, so that a resumed run has the same schedule.
        turns, before = (at // self.every for at in (step, step - interval))
        return turns > before or self.clock.spent() >= 1

    def _look(self, network: OccupancyNetwork, board: Logger | None, step: int) -> float:
        """Reconstruct meshes, log some of them, and return their mean IoU."""
        info = CheckpointInfo(network.spec, threshold=self.best.threshold)
        generator = MeshGenerator(Checkpoint(network, info), plain_settings(RESOLUTION))
        ious = []
        for number, shape in enumerate(self.ids):
            photo = decode_view(self.store.read_view(shape, 0))
            try:
                pixels = np.ascontiguousarray(photo.transpose(2, 0, 1))
                made = self._turned(generator.generate(pixels), shape)
            except EmptySurfaceError:
                ious.append(0.0)
                continue
            samples = self.store.read_occupancy(shape)
            inside = contains(made.mesh, samples.points[:POINTS])
            ious.append(occupancy_iou(inside, samples.occupancies[:POINTS]))
            if number < SHOWN:
                size = network.spec.image_size
                picture = self._draw(made, shape, Image.fromarray(photo), size)
                name = f"{number}_{shape.name}"
                log_picture(board, f"preview/{name}", np.asarray(picture), step)
                log_mesh(board, f"mesh/{name}", made.mesh, step)
        return float(np.mean(ious))

    def _turned(self, made: Reconstruction, shape: ShapeId) -> Reconstruction:
        """Return the reconstruction of the first view, rotated to the data set's frame."""
        known = Viewpoint.known(self.store.read_cameras(shape)[0])
        if made.viewpoint is None:
            return replace(made, viewpoint=known)
        if known is None:
            raise ValueError("the camera of this view is unknown")
        turned, viewpoint = turn_mesh(made.mesh, made.viewpoint, known.azimuth_deg)
        return replace(made, mesh=turned, viewpoint=viewpoint)

    def _draw(
        self, made: Reconstruction, shape: ShapeId, photo: Image.Image, size: int
    ) -> Image.Image:
        """Return an image of the photo, and of views of the mesh and the ground truth."""
        surface = self.store.read_surface(shape, MOST)
        truth = surfels(surface.points, surface.normals)
        seen = photo.resize((size, size), Image.Resampling.BILINEAR)
        sight = None if made.viewpoint is None else Sight(made.viewpoint, made.agreement)
        return draw_preview(photo, seen, made.mesh, TILE, sight, truth)
