"""What reconstruction asks of a model: numpy arrays in and out, whatever runs the network.

`checkpoint.Checkpoint` implements it by torch, `onnx_model.OnnxModel` by onnxruntime;
`models.load` chooses.
"""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from onet_cli.models.calibration import Calibration
from onet_cli.models.info import CheckpointInfo
from onet_cli.models.workers import Workers

Floats = NDArray[np.float32]


class Points(Protocol):
    """The field of one code: points (N, 3) in the frame of the network to logits (N,)."""

    @property
    def rows(self) -> int:
        """The number of points that are best evaluated at a time."""

    @property
    def workers(self) -> Workers:
        """The threads on which it may run."""

    def __call__(self, points: Floats) -> Floats:
        """Return the logits (N,) at `points` (N, 3)."""

    def with_gradient(self, points: Floats) -> tuple[Floats, Floats]:
        """Return the logits (N,) at `points` (N, 3) and their gradients (N, 3)."""


class Predictor(Protocol):
    """A model for reconstruction, with its description and, if measured, its calibration."""

    @property
    def info(self) -> CheckpointInfo:
        """The description."""

    @property
    def calibration(self) -> Calibration | None:
        """The calibration of its confidence."""

    @property
    def workers(self) -> Workers:
        """The threads on which it may run."""

    def encode(self, images: Floats) -> Floats:
        """Return the codes (B, C) of `images` (B, 3, S, S), RGB in [0, 1]."""

    def describing(self, code: Floats) -> Floats:
        """Return the numbers (B, D) of `code` (B, C) that describe the picture as a whole."""

    def for_code(self, code: Floats) -> Points:
        """Return the field of `code` (1, C); what depends only on the code is computed once."""
