"""Shards of a data set: their reports in OUT/shards, and the merged report."""

import hashlib
import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from onet_cli.errors import OnetError, StoreError
from onet_cli.execution.shards import Shard, complete_shards
from onet_cli.files import read_text
from onet_cli.shapes.shape import ShapeId

REPORT = "preprocess.json"


def shard_folder(out: Path, shard: Shard) -> Path:
    """Return the folder with the report of a shard."""
    return out / "shards" / shard.name


def require_merged(out: Path) -> None:
    """Check that the data set has no shards that are not merged.

    Raises:
        StoreError: it has.
    """
    if next((out / "shards").glob(f"*-of-*/{REPORT}"), None) is not None:
        raise StoreError(
            f"{out} has shards that are not merged",
            hint=f"add --merge once all are finished, or delete {out / 'shards'}",
        )


def digest_of(ids: Sequence[ShapeId]) -> str:
    """Return a hash of the objects that are divided into shards."""
    return hashlib.sha256("\n".join(map(str, ids)).encode()).hexdigest()


def read_reports(out: Path, ids: Sequence[ShapeId], options: dict[str, Any]) -> list[Any]:
    """Return the reports of all shards.

    Raises:
        OnetError: shards are missing, overlap, are incomplete, or were made from other objects or
            with other options.
    """
    paths = [path.parent for path in (out / "shards").glob(f"*/{REPORT}")]
    reports = []
    for folder in complete_shards(paths):
        try:
            report = json.loads(read_text(folder / REPORT))
        except (OSError, ValueError) as error:
            raise StoreError(f"{folder / REPORT} cannot be read: {error}") from error
        if not report.get("complete"):
            raise OnetError(
                f"the shard {folder.name} is not complete",
                hint="run it again with --shard: it resumes",
            )
        same = report.get("objects") == digest_of(ids) and report.get("options") == options
        if not same:
            raise OnetError(
                f"the shard {folder.name} was made from other objects or with other options",
                hint="merge with the options of the shards",
            )
        reports.append(report)
    return reports


def remove_shards(out: Path) -> None:
    """Remove the reports of merged shards."""
    shutil.rmtree(out / "shards", ignore_errors=True)
