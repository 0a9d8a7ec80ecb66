"""The network under Lightning: loss, validation IoU, optimiser and schedule."""

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

from onet_cli.models.network import OccupancyNetwork, encoder_features, freeze_encoder
from onet_cli.shapes.photo import resize_images
from onet_cli.training.augment import augment_photos
from onet_cli.training.compiling import compiled, compiler_errors
from onet_cli.training.config import TrainingConfig
from onet_cli.training.dataset import Batch
from onet_cli.training.known import Known
from onet_cli.training.picture import (
    CAMERA_WEIGHT,
    MIRROR_WEIGHT,
    OUTSIDE_WEIGHT,
    Doubts,
    Seen,
    draw_doubts,
    see,
    see_alone,
)
from onet_cli.training.transfer import sent

THRESHOLDS = torch.arange(1, 20) / 20
"""Probabilities among which validation picks the one of the highest IoU."""


def rate_factor(spent: float, warm_up: float) -> float:
    """Return the share of the peak rate after `spent` of the budget: linear rise, half a cosine."""
    if spent < warm_up:
        return max(spent / warm_up, 1e-3)
    return 0.5 * (1 + math.cos(math.pi * (spent - warm_up) / (1 - warm_up)))


def occupancy_loss(logits: Tensor, batch: Batch, smoothing: float = 0.0) -> Tensor:
    """Return the cross-entropy summed over points and averaged over the batch.

    Labels are `smoothing` and 1 - `smoothing`, so that the loss of a certain point ends at that
    probability: large logits of the many certain points gain nothing.

    Source: Mescheder et al., CVPR 2019, equation 3.
    """
    labels = batch.occupancies * (1 - 2 * smoothing) + smoothing
    losses = binary_cross_entropy_with_logits(logits, labels, reduction="none")
    return (losses * batch.weights).sum(dim=1).mean()


def iou_by_threshold(logits: Tensor, occupancies: Tensor) -> Tensor:
    """Return the IoU of each sample at each of `THRESHOLDS`: (B, T) twice to (B, thresholds)."""
    levels = torch.logit(THRESHOLDS).to(logits.device)
    predicted = logits[:, None, :] >= levels[None, :, None]
    actual = (occupancies > 0.5)[:, None, :]
    joint = (predicted & actual).sum(dim=2)
    either = (predicted | actual).sum(dim=2)
    return joint / either.clamp(min=1)


class OccupancyModule(pl.LightningModule):
    """Trains an `OccupancyNetwork` on batches of views and labelled points."""

    def __init__(
        self, network: OccupancyNetwork, config: TrainingConfig, spent: Callable[[], float]
    ) -> None:
        """Take the network to train and a function that tells how much budget is spent."""
        super().__init__()
        # Channels-last convolutions, with these images, are a third faster on a CPU.
        self.network = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.config, self._spent = config, spent
        if config.encoder_lr < 1:
            freeze_encoder(network)
        # Functions, which are no part of the module's state.
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

    def inputs(self, batch: Batch) -> tuple[Tensor, Tensor, Known | None]:
        """Return the images (B, 3, S, S) and points (B, T, 3) of a training batch, augmented.

        Points are in the unit cube; what is known of the pictures comes beside them for networks of
        the picture's frame, for others None. All are float32, whatever the network computes in.
        """
        images, points, known = self._images(batch), batch.points, self._known(batch)
        if self.config.augment == "photo":
            with torch.autocast(images.device.type, enabled=False):
                images, points, known = augment_photos(images, points, known, self._generator(0))
        return images, points, known

    def _known(self, batch: Batch) -> Known | None:
        return None if self.network.spec.frame == "object" else Known.of(batch)

    def _generator(self, use: int) -> torch.Generator:
        """Return what draws for one of several uses in this step, on this rank."""
        # Seeded by the step, so that a resumed run varies its pictures alike.
        seed = self.config.seed * 1_000_003 + self.global_step
        seed += (self.global_rank * 7_919 + use * 104_729) * 1_000_003
        return torch.Generator().manual_seed(seed)

    def loss(self, batch: Batch) -> Tensor:
        """Return the training loss of a batch."""
        return self.loss_of(batch, *self.inputs(batch))

    def loss_of(self, batch: Batch, images: Tensor, points: Tensor, known: Known | None) -> Tensor:
        """Return the training loss of what `inputs` makes of a batch."""
        smoothing = self.config.label_smoothing
        if known is None:
            return occupancy_loss(self._logits(images, points).float(), batch, smoothing)
        drawn = draw_doubts(len(images), self._generator(1))
        doubts = Doubts(*(sent(part, images.device) for part in drawn))
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
        """Go back through the network, which a compiler looks at only now."""
        with compiler_errors(loss.device) if self.config.compile else nullcontext():
            torch.autograd.backward(loss, *args, **kwargs)

    def validation_step(self, batch: Batch, batch_idx: int) -> None:
        """Collect the IoU at every threshold."""
        images, known = self._images(batch), self._known(batch)
        if known is None:
            logits = self.network(images, batch.points).float()
        else:
            logits = see_alone(self.network, images, batch.points, known.camera)
        self.validation_ious.append(iou_by_threshold(logits, batch.occupancies).cpu())

    def take_validation(self) -> tuple[float, float]:
        """Return the best mean IoU of the validation samples of all ranks and its threshold.

        The IoU at each of `THRESHOLDS` is then in `iou_curve`.
        """
        ious = torch.cat([torch.zeros(0, len(THRESHOLDS)), *self.validation_ious]).double()
        self.validation_ious.clear()
        # Sums and a count, as the ranks' shares of the samples differ by one.
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
        """Bound the gradient, which early steps of the summed loss can make huge."""
        # By torch itself: Lightning, when mixing precisions, refuses to with a fused optimiser.
        if self.config.clip:
            torch.nn.utils.clip_grad_norm_(self.network.parameters(), self.config.clip)

    def configure_optimizers(self) -> OptimizerLRScheduler:
        """Return AdamW, decaying matrices only, under the budget's schedule."""
        groups = self._parameter_groups()
        # One pass over the weights instead of a dozen; but half precision has gradients scaled, and
        # fused these would be scaled back after they were bounded.
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
        """Return matrices and vectors apart, those of the encoder's features after the others."""
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
