"""Sampling order of shapes, determined by the seed and the number of the draw."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count

import numpy as np
from numpy.typing import NDArray
from torch.utils.data import Sampler

Draw = tuple[int, int]
"""Index of a shape, and the pass over its set in which it is drawn."""


class Draws(Sampler[Draw]):
    """An infinite stream of draws, with a new permutation for each pass over a data set.

    Shapes `size` to `size + extra` - 1 are a second set, which gets `share` of the draws, spread
    evenly. Draw k depends only on `seed` and k, so a run resumed after k draws continues with the
    same draws as an uninterrupted one. With several ranks, each takes every `ranks`-th draw,
    starting at its rank.
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
    """Infinite passes over `size` indices."""

    size: int
    seed: tuple[int, ...]
    _order: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    _ordered: int = -1

    def draw(self, number: int) -> Draw:
        """Return draw `number`."""
        this_pass, position = divmod(number, self.size)
        if this_pass != self._ordered:
            self._order = np.random.default_rng([*self.seed, this_pass]).permutation(self.size)
            self._ordered = this_pass
        return int(self._order[position]), this_pass
