"""The occupancy network: an encoder of images and a decoder of points."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from onet_cli.errors import InvalidOptionError
from onet_cli.models.code_layout import camera_of
from onet_cli.models.encoders.pretrained import load_pretrained_features
from onet_cli.models.imagenet import DEVIATION, MEAN
from onet_cli.models.registry import DECODERS, ENCODERS, frame_of
from onet_cli.models.spec import ModelSpec


class OccupancyNetwork(nn.Module):
    """One image's occupancy as a function of space: f(point, image) -> logit.

    Source: Mescheder et al., CVPR 2019, section 3.1.
    """

    mean: Tensor
    deviation: Tensor

    def __init__(self, spec: ModelSpec) -> None:
        """Build the network of `spec` with random weights.

        Raises:
            UnknownNameError: `spec` names an encoder or decoder that does not exist.
            InvalidOptionError: the decoder cannot have the widths of `spec`.
        """
        super().__init__()
        self.spec = spec
        frames = frame_of(ENCODERS, spec.encoder), frame_of(DECODERS, spec.decoder), spec.frame
        if len(set(frames)) > 1:
            raise InvalidOptionError(
                f"the encoder {spec.encoder} works in the {frames[0]}'s frame, the decoder "
                f"{spec.decoder} in the {frames[1]}'s, the model in the {frames[2]}'s",
                hint="encoders of maps go with the decoder aligned: --model onet-aligned has both",
            )
        self.encoder = ENCODERS.get(spec.encoder)(spec.code_dim)
        self.decoder = DECODERS.get(spec.decoder)(spec.point_dim, spec.code_dim, spec.hidden_dim)
        # Constants, so not stored; on the CPU even if the weights are on the meta device.
        for name, values in (("mean", MEAN), ("deviation", DEVIATION)):
            buffer = torch.tensor(values, device="cpu").view(1, 3, 1, 1)
            self.register_buffer(name, buffer, persistent=False)

    def encode(self, images: Tensor) -> Tensor:
        """Return the codes (B, C) of `images` (B, 3, S, S), RGB in [0, 1]."""
        code: Tensor = self.encoder((images - self.mean) / self.deviation)
        return code

    def describing(self, code: Tensor) -> Tensor:
        """Return the numbers (B, D) of `code` (B, C) that describe the picture as a whole.

        These are the whole code, except for networks that use local features.
        """
        return self.decoder.describing(code)

    def camera(self, code: Tensor) -> Tensor | None:
        """Return the camera (B, 2) that `code` (B, C) holds: elevation in radians, and kappa.

        None for networks of the object's frame; see `models.frame`.
        """
        return camera_of(code) if self.spec.frame == "picture" else None

    def decode(self, points: Tensor, code: Tensor) -> Tensor:
        """Return logits (B, T) at `points` (B, T, 3) for `code` (B, C).

        Points are in the unit cube or, for networks of the picture's frame, in the cube of
        `frame.to_cube`.
        """
        logits: Tensor = self.decoder(points, code)
        return logits

    def forward(self, images: Tensor, points: Tensor) -> Tensor:
        """Return logits (B, T) at `points` (B, T, 3) for `images` (B, 3, S, S) in [0, 1]."""
        return self.decode(points, self.encode(images))

    @torch.no_grad()
    def for_code(self, code: Tensor) -> Callable[[Tensor], Tensor]:
        """Return the function from points (N, 3) to logits (N,) given by `code` (1, C).

        Everything that depends only on the code is computed once, here. The result agrees with
        `decode` up to rounding, is differentiable in the points (not in the weights), and keeps a
        copy of the current weights.
        """
        if self.training:
            raise ValueError("for_code needs the network in eval mode: call eval() first")
        if code.ndim != 2 or code.shape[0] != 1:
            raise ValueError(f"for_code needs one code (1, C), not {tuple(code.shape)}")
        return self.decoder.for_code(code)


def build_network(spec: ModelSpec, seed: int | None = None) -> OccupancyNetwork:
    """Return the network of `spec` with fresh weights, in training mode, on the CPU.

    The same `seed` gives the same weights; torch's global random state is unchanged.

    Raises:
        UnknownNameError: `spec` names an encoder or decoder that does not exist.
        InvalidOptionError: the decoder cannot have the widths of `spec`.
    """
    if seed is None:
        return OccupancyNetwork(spec)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return OccupancyNetwork(spec)


def load_pretrained_encoder(network: OccupancyNetwork, source: Path | str) -> None:
    """Load ImageNet weights (torchvision's or efficientnet-pytorch's file) into the encoder.

    Raises:
        CheckpointError: the file is missing, damaged or of another network, or there are no
            ImageNet weights for this encoder.
    """
    load_pretrained_features(network.encoder, source)


def encoder_features(network: OccupancyNetwork) -> list[nn.Parameter]:
    """Return the encoder's parameters that ImageNet weights provide; none for other encoders."""
    features = getattr(network.encoder, "features", None)
    return [] if features is None else list(features.parameters())


def freeze_encoder(network: OccupancyNetwork) -> None:
    """Freeze the first layers of the encoder, if it defines which these are."""
    freeze = getattr(network.encoder, "freeze", None)
    if freeze is not None:
        freeze()


@dataclass(frozen=True)
class ParameterCount:
    """Learned parameters in each half of a network, without running statistics."""

    encoder: int
    decoder: int

    @property
    def total(self) -> int:
        """Return the count for the whole network."""
        return self.encoder + self.decoder


@contextmanager
def without_weights() -> Iterator[None]:
    """Within the block, modules are built with shapes only: no memory, and no initial weights.

    torch would draw weights there by its reference code, whose import takes seconds.
    """
    with torch.device("meta"), _NoDraws():
        yield


class _NoDraws(TorchFunctionMode):
    """Leaves tensors as they are where they are to be filled with random numbers."""

    def __torch_function__(
        self, func: Any, types: Any, args: Any = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        if func in (Tensor.normal_, Tensor.uniform_):
            return args[0]
        return func(*args, **(kwargs or {}))


def count_parameters(spec: ModelSpec) -> ParameterCount:
    """Return the number of parameters of the network of `spec`, without allocating them."""
    with without_weights():
        network = OccupancyNetwork(spec)
    return ParameterCount(_count(network.encoder), _count(network.decoder))


def decoder_flops_per_point(spec: ModelSpec) -> int:
    """Return floating-point operations per query point: multiply-adds of the matrices, times 2.

    Per-image computation (layers that process only the code) is excluded.
    """
    with without_weights():
        decoder = DECODERS.get(spec.decoder)(spec.point_dim, spec.code_dim, spec.hidden_dim)
    return decoder.flops_per_point


def _count(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())
