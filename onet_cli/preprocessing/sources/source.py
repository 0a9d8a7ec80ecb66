"""Protocol of sources of shapes."""

from typing import Protocol, runtime_checkable

from onet_cli.shapes.info import Licence
from onet_cli.shapes.shape import Shape, ShapeId


class Source(Protocol):
    """A collection of shapes to store."""

    @property
    def name(self) -> str:
        """A short name, stored in `dataset.json`."""

    @property
    def licence(self) -> str:
        """The licence of the shapes, or "" if unknown."""

    @property
    def attribution(self) -> str:
        """Attribution and citations, or "" if not required."""

    def categories(self) -> dict[str, str]:
        """Return the readable name of every category, by the category of ids."""

    def splits(self) -> dict[str, list[ShapeId]] | None:
        """Return the source's own train, val and test ids, or None."""

    def ids(self) -> list[ShapeId]:
        """Return every shape of the source, readable or not."""

    def part(self, shape_id: ShapeId) -> "Source":
        """Return a source of this one shape, cheap to pickle.

        It is pickled for a worker process.
        """

    def read(self, shape_id: ShapeId) -> Shape:
        """Return one shape.

        Raises:
            SourceError: this shape is missing, damaged or incomplete.
        """


@runtime_checkable
class HasLicences(Protocol):
    """A source with several licences."""

    def licences(self) -> dict[str, Licence]:
        """Return the licences by name of their collection."""


@runtime_checkable
class HasExposure(Protocol):
    """A source whose views show white objects at a lower brightness than the background."""

    @property
    def exposure(self) -> float:
        """The brightness (`shapes.exposure`)."""
