"""Shards: every n-th object, for jobs that do not know of each other. Loads no dependency."""

import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, TypeVar

from onet_cli.errors import InvalidOptionError, OnetError
from onet_cli.options import RARE
from onet_cli.setting import Setting

Item = TypeVar("Item")

_NAME = re.compile(r"([0-9]+)-of-([0-9]+)")


@dataclass(frozen=True)
class Shard:
    """The shard `index`, counted from 1, of `count`."""

    index: int
    count: int

    @property
    def name(self) -> str:
        """The shard in file names: 2-of-8."""
        return f"{self.index}-of-{self.count}"

    def beside(self, output: Path) -> Path:
        """Return the file of this shard of `output`, next to it."""
        return output.with_name(f"{output.name}.{self.name}")

    def take(self, items: Sequence[Item]) -> Sequence[Item]:
        """Return the items of this shard, in order."""
        return items[self.index - 1 :: self.count]


def parse_shard(text: str) -> Shard:
    """Parse a shard such as `2/8`.

    Raises:
        InvalidOptionError: it is none.
    """
    index, _, count = text.partition("/")
    if index.isdecimal() and count.isdecimal() and 1 <= int(index) <= int(count):
        return Shard(int(index), int(count))
    raise InvalidOptionError(
        f"{text!r} is not a shard", hint="give a number from 1 and the count: 2/8"
    )


ShardOption = Annotated[
    Shard | None,
    Setting("Process only this shard, such as 2/8.", RARE, metavar="I/N", parse=parse_shard),
]
Merge = Annotated[bool, Setting("Merge the finished shards.", RARE)]


def check_shard_options(shard: Shard | None, merge: bool) -> None:
    """Raise InvalidOptionError if both --shard and --merge are given."""
    if shard is not None and merge:
        raise InvalidOptionError(
            "--shard excludes --merge", hint="run all shards, then once with --merge"
        )


def complete_shards(paths: Iterable[Path], prefix: str = "") -> list[Path]:
    """Return the paths of the shards 1 to n, in order; their names are `prefix` + `Shard.name`.

    Raises:
        OnetError: there are none, some are missing, or they are of different divisions.
    """
    found: dict[Shard, Path] = {}
    for path in paths:
        match = _NAME.fullmatch(path.name.removeprefix(prefix))
        if match is not None and path.name.startswith(prefix):
            found[Shard(int(match[1]), int(match[2]))] = path
    if not found:
        raise OnetError("there are no shards to merge", hint="run each with --shard I/N first")
    counts = sorted({shard.count for shard in found})
    if len(counts) > 1:
        overlapping = " and ".join(map(str, counts))
        raise OnetError(
            f"there are shards of {overlapping}, which overlap",
            hint=f"delete those that do not belong here: {min(found.values(), key=str)} ...",
        )
    wanted = [Shard(index, counts[0]) for index in range(1, counts[0] + 1)]
    missing = [shard for shard in wanted if shard not in found]
    if missing:
        names = ", ".join(f"{shard.index}/{shard.count}" for shard in missing[:8])
        more = " ..." if len(missing) > 8 else ""
        raise OnetError(
            f"{len(missing)} of {counts[0]} shards are missing: {names}{more}",
            hint="run them with --shard, then merge again",
        )
    return [found[shard] for shard in wanted]


def shards_beside(output: Path) -> list[Path]:
    """Return the files of all shards next to `output`, in order.

    Raises:
        OnetError: as `complete_shards`.
    """
    return complete_shards(output.absolute().parent.iterdir(), f"{output.name}.")


def remove_shards_beside(output: Path) -> None:
    """Remove the files of the merged shards next to `output`."""
    for path in shards_beside(output):
        with suppress(OSError):
            path.unlink()
