"""Journal of results, for resuming interrupted evaluations."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from onet_cli.errors import OnetError
from onet_cli.evaluation.table import EvaluationFacts, ObjectResult, read_object, write_object
from onet_cli.evaluation.tasks import Task
from onet_cli.line_file import LineFile, read_lines
from onet_cli.shapes.shape import ShapeId

_CONTENT = "content"
_UNSCORED = "unscored"


@dataclass(frozen=True)
class JournalContents:
    """Valid results, and the reasons of tasks without one: None if it is not complete."""

    results: dict[Task, ObjectResult]
    unscored: dict[Task, str] | None


class Journal:
    """A file next to the output: one line of facts, then one line per result.

    A journal with other facts (checkpoint, threshold, data set ...) is discarded. Each result
    records the `fingerprint` of its input files, and is discarded if these have changed. Without
    an output, no journal is written. `path` is that of a shard, which is kept when it is complete.
    """

    def __init__(
        self,
        output: Path | None,
        facts: EvaluationFacts,
        fingerprint: Callable[[Task], str],
        path: Path | None = None,
    ) -> None:
        self._kept = path is not None
        own = None if output is None else output.with_name(f"{output.name}.partial")
        self.path = path or own
        self._head = json.dumps(asdict(facts), sort_keys=True)
        self._fingerprint = fingerprint
        self._file: LineFile | None = None

    def done(self) -> dict[Task, ObjectResult]:
        """Return the results of an earlier run with the same facts and files."""
        if self.path is None or not self.path.is_file():
            return {}
        found = self.read(self.path)
        return {} if found is None else found.results

    def read(self, path: Path) -> JournalContents | None:
        """Return the contents of a journal, or None if it has other facts.

        Raises:
            OnetError: it cannot be read.
        """
        head, lines = read_lines(path)
        if head != self._head:
            return None
        results = {Task(result.id, result.view): result for result in self._valid(lines)}
        return JournalContents(results, _unscored(lines[-1]) if lines else None)

    def begin(self, done: Mapping[Task, ObjectResult]) -> None:
        """Start the file with the results `done`.

        Raises:
            OnetError: the file cannot be written, or another process is writing it.
        """
        if self.path is None:
            return
        self._file = LineFile(self.path)
        self._file.write(self._head)
        for result in done.values():
            self.add(result)

    def add(self, result: ObjectResult) -> None:
        """Append a result."""
        if self._file is not None:
            content = self._fingerprint(Task(result.id, result.view))
            self._file.write(json.dumps({_CONTENT: content, **write_object(result)}))

    def close(self, complete: bool, unscored: Mapping[Task, str] | None = None) -> None:
        """Close the file, and remove it if the evaluation is `complete`.

        That of a shard is kept, and ends with the reasons of the tasks `unscored`.
        """
        if self._file is None:
            return
        if complete and self._kept:
            reasons = [
                [str(task.id), task.view, reason] for task, reason in (unscored or {}).items()
            ]
            self._file.write(json.dumps({_UNSCORED: reasons}))
        self._file.close(remove=complete and not self._kept)

    def _valid(self, lines: list[str]) -> Iterator[ObjectResult]:
        """Yield the results of complete lines with unchanged input files."""
        for line in lines:
            try:
                entry = json.loads(line)
                content = entry.pop(_CONTENT)
                result = read_object(entry)
            except (ArithmeticError, ValueError, LookupError, TypeError, AttributeError):
                continue
            except (RecursionError, OnetError):
                continue
            if content == self._fingerprint(Task(result.id, result.view)):
                yield result


def _unscored(line: str) -> dict[Task, str] | None:
    """Return the reasons in the last line of a complete shard, or None if it is none."""
    try:
        reasons = json.loads(line)[_UNSCORED]
        return {Task(ShapeId.parse(name), int(view)): str(why) for name, view, why in reasons}
    except (ValueError, LookupError, TypeError, RecursionError, OnetError):
        return None
