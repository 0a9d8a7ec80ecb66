"""The page of the shipped model in the user's cache, so that it is exported once."""

import hashlib
import os
from pathlib import Path

from onet_cli.exporting.options import SHIPPED_LICENCE, Note
from onet_cli.exporting.web.bundle import bundled_files
from onet_cli.exporting.web.site import DESCRIPTION, export_site, graphs_beside
from onet_cli.files import read_regular
from onet_cli.models.catalogue import DEFAULT_MODEL
from onet_cli.models.segmentation.network import GRAPH
from onet_cli.models.shipped import find_checkpoint
from onet_cli.version import __version__


def cache_folder() -> Path:
    """Return onet's folder in the user's cache, which need not exist."""
    given = os.environ.get("XDG_CACHE_HOME")
    return (Path(given) if given else Path.home() / ".cache") / "onet"


def cached_site(note: Note) -> Path:
    """Return the folder of the shipped model's page, exported if it is not in the cache.

    Raises:
        OnetError: as `export_site`.
    """
    checkpoint = find_checkpoint(DEFAULT_MODEL)
    digest = hashlib.sha256(__version__.encode())
    graphs = graphs_beside(checkpoint).values()
    for path in (*bundled_files().values(), checkpoint, *graphs, GRAPH):
        digest.update(read_regular(path))
    folder = cache_folder() / f"web-{digest.hexdigest()[:16]}"
    if not (folder / DESCRIPTION).is_file():
        note(f"copying the page and its model, once, to {folder}")
        export_site(checkpoint, DEFAULT_MODEL, folder, note, SHIPPED_LICENCE)
    return folder
