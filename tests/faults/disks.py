"""Run commands on a full disk, then again with enough space, and compare the outputs.

`python -m tests.faults.disks --points 10` prints a table by command. The points are spread evenly
over the command's maximum use of disk space. The disk is a tmpfs; where that cannot be mounted, the
size of single files is limited instead. The command is also run on a read-only disk. Expected are
an error message with exit code 1, no partial file, and the outputs of an undisturbed run when the
command is run again with enough space.
"""

import argparse
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from tests.faults.commands import Case, contents, differences, fresh
from tests.faults.process import Command, Ended, limit_files, watch
from tests.faults.table import ONLY, Row, print_table

DISK_BYTES = 192 * 2**20
APPENDED = ("metrics.csv", "scores.json.partial")
"""Files written line by line; after an error they may have fewer lines."""

REASONS = ("No space left on device", "File too large")


class Disk:
    """A file system in memory at `root/disk`, with the cases' inputs linked into it."""

    def __init__(self, root: Path) -> None:
        self.place, self._filler = root / "disk", root / "disk/filler"
        self.place.mkdir(exist_ok=True)
        size = f"size={DISK_BYTES}"
        mount = ["mount", "-t", "tmpfs", "-o", size, "tmpfs", self.place]
        self.mounted = subprocess.run(mount, capture_output=True).returncode == 0
        if not (self.place / "inputs").exists():
            (self.place / "inputs").symlink_to(root / "inputs")

    def close(self) -> None:
        """Unmount it."""
        if self.mounted:
            subprocess.run(["umount", self.place], check=True)

    @property
    def used(self) -> int:
        """Bytes in use."""
        state = os.statvfs(self.place)
        return (state.f_blocks - state.f_bfree) * state.f_frsize

    def write_protect(self, on: bool) -> None:
        """Mount the disk read-only, or for writing again."""
        mode = "ro" if on else "rw"
        subprocess.run(["mount", "-o", f"remount,{mode}", self.place], check=True)

    def leave(self, room: int) -> None:
        """Fill the disk except for `room` bytes."""
        self._filler.touch()
        with self._filler.open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, max(DISK_BYTES - self.used - room, 1))

    def empty(self) -> None:
        """Remove the filler."""
        self._filler.unlink(missing_ok=True)


def try_disks(case: Case, disk: Disk, log: Path, points: int) -> Row:
    """Run a command on disks that are full at `points` points; return counts and failures."""
    full, whole = 0, fresh(case, disk.place / "whole")
    peak, before = 0, disk.used
    command = Command(case.going_on(whole), whole, log)

    def look() -> None:
        nonlocal peak
        peak = max(peak, disk.used - before)

    watch(command, whole, look)
    if (undisturbed := command.wait()).code:
        return [0, 0, 0], [f"undisturbed: {undisturbed.printed[-300:]}"]
    look()
    files = [path for path in whole.rglob("*") if path.is_file()]
    if not disk.mounted:
        peak = max(path.stat().st_size for path in files)
    expected = contents(whole)
    parts = {path.relative_to(whole).as_posix(): path.read_bytes() for path in files}
    shutil.rmtree(whole)
    broken = _read_only(case, disk, log)
    for point in range(points):
        room = int(peak * (point + 0.5) / points)
        folder = fresh(case, disk.place / "work")
        ended = _with_room(case, disk, folder, log, room)
        if ended.code == 0 and "error" not in ended.printed:
            continue
        full += 1
        wrong = [*_not_told(ended), *_half_files(folder, parts)]
        again = Command(case.going_on(folder), folder, log).wait()
        wrong += [f"then {text}" for text in differences(contents(folder), expected)]
        wrong += [f"then exit code {again.code}: {again.printed[-300:]}"] if again.code else []
        broken += [f"with {room} bytes: {'; '.join(wrong)}"] if wrong else []
    return [full, points - full, 0 if disk.mounted else points], broken


def _read_only(case: Case, disk: Disk, log: Path) -> list[str]:
    """Run a command on a read-only disk; return failed checks."""
    if not disk.mounted:
        return []
    folder = fresh(case, disk.place / "work")
    before = contents(folder)
    disk.write_protect(True)
    ended = Command(case.going_on(folder), folder, log).wait()
    disk.write_protect(False)
    wrong = differences(contents(folder), before)
    lines = [line for line in ended.printed.splitlines() if not line.startswith("  try: ")]
    if ended.code != 1 or len(lines) != 1 or "Read-only file system" not in lines[0]:
        wrong.append(f"exit code {ended.code}, said {ended.printed.strip()[-300:]!r}")
    return [f"read-only: {text}" for text in wrong]


def _with_room(case: Case, disk: Disk, folder: Path, log: Path, room: int) -> Ended:
    before: Callable[[], None] = lambda: None  # noqa: E731
    if disk.mounted:
        disk.leave(room)
    else:
        before = limit_files(room)
    ended = Command(case.going_on(folder), folder, log, before).wait()
    disk.empty()
    return ended


def _not_told(ended: Ended) -> list[str]:
    """Return failed checks of how a command ended on a full disk."""
    wrong = [] if ended.code == 1 else [f"exit code {ended.code}"]
    if "Traceback" in ended.printed:
        wrong.append(f"a traceback: {ended.printed.strip().splitlines()[-1][:200]}")
    elif not any(reason in ended.printed for reason in REASONS):
        wrong.append(f"said {ended.printed.strip()[-200:]!r}")
    return wrong


def _half_files(folder: Path, whole: dict[str, bytes]) -> list[str]:
    """Return temporary files, and files that are a prefix of the complete one."""
    wrong = []
    for path in folder.rglob("*"):
        name = path.relative_to(folder).as_posix()
        if not path.is_file() or path.name in APPENDED or "tfevents" in path.name:
            continue
        data = path.read_bytes()
        if path.suffix == ".lst" and data[-1:] in (b"", b"\n"):
            continue  # it names the shapes that were stored, in the order of the whole list
        if name.endswith(".tmp"):
            wrong.append(f"{name} is left over")
        elif not data or (data != whole.get(name) and whole.get(name, b"").startswith(data)):
            wrong.append(f"{name} is half a file")
    return wrong


def main() -> int:
    """Print a table of all commands; return 1 where one did not end as it should."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--points", type=int, default=10, help="of each command")
    parser.add_argument("--only", nargs="*", default=(), help=ONLY)
    options = parser.parse_args()

    def try_case(case: Case, root: Path) -> Row:
        disk = Disk(root)
        try:
            return try_disks(case, disk, root / "log", options.points)
        finally:
            disk.close()

    columns = "full at | had room at | by a limit of files"
    return print_table("tests.faults.disks", columns, try_case, options.only)


if __name__ == "__main__":
    raise SystemExit(main())
