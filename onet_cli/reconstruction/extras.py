"""What may be written beside a mesh: pictures of it, a page to turn it, what the network saw."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from onet_cli.files import whole_file
from onet_cli.reconstruction.facts import mesh_facts
from onet_cli.reconstruction.generator import Reconstruction
from onet_cli.reconstruction.preview import SUFFIX as PREVIEW_SUFFIX
from onet_cli.reconstruction.preview import preview_path, save_preview
from onet_cli.reconstruction.turntable import SUFFIX as TURNTABLE_SUFFIX
from onet_cli.reconstruction.turntable import save_turntable, turntable_path
from onet_cli.reconstruction.viewer.page import Showcase, save_viewer, viewer_path
from onet_cli.shapes.photo import PreparedPhoto

DEBUG_SUFFIXES = (".prepared.png", ".mask.png")
OWN_SUFFIXES = (PREVIEW_SUFFIX, TURNTABLE_SUFFIX, *DEBUG_SUFFIXES)
"""Pictures that earlier runs wrote: no photos, where a folder or glob holds them."""


@dataclass(frozen=True)
class Extras:
    """Which of them: a PNG of all at a glance, a GIF that turns, a page to turn the mesh."""

    preview: bool = False
    turntable: bool = False
    viewer: bool = False


def save_extras(
    extras: Extras,
    target: Path,
    photo: Image.Image,
    prepared: PreparedPhoto,
    result: Reconstruction,
    warnings: tuple[str, ...] = (),
) -> None:
    """Write what `extras` asks for beside the mesh file `target`.

    Raises:
        OnetError: a file cannot be written.
    """
    if extras.preview:
        save_preview(photo, prepared.picture, result.mesh, preview_path(target))
    if extras.turntable:
        save_turntable(result.mesh, turntable_path(target))
    if extras.viewer:
        facts = tuple(mesh_facts(result, result.mesh))
        showcase = Showcase(target.stem, photo, prepared.picture, result.mesh, facts, warnings)
        save_viewer(showcase, viewer_path(target))


def save_debug(prepared: PreparedPhoto, folder: Path, stem: str) -> None:
    """Write what the network sees to STEM.prepared.png, and what was cut out to STEM.mask.png."""
    seen, cut = DEBUG_SUFFIXES
    pictures = {stem + seen: prepared.picture}
    if prepared.weight is not None:
        grey = np.rint(prepared.weight * 255).astype(np.uint8)
        pictures[stem + cut] = Image.fromarray(grey)
    for name, picture in pictures.items():
        with whole_file(folder / name) as temporary:
            picture.save(temporary, format="PNG")
