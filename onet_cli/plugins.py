"""Encoders, decoders and sources that other packages register by entry points.

In the package's `pyproject.toml`:

    [project.entry-points."onet.encoders"]
    my-encoder = "my_package.encoder:MyEncoder"

Only what is asked for by name is imported.
"""

from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from onet_cli.errors import OnetError

ENCODERS = "onet.encoders"
DECODERS = "onet.decoders"
SOURCES = "onet.sources"


@cache
def find_plugins(group: str) -> dict[str, EntryPoint]:
    """Return the entry points of a group by name, of every installed package."""
    return {entry.name: entry for entry in entry_points(group=group)}


def load_plugin(group: str, name: str) -> Any:
    """Return what the entry point `name` of a group refers to.

    Raises:
        OnetError: its package cannot be imported, or has no such object.
    """
    entry = find_plugins(group)[name]
    try:
        return entry.load()
    except Exception as error:  # importing another's package may raise anything
        package = entry.dist.name if entry.dist else entry.module
        raise OnetError(
            f"{name!r} of the package {package} cannot be loaded: {error}",
            hint=f"update or uninstall {package}",
        ) from error
