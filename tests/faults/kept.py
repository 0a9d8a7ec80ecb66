"""Inputs that once broke a command, found by mutation: `tests/data/faults`."""

import tarfile
from pathlib import Path

KEPT = Path(__file__).parents[1] / "data" / "faults"


def kept_hdf5() -> dict[str, bytes]:
    """Return the damaged HDF5 files by name; packed, as all of them resemble one file."""
    with tarfile.open(KEPT / "hdf5.tar.xz") as archive:
        found = {member.name: archive.extractfile(member) for member in archive.getmembers()}
        return {name: file.read() for name, file in found.items() if file is not None}
