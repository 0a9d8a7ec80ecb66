"""Conversion of a source to a data set, in parallel and resumable."""

import json
import time
from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from onet_cli.errors import InvalidOptionError, OnetError, StoreError
from onet_cli.execution.work import Place
from onet_cli.files import only_writer, write_text
from onet_cli.preprocessing.options import PreprocessOptions
from onet_cli.preprocessing.packer import Packer
from onet_cli.preprocessing.shards import (
    REPORT,
    digest_of,
    read_reports,
    remove_shards,
    require_merged,
    shard_folder,
)
from onet_cli.preprocessing.sources.source import HasExposure, HasLicences, Source
from onet_cli.preprocessing.workers import Converter, convert_all
from onet_cli.shapes.info import exposure_of
from onet_cli.shapes.shape import ShapeId
from onet_cli.shapes.split import SPLITS, check_fractions, split_ids
from onet_cli.shapes.store import CategoryInfo, DatasetInfo, Licence, ShapeStore

REPORT_VERSION = 1
"""Of preprocess.json."""

Progress = Callable[[int, int], None]
"""Called with the number of finished shapes and the total number."""


@dataclass
class PreprocessResult:
    """Result of a run: shapes stored now, shapes stored before, and skipped shapes."""

    kept: int = 0
    already: int = 0
    skipped: list[tuple[ShapeId, str]] = field(default_factory=list)


def preprocess(
    source: Source, out: Path, options: PreprocessOptions, progress: Progress | None = None
) -> PreprocessResult:
    """Store the shapes of `source` in the data set `out`.

    Shapes that are already stored are left unchanged, so that an interrupted run can be resumed.
    Shapes that cannot be read are skipped. The lists, `dataset.json` and `preprocess.json` are
    written at the end, also if the run is interrupted. A shard only stores its shapes and a report
    of its own; `merge` writes the rest when all shards are done.

    Raises:
        InvalidOptionError: `out` was made from this source with other settings.
        SourceError: the source cannot be read.
        StoreError: `out` cannot be written, or another process is writing there.
        OnetError: worker processes die on every shape, or shards to merge are missing, overlap or
            are not complete.
    """
    check_fractions(options.split)
    if options.shard is not None:
        with only_writer(shard_folder(out, options.shard), StoreError):
            return _preprocess(source, out, options, progress)
    with only_writer(out, StoreError):
        if options.merge:
            return _merge(source, out, options)
        require_merged(out)
        return _preprocess(source, out, options, progress)


def _preprocess(
    source: Source, out: Path, options: PreprocessOptions, progress: Progress | None
) -> PreprocessResult:
    started = time.time()
    every = _spread(source.ids(), options.limit)
    ids = every if options.shard is None else list(options.shard.take(every))
    store = _open_store(source, out, options, source.ids())
    store.remove_leftovers()
    result = PreprocessResult()
    todo = _missing(store, ids, options, result)
    converter = Converter(store, options.seed, options.shape_timeout_s, options.shape_memory_gb)
    place = Place(options.workers, options.cluster)
    # Packs have shapes of all shards, so they are written by --merge.
    size = None if options.shard is not None else options.pack
    packer = Packer(store, source.name, source.ids(), size, todo)
    complete = False
    try:
        for done, (shape_id, reason) in enumerate(
            convert_all(source, converter, todo, place), start=1
        ):
            if reason is None:
                result.kept += 1
            else:
                result.skipped.append((shape_id, reason))
            packer.done(shape_id)
            if progress is not None:
                progress(done, len(todo))
        packer.finish()
        complete = True
    finally:
        result.skipped.sort()
        report = _report(source, options, result, time.time() - started)
        if options.shard is None:
            _publish(source, store, options)
            _write_report(out, report)
        else:
            facts = {"objects": digest_of(every), "complete": complete}
            _write_report(shard_folder(out, options.shard), report | facts)
    if options.cluster is not None:
        store.remove_leftovers()  # of workers that were killed
    return result


def _merge(source: Source, out: Path, options: PreprocessOptions) -> PreprocessResult:
    """Write the lists, `dataset.json` and `preprocess.json` of a data set of finished shards."""
    ids = _spread(source.ids(), options.limit)
    reports = read_reports(out, ids, options.recorded())
    result = PreprocessResult(
        sum(report["kept"] for report in reports),
        sum(report["already"] for report in reports),
        sorted(
            (ShapeId.parse(one["id"]), one["reason"])
            for report in reports
            for one in report["skipped"]
        ),
    )
    store = _open_store(source, out, options, source.ids())
    store.remove_leftovers()
    _require_stored(store, ids, result)
    Packer(store, source.name, source.ids(), options.pack).finish()
    _publish(source, store, options)
    seconds = sum(report["seconds"] for report in reports)
    _write_report(out, _report(source, options, result, seconds))
    remove_shards(out)
    return result


def _require_stored(store: ShapeStore, ids: list[ShapeId], result: PreprocessResult) -> None:
    """Raise OnetError unless every shape is stored or was skipped."""
    skipped = {shape_id for shape_id, _ in result.skipped}
    stored = set(store.ids())
    missing = [i for i in ids if i not in stored and i not in skipped]
    if missing:
        raise OnetError(
            f"{len(missing)} shapes of the shards are not in {store.root}, such as {missing[0]}",
            hint="copy the shards' folders shapes/ here, or run their shards again",
        )


def _spread(ids: list[ShapeId], limit: int | None) -> list[ShapeId]:
    """Return the first `limit` of `ids`, taking from each category in turn."""
    if limit is None:
        return ids
    turns: defaultdict[str, int] = defaultdict(int)
    ranked = []
    for shape_id in ids:
        ranked.append((turns[shape_id.category], shape_id))
        turns[shape_id.category] += 1
    return sorted(shape_id for _, shape_id in sorted(ranked)[:limit])


def _open_store(
    source: Source, out: Path, options: PreprocessOptions, ids: list[ShapeId]
) -> ShapeStore:
    """Return the store in `out`, after removing shapes that were made with other options.

    They are removed before the new options are recorded, so that even if the run is killed, all
    stored shapes of the source were made with the options in `dataset.json`.
    """
    if not (out / "dataset.json").exists():
        return ShapeStore.create(out, _with_options(DatasetInfo(source.name), source, options))
    store = ShapeStore.open(out)
    before = _options_before(store.info, source.name)
    different = _difference(before, _content(source, options))
    if different is not None:
        stale = _stored(store, store.ids() if _is_alone(store.info, source) else ids)
        alone = options.shard is None and not options.merge
        if stale and not (options.overwrite and alone):
            name, was, now = different
            again = ", or add --overwrite to convert it again" if alone else ""
            raise InvalidOptionError(
                f"{out} was made with {name} {was}, not {now}",
                hint=f"choose another folder{again}",
            )
        store.remove(stale)
    store.update_info(_with_options(store.info, source, options))
    return store


def _with_options(info: DatasetInfo, source: Source, options: PreprocessOptions) -> DatasetInfo:
    sources = info.sources | {source.name: _content(source, options)}
    return replace(info, source=source.name, options=options.recorded(), sources=sources)


def _content(source: Source, options: PreprocessOptions) -> dict[str, Any]:
    """Return what determines the content of a shape: options, and the source's exposure."""
    exposure = source.exposure if isinstance(source, HasExposure) else 1.0
    return options.content() | {"exposure": exposure}


def _options_before(info: DatasetInfo, source: str) -> dict[str, Any]:
    """Return the recorded options of the source's stored shapes."""
    # Data sets of onet 0.1 record only the options of their last run, and no exposure.
    options = info.sources.get(source) or (info.options if info.source == source else {})
    return {"exposure": exposure_of(options), **options} if options else {}


def _difference(before: dict[str, Any], now: dict[str, Any]) -> tuple[str, Any, Any] | None:
    for name, value in now.items():
        if name in before and before[name] != value:
            return name, before[name], value
    return None


def _is_alone(info: DatasetInfo, source: Source) -> bool:
    """Return whether all shapes of the data set come from this source."""
    return set(info.sources or {info.source: {}}) <= {source.name}


def _stored(store: ShapeStore, ids: list[ShapeId]) -> list[ShapeId]:
    found = []
    for shape_id in ids:
        with suppress(StoreError):  # an invalid name
            if store.has(shape_id):
                found.append(shape_id)
    return found


def _missing(
    store: ShapeStore, ids: list[ShapeId], options: PreprocessOptions, result: PreprocessResult
) -> list[ShapeId]:
    """Return those of `ids` that must be converted; count the others in `result`."""
    todo = []
    for shape_id in ids:
        try:
            stored = store.has(shape_id)
        except StoreError as error:  # a name such as ../evil
            result.skipped.append((shape_id, str(error)))
            continue
        if stored and not options.overwrite:
            result.already += 1
        else:
            todo.append(shape_id)
    return todo


def _publish(source: Source, store: ShapeStore, options: PreprocessOptions) -> None:
    """Update the lists and `dataset.json` to the stored shapes."""
    stored = store.ids()
    lists = _lists(source, store, options, set(stored))
    for name, ids in lists.items():
        store.set_split(name, ids)
    names = {key: category.name for key, category in store.info.categories.items()}
    names |= source.categories()
    counts: defaultdict[str, int] = defaultdict(int)
    for shape_id in stored:
        counts[shape_id.category] += 1
    store.update_info(
        replace(
            store.info,
            categories={k: CategoryInfo(names.get(k, k), counts[k]) for k in sorted(counts)},
            licences=store.info.licences | _licences(source),
        )
    )


def _licences(source: Source) -> dict[str, Licence]:
    if isinstance(source, HasLicences):
        return source.licences()
    return {source.name: Licence(source.licence, source.attribution)}


def _lists(
    source: Source, store: ShapeStore, options: PreprocessOptions, stored: set[ShapeId]
) -> dict[str, list[ShapeId]]:
    """Return the lists of stored shapes: those of other sources, then the source's or our own."""
    all_ids = source.ids()
    own = dict(source.splits() or {})
    listed = {shape_id.category for ids in own.values() for shape_id in ids}
    # Split all ids, not the stored ones, so that a shape keeps its split when a run is resumed.
    unlisted = [shape_id for shape_id in all_ids if shape_id.category not in listed]
    for name, ids in split_ids(unlisted, options.split, options.seed).items():
        own[name] = [*own.get(name, []), *ids]
    known = set(store.splits())
    mine = set(all_ids)
    lists = {}
    for name in (*SPLITS, *(set(own) - set(SPLITS))):
        before = store.ids(name) if name in known else []
        kept = [i for i in before if i not in mine and i in stored]
        lists[name] = list(dict.fromkeys([*kept, *(i for i in own.get(name, []) if i in stored)]))
    return lists


def _report(
    source: Source, options: PreprocessOptions, result: PreprocessResult, seconds: float
) -> dict[str, Any]:
    return {
        "source": source.name,
        "options": options.recorded(),
        "format_version": REPORT_VERSION,
        "kept": result.kept,
        "already": result.already,
        "skipped": [{"id": str(i), "reason": reason} for i, reason in result.skipped],
        "seconds": round(seconds, 3),
    }


def _write_report(folder: Path, report: dict[str, Any]) -> None:
    write_text(folder / REPORT, json.dumps(report, indent=2) + "\n", StoreError)
