import pytest

from onet_cli.version import __version__
from tests.docs import pages, rewrite

PAGE = """# Page

    $ onet --version
    onet of old

<!-- run: numbers any -->
```
$ onet --version
onet 9.9.9

$ onet --version
...
```

Words below.
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    for module in (pages, rewrite):
        monkeypatch.setattr(module, "ROOT", tmp_path)
    (tmp_path / "page.md").write_text(PAGE)
    return tmp_path


def test_outputs_that_differ_are_mended_and_the_rest_stays(folder):
    said = rewrite.rewrite("page.md")

    assert (folder / "page.md").read_text() == PAGE.replace("onet of old", f"onet {__version__}")
    assert said == ["page.md:3: onet --version is rewritten"]
    assert rewrite.rewrite("page.md") == []


def test_with_all_numbers_that_are_not_compared_are_mended_too(folder):
    rewrite.rewrite("page.md", every=True)

    expected = PAGE.replace("onet of old", f"onet {__version__}").replace("9.9.9", __version__)
    assert (folder / "page.md").read_text() == expected
