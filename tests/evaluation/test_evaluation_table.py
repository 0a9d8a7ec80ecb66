import csv
import json

import pytest

from onet_cli.errors import InvalidOptionError
from onet_cli.evaluation.protocol import Protocol
from onet_cli.evaluation.report import (
    choose_format,
    from_json,
    render,
    to_csv,
    to_json,
    to_markdown,
    to_text,
)
from onet_cli.evaluation.scores import MeshMetrics, mean_metrics
from onet_cli.evaluation.settings import EvaluationSettings
from onet_cli.evaluation.table import EvaluationFacts, EvaluationTable, ObjectResult
from onet_cli.shapes.shape import ShapeId
from tests.evaluation.synthetic import CHAIR, NAMES, SOFA

FACTS = EvaluationFacts(
    protocol="strict",
    split="test",
    view=0,
    threshold=0.35,
    resolution=128,
    mesh_samples=100_000,
    f_score_distance=0.01,
    seed=0,
    checkpoint_path="best.safetensors",
    checkpoint_sha256="ab" * 32,
    model="onet-small",
    data_path="data",
    data_format_version=1,
    data_source="procedural",
    onet_version="0.1.0",
)


def metrics(iou, chamfer=0.02):
    return MeshMetrics(iou, chamfer, 0.01, 0.03, 0.8, 0.5)


def result(category, name, scores, failure=None):
    return ObjectResult(ShapeId(category, name), scores, 1000, 2000, failure)


def table(*results, unscored=()):
    return EvaluationTable(FACTS, results, NAMES, unscored)


def uneven_table():
    return table(
        result(CHAIR, "a", metrics(0.2)),
        result(CHAIR, "b", metrics(0.4)),
        result(SOFA, "c", metrics(0.9)),
    )


def paper_table():
    """Chair: one good, one empty; sofa: nothing but an empty one."""
    empty = Protocol.PAPER.rules.empty
    return table(
        result(CHAIR, "a", metrics(0.6, chamfer=0.02)),
        result(CHAIR, "b", empty, "no surface"),
        result(SOFA, "c", empty, "no surface"),
    )


def test_the_category_mean_weighs_categories_and_the_instance_mean_objects():
    scores = uneven_table()

    assert [c.metrics.iou for c in scores.categories] == pytest.approx([0.3, 0.9])
    assert scores.category_mean.iou == pytest.approx(0.6)
    assert scores.instance_mean.iou == pytest.approx(0.5)


def test_an_empty_mesh_has_no_part_in_the_papers_chamfer_but_in_all_else():
    scores = paper_table()
    chair, sofa = scores.categories

    assert (chair.objects, chair.empty, sofa.objects, sofa.empty) == (2, 1, 1, 1)
    assert chair.metrics.iou == pytest.approx(0.3)
    assert chair.metrics.chamfer_l1 == pytest.approx(0.02)
    assert chair.metrics.accuracy == pytest.approx((0.01 + 3**0.5) / 2)
    assert chair.metrics.normal_consistency == pytest.approx((0.8 - 1) / 2)
    assert sofa.metrics.chamfer_l1 is None
    assert scores.category_mean.chamfer_l1 == pytest.approx(0.02)
    assert scores.category_mean.iou == pytest.approx(0.15)
    assert scores.instance_mean.iou == pytest.approx(0.2)


def test_an_empty_mesh_raises_the_strict_chamfer():
    empty = Protocol.STRICT.rules.empty
    scores = table(result(CHAIR, "a", metrics(0.6)), result(CHAIR, "b", empty, "no surface"))

    assert scores.instance_mean.chamfer_l1 == pytest.approx((0.02 + 3**0.5) / 2)
    assert scores.instance_mean.normal_consistency == pytest.approx(0.4)


def test_means_do_not_depend_on_the_order_of_the_objects():
    scores = [metrics(value, value / 7) for value in (0.1, 0.7, 0.3, 1e-9, 0.9, 0.2)]

    assert mean_metrics(scores) == mean_metrics(scores[::-1])


def test_nothing_has_no_mean():
    with pytest.raises(ValueError, match="no scores"):
        mean_metrics([])


@pytest.mark.parametrize("make", [uneven_table, paper_table])
def test_a_table_comes_back_from_its_json(make):
    original = make()

    assert from_json(to_json(original)) == original


def test_json_names_raw_and_paper_units_and_what_the_scores_depend_on():
    data = json.loads(to_json(uneven_table()))

    assert data["instance_mean"]["chamfer_l1"] == pytest.approx(0.02)
    assert data["instance_mean"]["chamfer_l1_x10"] == pytest.approx(0.2)
    assert data["protocol"] == "strict"
    assert data["checkpoint_sha256"] == "ab" * 32
    assert data["objects"][0]["id"] == f"{CHAIR}/a"
    assert data["objects"][0]["occupancy_points"] == 1000
    assert data["categories"][1]["name"] == "sofa,couch,lounge"


def test_json_has_null_where_a_score_is_not_defined():
    data = json.loads(to_json(paper_table()))

    assert data["categories"][1]["metrics"]["chamfer_l1"] is None
    assert data["categories"][1]["metrics"]["chamfer_l1_x10"] is None


@pytest.mark.parametrize("text", ["nonsense", "[]", "{}", '{"format_version": 1}'])
def test_other_json_is_refused(text):
    with pytest.raises(InvalidOptionError, match="evaluation"):
        from_json(text)


def test_csv_has_a_line_for_each_category_and_mean():
    rows = list(csv.DictReader(to_csv(paper_table()).splitlines()))

    kinds = [row["row"] for row in rows]
    assert kinds == ["category", "category", "category mean", "instance mean"]
    assert rows[0]["category"] == CHAIR
    assert float(rows[0]["chamfer_l1"]) == pytest.approx(0.02)
    assert float(rows[0]["chamfer_l1_x10"]) == pytest.approx(0.2)
    assert rows[1]["chamfer_l1"] == ""
    assert {row["protocol"] for row in rows} == {"strict"}


def test_the_printed_tables_use_the_papers_unit_and_first_names():
    for text in (to_text(paper_table()), to_markdown(paper_table())):
        assert "tenths of the longest edge; 2 of 3 without a surface" in text
        assert "0.200" in text
        assert "sofa" in text
        assert "couch" not in text
        assert text.count(" - ") == 1  # the sofas' Chamfer-L1
        assert "category mean" in text
        assert "instance mean" in text


@pytest.mark.parametrize("form", ["table", "json", "csv", "markdown"])
def test_every_format_can_say_that_nothing_was_scored(form):
    assert render(table(unscored=((f"{CHAIR}/a", "damaged"),)), form)


def test_the_suffix_picks_the_format_unless_one_is_given(tmp_path):
    assert choose_format(None, None) == "table"
    assert choose_format(None, tmp_path / "scores.JSON") == "json"
    assert choose_format("csv", tmp_path / "scores.dat") == "csv"


@pytest.mark.parametrize("name", ["scores.dat", "nowhere/scores.json"])
def test_an_output_that_cannot_work_is_refused(tmp_path, name):
    with pytest.raises(InvalidOptionError) as caught:
        choose_format(None, tmp_path / name)

    assert caught.value.hint


@pytest.mark.parametrize("options", [{"view": 1}, {"resolution": 64}])
def test_the_paper_protocol_refuses_what_it_fixes(options):
    with pytest.raises(InvalidOptionError, match="is defined at"):
        EvaluationSettings(protocol=Protocol.PAPER, **options)


@pytest.mark.parametrize("options", [{"limit": 0}, {"view": -1}, {"seed": -1}])
def test_impossible_settings_are_refused(options):
    with pytest.raises(InvalidOptionError):
        EvaluationSettings(**options)
