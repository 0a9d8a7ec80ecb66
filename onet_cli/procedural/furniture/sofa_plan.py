"""The dimensions of a sofa."""

from dataclasses import dataclass

import numpy as np

from onet_cli.procedural import palette
from onet_cli.procedural.finish import Finish
from onet_cli.procedural.joinery import SIDES


@dataclass(frozen=True)
class Plan:
    """A sofa's dimensions in metres and its finishes. The seats lie between -inner and inner.

    `chaise` is the side (-1 or 1) of a seat that extends forward to `ahead`, 0 if there is none;
    `walled` is true if a back runs along that side.
    """

    seats: int
    inner: float
    arm: float
    depth: float
    seat: float
    back: float
    wall: float
    foot: float
    soft: float
    chaise: int
    ahead: float
    walled: bool
    body: Finish
    pads: Finish

    @property
    def half(self) -> float:
        """Half the whole width."""
        return self.inner + self.arm

    @property
    def thin(self) -> float:
        """The smallest thickness of any piece."""
        return 0.0145 * max(2 * self.half, self.depth)

    @property
    def pitch(self) -> float:
        """The width of one seat."""
        return 2 * self.inner / self.seats

    @classmethod
    def draw(cls, rng: np.random.Generator) -> "Plan":
        """Return the plan of a random sofa."""
        seats = int(rng.choice([1, 2, 2, 3, 3, 3, 4]))
        seat, body, depth = rng.uniform(0.36, 0.48), palette.fabric(rng), rng.uniform(0.7, 1.02)
        arms = [0.0, rng.uniform(0.05, 0.14), rng.uniform(0.12, 0.28)]
        chaise = int(rng.choice(SIDES)) if seats >= 2 and rng.random() < 0.4 else 0
        walled = bool(chaise and rng.random() < 0.5)
        return cls(
            seats=seats,
            inner=seats * rng.uniform(0.48, 0.72) / 2,
            arm=float(rng.choice(arms, p=[0.1, 0.35, 0.55])),
            depth=depth,
            seat=seat,
            back=seat + rng.uniform(0.25, 0.5),
            wall=rng.uniform(0.1, 0.24),
            foot=float(rng.choice([0.02, rng.uniform(0.05, 0.1), rng.uniform(0.1, 0.2)])),
            soft=float(rng.choice([0.012, rng.uniform(0.02, 0.06), rng.uniform(0.04, 0.09)])),
            chaise=chaise,
            ahead=depth / 2 + rng.uniform(0.5, 1.5 if walled else 0.8),
            walled=walled,
            body=body,
            pads=palette.shaded(body, rng) if rng.random() < 0.7 else palette.fabric(rng),
        )
