"""Splits into training, validation and test shapes."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable

from onet_cli.errors import InvalidOptionError
from onet_cli.shapes.shape import ShapeId

SPLITS = ("train", "val", "test")
"""The names of the splits, in the order of the fractions."""


def split_ids(
    ids: Iterable[ShapeId], fractions: tuple[float, float, float], seed: int = 0
) -> dict[str, list[ShapeId]]:
    """Return `ids` divided into train, val and test, each category in the same proportions.

    The order of `ids` does not matter: within a category shapes are ranked by a hash of `seed` and
    id, and the ranking is cut at the (rounded) cumulative fractions.

    Raises:
        InvalidOptionError: the fractions are negative or do not add up to 1.
    """
    check_fractions(fractions)
    by_category: defaultdict[str, list[ShapeId]] = defaultdict(list)
    for shape_id in ids:
        by_category[shape_id.category].append(shape_id)
    splits: dict[str, list[ShapeId]] = {name: [] for name in SPLITS}
    for _, members in sorted(by_category.items()):
        members.sort(key=lambda shape_id: _rank(shape_id, seed))
        first = round(fractions[0] * len(members))
        second = round((fractions[0] + fractions[1]) * len(members))
        splits["train"] += sorted(members[:first])
        splits["val"] += sorted(members[first:second])
        splits["test"] += sorted(members[second:])
    return splits


def check_fractions(fractions: tuple[float, float, float]) -> None:
    """Raise InvalidOptionError unless `fractions` are nonnegative and add up to 1."""
    # Written so that NaN is refused too.
    if not (min(fractions) >= 0 and abs(sum(fractions) - 1.0) < 1e-6):
        raise InvalidOptionError(
            f"the split {','.join(f'{f:g}' for f in fractions)} does not add up to 1",
            hint="give three fractions for train, val and test, such as 0.7,0.1,0.2",
        )


def _rank(shape_id: ShapeId, seed: int) -> bytes:
    return hashlib.sha256(f"{seed}:{shape_id}".encode()).digest()
