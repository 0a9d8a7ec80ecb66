"""The pages that `make docs` makes a site of: all of them, with links that hold there."""

import importlib.util
import re

import pytest

import onet_cli
from tests.docs.pages import ROOT, pages
from tests.docs.test_links import LINK, without_code

NAVIGATION = re.findall(r": (\S+\.md)$", (ROOT / "mkdocs.yml").read_text(), re.MULTILINE)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    spec = importlib.util.spec_from_file_location("stage", ROOT / "docs" / "site" / "stage.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    folder = tmp_path_factory.mktemp("site")
    module.stage(folder)
    return folder


def test_the_navigation_names_every_page(site):
    assert set(pages()) <= set(NAVIGATION)
    assert all((site / name).is_file() for name in NAVIGATION)


def test_links_and_pictures_of_the_site_lead_to_files_in_it(site):
    lost = []
    for page in site.rglob("*.md"):
        for groups in LINK.findall(without_code(page.read_text())):
            target = (groups[0] or groups[1]).partition("#")[0]
            if target and ":" not in target and not (page.parent / target).is_file():
                lost.append((page.name, target))
    assert lost == []


def test_notes_for_tests_are_not_shown(site):
    for page in pages():
        assert not re.search(r"<!-- (not )?run", (site / page).read_text()), page


def test_every_public_function_is_on_the_page_of_the_api(site):
    named = re.findall(r"^::: onet_cli\.(\w+)$", (site / "docs/api.md").read_text(), re.MULTILINE)

    assert sorted(named) == [name for name in sorted(onet_cli.__all__) if name != "__version__"]
