"""The processor cores that this process may use."""

import os
from functools import cache
from pathlib import Path

_GROUPS = Path("/sys/fs/cgroup")
_OWN = Path("/proc/self/cgroup")


def available_cores() -> int:
    """Return the number of cores that this process may use, at least 1.

    It is limited by the process's affinity (taskset, SLURM) and, on Linux, by the processor time of
    its control groups (`docker run --cpus`, Kubernetes), rounded up. Source of the format: "CPU
    Interface Files" in Linux' Documentation/admin-guide/cgroup-v2.rst.
    """
    known = hasattr(os, "sched_getaffinity")
    cores = len(os.sched_getaffinity(0)) if known else os.cpu_count() or 1
    return max(1, min(cores, _granted_cores(_OWN, _GROUPS) or cores))


@cache
def _granted_cores(own: Path, groups: Path) -> int | None:
    """Return the cores' worth of time of the least group above the process, None if unlimited."""
    try:
        lines = own.read_text().splitlines()
    except OSError:
        return None
    group = next((line[3:] for line in lines if line.startswith("0::")), None)
    if group is None:
        return None
    # In a container the own group is the root, and its path may be one that is not seen there.
    place = groups / group.lstrip("/")
    above = [place, *(parent for parent in place.parents if parent.is_relative_to(groups))]
    limits = [limit for limit in map(_limit, above) if limit is not None]
    return min(limits, default=None)


def _limit(group: Path) -> int | None:
    try:
        time, period = map(int, (group / "cpu.max").read_text().split())
    except (OSError, ValueError):  # no such group, or "max"
        return None
    return -(-time // period) if time > 0 and period > 0 else None
