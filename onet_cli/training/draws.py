"""Which shape is drawn when: a function of the seed and the draw's number, nothing else."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count

import numpy as np
from numpy.typing import NDArray
from torch.utils.data import Sampler

Draw = tuple[int, int]
"""Index of a shape, and the pass over its set in which it is drawn."""


class Draws(Sampler[Draw]):
    """An endless stream of draws, each pass over a set in a new order.

    Shapes `size` to `size + extra` - 1 are a second set, which gets `share` of the draws, spread
    evenly. Because draw number k depends on `seed` and k alone, a run that is resumed after k draws
    continues with the very draws that it would have made. With several ranks, rank r takes every
    `ranks`-th draw.
    """

    def __init__(
        self,
        size: int,
        seed: int,
        start: int = 0,
        rank: int = 0,
        ranks: int = 1,
        *,
        extra: int = 0,
        share: float = 0.0,
    ) -> None:
        self.size, self.seed, self.start, self.rank, self.ranks = size, seed, start, rank, ranks
        self.extra, self.share = extra, share if extra else 0.0

    def __iter__(self) -> Iterator[Draw]:
        own, extra = _Passes(self.size, (self.seed,)), _Passes(self.extra, (self.seed, 1))
        for number in count(self.start + self.rank, self.ranks):
            before, after = (int(self.share * bound) for bound in (number, number + 1))
            if after > before:
                index, this_pass = extra.draw(before)
                yield self.size + index, this_pass
            else:
                yield own.draw(number - before)


@dataclass
class _Passes:
    """Endless passes over `size` indices."""

    size: int
    seed: tuple[int, ...]
    _order: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    _ordered: int = -1

    def draw(self, number: int) -> Draw:
        """Return draw `number` of these."""
        this_pass, position = divmod(number, self.size)
        if this_pass != self._ordered:
            self._order = np.random.default_rng([*self.seed, this_pass]).permutation(self.size)
            self._ordered = this_pass
        return int(self._order[position]), this_pass
