"""Frame: the dimensions common to chairs."""

from dataclasses import dataclass

import numpy as np

from onet_cli.procedural import palette
from onet_cli.procedural.finish import Finish


@dataclass(frozen=True)
class Frame:
    """A chair's dimensions in metres and its finishes."""

    width: float
    depth: float
    seat: float
    thick: float
    curved: bool
    back: float
    recline: float
    thin: float
    frame: Finish
    cover: Finish

    @property
    def share(self) -> float:
        """Usable share of width and depth for legs and back: a curved seat has no corners."""
        return 0.8 if self.curved else 0.97

    @classmethod
    def draw(cls, rng: np.random.Generator) -> "Frame":
        """Return the measures of a random chair."""
        seat, back = rng.uniform(0.38, 0.5), rng.uniform(0.28, 0.7)
        if rng.random() < 0.12:
            seat = rng.uniform(0.6, 0.8)  # a bar chair
        frame, thin = palette.material(rng), 0.0175 * max(seat + back, 0.7)
        thick = float(rng.choice([rng.uniform(0.015, 0.03), rng.uniform(0.03, 0.09)]))
        return cls(
            width=rng.uniform(0.38, 0.56),
            depth=rng.uniform(0.38, 0.52),
            seat=seat,
            thick=max(thin, thick),
            curved=bool(rng.random() < 0.2),
            back=back,
            recline=float(rng.choice([rng.uniform(0, 8), rng.uniform(5, 20)])),
            thin=thin,
            frame=frame,
            cover=palette.fabric(rng) if rng.random() < 0.6 else palette.shaded(frame, rng),
        )
