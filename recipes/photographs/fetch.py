"""Copy the photographs of the table into a folder, from local clones and installed packages.

Usage: python recipes/photographs/fetch.py PICTURES FOLDER...

Each FOLDER is a clone (bare or not) or holds clones, named NAME, OWNER/NAME, OWNER-NAME or
OWNER+NAME; or it holds files of the table already, named ID.jpg or by their paths in the source.
Nothing is downloaded: what is missing is printed with the command that brings it. Every file is
compared with the table's checksum before it is written.
"""

import argparse
import hashlib
import importlib.util
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from table import Photograph, read_table


def main() -> None:
    """Read the command line and copy what can be found."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("pictures", type=Path)
    parser.add_argument("folders", type=Path, nargs="*")
    asked = parser.parse_args()
    asked.pictures.mkdir(parents=True, exist_ok=True)
    photographs = read_table()
    missing = [one for one in photographs if not copy(one, asked.pictures, asked.folders)]
    print(
        f"{len(photographs) - len(missing)} of {len(photographs)} photographs in {asked.pictures}"
    )
    for wanted in sorted({(one.source, one.version, one.is_repository) for one in missing}):
        print("missing: " + _advice(*wanted), file=sys.stderr)
    sys.exit(bool(missing))


def copy(photograph: Photograph, pictures: Path, folders: list[Path]) -> bool:
    """Write `photograph` into `pictures`; return False where no folder has it."""
    target = pictures / photograph.file
    for data in _found(photograph, [pictures, *folders]):
        if hashlib.sha256(data).hexdigest() == photograph.sha256:
            target.write_bytes(data)
            return True
    return False


def _found(photograph: Photograph, folders: list[Path]) -> Iterator[bytes]:
    """Yield the bytes of what may be `photograph`."""
    for folder in folders:
        for place in (folder / photograph.file, folder / photograph.path):
            if place.is_file():
                yield place.read_bytes()
    if not photograph.is_repository:
        yield from _from_package(photograph)
        return
    for clone in _clones(photograph.source, folders):
        shown = subprocess.run(
            ["git", "-C", clone, "show", f"{photograph.version}:{photograph.path}"],
            capture_output=True,
            check=False,
        )
        if shown.returncode == 0:
            yield shown.stdout


def _clones(source: str, folders: list[Path]) -> Iterator[Path]:
    """Yield the folders that may be clones of OWNER/NAME."""
    owner, name = source.split("/")
    for folder in folders:
        for inside in ("", source, name, f"{owner}-{name}", f"{owner}+{name}"):
            for end in ("", "repo"):
                if (folder / inside / end).is_dir():
                    yield folder / inside / end


def _from_package(photograph: Photograph) -> Iterator[bytes]:
    """Yield the file where the Python package is installed."""
    top, _, rest = photograph.path.partition("/")
    package = importlib.util.find_spec(top)
    for place in (package and package.submodule_search_locations) or ():
        if (Path(place) / rest).is_file():
            yield (Path(place) / rest).read_bytes()


def _advice(source: str, version: str, is_repository: bool) -> str:
    if is_repository:
        return f"git clone https://github.com/{source}  # has commit {version}"
    return f"pip install {source}=={version}"


if __name__ == "__main__":
    main()
