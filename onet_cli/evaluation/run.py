"""Evaluation of a method on a data set."""

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path

from onet_cli.errors import InvalidOptionError
from onet_cli.evaluation.journal import Journal
from onet_cli.evaluation.methods import Method
from onet_cli.evaluation.pool import evaluate_tasks
from onet_cli.evaluation.protocol import Protocol
from onet_cli.evaluation.scores import F_SCORE_DISTANCES
from onet_cli.evaluation.selection import category_names, select_shapes
from onet_cli.evaluation.settings import EvaluationSettings
from onet_cli.evaluation.shards import read_shards, require_output
from onet_cli.evaluation.table import EvaluationFacts, EvaluationTable, ObjectResult
from onet_cli.evaluation.tasks import Outcome, Task, list_tasks
from onet_cli.shapes.info import FORMAT_VERSION
from onet_cli.shapes.pack import Located
from onet_cli.shapes.shape import ShapeId
from onet_cli.shapes.store import ShapeStore
from onet_cli.version import __version__

Progress = Callable[[int, int], None]
Check = Callable[[ShapeStore, Sequence[ShapeId]], None]


def evaluate_method(
    data: Path,
    method: Method,
    settings: EvaluationSettings,
    output: Path | None = None,
    progress: Progress = lambda done, total: None,
    check: Check = lambda store, ids: None,
) -> EvaluationTable:
    """Evaluate a method on the data set in `data`.

    `check` may raise on the selected shapes before the evaluation starts.

    A shard evaluates its tasks only, into a journal of its own; `merge` reads those of all shards.

    Until the run is complete, results are kept in a journal next to `output`, from which an
    interrupted run is resumed.

    Raises:
        OnetError: `output` cannot be written, or another process is writing it; shards to merge
            are missing, overlap or are not complete.
        InvalidOptionError: shards have no `output`.
        StoreError: there is no data set, or no shape is selected.
        UnknownNameError: there is no such split or category.
        CheckpointError: the checkpoint cannot be read.
    """
    require_output(output, settings)
    store = ShapeStore.open(data)
    ids = select_shapes(store, settings)
    check(store, ids)
    facts = _facts(store, ids, method, settings)
    tasks: Sequence[Task] = list(list_tasks(store, ids, settings))
    shard, place = settings.shard, None
    if shard is not None and output is not None:
        tasks, place = shard.take(tasks), shard.beside(output)
    journal = Journal(output, facts, lambda task: _content_hash(store, method, task), place)
    if settings.merge and output is not None:
        results, reasons = read_shards(output, journal, tasks)
    else:
        results, reasons = _evaluate(store, tasks, method, settings, journal, progress)
    # In the order of the tasks, not of completion.
    return EvaluationTable(
        facts=facts,
        objects=tuple(results[task] for task in tasks if task in results),
        names=category_names(store),
        unscored=tuple((str(task.id), reasons[task]) for task in tasks if task in reasons),
    )


def _evaluate(
    store: ShapeStore,
    tasks: Sequence[Task],
    method: Method,
    settings: EvaluationSettings,
    journal: Journal,
    progress: Progress,
) -> tuple[dict[Task, ObjectResult], dict[Task, str]]:
    """Return the results of `tasks`, and the reasons of those without one."""
    wanted = set(tasks)
    results = {task: done for task, done in journal.done().items() if task in wanted}
    journal.begin(results)
    reasons: dict[Task, str] = {}
    todo = [task for task in tasks if task not in results]
    complete = False
    try:
        for outcome in evaluate_tasks(store, todo, method, settings):
            _take(outcome, results, reasons, journal)
            progress(len(results) + len(reasons), len(tasks))
        complete = True
    finally:
        journal.close(complete, reasons)
    return results, reasons


def _take(
    outcome: Outcome,
    results: dict[Task, ObjectResult],
    reasons: dict[Task, str],
    journal: Journal,
) -> None:
    task, result, reason = outcome
    if result is None:
        reasons[task] = reason
    else:
        results[task] = result
        journal.add(result)


def _facts(
    store: ShapeStore, ids: Sequence[ShapeId], method: Method, settings: EvaluationSettings
) -> EvaluationFacts:
    described = method.facts()
    if described.frame == "picture" and settings.protocol is Protocol.PAPER:
        raise InvalidOptionError(
            f"--protocol paper requires a network of the object's frame, unlike {described.path}",
            hint="use --protocol strict",
        )
    return EvaluationFacts(
        protocol=settings.protocol.value,
        split=settings.split,
        view=settings.view,
        threshold=described.threshold,
        resolution=settings.resolution,
        mesh_samples=settings.mesh_samples,
        f_score_distances=F_SCORE_DISTANCES,
        seed=settings.seed,
        checkpoint_path=described.path,
        checkpoint_sha256=described.sha256,
        model=described.model,
        data_path=store.root.as_posix(),
        data_format_version=FORMAT_VERSION,
        data_source=store.info.source,
        data_sha256=_data_hash(store, ids),
        onet_version=__version__,
        adaptive=described.platt is not None,
        align=settings.align,
        placing=described.placing,
    )


def _content_hash(store: ShapeStore, method: Method, task: Task) -> str:
    """Return a hash of the files on which the result of a task depends."""
    digest = hashlib.sha256()
    for place in (store.locate(task.id), *map(Located, method.files(task))):
        try:
            digest.update(hashlib.sha256(place.read()).digest())
        except OSError:
            digest.update(b"missing")
    return digest.hexdigest()


def _data_hash(store: ShapeStore, ids: Sequence[ShapeId]) -> str:
    """Return a hash of the data set's description, the selected ids and their file sizes."""
    digest = hashlib.sha256(store.info.to_json().encode())
    for shape_id in ids:
        place = store.locate(shape_id)
        own = place.path.stat().st_size if place.path.is_file() else 0
        size = own if place.size is None else place.size
        digest.update(f"{shape_id} {size}\n".encode())
    return digest.hexdigest()
