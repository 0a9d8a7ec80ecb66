"""docs/scale.md computes with the figures that it and other pages show as measured."""

import json
import re
import subprocess
import sys
from importlib.util import module_from_spec, spec_from_file_location

import pytest

from tests.docs.pages import ROOT

SPEC = spec_from_file_location("scale", ROOT / "bench" / "scale.py")
scale = module_from_spec(SPEC)
SPEC.loader.exec_module(scale)
PAGE = (ROOT / scale.PAGE).read_text()


@pytest.mark.parametrize("name", scale.TABLES)
def test_a_table_is_what_the_program_computes(name):
    shown = re.search(rf"<!-- {name} -->\n(.*?)\n<!-- /{name} -->", PAGE, re.DOTALL)

    assert shown is not None
    assert shown[1] == scale.TABLES[name](), "try: python bench/scale.py --write"


@pytest.mark.parametrize("measured", scale.MEASURED, ids=lambda each: each.words)
def test_a_measured_figure_is_the_one_that_its_page_shows(measured):
    assert measured.is_shown((ROOT / measured.page).read_text())


def test_another_figure_than_the_one_that_is_shown_is_noticed():
    row = "| 2 processes | 336 | 1.93 |\n| `onet` | 0.27\n| 6.1 |"

    assert scale.Measured(6.1, "", "", "| `onet` | * | {} |").is_shown(row)
    assert not scale.Measured(6.2, "", "", "| `onet` | * | {} |").is_shown(row)
    assert not scale.Measured(336, "", "", "| 3 processes | {} |").is_shown(row)


def test_all_figures_are_compared_with_their_pages():
    every = [each for each in vars(scale).values() if isinstance(each, scale.Measured)]

    assert every == list(scale.MEASURED)


@pytest.mark.slow
def test_the_rows_of_the_official_zip_are_what_its_benchmark_prints(tmp_path):
    command = [sys.executable, str(ROOT / "bench/official_zip.py"), "--json"]
    command += [str(tmp_path / "rows.json"), "--members", "2800", "--objects", "1", "--pack", "25"]
    subprocess.run(command, check=True, capture_output=True)
    section = PAGE[PAGE.index("## The official zip") : PAGE.index("## Millions of files")]
    rows = re.findall(r"^\| ([^|]+) \|", section, re.MULTILINE)

    printed = [row["what"] for row in json.loads((tmp_path / "rows.json").read_text())["rows"]]
    assert [without_numbers(row) for row in rows] == [without_numbers(row) for row in printed]


def without_numbers(text):
    return re.sub(r"\d[\d ]*", "#", text)
