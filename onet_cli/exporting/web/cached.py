"""The page of the shipped model in the user's cache, so that it is exported once."""

import hashlib
import os
from pathlib import Path

from onet_cli.exporting.options import SHIPPED_LICENCE, Note
from onet_cli.exporting.web.bundle import bundled_files
from onet_cli.exporting.web.site import export_site
from onet_cli.files import read_regular
from onet_cli.models.catalogue import DEFAULT_MODEL
from onet_cli.models.checkpoint import load_checkpoint
from onet_cli.models.shipped import PRETRAINED
from onet_cli.version import __version__

LAST = "model/model.json"
"""A file whose presence shows that the folder is complete: it is moved there last."""


def cache_folder() -> Path:
    """Return onet's folder in the user's cache, which need not exist."""
    given = os.environ.get("XDG_CACHE_HOME")
    return (Path(given) if given else Path.home() / ".cache") / "onet"


def cached_site(note: Note) -> Path:
    """Return the folder of the shipped model's page, exported if it is not in the cache.

    Raises:
        OnetError: as `export_site`.
    """
    digest = hashlib.sha256(__version__.encode())
    for path in (*bundled_files().values(), PRETRAINED / f"{DEFAULT_MODEL}.safetensors"):
        digest.update(read_regular(path))
    folder = cache_folder() / f"web-{digest.hexdigest()[:16]}"
    if not (folder / LAST).is_file():
        note(f"exporting the model for the page, once, to {folder}")
        model = load_checkpoint(DEFAULT_MODEL, "cpu")
        export_site(model, DEFAULT_MODEL, folder, note, SHIPPED_LICENCE)
    return folder
