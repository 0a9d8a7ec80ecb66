"""Optional files next to a mesh: preview, turntable, viewer and debug images."""

from pathlib import Path

import numpy as np
from PIL import Image

from onet_cli.files import whole_file
from onet_cli.reconstruction.result import Reconstruction
from onet_cli.reconstruction.settings import Extras
from onet_cli.reconstruction.sidecar import DEBUG_SUFFIXES, sidecar_path
from onet_cli.shapes.photo import PreparedPhoto


def save_extras(
    extras: Extras,
    target: Path,
    photo: Image.Image,
    prepared: PreparedPhoto,
    result: Reconstruction,
    warnings: tuple[str, ...] = (),
) -> tuple[Path, ...]:
    """Write the files requested by `extras` next to the mesh file `target`; return their paths.

    Raises:
        OnetError: a file cannot be written.
    """
    written: list[Path] = []
    # Import drawing modules only if needed.
    if extras.preview:
        from onet_cli.reconstruction.cutout import mark_object
        from onet_cli.reconstruction.preview import Sight, save_preview

        known = result.viewpoint
        sight = None if known is None else Sight(known, result.agreement)
        marked, path = mark_object(photo, prepared.weight), sidecar_path(target, "preview")
        save_preview(marked, prepared.picture, result.mesh, path, sight)
        written.append(path)
    if extras.turntable:
        from onet_cli.reconstruction.turntable import save_turntable

        path = sidecar_path(target, "turntable")
        save_turntable(result.mesh, path, result.viewpoint)
        written.append(path)
    if extras.viewer:
        from onet_cli.reconstruction.facts import mesh_facts
        from onet_cli.reconstruction.viewer.page import Showcase, save_viewer

        facts = tuple(mesh_facts(result, result.mesh))
        showcase = Showcase(
            target.stem, photo, prepared.picture, result.mesh, facts, warnings, result.viewpoint
        )
        path = sidecar_path(target, "viewer")
        save_viewer(showcase, path)
        written.append(path)
    return tuple(written)


def save_debug(prepared: PreparedPhoto, folder: Path, stem: str) -> None:
    """Write the prepared photo to STEM.prepared.png, and the mask, if any, to STEM.mask.png."""
    seen, cut = DEBUG_SUFFIXES
    pictures = {stem + seen: prepared.picture}
    if prepared.weight is not None:
        grey = np.rint(prepared.weight * 255).astype(np.uint8)
        pictures[stem + cut] = Image.fromarray(grey)
    for name, picture in pictures.items():
        with whole_file(folder / name) as temporary:
            picture.save(temporary, format="PNG")
