"""Results kept as they come, so that an evaluation that was stopped goes on where it was."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import IO

from onet_cli.errors import OnetError
from onet_cli.evaluation.evaluate import Task
from onet_cli.evaluation.table import EvaluationFacts, ObjectResult, read_object, write_object


class Journal:
    """A file beside the output: one line of facts, then one line for each result.

    A journal of other facts (another checkpoint, threshold, data set ...) is begun anew. Without a
    path nothing is kept.
    """

    def __init__(self, output: Path | None, facts: EvaluationFacts) -> None:
        self.path = None if output is None else output.with_name(f"{output.name}.partial")
        self._head = json.dumps(asdict(facts), sort_keys=True)
        self._file: IO[str] | None = None

    def done(self) -> dict[Task, ObjectResult]:
        """Return the results of an earlier run with the same facts."""
        if self.path is None or not self.path.is_file():
            return {}
        head, *lines = self.path.read_text(encoding="utf-8").split("\n")
        if head != self._head:
            return {}
        # What follows the last line end was cut off by the end of that run.
        results = [read_object(json.loads(line)) for line in lines[:-1]]
        return {Task(result.id, result.view): result for result in results}

    def begin(self, done: Mapping[Task, ObjectResult]) -> None:
        """Start the file with the results `done`.

        Raises:
            OnetError: it cannot be written.
        """
        if self.path is None:
            return
        try:
            self._file = self.path.open("w", encoding="utf-8")
        except OSError as error:
            raise OnetError(f"{self.path} cannot be written: {error.strerror}") from error
        self._write(self._head)
        for result in done.values():
            self.add(result)

    def add(self, result: ObjectResult) -> None:
        """Keep one more result."""
        if self._file is not None:
            self._write(json.dumps(write_object(result)))

    def close(self, complete: bool) -> None:
        """Close the file, and remove it where all is done."""
        if self._file is not None:
            self._file.close()
        if complete and self.path is not None:
            self.path.unlink(missing_ok=True)

    def _write(self, line: str) -> None:
        assert self._file is not None
        try:
            self._file.write(line + "\n")
            self._file.flush()
        except OSError as error:
            raise OnetError(f"{self.path} cannot be written: {error.strerror}") from error
