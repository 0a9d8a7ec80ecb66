"""RUN/metrics.csv: the progress of a run, a row every few steps and one per validation."""

import csv
import io
import math
from dataclasses import asdict, fields
from pathlib import Path

from onet_cli.errors import OnetError
from onet_cli.files import MAX_ARRAY_BYTES, read_regular, whole_file
from onet_cli.training.status import TrainingStatus

COLUMNS = [field.name for field in fields(TrainingStatus)]
EVERY = 25
"""Steps between rows without a validation."""


class MetricsFile:
    """Appends rows to a CSV file, after removing rows beyond `step` of a resumed run.

    Those rows are between the last checkpoint and the end of the run, and will be repeated.
    A step is validated once: a run that was over and is resumed adds no row for what it has.
    """

    def __init__(self, path: Path, step: int = 0) -> None:
        self.path = path
        kept = _rows_until(path, step) if step else []
        with whole_file(path) as temporary, temporary.open("w", newline="") as file:
            writer = csv.DictWriter(file, COLUMNS)
            writer.writeheader()
            writer.writerows(kept)
        self._validated = {int(row["step"]) for row in kept if row["iou"]}

    def add(self, status: TrainingStatus) -> None:
        """Write a row if `status` has a validation score or a row is due.

        Raises:
            OnetError: the row cannot be written, for example on a full disk.
        """
        if status.iou is None and status.step % EVERY:
            return
        if status.iou is not None and status.step in self._validated:
            return
        row = {name: _short(value) for name, value in asdict(status).items()}
        try:
            with self.path.open("a", newline="") as file:
                csv.DictWriter(file, COLUMNS).writerow(row)
        except OSError as error:
            raise OnetError(
                f"{self.path} cannot be written: {error.strerror}",
                hint="free some space, then continue the run with --resume",
            ) from error


def _rows_until(path: Path, step: int) -> list[dict[str, str]]:
    """Return the rows up to `step`; those that are damaged are left out."""
    if not path.is_file():
        return []
    try:
        text = read_regular(path, MAX_ARRAY_BYTES).decode("utf-8", errors="replace")
        rows = list(csv.DictReader(io.StringIO(text, newline="")))
    except OSError as error:
        raise OnetError(f"{path} cannot be read: {error.strerror}") from error
    except csv.Error:  # a field without end
        return []
    return [row for row in rows if list(row) == COLUMNS and _step_of(row) <= step]


def _step_of(row: dict[str, str]) -> float:
    """Return the step of a row, infinity where it has none."""
    text = row["step"] or ""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 20 else math.inf


def _short(value: float | None) -> str:
    return "" if value is None else f"{value:.6g}"
