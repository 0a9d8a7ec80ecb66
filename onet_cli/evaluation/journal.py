"""Results kept as they come, so that an evaluation that was stopped goes on where it was."""

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
    """A file beside the output: one line of facts, then one line for each result.

    A journal of other facts (another checkpoint, threshold, data set ...) is begun anew. Each
    result names by `fingerprint` the content of the files that it was made of, and is forgotten
    where these have changed. Without a path nothing is kept.
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
        # What follows the last line end was cut off by the end of that run.
        return {Task(result.id, result.view): result for result in self._valid(lines[:-1])}

    def begin(self, done: Mapping[Task, ObjectResult]) -> None:
        """Start the file with the results `done`.

        Raises:
            OnetError: it cannot be written, or another process is writing it.
        """
        if self.path is None:
            return
        self._file = open_alone(self.path)
        self._write(self._head)
        for result in done.values():
            self.add(result)

    def add(self, result: ObjectResult) -> None:
        """Keep one more result."""
        if self._file is not None:
            content = self._fingerprint(Task(result.id, result.view))
            self._write(json.dumps({_CONTENT: content, **write_object(result)}))

    def close(self, complete: bool) -> None:
        """Close the file, and remove it where all is done."""
        if self._file is None or self.path is None:
            return
        if complete and sys.platform != "win32":
            with suppress(OSError):  # while it is locked, and so no other process's
                self.path.unlink(missing_ok=True)
        with suppress(OSError):  # the disk is full, which was said already
            self._file.close()
        if complete and sys.platform == "win32":
            with suppress(OSError):
                self.path.unlink(missing_ok=True)

    def _valid(self, lines: list[str]) -> Iterator[ObjectResult]:
        """Yield the results of the lines that are whole and still true."""
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
                hint="make room and run the same command again: it goes on",
            ) from error
