"""Calibration of a network's confidence, measured on a data set and stored with its weights."""

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from onet_cli.errors import CheckpointError
from onet_cli.models.front import Weights, check_weights

HEADER_KEY = "calibration"
PREFIX = "calibration."
TENSORS = (f"{PREFIX}basis", f"{PREFIX}places")
FRONT_PREFIX = f"{PREFIX}front."
"""Names of the tensors beside those of the network, and what those of `Front` begin with."""


@dataclass(frozen=True)
class Reliability:
    """Calibration curve: how often a network is right at each claimed confidence.

    Of the vertices for which it claims that the surface is within `reach` with the probability
    `claimed[k]`, this is true for the share `measured[k]`. Both increase.
    """

    claimed: tuple[float, ...]
    measured: tuple[float, ...]
    reach: float


@dataclass(frozen=True, eq=False)
class Familiarity:
    """The distribution of the training views' codes, for `reconstruction.out_of_distribution`.

    `basis` (C, D) are their D principal directions, `places` (P, D + 1) the centres of P clusters,
    both in half precision. For nearly all other views of the same kinds of shapes, the codes lie
    within `farthest` of a centre, with at most the share `widest` of their length outside the
    basis.
    """

    basis: NDArray[np.float16]
    places: NDArray[np.float16]
    farthest: float
    widest: float


FORMER_SIGNS = {"strangeness": "out_of_distribution"}
"""Signs that earlier checkpoints name otherwise."""


@dataclass(frozen=True)
class Doubt:
    """Probability that a mesh is bad, from `reconstruction.doubt.Signs`: a logistic model.

    The logit of the probability is `bias` plus the sum of (sign - `means`) / `scales` * `weights`
    over the named `signs`. Above `limit` a warning is issued: on held-out objects of the validation
    split, for the share `caught` of bad meshes and `false_alarms` of others.
    """

    signs: tuple[str, ...]
    means: tuple[float, ...]
    scales: tuple[float, ...]
    weights: tuple[float, ...]
    bias: float
    limit: float
    caught: float
    false_alarms: float

    @classmethod
    def from_dict(cls, stored: dict[str, Any]) -> "Doubt":
        """Return the instance whose `asdict` was stored as JSON.

        Raises:
            ValueError, TypeError, KeyError: it is damaged.
        """
        means, scales, weights = (
            tuple(map(float, stored[name])) for name in ("means", "scales", "weights")
        )
        numbers = (float(stored[name]) for name in ("bias", "limit", "caught", "false_alarms"))
        signs = tuple(FORMER_SIGNS.get(name, str(name)) for name in stored["signs"])
        if not len(signs) == len(means) == len(scales) == len(weights):
            raise ValueError("the signs and their weights are not as many")
        return cls(signs, means, scales, weights, *numbers)


@dataclass(frozen=True, eq=False)
class Front:
    """Which side of an object is its front, by the `weights` of `models.front`.

    Answers whose probability is at least `limit` are taken. Of views of objects that the head was
    not fitted to, and that have a front, the share `found` was right, the share `sure` reached the
    limit, and of these the share `right` was right. Weights are stored in half precision.
    """

    weights: Weights
    limit: float
    found: float
    sure: float
    right: float

    @classmethod
    def from_dict(cls, stored: dict[str, Any], weights: Weights) -> "Front":
        """Return what `to_dict` made JSON of, with its `weights`.

        Raises:
            ValueError, TypeError, KeyError, IndexError: it is damaged.
        """
        check_weights(weights)
        numbers = [float(stored[name]) for name in _NUMBERS]
        if not all(map(math.isfinite, numbers)):
            raise ValueError("a number of the front is not finite")
        return cls(weights, *numbers)

    def to_dict(self) -> dict[str, float]:
        """Return its numbers."""
        return {name: getattr(self, name) for name in _NUMBERS}


_NUMBERS = ("limit", "found", "sure", "right")


@dataclass(frozen=True)
class Calibration:
    """All measurements; `data` says what they were made on.

    `doubt` and `front` are None if not measured.
    """

    reliability: Reliability
    familiarity: Familiarity
    data: dict[str, Any]
    doubt: Doubt | None = None
    front: Front | None = None

    def to_header(self) -> dict[str, str]:
        """Return the part stored in the header of a checkpoint."""
        known = {
            "reliability": asdict(self.reliability),
            "farthest": self.familiarity.farthest,
            "widest": self.familiarity.widest,
            "data": self.data,
        }
        if self.doubt is not None:
            known["doubt"] = asdict(self.doubt)
        if self.front is not None:
            known["front"] = self.front.to_dict()
        return {HEADER_KEY: json.dumps(known, sort_keys=True)}

    def to_arrays(self) -> dict[str, NDArray[np.float16]]:
        """Return what belongs among the tensors of a checkpoint."""
        known = (self.familiarity.basis, self.familiarity.places)
        arrays = dict(zip(TENSORS, known, strict=True))
        if self.front is not None:
            arrays |= {FRONT_PREFIX + name: each for name, each in self.front.weights.items()}
        return {name: np.ascontiguousarray(each, np.float16) for name, each in arrays.items()}


def read_calibration(
    header: Mapping[str, str], arrays: Mapping[str, NDArray[Any]]
) -> Calibration | None:
    """Return the calibration of a checkpoint, None if it has none.

    Args:
        header: Its texts, of `Calibration.to_header`.
        arrays: Those of its tensors whose names begin with `PREFIX`.

    Raises:
        CheckpointError: it is damaged.
    """
    if HEADER_KEY not in header:
        return None
    try:
        known = json.loads(header[HEADER_KEY])
        curve = known["reliability"]
        claimed, measured = (tuple(map(float, curve[key])) for key in ("claimed", "measured"))
        reliability = Reliability(claimed, measured, float(curve["reach"]))
        basis, places = (arrays[name] for name in TENSORS)
        familiarity = Familiarity(basis, places, float(known["farthest"]), float(known["widest"]))
        data = dict(known["data"])
        doubt = Doubt.from_dict(known["doubt"]) if "doubt" in known else None
        front = None
        if "front" in known:
            weights = {
                name.removeprefix(FRONT_PREFIX): array
                for name, array in arrays.items()
                if name.startswith(FRONT_PREFIX)
            }
            front = Front.from_dict(known["front"], weights)
    except (ValueError, TypeError, LookupError, ArithmeticError, RuntimeError) as error:
        raise CheckpointError("its calibration cannot be read") from error
    fits = basis.ndim == places.ndim == 2 and places.shape[1] == basis.shape[1] + 1
    numbers = (*claimed, *measured, reliability.reach, familiarity.farthest, familiarity.widest)
    if not (fits and len(claimed) == len(measured) > 0 and all(map(math.isfinite, numbers))):
        raise CheckpointError("its calibration is incomplete")
    return Calibration(reliability, familiarity, data, doubt, front)
