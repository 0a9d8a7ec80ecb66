"""Settings of one preprocessing run."""

from dataclasses import asdict, dataclass
from typing import Any

from onet_cli.errors import InvalidOptionError


@dataclass(frozen=True)
class PreprocessOptions:
    """What `onet preprocess` was asked to do.

    `views`, `image_size` (pixels), `points` and `count` (shapes) steer sources that make their own
    samples; a source that has them already keeps them. `limit` is the number of shapes to take,
    spread over the categories, None for all. `workers` 0 or 1 stays in this process. `split` holds
    the fractions of train, val and test where the source has no lists of its own.
    """

    workers: int = 0
    views: int = 24
    image_size: int = 137
    points: int = 100_000
    count: int = 100
    limit: int | None = None
    overwrite: bool = False
    seed: int = 0
    split: tuple[float, float, float] = (0.7, 0.1, 0.2)

    def recorded(self) -> dict[str, Any]:
        """Return what `dataset.json` keeps: all that decides the content of the data set."""
        settings = asdict(self)
        del settings["workers"], settings["overwrite"]
        return settings | {"split": list(self.split)}


def parse_split(text: str) -> tuple[float, float, float]:
    """Return the fractions in a text such as `0.7,0.1,0.2`.

    Raises:
        InvalidOptionError: these are not three shares that add up to 1.
    """
    try:
        train, val, test = (float(part) for part in text.split(","))
    except ValueError:
        train = val = test = -1.0
    if min(train, val, test) < 0 or abs(train + val + test - 1) > 1e-6:
        raise InvalidOptionError(
            f"{text!r} is not a split", hint="give three shares that add up to 1: 0.7,0.1,0.2"
        )
    return train, val, test
