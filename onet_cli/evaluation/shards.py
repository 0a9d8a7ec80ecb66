"""Shards of an evaluation: journals next to the output, each of the results of one shard."""

from collections.abc import Sequence
from pathlib import Path

from onet_cli.errors import InvalidOptionError, OnetError
from onet_cli.evaluation.journal import Journal
from onet_cli.evaluation.settings import EvaluationSettings
from onet_cli.evaluation.table import ObjectResult
from onet_cli.evaluation.tasks import Task
from onet_cli.execution.shards import shards_beside

Results = dict[Task, ObjectResult]
Reasons = dict[Task, str]


def require_output(output: Path | None, settings: EvaluationSettings) -> None:
    """Raise InvalidOptionError if shards have no output to lie next to."""
    if output is None and (settings.shard is not None or settings.merge):
        raise InvalidOptionError("--shard and --merge need --output, next to which shards lie")


def read_shards(output: Path, journal: Journal, tasks: Sequence[Task]) -> tuple[Results, Reasons]:
    """Return the results of all shards, and the reasons of tasks without one.

    Args:
        output: The file next to which the shards lie.
        journal: A journal with the facts of this evaluation.
        tasks: All tasks.

    Raises:
        OnetError: shards are missing, overlap, are not complete, were made with other settings, or
            the files of a result have changed.
    """
    results: Results = {}
    reasons: Reasons = {}
    for path in shards_beside(output):
        found = journal.read(path)
        if found is None:
            raise OnetError(
                f"{path} was made with other settings, or of another checkpoint or data set",
                hint="merge with the options of the shards",
            )
        if found.unscored is None:
            raise OnetError(
                f"the shard {path} is not complete", hint="run it again with --shard: it resumes"
            )
        results |= found.results
        reasons |= found.unscored
    missing = [task for task in tasks if task not in results and task not in reasons]
    if missing:
        raise OnetError(
            f"{len(missing)} results of the shards are missing, such as that of {missing[0].id}",
            hint="its files have changed: run the shards again",
        )
    return results, reasons
