"""The description of a checkpoint: its header, readable without torch."""

import json
from dataclasses import asdict, dataclass, field
from math import isfinite
from typing import Any

from onet_cli.errors import CheckpointError
from onet_cli.models.spec import ModelSpec
from onet_cli.version import __version__

FORMAT_VERSION = 1
SMALLEST_SCALE = 0.25
MOST_SCALES = 8
"""Limits of a checkpoint's `scales`."""
HEADER_KEY = "onet"


@dataclass(frozen=True)
class CheckpointInfo:
    """Metadata of a checkpoint.

    `threshold` is the probability above which a point counts as inside; `platt` the scale and shift
    of the logits for the adaptive threshold, if it is used (`reconstruction.threshold`); `outline`
    how far, from 0 to 1, it moves towards the one at which the outline agrees best with the photo's
    (`reconstruction.outline`); `scales` the sizes of the photo, of which the first is 1, over which
    fields are averaged (`reconstruction.ensemble`); `exposure` the brightness of white objects in
    its images (`shapes.exposure`); `categories` the training categories; `scores` and `training`
    are free-form notes, JSON-ready.
    """

    spec: ModelSpec
    threshold: float = 0.2
    platt: tuple[float, float] | None = None
    outline: float = 0.0
    scales: tuple[float, ...] = (1.0,)
    exposure: float = 1.0
    categories: tuple[str, ...] = ()
    step: int = 0
    scores: dict[str, float] = field(default_factory=dict)
    training: dict[str, Any] = field(default_factory=dict)
    onet_version: str = __version__
    format_version: int = FORMAT_VERSION

    def to_json(self) -> str:
        """Return the header that `from_json` reads."""
        return json.dumps(asdict(self), sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> "CheckpointInfo":
        """Return what `to_json` wrote.

        Raises:
            CheckpointError: it is damaged, or of a newer format version.
        """
        try:
            data = json.loads(text)
            version = int(data["format_version"])
        except (ValueError, TypeError, KeyError, OverflowError, RecursionError) as error:
            raise CheckpointError("the header cannot be read") from error
        if version > FORMAT_VERSION:
            raise CheckpointError(
                f"it uses checkpoint format {version}; this onet reads up to {FORMAT_VERSION}",
                hint="upgrade onet",
            )
        try:
            spec = ModelSpec.from_dict(data.pop("spec"))
            categories, platt = tuple(data.pop("categories")), data.pop("platt", None)
            pair = None if platt is None else (float(platt[0]), float(platt[1]))
            scales = tuple(map(float, data.pop("scales", (1.0,))))
            info = cls(spec=spec, categories=categories, platt=pair, scales=scales, **data)
        except (TypeError, KeyError, IndexError, ValueError, OverflowError) as error:
            raise CheckpointError(f"the header is incomplete: {error}") from error
        info._check()
        return info

    def _check(self) -> None:
        """Raise CheckpointError unless each field is what its type says."""
        shares = dict.fromkeys(("threshold", "outline", "exposure"), (0.0, 1.0))
        numbers = {**shares, "step": (0, 2**63)}
        for name, (least, most) in numbers.items():
            value = getattr(self, name)
            # Written so that NaN is refused too.
            if not isinstance(value, int | float) or not least <= value <= most:
                raise CheckpointError(f"the header has {name} {str(value)[:40]}")
        if self.exposure == 0:
            raise CheckpointError("the header has exposure 0")
        if self.threshold in (0, 1):
            raise CheckpointError(f"the header has threshold {self.threshold}")
        if self.platt is not None and not all(map(isfinite, self.platt)):
            raise CheckpointError("the header's platt is not finite")
        sizes_fit = all(SMALLEST_SCALE <= scale <= 1 for scale in self.scales)
        if not sizes_fit or self.scales[:1] != (1.0,) or len(self.scales) > MOST_SCALES:
            raise CheckpointError(f"the header has scales {str(self.scales)[:40]}")
        fits = (
            isinstance(self.step, int)
            and self.format_version == FORMAT_VERSION
            and all(isinstance(name, str) for name in self.categories)
            and isinstance(self.scores, dict)
            and all(isinstance(score, int | float) for score in self.scores.values())
            and isinstance(self.training, dict)
            and isinstance(self.onet_version, str)
        )
        if not fits:
            raise CheckpointError("the header's notes cannot be read")
