"""Which shape is drawn when: a function of the seed and the draw's number, nothing else."""

from collections.abc import Iterator
from itertools import count

import numpy as np
from torch.utils.data import Sampler

Draw = tuple[int, int]
"""Index of a shape, and the pass over the data in which it is drawn."""


class Draws(Sampler[Draw]):
    """An endless stream of draws, each pass over the data in a new order.

    Because draw number k depends on `seed` and k alone, a run that is resumed after k draws
    continues with the very draws that it would have made. With several ranks, rank r takes every
    `ranks`-th draw.
    """

    def __init__(self, size: int, seed: int, start: int = 0, rank: int = 0, ranks: int = 1) -> None:
        self.size, self.seed, self.start, self.rank, self.ranks = size, seed, start, rank, ranks

    def __iter__(self) -> Iterator[Draw]:
        order, ordered_pass = np.empty(0, dtype=np.int64), -1
        for number in count(self.start + self.rank, self.ranks):
            this_pass, position = divmod(number, self.size)
            if this_pass != ordered_pass:
                order = np.random.default_rng([self.seed, this_pass]).permutation(self.size)
                ordered_pass = this_pass
            yield int(order[position]), this_pass
