"""docs/architecture.md says what is there."""

import re
from pathlib import Path

import pytest

import onet_cli

PACKAGE = Path(onet_cli.__file__).parent
DOCUMENT = PACKAGE.parent / "docs" / "architecture.md"
needs_checkout = pytest.mark.skipif(not DOCUMENT.is_file(), reason="the package is installed alone")


def named_files() -> list[str]:
    return re.findall(r"`([a-z_/]+\.pyx?)`", DOCUMENT.read_text(encoding="utf-8"))


@needs_checkout
def test_every_file_that_the_map_names_exists():
    names = named_files()
    assert len(names) > 60
    places = (PACKAGE, PACKAGE.parent)
    assert [n for n in names if not any((place / n).is_file() for place in places)] == []


@needs_checkout
def test_every_package_is_on_the_map():
    packages = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    table = DOCUMENT.read_text(encoding="utf-8").partition("## Paths")[0]
    rows = {found.split("/")[0] for found in re.findall(r"(?m)^\| `([a-z_/]+)`", table)}
    assert packages - {"commands"} == rows
    # The line of layers, which import-linter keeps true, names each of them too.
    assert {name for name in packages if f" {name}" not in table.replace("\n", " ")} == set()


@needs_checkout
def test_each_file_on_a_path_is_imported_by_the_package():
    text = "\n".join(path.read_text(encoding="utf-8") for path in PACKAGE.rglob("*.py"))
    for name in named_files():
        module = "onet_cli." + name.removesuffix(".py").replace("/", ".")
        if not (PACKAGE / name).is_file():
            continue
        parent, _, leaf = module.rpartition(".")
        assert f"from {module} import" in text or re.search(
            rf"from {re.escape(parent)} import [^\n]*\b{leaf}\b", text
        ), f"nothing imports {module}"
