"""What a network's answers are worth, as measured on a data set and stored with its weights."""

import json
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor

from onet_cli.errors import CheckpointError

HEADER_KEY = "calibration"
PLACES = "calibration.places"
"""Name of the tensor beside those of the network."""


@dataclass(frozen=True)
class Reliability:
    """How often a network is right when it says how sure it is.

    Where it claims that the surface lies within `reach` of a vertex with the probability
    `claimed[k]`, that is so for the share `measured[k]` of vertices. Both rise.
    """

    claimed: tuple[float, ...]
    measured: tuple[float, ...]
    reach: float


@dataclass(frozen=True, eq=False)
class Familiarity:
    """Where the codes of the training views lie.

    `places` (K, C + 1), in half precision, are the middles of K groups of them, as
    `reconstruction.familiarity.place` sees codes; nearly all other views of the same kinds of
    shapes lie within `farthest` of one.
    """

    places: Tensor
    farthest: float


@dataclass(frozen=True)
class Calibration:
    """Both measurements; `data` says what they were made on."""

    reliability: Reliability
    familiarity: Familiarity
    data: dict[str, Any]

    def to_header(self) -> dict[str, str]:
        """Return what belongs in the header of a checkpoint."""
        known = {
            "reliability": asdict(self.reliability),
            "farthest": self.familiarity.farthest,
            "data": self.data,
        }
        return {HEADER_KEY: json.dumps(known, sort_keys=True)}

    def to_tensors(self) -> dict[str, Tensor]:
        """Return what belongs among the tensors of a checkpoint."""
        return {PLACES: self.familiarity.places.detach().to("cpu", torch.float16).contiguous()}


def split_calibration(
    header: dict[str, str], tensors: dict[str, Tensor]
) -> tuple[Calibration | None, dict[str, Tensor]]:
    """Return the calibration of a checkpoint, None if it has none, and the tensors without it.

    Raises:
        CheckpointError: it is damaged.
    """
    own = {name: tensor for name, tensor in tensors.items() if name != PLACES}
    if HEADER_KEY not in header:
        return None, own
    try:
        known = json.loads(header[HEADER_KEY])
        curve = known["reliability"]
        claimed, measured = (tuple(map(float, curve[key])) for key in ("claimed", "measured"))
        reliability = Reliability(claimed, measured, float(curve["reach"]))
        familiarity = Familiarity(tensors[PLACES], float(known["farthest"]))
        data = dict(known["data"])
    except (ValueError, TypeError, KeyError) as error:
        raise CheckpointError("its calibration cannot be read") from error
    whole = len(claimed) == len(measured) > 0 and familiarity.places.ndim == 2
    if not whole:
        raise CheckpointError("its calibration is incomplete")
    return Calibration(reliability, familiarity, data), own
