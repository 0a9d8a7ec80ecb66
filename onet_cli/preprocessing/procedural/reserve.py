"""Which shapes are kept from training: a tenth to validate, a tenth to test, of every category."""

from collections import Counter
from typing import Literal

from onet_cli.preprocessing.procedural.design import CYCLE, category_of

BLOCK = 10
Use = Literal["train", "val", "test"]
RESERVED: tuple[Use, Use] = ("val", "test")


def uses(count: int) -> list[Use]:
    """Return what each of the first `count` shapes is for.

    A shape's use does not depend on `count`. Every block of ten has one place for validation and
    one for testing, which go to the categories that lack them most; as long as a category has none
    at all, a block gives two of each, and later ones give none until the shares are even again.
    """
    found: list[Use] = []
    seen: Counter[str] = Counter()
    kept: dict[Use, Counter[str]] = {use: Counter() for use in RESERVED}
    for block in range(-(-count // BLOCK)):
        names = [category_of(block * BLOCK + place) for place in range(BLOCK)]
        seen.update(names)
        chosen: dict[int, Use] = {}
        for turn in range(2):
            for use in RESERVED:
                place = _neediest(names, chosen, seen, kept[use], block)
                if block == 0 and turn == 0:
                    place = 1 + RESERVED.index(use)  # so that three shapes make three splits
                if place is not None:
                    chosen[place] = use
                    kept[use][names[place]] += 1
        found += [chosen.get(place, "train") for place in range(BLOCK)]
    return found[:count]


def _neediest(
    names: list[str], chosen: dict[int, Use], seen: Counter[str], kept: Counter[str], block: int
) -> int | None:
    """Return the place in the block to reserve next, or None where there is none to reserve."""
    # The first of a block always trains: so does the first of all.
    free = [place for place in range(1, BLOCK) if place not in chosen]
    if kept.total() > block:  # more are kept than a tenth: only for a category that has none
        free = [place for place in free if not kept[names[place]]]
    lag = {place: seen[names[place]] / BLOCK - kept[names[place]] for place in free}
    # Rare categories come first: common ones will come again.
    rare = {place: 0 if kept[names[place]] else 1 / CYCLE.count(names[place]) for place in free}
    return max(free, key=lambda place: (rare[place], lag[place], -place), default=None)
