"""From a source to a data set: every shape read, checked and stored, on all cores."""

import json
import multiprocessing
import signal
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import numpy as np

from onet_cli.errors import InvalidGeometryError, InvalidOptionError, OnetError, StoreError
from onet_cli.files import write_text
from onet_cli.preprocessing.options import PreprocessOptions
from onet_cli.preprocessing.sources.source import Source
from onet_cli.shapes.shape import ShapeId
from onet_cli.shapes.split import SPLITS, check_fractions, split_ids
from onet_cli.shapes.store import CategoryInfo, DatasetInfo, Licence, ShapeStore

Progress = Callable[[int, int], None]
"""Called with the number of shapes done and the number to do."""

Outcome = tuple[ShapeId, str | None]
"""A shape and why it was skipped; None when it was stored."""

_TASKS_PER_WORKER = 4


@dataclass
class PreprocessResult:
    """What a run did: shapes stored now, shapes that were stored before, and what was skipped."""

    kept: int = 0
    already: int = 0
    skipped: list[tuple[ShapeId, str]] = field(default_factory=list)


@dataclass(frozen=True)
class Converter:
    """Moves one shape at a time from a source to a store; travels to worker processes."""

    store: ShapeStore
    seed: int

    def __call__(self, source: Source, shape_id: ShapeId) -> Outcome:
        """Return what became of the shape.

        Raises:
            StoreError: the store cannot be written to, so going on is pointless.
        """
        try:
            shape = source.read(shape_id)
        except OnetError as error:
            return shape_id, str(error)
        except Exception as error:  # one bad shape, however bad, never stops the run
            return shape_id, f"{type(error).__name__}: {error}"
        try:
            self.store.write(shape, _generator(shape_id, self.seed))
        except InvalidGeometryError as error:
            return shape_id, str(error)
        return shape_id, None


def preprocess(
    source: Source, out: Path, options: PreprocessOptions, progress: Progress | None = None
) -> PreprocessResult:
    """Store the shapes of `source` in the data set `out` and return what was done.

    Shapes that are stored already are left alone, so a run that was stopped goes on where it was.
    Shapes that cannot be read are skipped. The lists, `dataset.json` and `preprocess.json` are
    written at the end, also when the run is interrupted.

    Raises:
        InvalidOptionError: `out` was made from this source with settings that do not mix.
        SourceError: the source as a whole cannot be read.
        StoreError: `out` cannot be written to.
        OnetError: a worker process died.
    """
    started = time.time()
    check_fractions(options.split)
    ids = _spread(source.ids(), options.limit)
    store = _open_store(source, out, options)
    store.remove_leftovers()
    result = PreprocessResult()
    todo = _missing(store, ids, options, result)
    try:
        for done, (shape_id, reason) in enumerate(
            _convert(source, Converter(store, options.seed), todo, options.workers), start=1
        ):
            if reason is None:
                result.kept += 1
            else:
                result.skipped.append((shape_id, reason))
            if progress is not None:
                progress(done, len(todo))
    finally:
        result.skipped.sort()
        _publish(source, store, options)
        _report(source, store, options, result, time.time() - started)
    return result


def _generator(shape_id: ShapeId, seed: int) -> np.random.Generator:
    return np.random.default_rng([seed, *str(shape_id).encode()])


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


def _open_store(source: Source, out: Path, options: PreprocessOptions) -> ShapeStore:
    if not (out / "dataset.json").exists():
        return ShapeStore.create(out, DatasetInfo(source.name, options=options.recorded()))
    store = ShapeStore.open(out)
    if store.info.source == source.name and not options.overwrite:
        before, now = store.info.options, options.recorded()
        for name in ("views", "image_size", "points", "seed"):
            if name in before and before[name] != now[name]:
                raise InvalidOptionError(
                    f"{out} was made with {name} {before[name]}, not {now[name]}",
                    hint="choose another folder, or add --overwrite to make it anew",
                )
    return store


def _missing(
    store: ShapeStore, ids: list[ShapeId], options: PreprocessOptions, result: PreprocessResult
) -> list[ShapeId]:
    """Return those of `ids` that need work; count the others in `result`."""
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


def _convert(
    source: Source, converter: Converter, ids: list[ShapeId], workers: int
) -> Iterator[Outcome]:
    if workers <= 1 or len(ids) <= 1:
        for shape_id in ids:
            yield converter(source, shape_id)
        return
    executor = ProcessPoolExecutor(
        min(workers, len(ids)), _context(), initializer=_start_worker, initargs=(converter,)
    )
    try:
        yield from _drain(executor, source, ids, workers * _TASKS_PER_WORKER)
    except BrokenProcessPool as error:
        raise OnetError(
            "a worker process died, probably for lack of memory",
            hint="run the same command again with fewer --workers: it resumes",
        ) from error
    finally:
        executor.shutdown(wait=True, cancel_futures=True)


def _drain(
    executor: ProcessPoolExecutor, source: Source, ids: list[ShapeId], most: int
) -> Iterator[Outcome]:
    """Yield outcomes as they come, with at most `most` tasks handed out."""
    rest = iter(ids)

    def submit(count: int) -> set[Future[Outcome]]:
        return {
            executor.submit(_convert_in_worker, source.part(shape_id), shape_id)
            for shape_id in islice(rest, count)
        }

    pending = submit(most)
    while pending:
        finished, pending = wait(pending, return_when=FIRST_COMPLETED)
        for future in finished:
            yield future.result()
        pending |= submit(len(finished))


def _context() -> multiprocessing.context.BaseContext:
    # Never plain fork: the parent may hold open archives, HDF5 state and threads.
    methods = multiprocessing.get_all_start_methods()
    return multiprocessing.get_context("forkserver" if "forkserver" in methods else "spawn")


_converter: Converter | None = None


def _start_worker(converter: Converter) -> None:
    global _converter
    _converter = converter
    # Ctrl-C reaches the whole group; the parent lets each worker finish its shape.
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _convert_in_worker(source: Source, shape_id: ShapeId) -> Outcome:
    if _converter is None:
        raise RuntimeError("the worker was not started by _start_worker")
    return _converter(source, shape_id)


def _publish(source: Source, store: ShapeStore, options: PreprocessOptions) -> None:
    """Write lists and description to match what is stored."""
    stored = store.ids()
    lists = _lists(source, store, options, set(stored))
    for name, ids in lists.items():
        store.set_split(name, ids)
    names = {key: category.name for key, category in store.info.categories.items()}
    names |= source.categories()
    counts: defaultdict[str, int] = defaultdict(int)
    for shape_id in stored:
        counts[shape_id.category] += 1
    licence = Licence(source.licence, source.attribution)
    store.update_info(
        DatasetInfo(
            source=source.name,
            categories={k: CategoryInfo(names.get(k, k), counts[k]) for k in sorted(counts)},
            options=options.recorded(),
            licences=store.info.licences | {source.name: licence},
        )
    )


def _lists(
    source: Source, store: ShapeStore, options: PreprocessOptions, stored: set[ShapeId]
) -> dict[str, list[ShapeId]]:
    """Return the lists: the source's, or ours, of what is stored, after those of other sources."""
    all_ids = source.ids()
    own = dict(source.splits() or {})
    listed = {shape_id.category for ids in own.values() for shape_id in ids}
    # Of all ids, not of the stored ones: a shape keeps its split when a run goes on.
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
    source: Source,
    store: ShapeStore,
    options: PreprocessOptions,
    result: PreprocessResult,
    seconds: float,
) -> None:
    report = {
        "source": source.name,
        "options": options.recorded(),
        "kept": result.kept,
        "already": result.already,
        "skipped": [{"id": str(i), "reason": reason} for i, reason in result.skipped],
        "seconds": round(seconds, 3),
    }
    write_text(store.root / "preprocess.json", json.dumps(report, indent=2) + "\n", StoreError)
