"""Copy the pages of the repository to a folder that mkdocs makes a site of.

Usage: python docs/site/stage.py FOLDER

The folder has the repository's layout, with README.md as its first page, so that links between
pages, and from pages to sources, hold in the site as they do in the repository. Links to folders
lead to their README.md. The page of the API names the public functions; mkdocstrings writes it.
"""

import argparse
import re
import shutil
import subprocess
from pathlib import Path, PurePosixPath

import onet_cli

ROOT = Path(__file__).parents[2]
LINK = re.compile(r"(\]\()([^()\s#]+)((?:#[^()\s]*)?\))")
IMAGE = re.compile(r"<img [^>]*src=\"([^\":]+)\"")
NOTE = re.compile(r"^ *<!-- (?:not )?run[: ].*-->\n+", re.MULTILINE)
API = "docs/api.md"


def tracked() -> list[str]:
    """Return the paths of all files that git knows or would add."""
    command = ["git", "-C", ROOT, "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return sorted(name for name in set(listed.split("\0")) if name and (ROOT / name).is_file())


def links(page: str, text: str) -> dict[str, str]:
    """Return the relative links of a page, and the files that they lead to."""
    found = {}
    for _, target, _ in LINK.findall(text):
        if re.match(r"[a-z]+:", target):
            continue
        path = (ROOT / page).parent.joinpath(target).resolve()
        path = path / "README.md" if (path / "README.md").is_file() else path
        if path.is_file() and ROOT in path.parents:
            found[target] = path.relative_to(ROOT).as_posix()
    return found


def relative(page: str, target: str) -> str:
    """Return the link from one file of the repository to another."""
    ups = len(PurePosixPath(page).parent.parts)
    return "../" * ups + target


def page_text(page: str) -> str:
    """Return a page as the site shows it: without notes of tests, folders named by their page."""
    text = NOTE.sub("", (ROOT / page).read_text())
    leads = links(page, text)

    def replace(match: re.Match[str]) -> str:
        target = leads.get(match[2])
        return match[0] if target is None else match[1] + relative(page, target) + match[3]

    return LINK.sub(replace, text)


def api() -> str:
    """Return the page of the public functions and classes."""
    names = [name for name in onet_cli.__all__ if not name.startswith("_")]
    blocks = "\n".join(f"::: onet_cli.{name}\n" for name in names)
    return f"# Python API\n\n{onet_cli.__doc__}\n\n{blocks}"


def stage(folder: Path) -> list[str]:
    """Write all pages and what they link to; return the pages."""
    files = tracked()
    pages = [name for name in files if name.endswith(".md")]
    copied = {name for name in files if name.startswith(("docs/images/", "docs/schemas/"))}
    for page in pages:
        text = page_text(page)
        _write(folder / page, text)
        copied |= {name for name in links(page, text).values() if name not in pages}
        shown = [PurePosixPath(page).parent / name for name in IMAGE.findall(text)]
        copied |= {str(path) for path in shown if (ROOT / path).is_file()}
    for name in sorted(copied):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, folder / name)
    _write(folder / API, api())
    return pages


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def main() -> None:
    """Read the command line and copy."""
    parser = argparse.ArgumentParser(description="Copy the pages that mkdocs makes a site of.")
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    shutil.rmtree(folder, ignore_errors=True)
    print(f"{len(stage(folder))} pages in {folder}")


if __name__ == "__main__":
    main()
