import csv
import json
from dataclasses import replace

import numpy as np
import pytest

from onet_cli.errors import InvalidOptionError
from onet_cli.evaluation.compare import compare_tables
from onet_cli.evaluation.latex import to_latex
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
from onet_cli.evaluation.settings import EvaluationSettings, parse_view
from onet_cli.evaluation.table import EvaluationFacts, EvaluationTable, ObjectResult
from onet_cli.evaluation.views import spread_over_views
from onet_cli.shapes.shape import ShapeId
from tests.evaluation.synthetic import CHAIR, NAMES, SOFA

FACTS = EvaluationFacts(
    protocol="strict",
    split="test",
    view=0,
    threshold=0.35,
    resolution=128,
    mesh_samples=100_000,
    f_score_distances=(0.005, 0.01, 0.02, 0.05),
    seed=0,
    checkpoint_path="best.safetensors",
    checkpoint_sha256="ab" * 32,
    model="onet-small",
    data_path="data",
    data_format_version=1,
    data_source="procedural",
    data_sha256="cd" * 32,
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


def test_csv_has_a_line_for_each_object_with_raw_distances():
    text = to_csv(
        table(*paper_table().objects, unscored=((f"{CHAIR}/z", "damaged"),)),
    )

    rows = list(csv.DictReader(text.splitlines()))

    assert [row["id"] for row in rows] == [f"{CHAIR}/a", f"{CHAIR}/b", f"{SOFA}/c", f"{CHAIR}/z"]
    assert float(rows[0]["chamfer_l1"]) == pytest.approx(0.02)
    assert float(rows[0]["chamfer_l1_x10"]) == pytest.approx(0.2)
    assert rows[1]["chamfer_l1"] == ""
    assert rows[1]["reason"] == "no surface"
    assert (rows[3]["row"], rows[3]["reason"]) == ("unscored", "damaged")


def test_the_printed_tables_use_the_papers_unit_and_first_names():
    for text in (to_text(paper_table()), to_markdown(paper_table())):
        assert "tenths of the longest edge; 2 of 3 without a surface" in text
        assert "0.200" in text
        assert "sofa" in text
        assert "couch" not in text
        assert text.count(" - ") == 1  # the sofas' Chamfer-L1
        assert "category mean" in text
        assert "instance mean" in text


@pytest.mark.parametrize("form", ["table", "json", "csv", "markdown", "latex"])
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
    with pytest.raises(InvalidOptionError, match="requires"):
        EvaluationSettings(protocol=Protocol.PAPER, **options)


def test_views_of_one_object_count_as_one_object_and_as_one_draw_of_the_interval():
    views = [
        replace(result(CHAIR, name, metrics(iou)), view=view)
        for name in "ab"
        for view, iou in enumerate((0.2, 0.4, 0.9))
    ]
    scores = table(*views)

    assert scores.object_count == 2
    assert scores.categories[0].objects == 2
    # Both objects have the same mean, so that drawing objects anew changes nothing.
    interval = scores.interval("iou", by_category=False)
    assert interval.low == pytest.approx(interval.high) == pytest.approx(0.5)


def test_the_interval_of_the_category_mean_draws_within_categories():
    scores = table(
        *(result(CHAIR, str(i), metrics(0.2)) for i in range(9)), result(SOFA, "x", metrics(0.8))
    )

    interval = scores.interval("iou", by_category=True)

    assert interval.low == pytest.approx(0.5)
    assert interval.high == pytest.approx(0.5)


def test_the_spread_over_views_is_that_within_objects():
    results = [
        replace(result(CHAIR, name, metrics(base + step)), view=view, azimuth_deg=90.0 * view)
        for name, base in (("a", 0.2), ("b", 0.6))
        for view, step in enumerate((0.0, 0.2))
    ]

    spread = spread_over_views(results)

    assert spread.objects == 2
    assert spread.deviation == pytest.approx(0.1)
    assert (spread.worst, spread.best) == (pytest.approx(0.4), pytest.approx(0.6))
    assert [(s.centre_deg, s.views) for s in spread.sectors] == [(0.0, 2), (90.0, 2)]
    assert [s.iou for s in spread.sectors] == pytest.approx([0.4, 0.6])
    assert spread_over_views(results[:1]) is None


def test_the_literature_stands_beside_the_papers_protocol_and_nowhere_else():
    paper = EvaluationTable(replace(FACTS, protocol="paper"), uneven_table().objects, NAMES)

    text = render(paper, "table", reference=True)

    assert "ONet (paper)" in text
    # Our category mean of 0.6 is 0.029 above the paper's 0.571.
    assert "+0.029" in text
    with pytest.raises(InvalidOptionError, match="paper's protocol"):
        render(uneven_table(), "table", reference=True)
    strange = EvaluationTable(
        replace(FACTS, protocol="paper"), (result("bath", "a", metrics(0.5)),), {"bath": "bath"}
    )
    with pytest.raises(InvalidOptionError, match="'bath'"):
        render(strange, "markdown", reference=True)


def test_latex_marks_the_best_of_each_column_and_escapes_names():
    best = metrics(0.95, chamfer=0.5)
    paper = EvaluationTable(
        replace(FACTS, protocol="paper", model="a_b & c"), (result(CHAIR, "a", best),), NAMES
    )

    text = to_latex(paper, reference=True)

    assert r"a\_b \& c (mean) & \textbf{0.950} & 5.000 & 0.800 \\" in text
    assert r"AtlasNet & -- & \textbf{0.175}" in text
    assert r"\textbf{0.840}" in text
    assert text.count(r"\textbf") == 3
    assert text.startswith(r"\begin{tabular}")


def test_a_comparison_is_paired_by_object():
    rng = np.random.default_rng(0)
    base = rng.random(60) * 0.5
    first = table(*(result(CHAIR, str(i), metrics(v)) for i, v in enumerate(base)))
    second = table(
        *(result(CHAIR, str(i), metrics(v + 0.05, chamfer=0.01)) for i, v in enumerate(base)),
        result(CHAIR, "only here", metrics(0.0)),
    )

    comparison = compare_tables(first, second)
    iou, chamfer = comparison.differences[:2]

    # The objects differ by far more than the gain, which pairing makes visible all the same.
    assert iou.second - iou.first == pytest.approx(0.05)
    assert iou.interval.low == pytest.approx(0.05)
    assert iou.decided
    assert (iou.better, iou.worse, iou.objects) == (60, 0, 60)
    assert (chamfer.better, chamfer.worse) == (60, 0)
    assert any("1 objects" in warning for warning in comparison.warnings)


def test_a_comparison_warns_of_what_was_measured_otherwise():
    other = EvaluationTable(replace(FACTS, view="all"), uneven_table().objects, NAMES)

    assert compare_tables(uneven_table(), uneven_table()).warnings == ()
    assert any("view: 0 and all" in w for w in compare_tables(uneven_table(), other).warnings)
    with pytest.raises(InvalidOptionError, match="no common"):
        compare_tables(uneven_table(), table(result(SOFA, "zz", metrics(0.1))))


def test_a_view_is_a_number_or_a_word():
    assert [parse_view(text) for text in ("0", "23", "random", "all")] == [0, 23, "random", "all"]
    for text in ("-1", "first", "1.5", ""):
        with pytest.raises(InvalidOptionError, match="no view"):
            parse_view(text)


@pytest.mark.parametrize("options", [{"limit": 0}, {"view": -1}, {"seed": -1}])
def test_impossible_settings_are_refused(options):
    with pytest.raises(InvalidOptionError):
        EvaluationSettings(**options)


def test_no_name_changes_what_a_table_means():
    name = r"=HYPERLINK(1)|<b>[x](y)*`\~^_"
    odd = replace(table(result("odd", "=a|b", metrics(0.5))), names={"odd": name})

    assert "'=HYPERLINK" in to_csv(odd)
    assert ",=HYPERLINK" not in to_csv(odd)
    assert r"\|&lt;b>\[x](y)\*\`\\" in to_markdown(odd)
    assert r"\textbackslash{}\textasciitilde{}\textasciicircum{}\_" in to_latex(odd)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("facts", {"resolution": "128"}),
        ("facts", {"f_score_distances": [[]]}),
        ("facts", {"model": None}),
        ("facts", {"threshold": "x"}),
        ("metrics", {"iou": "0.5"}),
        ("metrics", {"iou": float("inf")}),
        ("metrics", {"f_curve": 5}),
        ("metrics", {"components": None}),
        ("object", {"id": 5}),
        ("object", {"id": "no-slash"}),
        ("object", {"view": "0"}),
        ("object", {"metrics": []}),
        ("object", {"other": 1}),
        ("facts", {"names": {"a": 5}}),
        ("facts", {"names": 5}),
        ("facts", {"unscored": [5]}),
        ("facts", {"objects": 5}),
        ("facts", {"objects": [5]}),
    ],
)
def test_json_of_other_types_is_refused_in_one_line(key, value):
    data = table(result("chair", "a", metrics(0.5))).to_dict()
    entry = data["objects"][0]
    {"facts": data, "object": entry, "metrics": entry["metrics"]}[key].update(value)

    with pytest.raises(InvalidOptionError) as caught:
        from_json(json.dumps(data))
    assert "\n" not in str(caught.value)


def test_deep_json_is_refused():
    with pytest.raises(InvalidOptionError, match="not JSON"):
        from_json("[" * 100_000)
