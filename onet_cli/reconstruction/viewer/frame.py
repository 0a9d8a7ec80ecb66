"""Self-contained HTML pages that load nothing, and their interactive mesh viewers."""

import html
import json
from collections.abc import Iterable, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:;
 style-src 'unsafe-inline'; script-src 'unsafe-inline'">
<title>{title}</title>
<style>
{style}</style>
</head>
<body>
<main>
{body}
</main>
{scripts}
</body>
</html>
"""


def frame(title: str, style: str, body: str, scripts: Iterable[str] = ()) -> str:
    """Return an HTML page; `title` is text, `style` CSS, `body` and `scripts` HTML.

    It supports light and dark mode. Its Content-Security-Policy forbids loading anything.
    """
    return _PAGE.format(
        title=html.escape(title), style=style, body=body, scripts="\n".join(scripts)
    )


def turn_buttons(names: Sequence[str], turns: Sequence[float]) -> str:
    """Return buttons that turn all viewers of a page to azimuths `turns`, in degrees.

    Azimuths are relative to the initial view.
    """
    buttons = (
        f'<button type="button" data-turn="{turn:g}">{html.escape(name)}</button>'
        for name, turn in zip(names, turns, strict=True)
    )
    return f'<span class="turns">seen from {"".join(buttons)}</span>'


def viewer_scripts(exhibits: Any) -> list[str]:
    """Return the scripts that show `exhibits` in the viewers of a page.

    Args:
        exhibits: A JSON-ready list with an entry per element of class `exhibit`, in order: `eye`,
            azimuth and elevation in degrees; packed models `mesh`, `points` and `truth`; and
            `scale`, the maximum of the colour scale, by default 0.05. A canvas in such an element
            selects its model by `data-model` and its colouring by `data-show`: `prediction`
            (plain), `distance`, or by distance while the box `colours` is checked: `truth` or
            `boxed`.
    """
    # Escaping "<" prevents "</" and "<!--" from ending the script element.
    data = json.dumps(exhibits, allow_nan=False, separators=(",", ":")).replace("<", "\\u003c")
    return [
        f'<script type="application/json" id="exhibits">{data}</script>',
        f"<script>\n{asset('viewer.js')}</script>",
    ]


@cache
def asset(name: str) -> str:
    """Return the text of a file of this package."""
    return (files(__package__) / name).read_text(encoding="utf-8")
