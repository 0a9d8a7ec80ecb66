"""The stages of a network as modules with named inputs and outputs, one ONNX graph each.

The encoder runs once per photo, the planes once per code, the points once per batch of points.
Decoders without feature planes have no stage between code and points.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from onet_cli.models.decoders.plane_decoder import Drawn, PlaneDecoder
from onet_cli.models.network import OccupancyNetwork
from onet_cli.models.onnx_names import (
    CODE,
    ENCODER,
    IMAGES,
    LAYERS,
    LOGITS,
    PLANES,
    POINTS,
    SEEN,
)

Axes = tuple[str, ...]
"""Names of the leading axes that are dynamic."""

_PER_CODE: Axes = ("batch",)
_PER_POINT: Axes = ("batch", "count")


@dataclass(frozen=True)
class Stage:
    """A module, in eval mode on the CPU, with the names of its inputs and outputs."""

    name: str
    module: nn.Module
    inputs: Mapping[str, Axes]
    outputs: Mapping[str, Axes]


def stages_of(network: OccupancyNetwork) -> tuple[Stage, ...]:
    """Return the stages of `network`, in the order in which data passes them."""
    encoder = Stage(ENCODER, _Encode(network), {IMAGES: _PER_CODE}, {CODE: _PER_CODE})
    decoder = network.decoder
    if not isinstance(decoder, PlaneDecoder):
        inputs = {POINTS: _PER_POINT, CODE: _PER_CODE}
        return encoder, Stage(POINTS, _Decode(decoder), inputs, {LOGITS: _PER_POINT})
    drawn = dict.fromkeys(_drawn_names(network), _PER_CODE)
    layers: dict[str, Axes] = dict.fromkeys(LAYERS, ())
    return (
        encoder,
        Stage(PLANES, _Draw(decoder), {CODE: _PER_CODE}, drawn | layers),
        Stage(POINTS, _Read(decoder), {POINTS: _PER_POINT, **drawn}, {LOGITS: _PER_POINT}),
    )


def _drawn_names(network: OccupancyNetwork) -> tuple[str, ...]:
    """Return the names of the point layers' inputs that depend on the code."""
    if network.spec.frame == "object":
        return SEEN[:2]
    layout = getattr(network.decoder, "layout", None)
    return SEEN if getattr(layout, "mirrored", False) else SEEN[:-1]


class _Encode(nn.Module):
    def __init__(self, network: OccupancyNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, images: Tensor) -> Tensor:
        return self.network.encode(images)


class _Decode(nn.Module):
    def __init__(self, decoder: nn.Module) -> None:
        super().__init__()
        self.decoder = decoder

    def forward(self, points: Tensor, code: Tensor) -> Tensor:
        logits: Tensor = self.decoder(points, code)
        return logits


class _Draw(nn.Module):
    """Codes to the inputs of the point layers, and the weights of these layers."""

    def __init__(self, decoder: PlaneDecoder) -> None:
        super().__init__()
        self.decoder = decoder

    def forward(self, code: Tensor) -> tuple[Tensor, ...]:
        drawn = self.decoder.draw(code)
        seen = [part for part in drawn[2:] if part is not None]
        # As results of an operation: some runtimes return no bare weights.
        weights = [part.clone() for part in self.decoder.weights()]
        return (torch.stack(drawn.planes, dim=1), drawn.shift, *seen, *weights)


class _Read(nn.Module):
    """Points and what `_Draw` returns for their codes to logits."""

    def __init__(self, decoder: PlaneDecoder) -> None:
        super().__init__()
        self.decoder = decoder

    def forward(
        self,
        points: Tensor,
        planes: Tensor,
        shift: Tensor,
        local: Tensor | None = None,
        camera: Tensor | None = None,
        mirror: Tensor | None = None,
    ) -> Tensor:
        drawn = Drawn(list(planes.unbind(1)), shift, local, camera, mirror)
        return self.decoder.read(drawn, points)
