"""Journal of results, for resuming interrupted evaluations."""

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import TextIO

from onet_cli.errors import OnetError
from onet_cli.evaluation.table import EvaluationFacts, ObjectResult, read_object, write_object
from onet_cli.evaluation.tasks import Task
from onet_cli.files import open_alone, read_regular

_CONTENT = "content"


class Journal:
    """A file next to the output: one line of facts, then one line per result.

    A journal with other facts (checkpoint, threshold, data set ...) is discarded. Each result
    records the `fingerprint` of its input files, and is discarded if these have changed. Without
    an output, no journal is written.
    """

    def __init__(
        self, output: Path | None, facts: EvaluationFacts, fingerprint: Callable[[Task], str]
    ) -> None:
        self.path = None if output is None else output.with_name(f"{output.name}.partial")
        self._head = json.dumps(asdict(facts), sort_keys=True)
        self._fingerprint = fingerprint
        self._file: TextIO | None = None

    def done(self) -> dict[Task, ObjectResult]:
        """Return the results of an earlier run with the same facts and files."""
        if self.path is None or not self.path.is_file():
            return {}
        try:
            text = read_regular(self.path).decode("utf-8", errors="replace")
        except OSError as error:
            raise OnetError(f"{self.path} cannot be read: {error.strerror}") from error
        head, *lines = text.split("\n")
        if head != self._head:
            return {}
        # The part after the last line end is incomplete.
        return {Task(result.id, result.view): result for result in self._valid(lines[:-1])}

    def begin(self, done: Mapping[Task, ObjectResult]) -> None:
        """Start the file with the results `done`.

        Raises:
            OnetError: the file cannot be written, or another process is writing it.
        """
        if self.path is None:
            return
        self._file = open_alone(self.path)
        self._write(self._head)
        for result in done.values():
            self.add(result)

    def add(self, result: ObjectResult) -> None:
        """Append a result."""
        if self._file is not None:
            content = self._fingerprint(Task(result.id, result.view))
            self._write(json.dumps({_CONTENT: content, **write_object(result)}))

    def close(self, complete: bool) -> None:
        """Close the file, and remove it if the evaluation is `complete`."""
        if self._file is None or self.path is None:
            return
        if complete and sys.platform != "win32":
            with suppress(OSError):  # while it is locked, so that it is not another process's
                self.path.unlink(missing_ok=True)
        with suppress(OSError):  # a full disk, which was reported already
            self._file.close()
        if complete and sys.platform == "win32":
            with suppress(OSError):
                self.path.unlink(missing_ok=True)

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

    def _write(self, line: str) -> None:
        assert self._file is not None
        try:
            self._file.write(line + "\n")
            self._file.flush()
        except OSError as error:
            raise OnetError(
                f"{self.path} cannot be written: {error.strerror}",
                hint="free some space and run the same command again to continue",
            ) from error
