"""Finish: what a part is made of, and how large its texture appears."""

from dataclasses import dataclass, replace

from onet_cli.geometry.appearance import Material

Colour = tuple[int, int, int]


@dataclass(frozen=True, eq=False)
class Finish:
    """A material and the length in metres, `tile`, that one repeat of its texture covers."""

    material: Material
    tile: float = 0.5

    @classmethod
    def plain(cls, colour: Colour, gloss: float = 0.0, opacity: float = 1.0) -> "Finish":
        """Return a finish of one colour throughout."""
        return cls(Material(colour, opacity=opacity, gloss=gloss))

    @property
    def colour(self) -> Colour:
        """The colour, or that which the texture was made from."""
        return self.material.colour

    def scaled(self, factor: float) -> "Finish":
        """Return the same with a texture `factor` times as large."""
        return replace(self, tile=self.tile * factor)
