"""Lightning module: loss, validation IoU, optimiser and schedule."""

import math
from collections.abc import Callable
from contextlib import nullcontext
from functools import partial
from typing import Any

import lightning.pytorch as pl
import torch
from lightning.pytorch.utilities.types import OptimizerLRScheduler
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits, softplus
from torch.optim import AdamW, Optimizer
from torch.optim.lr_scheduler import LambdaLR

from onet_cli.models.depthwise import speed_up_depthwise
from onet_cli.models.network import OccupancyNetwork, encoder_features, freeze_encoder
from onet_cli.shapes.photo import resize_images
from onet_cli.training.annotations import Annotations
from onet_cli.training.augment import augment_photos
from onet_cli.training.compiling import compiled, compiler_errors
from onet_cli.training.config import TrainingConfig
from onet_cli.training.dataset import Batch
from onet_cli.training.picture import (
    CAMERA_WEIGHT,
    MIRROR_WEIGHT,
    OUTSIDE_WEIGHT,
    Seen,
    StepNoise,
    draw_step_noise,
    see,
    see_alone,
)
from onet_cli.training.transfer import to_device

THRESHOLDS = torch.arange(1, 20) / 20
"""Candidate thresholds; validation selects the one with the highest IoU."""


def rate_factor(spent: float, warm_up: float) -> float:
    """Return the factor on the peak learning rate: linear warm-up, then half-cosine decay."""
    if spent < warm_up:
        return max(spent / warm_up, 1e-3)
    return 0.5 * (1 + math.cos(math.pi * (spent - warm_up) / (1 - warm_up)))


def occupancy_loss(logits: Tensor, batch: Batch, smoothing: float = 0.0) -> Tensor:
    """Return the binary cross-entropy, summed over points and averaged over the batch.

    With label smoothing, labels are `smoothing` and 1 - `smoothing`, which avoids large logits at
    the many unambiguous points.

    Source: Mescheder et al., CVPR 2019, equation 3.
    """
    labels = batch.occupancies * (1 - 2 * smoothing) + smoothing
    losses = binary_cross_entropy_with_logits(logits, labels, reduction="none")
    return (losses * batch.weights).sum(dim=1).mean()


def iou_by_threshold(logits: Tensor, occupancies: Tensor) -> Tensor:
    """Return the IoU of each sample at each of `THRESHOLDS`: (B, T) and (B, T) to (B, K)."""
    levels = torch.logit(THRESHOLDS).to(logits.device)
    predicted = logits[:, None, :] >= levels[None, :, None]
    actual = (occupancies > 0.5)[:, None, :]
    joint = (predicted & actual).sum(dim=2)
    either = (predicted | actual).sum(dim=2)
    return joint / either.clamp(min=1)


class OccupancyModule(pl.LightningModule):
    """Trains an `OccupancyNetwork` on batches of views and labelled points."""

    def __init__(
        self,
        network: OccupancyNetwork,
        config: TrainingConfig,
        spent: Callable[[], float],
        exposure: float = 1.0,
    ) -> None:
        """Take the network, the settings, and a function that returns the spent budget share.

        `exposure` is the brightness of white objects in the images (`shapes.exposure`).
        """
        super().__init__()
        # Channels-last convolutions are a third faster on a CPU with these images.
        self.network = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        speed_up_depthwise(network)
        self.config, self.exposure, self._spent = config, exposure, spent
        if config.encoder_lr < 1:
            freeze_encoder(network)
        # Functions are not part of the module's state.
        self._logits: Callable[..., Tensor] = network.forward
        self._see: Callable[..., Seen] = partial(see, network)
        if config.compile:
            self._logits, self._see = compiled(self._logits), compiled(self._see)
        self.validation_ious: list[Tensor] = []
        self.iou_curve: list[float] = []

    def _images(self, batch: Batch) -> Tensor:
        with torch.autocast(batch.images.device.type, enabled=False):
            images = resize_images(batch.images, self.network.spec.image_size)
        return images.contiguous(memory_format=torch.channels_last)

    def inputs(self, batch: Batch) -> tuple[Tensor, Tensor, Annotations | None]:
        """Return the images (B, 3, S, S) and points (B, T, 3) of a training batch, augmented.

        Points are in the unit cube. The third value is the annotations for networks of the
        picture's frame, else None. All are float32, independent of the precision of the network.
        """
        images, points, known = self._images(batch), batch.points, self._known(batch)
        if self.config.augment == "photo":
            with torch.autocast(images.device.type, enabled=False):
                images, points, known = augment_photos(
                    images, points, known, self._generator(0), self.exposure
                )
        return images, points, known

    def _known(self, batch: Batch) -> Annotations | None:
        return None if self.network.spec.frame == "object" else Annotations.of(batch)

    def _generator(self, use: int) -> torch.Generator:
        """Return the random generator for one of several uses in this step and rank."""
        # Seeded by the step, so that a resumed run has the same augmentation.
        seed = self.config.seed * 1_000_003 + self.global_step
        seed += (self.global_rank * 7_919 + use * 104_729) * 1_000_003
        return torch.Generator().manual_seed(seed)

    def loss(self, batch: Batch) -> Tensor:
        """Return the training loss of a batch."""
        return self.loss_of(batch, *self.inputs(batch))

    def loss_of(
        self, batch: Batch, images: Tensor, points: Tensor, known: Annotations | None
    ) -> Tensor:
        """Return the training loss of a batch with the results of `inputs`."""
        smoothing = self.config.label_smoothing
        if known is None:
            return occupancy_loss(self._logits(images, points).float(), batch, smoothing)
        drawn = draw_step_noise(len(images), self._generator(1))
        doubts = StepNoise(*(to_device(part, images.device) for part in drawn))
        seen: Seen = self._see(images, points, known, doubts)
        loss = occupancy_loss(seen.logits, batch, smoothing)
        empty = seen.empty * softplus(seen.outside)
        loss = loss + OUTSIDE_WEIGHT * empty.sum(dim=1).mean()
        return loss + CAMERA_WEIGHT * seen.camera_loss + MIRROR_WEIGHT * seen.mirror_loss

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        """Return the loss of one batch, and log it."""
        loss = self.loss(batch)
        self.log("loss", loss.detach() / batch.points.shape[1])
        return loss

    def backward(self, loss: Tensor, *args: Any, **kwargs: Any) -> None:
        """Run the backward pass, which is compiled at its first use."""
        with compiler_errors(loss.device) if self.config.compile else nullcontext():
            torch.autograd.backward(loss, *args, **kwargs)

    def validation_step(self, batch: Batch, batch_idx: int) -> None:
        """Collect the IoU at every candidate threshold."""
        images, known = self._images(batch), self._known(batch)
        if known is None:
            logits = self.network(images, batch.points).float()
        else:
            logits = see_alone(self.network, images, batch.points, known.camera)
        self.validation_ious.append(iou_by_threshold(logits, batch.occupancies).cpu())

    def take_validation(self) -> tuple[float, float]:
        """Return the best mean validation IoU over all ranks, and its threshold.

        `iou_curve` is set to the IoU at each of `THRESHOLDS`.
        """
        ious = torch.cat([torch.zeros(0, len(THRESHOLDS)), *self.validation_ious]).double()
        self.validation_ious.clear()
        # Sums and a count, because ranks may have different numbers of samples.
        totals = torch.cat([ious.sum(dim=0), torch.tensor([len(ious)])])
        if torch.distributed.is_initialized():
            shared = totals.to(self.device)
            torch.distributed.all_reduce(shared)
            totals = shared.cpu()
        mean = totals[:-1] / totals[-1]
        self.iou_curve = mean.tolist()
        best = int(mean.argmax())
        return float(mean[best]), float(THRESHOLDS[best])

    def on_before_optimizer_step(self, optimizer: Optimizer) -> None:
        """Clip the gradient norm, which can be huge in early steps of the summed loss."""
        # With torch, as Lightning does not clip with a fused optimiser in mixed precision.
        if self.config.clip:
            torch.nn.utils.clip_grad_norm_(self.network.parameters(), self.config.clip)

    def configure_optimizers(self) -> OptimizerLRScheduler:
        """Return AdamW with weight decay on matrices only, and the schedule of the budget."""
        groups = self._parameter_groups()
        # Fused: one pass over the weights instead of a dozen. Not in half precision, where a fused
        # optimiser would unscale gradients after clipping.
        device = self.network.mean.device.type
        fused = device in ("cpu", "cuda") and self.config.precision != "16"
        betas = 0.9, self.config.beta2
        optimizer = AdamW(groups, lr=self.config.lr, betas=betas, fused=fused)
        schedule = LambdaLR(optimizer, lambda _: self._rate_factor())
        return {
            "optimizer": optimizer,
            "lr_scheduler": {"scheduler": schedule, "interval": "step"},
        }

    def _parameter_groups(self) -> list[dict[str, Any]]:
        """Return separate groups of matrices and vectors, with encoder features last."""
        slow = {id(parameter) for parameter in encoder_features(self.network)}
        if self.config.encoder_lr == 1:
            slow = set()
        groups: list[dict[str, Any]] = []
        for features in (False, True):
            own = [
                p
                for p in self.network.parameters()
                if p.requires_grad and (id(p) in slow) == features
            ]
            rate = self.config.lr * (self.config.encoder_lr if features else 1.0)
            for matrices in (True, False):
                some = [p for p in own if (p.ndim >= 2) == matrices]
                decay = self.config.weight_decay if matrices else 0.0
                if some:
                    groups.append({"params": some, "lr": rate, "weight_decay": decay})
        return groups

    def _rate_factor(self) -> float:
        if self.config.schedule == "constant":
            return 1.0
        return rate_factor(self._spent(), self.config.warm_up)
