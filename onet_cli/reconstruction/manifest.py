"""Tables of the results of many photos, and the journal from which a stopped run goes on."""

import csv
import hashlib
import io
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from onet_cli.errors import InvalidOptionError, OnetError
from onet_cli.execution.shards import Shard, remove_shards_beside, shards_beside
from onet_cli.files import read_regular, write_text
from onet_cli.line_file import LineFile, read_lines
from onet_cli.models.onnx_names import SUFFIX
from onet_cli.models.shipped import find_checkpoint
from onet_cli.reconstruction.folder import FolderWork, PhotoJob, PhotoRecord
from onet_cli.spreadsheet import plain_cells
from onet_cli.version import __version__

SUFFIXES = (".csv", ".jsonl")
_COLUMNS = (
    "photo",
    "path",
    "error",
    "hint",
    "vertices",
    "faces",
    "volume",
    "closed",
    "components",
    "threshold",
    "evaluations",
    "agreement",
    "confidence_mean",
    "confidence_lowest_tenth",
    "confidence_calibrated",
    "out_of_distribution",
    "bad_chance",
    "elevation_deg",
    "front_azimuth_deg",
    "front_confidence",
    "front_turned",
    "whole_at",
    "warnings",
)


def check_manifests(paths: Sequence[Path]) -> None:
    """Raise InvalidOptionError unless `paths` end in .csv or .jsonl and their folders exist."""
    for path in paths:
        if path.suffix.lower() not in SUFFIXES:
            raise InvalidOptionError(f"a manifest ends in .csv or .jsonl, unlike {path}")
        if not path.absolute().parent.is_dir():
            raise InvalidOptionError(
                f"{path} cannot be written: its folder does not exist",
                hint=f"create {path.parent} first",
            )


def write_manifests(paths: Sequence[Path], records: Sequence[PhotoRecord]) -> None:
    """Write the records, without times, so that the same results are the same bytes."""
    rows = [{k: v for k, v in one.record.items() if k != "seconds"} for one in records]
    for path in paths:
        text = "".join(json.dumps(row) + "\n" for row in rows)
        write_text(path, _to_csv(rows) if path.suffix.lower() == ".csv" else text)


def _to_csv(rows: Sequence[dict[str, Any]]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, _COLUMNS, lineterminator="\n", restval="", extrasaction="ignore")
    writer.writeheader()
    for row in rows:
        flat = dict(row)
        for group in ("confidence", "front"):
            flat |= {f"{group}_{name}": value for name, value in (row.get(group) or {}).items()}
        flat["warnings"] = "; ".join(row.get("warnings", ()))
        writer.writerow(plain_cells(flat))
    return text.getvalue()


class ManifestJournal:
    """A file next to the first manifest: a line of facts, then one for each photo with a mesh.

    A journal of other settings, model or version is discarded, and so are lines whose photo or
    mesh has changed. That of a shard is kept, and ends with a line of its photos.
    """

    def __init__(self, manifest: Path, work: FolderWork, shard: Shard | None = None) -> None:
        self._manifest, self._shard = manifest, shard
        partial = manifest.with_name(f"{manifest.name}.partial")
        self.path = partial if shard is None else shard.beside(manifest)
        self._head = json.dumps(_facts(work), sort_keys=True, default=str)
        self._file: LineFile | None = None

    def done(self, jobs: Sequence[PhotoJob]) -> dict[PhotoJob, PhotoRecord]:
        """Return the records of an earlier run that are still true."""
        return self._read(self.path, jobs)[0] if self.path.is_file() else {}

    def begin(self, done: dict[PhotoJob, PhotoRecord]) -> None:
        """Start the file with the records `done`."""
        self._file = LineFile(self.path)
        self._file.write(self._head)
        for record in done.values():
            self.add(record)

    def add(self, record: PhotoRecord) -> None:
        """Append a record; failures are not kept, and tried again."""
        if record.error is None:
            assert self._file is not None  # begun
            line = {"stamp": _stamp(record.job), "line": record.line, "record": record.record}
            self._file.write(json.dumps(line))

    def close(self, complete: bool, records: Sequence[PhotoRecord] = ()) -> None:
        """Close the file; remove it if the run is `complete`, unless it is that of a shard."""
        if self._file is None:
            return
        if complete and self._shard is not None:
            failed = [
                [one.record, one.line, str(one.error), one.error.hint]
                for one in records
                if one.error is not None
            ]
            self._file.write(json.dumps({"failed": failed}))
        self._file.close(remove=complete and self._shard is None)

    def merged(self, jobs: Sequence[PhotoJob]) -> list[PhotoRecord]:
        """Return the records of all shards, in the order of `jobs`.

        Raises:
            OnetError: shards are missing, overlap, are not complete, were made with other
                settings, or photos or meshes have changed.
        """
        found: dict[PhotoJob, PhotoRecord] = {}
        for path in shards_beside(self._manifest):
            records, complete = self._read(path, jobs)
            if not complete:
                raise OnetError(
                    f"the shard {path} is not complete, or was made with other settings",
                    hint="run it again with --shard and the same options: it resumes",
                )
            found |= records
        missing = [job for job in jobs if job not in found]
        if missing:
            raise OnetError(
                f"{len(missing)} photos are in no shard, or have changed, such as "
                f"{missing[0].photo}",
                hint="run the shards again",
            )
        return [found[job] for job in jobs]

    def remove_shards(self) -> None:
        """Remove the files of merged shards."""
        remove_shards_beside(self._manifest)

    def _read(
        self, path: Path, jobs: Sequence[PhotoJob]
    ) -> tuple[dict[PhotoJob, PhotoRecord], bool]:
        """Return the valid records of a file, and whether it is that of a complete shard."""
        head, lines = read_lines(path)
        known = {(str(job.photo), str(job.target)): job for job in jobs}
        photos = {str(job.photo): job for job in jobs}
        found: dict[PhotoJob, PhotoRecord] = {}
        complete = False
        for line in lines if head == self._head else []:
            try:
                entry = json.loads(line)
                if "failed" in entry:
                    complete = True
                    for record, text, message, hint in entry["failed"]:
                        job = photos[record["photo"]]
                        found[job] = PhotoRecord(job, record, text, OnetError(message, hint=hint))
                    continue
                record = entry["record"]
                job = known[record["photo"], record["path"]]
                if entry["stamp"] == _stamp(job):
                    found[job] = PhotoRecord(job, record, entry["line"])
            except (ValueError, LookupError, TypeError, RecursionError):
                continue
        return found, complete


def _facts(work: FolderWork) -> dict[str, Any]:
    """Return what determines the meshes."""
    path = Path(work.checkpoint)
    path = path if path.suffix == SUFFIX else find_checkpoint(work.checkpoint)
    return {
        "onet": __version__,
        "sha256": hashlib.sha256(read_regular(path)).hexdigest(),
        "device": work.device,
        "settings": asdict(work.settings),
        "batch": asdict(work.batch),
    }


def _stamp(job: PhotoJob) -> list[Any]:
    """Return the hash of the photo and the size of its mesh, None where there is none."""
    try:
        assert job.photo.path is not None
        photo = hashlib.sha256(read_regular(job.photo.path)).hexdigest()
        return [photo, job.target.stat().st_size]
    except (OSError, AssertionError):
        return [None, None, str(job.photo)]
