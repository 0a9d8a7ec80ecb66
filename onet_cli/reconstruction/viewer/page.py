"""Offline HTML viewer of one mesh and its photo."""

import base64
import html
import io
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from trimesh import Trimesh

from onet_cli.files import write_text
from onet_cli.geometry.mesh import COLOUR, CONFIDENCE
from onet_cli.geometry.nearest import nearest
from onet_cli.geometry.simplify import simplify
from onet_cli.reconstruction.stage import AZIMUTHS, ELEVATION, FROM_PHOTO, degrees, photo_captions
from onet_cli.reconstruction.viewer.encode import FARTHEST, pack_mesh
from onet_cli.reconstruction.viewer.frame import asset, frame, turn_buttons, viewer_scripts
from onet_cli.reconstruction.viewpoint import Viewpoint

FACES = 250_000
"""Maximum number of faces; larger meshes are simplified, as mobile browsers fail on them."""

EYE = (AZIMUTHS[0], ELEVATION)
PHOTO_SIDE = 480

_TOOLS = """<div class="tools">
<label><input type="checkbox" id="painted"{painted}> colours of the photo</label>
<label><input type="checkbox" id="colours"{known}> confidence</label>
<span class="scale">0 <i></i> 1</span>
<label><input type="checkbox" id="wireframe"> wireframe</label>
{turns}
<button type="button" id="reset">reset view</button>
</div>"""

_HELP = (
    "Drag to turn, click and scroll to zoom, double-click to reset; arrow keys and + - work too."
)


@dataclass(frozen=True)
class Showcase:
    """Contents of the page: the photo, the network input, a mesh, and facts about it.

    The initial view is the photo's `viewpoint`, if known.
    """

    title: str
    photo: Image.Image
    seen: Image.Image
    mesh: Trimesh
    facts: tuple[tuple[str, str], ...] = ()
    warnings: tuple[str, ...] = ()
    viewpoint: Viewpoint | None = None


def viewer_page(showcase: Showcase) -> str:
    """Return the page. The boxes for colours and confidence are disabled if there are none."""
    mesh, confidence = _light(showcase.mesh)
    doubt = np.zeros(len(mesh.vertices)) if confidence is None else 1 - confidence
    known = showcase.viewpoint
    eye = EYE if known is None else (known.azimuth_deg, known.elevation_deg)
    exhibit = {"mesh": pack_mesh(mesh, doubt * FARTHEST), "scale": FARTHEST, "eye": eye}
    pictures = _figure(showcase.photo, "photo") + _figure(showcase.seen, "seen by the network")
    warnings = "".join(
        f'<p class="warning">{html.escape(warning)}</p>' for warning in showcase.warnings
    )
    body = "\n".join(
        [
            f"<h1>{html.escape(showcase.title)}</h1>",
            _TOOLS.format(
                known=" disabled" if confidence is None else "",
                turns=_turns(known),
                painted=" checked" if COLOUR in mesh.vertex_attributes else " disabled",
            ),
            f'<div class="exhibit"><div>{pictures}{_facts(showcase.facts)}{warnings}</div>',
            '<div><canvas data-model="mesh" data-show="boxed" tabindex="0" role="img" '
            f'aria-label="the mesh"></canvas><p class="note">{_HELP}</p></div></div>',
        ]
    )
    return frame(showcase.title, asset("page.css"), body, viewer_scripts([exhibit]))


def _turns(known: Viewpoint | None) -> str:
    """Return buttons for the directions of the preview."""
    if known is not None:
        return turn_buttons(photo_captions(), FROM_PHOTO)
    return turn_buttons([degrees(a) for a in AZIMUTHS], [a - AZIMUTHS[0] for a in AZIMUTHS])


def save_viewer(showcase: Showcase, path: Path) -> None:
    """Write `viewer_page` to `path`, atomically.

    Raises:
        OnetError: the file cannot be written.
    """
    write_text(path, viewer_page(showcase))


def _light(mesh: Trimesh) -> tuple[Trimesh, NDArray[np.floating] | None]:
    """Return `mesh` with at most `FACES` faces, and the confidence of its vertices (V,) or None."""
    light = mesh
    if len(mesh.faces) > FACES:
        light = simplify(mesh, FACES)
        _, origin = nearest(np.asarray(light.vertices), np.asarray(mesh.vertices))
        for name, values in mesh.vertex_attributes.items():
            light.vertex_attributes[name] = np.asarray(values)[origin]
    confidence = light.vertex_attributes.get(CONFIDENCE)
    return light, None if confidence is None else np.asarray(confidence)


def _figure(picture: Image.Image, caption: str) -> str:
    small = picture.convert("RGBA")
    small.thumbnail((PHOTO_SIDE, PHOTO_SIDE))
    data = io.BytesIO()
    small.save(data, "WEBP", quality=85)
    uri = f"data:image/webp;base64,{base64.b64encode(data.getvalue()).decode('ascii')}"
    return f'<figure><img src="{uri}" alt="{caption}"><figcaption>{caption}</figcaption></figure>\n'


def _facts(facts: Iterable[tuple[str, str]]) -> str:
    rows = (f"<dt>{html.escape(name)}</dt><dd>{html.escape(text)}</dd>" for name, text in facts)
    return f"<dl>{''.join(rows)}</dl>"
