"""The notebook in examples/ runs from its first cell to its last, as a notebook would run it."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
import trimesh
from PIL import Image

EXAMPLES = Path(__file__).parents[1] / "examples"
NOTEBOOK = json.loads((EXAMPLES / "check_model.ipynb").read_text())
CODE = [cell for cell in NOTEBOOK["cells"] if cell["cell_type"] == "code"]


def without_magics(source: str) -> str:
    """Return a cell as Python: `%pip` and `!` lines, which only a notebook knows, do nothing."""
    return re.sub(r"^(\s*)[%!].*$", r"\1pass", source, flags=re.MULTILINE)


@pytest.mark.slow
def test_the_notebook_makes_a_mesh_scores_and_codes(tmp_path, monkeypatch):
    (tmp_path / "photographs").symlink_to(EXAMPLES / "photographs")
    monkeypatch.chdir(tmp_path)
    shown: list[Image.Image] = []
    names: dict[str, object] = {"display": shown.append}

    for cell in CODE:
        exec(compile(without_magics("".join(cell["source"])), cell["id"], "exec"), names)

    mesh = trimesh.load("check_model/mesh.obj")
    assert mesh.is_watertight
    assert 0.4 < mesh.volume < 0.8  # a jar about as wide as high fills pi / 4 of its box
    assert [picture.size for picture in shown[:2]] == [(1200, 240), (960, 240)]
    assert all(np.asarray(picture.convert("L")).std() > 10 for picture in shown)
    scored = names["table"].objects
    assert len(scored) == 3
    assert all(0 <= one.metrics.iou <= 1 and one.metrics.closed == 1 for one in scored)
    assert np.load("check_model/codes.npz")["pca"].shape == (len(names["codes"].codes), 2)


def test_the_notebook_is_stored_without_outputs_and_its_first_cell_installs():
    assert all(cell["outputs"] == [] and cell["execution_count"] is None for cell in CODE)
    assert "%pip install --quiet onet-cli" in "".join(CODE[0]["source"])
