"""Held-out shapes: a tenth of every category for validation, and a tenth for testing."""

from collections import Counter
from typing import Literal

from onet_cli.procedural.design import CYCLE, category_of

BLOCK = 10
Use = Literal["train", "val", "test"]
RESERVED: tuple[Use, Use] = ("val", "test")


def uses(count: int) -> list[Use]:
    """Return the split of each of the first `count` shapes.

    A shape's split does not depend on `count`. Every block of ten has one place for validation and
    one for testing, assigned to the categories that lack them most. While a category has none at
    all, a block provides up to three of each, and later blocks none until the shares are even
    again. After the first block, a category has training shapes before held-out ones.
    """
    found: list[Use] = []
    seen: Counter[str] = Counter()
    trained: Counter[str] = Counter()
    kept: dict[Use, Counter[str]] = {use: Counter() for use in RESERVED}
    for block in range(-(-count // BLOCK)):
        names = [category_of(block * BLOCK + place) for place in range(BLOCK)]
        seen.update(names)
        chosen: dict[int, Use] = {}
        for turn in range(3):
            for use in RESERVED:
                place = _neediest(names, chosen, (seen, trained, kept[use]), block)
                if block == 0 and turn == 0:
                    place = 1 + RESERVED.index(use)  # so that three shapes make three splits
                if place is not None:
                    chosen[place] = use
                    kept[use][names[place]] += 1
        trained.update(name for place, name in enumerate(names) if place not in chosen)
        found += [chosen.get(place, "train") for place in range(BLOCK)]
    return found[:count]


def _neediest(
    names: list[str],
    chosen: dict[int, Use],
    tallies: tuple[Counter[str], Counter[str], Counter[str]],
    block: int,
) -> int | None:
    """Return the next place in the block to reserve, or None if there is none.

    `tallies` count, by category, all shapes so far, training shapes and reserved shapes.
    """
    seen, trained, kept = tallies
    # The very first shape is always for training.
    free = [place for place in range(block == 0, BLOCK) if place not in chosen]
    if kept.total() > block:  # more than a tenth is reserved: only for new categories
        free = [place for place in free if trained[names[place]] and not kept[names[place]]]

    def need(place: int) -> tuple[bool, float, float, int]:
        name = names[place]
        # Rare categories first: common ones will occur again.
        rare = 0.0 if kept[name] else 1 / CYCLE.count(name)
        lag = seen[name] / BLOCK - kept[name]
        return trained[name] > 0, rare, lag, -place

    return max(free, key=need, default=None)
