"""Finish: a part's material and the scale of its texture."""

from dataclasses import dataclass, replace

from onet_cli.geometry.appearance import Material

Colour = tuple[int, int, int]


@dataclass(frozen=True, eq=False)
class Finish:
    """A material and the size in metres, `tile`, of one repeat of its texture."""

    material: Material
    tile: float = 0.5

    @classmethod
    def plain(cls, colour: Colour, gloss: float = 0.0, opacity: float = 1.0) -> "Finish":
        """Return a finish of one colour throughout."""
        return cls(Material(colour, opacity=opacity, gloss=gloss))

    @property
    def colour(self) -> Colour:
        """The colour, or the base colour of the texture."""
        return self.material.colour

    def scaled(self, factor: float) -> "Finish":
        """Return the same with its texture scaled by `factor`."""
        return replace(self, tile=self.tile * factor)
