"""Scores in files that were damaged or made up: refused in one line, or scored again."""

import json

import numpy as np
import pytest

from onet_cli.errors import InvalidOptionError
from onet_cli.evaluation.compare import compare_tables
from onet_cli.evaluation.journal import Journal
from onet_cli.evaluation.picture_frame import _read_placing
from onet_cli.evaluation.protocol import Protocol
from onet_cli.evaluation.report import from_json, render
from onet_cli.evaluation.tasks import Prediction, _predict
from onet_cli.geometry.mesh import make_mesh
from tests.evaluation.synthetic import sphere
from tests.evaluation.test_evaluation_table import FACTS, metrics, result, table

WHOLE = table(result("chair", "a", metrics(0.5)), result("sofa", "b", metrics(0.25)))


def with_score(name, value):
    data = json.loads(json.dumps(WHOLE.to_dict()))
    data["objects"][0]["metrics"][name] = value
    return json.dumps(data)


@pytest.mark.parametrize("value", [10**400, 1e308, -1e308, float("nan"), "0.5", [0.5], {}, True])
def test_a_score_that_is_no_usual_number_is_refused(value):
    with pytest.raises(InvalidOptionError):
        from_json(with_score("accuracy", value))


@pytest.mark.parametrize("curve", [[], [0.5], [0.1] * 50, [float("inf")] * 4])
def test_a_curve_of_another_length_is_refused(curve):
    with pytest.raises(InvalidOptionError):
        from_json(with_score("f_curve", curve))


def test_the_largest_scores_can_be_averaged_written_and_compared():
    found = from_json(with_score("accuracy", 1e15))

    for form in ("table", "json", "csv", "markdown", "latex"):
        assert render(found, form)
    assert compare_tables(found, WHOLE).differences


@pytest.mark.parametrize("value", [10**400, float("nan"), "x", None, [1], "\ud800"])
def test_a_journal_line_with_an_odd_score_is_scored_again(tmp_path, value):
    journal = Journal(tmp_path / "s.json", FACTS, lambda task: "same")
    journal.begin({})
    for each in WHOLE.objects:
        journal.add(each)
    journal.close(complete=False)
    head, first, second = journal.path.read_text().splitlines()
    entry = json.loads(first)
    entry["metrics"]["accuracy"] = value
    journal.path.write_text("\n".join([head, json.dumps(entry), second]) + "\n")

    assert [str(task.id) for task in journal.done()] == ["sofa/b"]


@pytest.mark.parametrize("text", ["[[1e400]]", f"[[{10**400}]]", "[]", "{}", "[" * 9999, "[[NaN]]"])
def test_an_odd_placing_is_refused(tmp_path, text):
    (tmp_path / "m.placing.json").write_text(text)

    with pytest.raises(InvalidOptionError):
        _read_placing(tmp_path / "m.ply")


def test_a_mesh_that_reaches_out_of_all_bounds_is_a_failure():
    ball = sphere()
    far = make_mesh(np.asarray(ball.vertices) * 1e300, np.asarray(ball.faces))

    failed = _predict(lambda: Prediction(far), Protocol.STRICT.rules)

    assert "reaches beyond" in failed.failure
    assert _predict(lambda: Prediction(ball), Protocol.STRICT.rules).failure is None
