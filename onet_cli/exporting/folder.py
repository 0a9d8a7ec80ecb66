"""Export of all meshes of a folder to one format."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from onet_cli.archives.files import FolderFiles
from onet_cli.errors import InvalidOptionError, OnetError
from onet_cli.exporting.export import export
from onet_cli.exporting.options import ExportOptions
from onet_cli.meshes.formats import is_mesh


@dataclass(frozen=True)
class Exported:
    """The result for one mesh: the lines that describe it, or an error."""

    source: Path
    target: Path
    lines: tuple[str, ...] = ()
    error: OnetError | None = None


def find_meshes(source: Path, target: Path, suffix: str) -> list[tuple[Path, Path]]:
    """Return the meshes below `source` with their targets, which keep their folders in `target`.

    Hidden files are left out, as is what lies in `target` if that is below `source`.

    Raises:
        InvalidOptionError: `source` is no folder, there is no mesh in it, or two meshes have the
            same target.
    """
    if not source.is_dir():
        raise InvalidOptionError(
            f"{source} is not a folder",
            hint=f"--to {suffix[1:]} converts a folder of meshes; for one, TARGET's suffix selects",
        )
    inside = target.resolve()
    targets: dict[Path, Path] = {}
    for name in FolderFiles(source).names():
        path = source / name
        if not is_mesh(name) or inside in path.resolve().parents:
            continue
        to = (target / name).with_suffix(suffix)
        if to in targets:
            raise InvalidOptionError(
                f"{targets[to]} and {path} would both be written to {to}",
                hint="export them one at a time",
            )
        targets[to] = path
    if not targets:
        raise InvalidOptionError(f"no meshes in {source}")
    return [(path, to) for to, path in targets.items()]


def export_meshes(files: list[tuple[Path, Path]], options: ExportOptions) -> Iterator[Exported]:
    """Yield the result of each mesh of `find_meshes`; a failure does not stop the others."""
    for source, target in files:
        try:
            yield Exported(source, target, tuple(export(str(source), target, options)))
        except OnetError as error:
            yield Exported(source, target, error=error)
