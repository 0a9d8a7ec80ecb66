"""Self-contained HTML documents with light and dark mode."""

import html
from collections.abc import Iterable, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

from onet_cli.reconstruction.viewer.frame import frame, viewer_scripts


def document(title: str, sections: Iterable[str], data: Any = None) -> str:
    """Return a page of `sections` (HTML) with sortable tables and, with `data`, mesh viewers.

    Its Content-Security-Policy forbids loading anything. `data` is JSON-ready data for `viewer.js`.
    """
    scripts = [f"<script>\n{asset('table.js')}</script>"]
    if data is not None:
        scripts += viewer_scripts(data)
    return frame(title, asset("style.css"), "\n".join(sections), scripts)


@cache
def asset(name: str) -> str:
    """Return the text of a file of this package."""
    return (files(__package__) / name).read_text(encoding="utf-8")


def section(heading: str, *content: str, about: str = "") -> str:
    """Return a section; `heading` and `about` are text, `content` is HTML."""
    note = f'<p class="note">{html.escape(about)}</p>\n' if about else ""
    body = "\n".join(content)
    return f"<section>\n<h2>{html.escape(heading)}</h2>\n{note}{body}\n</section>"


def figure(picture: str, caption: str) -> str:
    """Return a figure of `picture` (HTML) with a caption (text)."""
    return f"<figure>{picture}<figcaption>{html.escape(caption)}</figcaption></figure>"


def facts_list(facts: Iterable[tuple[str, str]]) -> str:
    """Return a list of names and values, all text."""
    entries = (f"<dt>{html.escape(k)}</dt><dd>{html.escape(v)}</dd>" for k, v in facts)
    return f"<dl>{''.join(entries)}</dl>"


def plain_table(header: Sequence[str], rows: Iterable[Sequence[str]], emphasised: int = 0) -> str:
    """Return a table of text; the last `emphasised` rows are its footer, second lines are small."""
    lines = [_row(row, "td") for row in rows]
    body = lines[: len(lines) - emphasised]
    foot = lines[len(lines) - emphasised :]
    tail = f"<tfoot>{''.join(foot)}</tfoot>" if foot else ""
    return (
        f'<div class="wide"><table><thead>{_row(header, "th")}</thead>'
        f"<tbody>{''.join(body)}</tbody>{tail}</table></div>"
    )


def sortable_table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table of text that can be sorted by its headings and filtered by words."""
    heads = "".join(
        f'<th scope="col"><button type="button">{html.escape(name)}</button></th>'
        for name in header
    )
    body = "\n".join(_row(row, "td") for row in rows)
    return (
        '<form class="filter"><input type="search" aria-label="Filter" '
        'placeholder="Filter by words in a row"> <output></output></form>\n'
        f'<div class="wide"><table class="sortable"><thead><tr>{heads}</tr></thead>\n'
        f"<tbody>\n{body}\n</tbody></table></div>"
    )


def _row(cells: Sequence[str], tag: str) -> str:
    lines = (html.escape(cell).partition("\n") for cell in cells)
    parts = (f"{first}<small>{rest}</small>" if rest else first for first, _, rest in lines)
    return "<tr>" + "".join(f"<{tag}>{part}</{tag}>" for part in parts) + "</tr>"
