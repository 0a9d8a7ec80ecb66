"""`dataset.json`: sources, categories and licences of a data set."""

import json
from dataclasses import asdict, dataclass, field
from typing import Any

from onet_cli.errors import StoreError

FORMAT_VERSION = 1
"""Version of the data format that this package writes, and the newest that it reads."""


@dataclass(frozen=True)
class CategoryInfo:
    """A category's readable name and its number of stored shapes."""

    name: str
    count: int


@dataclass(frozen=True)
class Licence:
    """The terms of use of a source's shapes, and whom to credit."""

    licence: str = ""
    attribution: str = ""


@dataclass(frozen=True)
class DatasetInfo:
    """The contents of `dataset.json`.

    `source` names the most recently written source, `categories` maps the source's own category key
    (the synset for ShapeNet) to its name and count, `options` are those of the last run, `licences`
    has an entry for every source of shapes, or library in it, and `sources` holds for each source
    the options that affect the contents of its shapes, and its `exposure` (`shapes.exposure`).
    """

    source: str
    categories: dict[str, CategoryInfo] = field(default_factory=dict)
    options: dict[str, Any] = field(default_factory=dict)
    licences: dict[str, Licence] = field(default_factory=dict)
    sources: dict[str, dict[str, Any]] = field(default_factory=dict)

    def exposure(self) -> float:
        """Return the brightness of white objects in the views: the largest of all sources'."""
        return max(map(exposure_of, self.sources.values()), default=1.0)

    def to_json(self) -> str:
        """Return the text of `dataset.json`."""
        return json.dumps({"format_version": FORMAT_VERSION, **asdict(self)}, indent=2) + "\n"

    @classmethod
    def from_json(cls, text: str, name: str) -> "DatasetInfo":
        """Return the info written by `to_json`; `name` is the file's, for messages.

        Raises:
            StoreError: the text is malformed or of a newer format version.
        """
        try:
            data = json.loads(text)
            check_version(int(data["format_version"]), name)
            info = cls(
                source=data["source"],
                categories={key: CategoryInfo(**c) for key, c in data["categories"].items()},
                options=data["options"],
                licences={key: Licence(**entry) for key, entry in data["licences"].items()},
                sources=dict(data.get("sources", {})),  # missing in data sets of onet 0.1
            )
            info._check()
        except (
            ValueError,
            KeyError,
            TypeError,
            AttributeError,
            OverflowError,
            RecursionError,
        ) as error:
            raise StoreError(
                f"{name} is not a data set description: {error!r:.200}",
                hint="run `onet preprocess` again",
            ) from error
        return info

    def _check(self) -> None:
        """Raise TypeError unless each entry is what its type says."""
        texts = [self.source, *self.categories, *self.licences, *self.sources]
        texts += [category.name for category in self.categories.values()]
        for entry in self.licences.values():
            texts += [entry.licence, entry.attribution]
        tables = [self.options, *self.sources.values()]
        counts = [category.count for category in self.categories.values()]
        exposures = [table.get("exposure", 1.0) for table in self.sources.values()]
        if not (
            all(isinstance(text, str) for text in texts)
            and all(isinstance(table, dict) for table in tables)
            and all(type(count) is int and count >= 0 for count in counts)
            and all(type(each) in (int, float) and 0 < each <= 1 for each in exposures)
        ):
            raise TypeError("an entry is of another type")


def exposure_of(recorded: dict[str, Any]) -> float:
    """Return the exposure in the `recorded` options of a source; older data sets have 1."""
    return float(recorded.get("exposure", 1.0))


def check_version(version: int, name: str) -> None:
    """Raise StoreError when `name` uses a format `version` newer than this package reads."""
    if version > FORMAT_VERSION:
        raise StoreError(
            f"{name} uses store format {version}; this onet reads up to {FORMAT_VERSION}",
            hint="upgrade onet, or run `onet preprocess` again",
        )
