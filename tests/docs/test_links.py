"""Relative links of all pages lead to files, and to headings that exist; all pictures are used."""

import re
from functools import cache
from pathlib import Path

import pytest

from tests.docs.pages import ROOT

LINK = re.compile(r"(?<!\\)\]\(([^()\s]*(?:\([^()\s]*\)[^()\s]*)*)\)|\b(?:src|href)=\"([^\"]*)\"")
PAGES = sorted(
    path.relative_to(ROOT).as_posix()
    for folder in ("", "docs", "ext", "examples", "recipes", "onet_cli/models")
    for path in (ROOT / folder).glob("**/*.md" if folder else "*.md")
)


def without_code(text: str) -> str:
    """Return Markdown without fenced blocks and code spans, whose brackets are no links."""
    text = re.sub(r"^ *```.*?^ *```", "", text, flags=re.MULTILINE | re.DOTALL)
    text = re.sub(r"^(?: {4}.*\n)+", "", text, flags=re.MULTILINE)
    return re.sub(r"`[^`\n]*`", "`code`", text)


def slug(heading: str) -> str:
    """Return the anchor that GitHub gives a heading."""
    words = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading).strip().lower()
    return re.sub(r"[^\w\- ]", "", words).replace(" ", "-")


@cache
def anchors(page: Path) -> set[str]:
    text = re.sub(r"^```.*?^```", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)
    found = [slug(one) for one in re.findall(r"^#+ (.*)$", text, re.MULTILINE)]
    named = re.findall(r"(?:id|name)=\"([^\"]*)\"", text)
    repeats = [f"{one}-{n}" for one in found for n in range(1, found.count(one))]
    return {*found, *repeats, *named}


@pytest.mark.parametrize("page", PAGES)
def test_every_relative_link_leads_to_what_exists(page):
    wrong = []
    for groups in LINK.findall(without_code((ROOT / page).read_text())):
        target = groups[0] or groups[1]
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        path = (ROOT / page).parent / name if name else ROOT / page
        missing = not path.exists() or ROOT not in (path.resolve(), *path.resolve().parents)
        if missing or (anchor and path.suffix == ".md" and anchor not in anchors(path)):
            wrong.append(target)
    assert wrong == []


def test_every_picture_of_the_docs_is_shown_on_a_page():
    shown = "".join((ROOT / page).read_text() for page in PAGES)
    pictures = [path for path in (ROOT / "docs" / "images").rglob("*") if path.is_file()]

    assert [path.name for path in pictures if path.name not in shown] == []
