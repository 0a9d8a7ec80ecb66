"""Selection of the objects to evaluate."""

from collections.abc import Iterable, Sequence
from itertools import chain, zip_longest

from onet_cli.errors import StoreError, UnknownNameError
from onet_cli.evaluation.settings import EvaluationSettings
from onet_cli.shapes.shape import ShapeId
from onet_cli.shapes.store import ShapeStore


def select_shapes(store: ShapeStore, settings: EvaluationSettings) -> list[ShapeId]:
    """Return the shapes to evaluate, by category, each in the order of the split's list.

    Raises:
        UnknownNameError: there is no such split or category.
        StoreError: no shape is selected.
    """
    names = category_names(store)
    ids = store.ids(settings.split)
    if settings.categories:
        keys = {find_category(category, names) for category in settings.categories}
        ids = [shape_id for shape_id in ids if shape_id.category in keys]
    if not ids:
        which = f" of {', '.join(settings.categories)}" if settings.categories else ""
        raise StoreError(
            f"the split {settings.split!r} of {store.root} has no shapes{which}",
            hint="choose another --split or --category, or preprocess more shapes",
        )
    return spread(ids, settings.limit)


def category_names(store: ShapeStore) -> dict[str, str]:
    """Return the readable name of each category id."""
    return {key: info.name or key for key, info in store.info.categories.items()}


def find_category(text: str, names: dict[str, str]) -> str:
    """Return the id of the category with the id or one of the names `text`.

    ShapeNet has several names per category, as in "sofa,couch,lounge".

    Raises:
        UnknownNameError: no category has this id or name.
    """
    if text in names:
        return text
    wanted = text.strip().lower()
    for key, name in names.items():
        if wanted in (name.lower(), *_synonyms(name)):
            return key
    known = chain.from_iterable((key, *_synonyms(name)) for key, name in names.items())
    raise UnknownNameError.among("category", text, dict.fromkeys(known))


def untrained(ids: Iterable[ShapeId], names: dict[str, str], trained: Sequence[str]) -> list[str]:
    """Return the names of the categories of `ids` that are not in `trained`.

    Categories match by id or any of their names. The result is empty if `trained` is.
    """
    known = {word for name in trained for word in (name.lower(), *_synonyms(name))}
    found = dict.fromkeys(shape_id.category for shape_id in ids)
    missing = [k for k in found if not known & {k.lower(), *_synonyms(names.get(k, k))}]
    return [names.get(key, key).split(",")[0] for key in missing] if known else []


def spread(ids: Iterable[ShapeId], limit: int | None) -> list[ShapeId]:
    """Return at most `limit` of `ids`, spread over categories and grouped by category."""
    groups: dict[str, list[ShapeId]] = {}
    for shape_id in ids:
        groups.setdefault(shape_id.category, []).append(shape_id)
    in_turn = chain.from_iterable(zip_longest(*(groups[key] for key in sorted(groups))))
    chosen = set(_first([shape_id for shape_id in in_turn if shape_id is not None], limit))
    return [i for key in sorted(groups) for i in groups[key] if i in chosen]


def _first(ids: Sequence[ShapeId], limit: int | None) -> Sequence[ShapeId]:
    return ids if limit is None else ids[:limit]


def _synonyms(name: str) -> list[str]:
    return [word.strip().lower() for word in name.split(",")]
