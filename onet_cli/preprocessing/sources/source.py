"""What a place that shapes come from can do."""

from typing import Protocol, runtime_checkable

from onet_cli.shapes.info import Licence
from onet_cli.shapes.shape import Shape, ShapeId


class Source(Protocol):
    """A collection of shapes, ready to be stored."""

    @property
    def name(self) -> str:
        """A short name, kept in `dataset.json`."""

    @property
    def licence(self) -> str:
        """The terms under which the shapes may be used; empty when unknown."""

    @property
    def attribution(self) -> str:
        """Whom to name and cite; empty when nobody asks for it."""

    def categories(self) -> dict[str, str]:
        """Return the readable name of every category, by the key that ids use."""

    def splits(self) -> dict[str, list[ShapeId]] | None:
        """Return the source's own train, val and test ids, or None when it has none."""

    def ids(self) -> list[ShapeId]:
        """Return every shape the source says it has, good or bad."""

    def part(self, shape_id: ShapeId) -> "Source":
        """Return a source that can read this one shape, small enough to travel with each task.

        It goes to a worker process by pickle.
        """

    def read(self, shape_id: ShapeId) -> Shape:
        """Return one shape.

        Raises:
            SourceError: this shape is missing, damaged or incomplete; others may be fine.
        """


@runtime_checkable
class HasLicences(Protocol):
    """A source whose shapes come from several places, each with terms of its own."""

    def licences(self) -> dict[str, Licence]:
        """Return the terms of every place, by its name."""
