"""Pages of one file: nothing is loaded, from disk or network; and the panes that show meshes."""

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
    """Return a page, light and dark; `title` is text, `style` CSS, `body` and `scripts` HTML.

    The page may load nothing: its Content-Security-Policy forbids it.
    """
    return _PAGE.format(
        title=html.escape(title), style=style, body=body, scripts="\n".join(scripts)
    )


def turn_buttons(names: Sequence[str], turns: Sequence[float]) -> str:
    """Return buttons that show all panes of a page from other sides, `turns` in degrees.

    They are counted from the direction that the page begins with; 0 is that itself.
    """
    buttons = (
        f'<button type="button" data-turn="{turn:g}">{html.escape(name)}</button>'
        for name, turn in zip(names, turns, strict=True)
    )
    return f'<span class="turns">seen from {"".join(buttons)}</span>'


def viewer_scripts(exhibits: Any) -> list[str]:
    """Return the scripts that fill the panes of a page with `exhibits`.

    Args:
        exhibits: A list, JSON-ready, with an entry for each element of the class `exhibit`, in
            their order: `eye`, azimuth and elevation in degrees; packed models under `mesh`,
            `points` and `truth`; and `scale`, the distance at the end of the colour scale, 0.05
            without. A canvas in such an element names its model in `data-model` and in `data-show`
            how it is coloured: `prediction` (plain), `distance`, or by distance while the box
            `colours` is checked: `truth` or `boxed`.
    """
    # In a script element only "</" and "<!--" could end or bend it.
    data = json.dumps(exhibits, allow_nan=False, separators=(",", ":")).replace("<", "\\u003c")
    return [
        f'<script type="application/json" id="exhibits">{data}</script>',
        f"<script>\n{asset('viewer.js')}</script>",
    ]


@cache
def asset(name: str) -> str:
    """Return the text of a file of this package."""
    return (files(__package__) / name).read_text(encoding="utf-8")
