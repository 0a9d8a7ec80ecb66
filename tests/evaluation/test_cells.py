"""Cells, titles and notes of tables whose numbers follow from a few scores."""

from dataclasses import replace

import pytest

from onet_cli.errors import InvalidOptionError
from onet_cli.evaluation.cells import (
    EXTENDED_HEADER,
    HEADER,
    comparison_cells,
    comparison_title,
    comparison_verdict,
    extended_cells,
    table_cells,
    table_notes,
    table_title,
)
from onet_cli.evaluation.compare import Comparison, Difference, compare_tables
from onet_cli.evaluation.intervals import Interval
from onet_cli.evaluation.table import EvaluationTable
from tests.evaluation.synthetic import CHAIR, NAMES, SOFA
from tests.evaluation.test_evaluation_table import FACTS, metrics, result, table, uneven_table

DIFFERENCE = Difference("iou", 0.5, 0.56, Interval(0.01, 0.11), 7, 3, 10)


def test_cells_are_those_of_categories_and_of_both_means_in_the_papers_unit():
    cells = table_cells(uneven_table())

    rest = ["0.200", "0.100", "0.300", "0.800", "0.500"]
    assert cells == [
        ["chair", "2", "0.300", *rest],
        ["sofa", "1", "0.900", *rest],
        ["category mean", "3", "0.600", *rest],
        ["instance mean", "3", "0.500", *rest],
    ]
    assert all(len(row) == len(HEADER) for row in cells)


def test_a_table_without_objects_has_no_cells_and_no_notes():
    assert table_cells(table()) == []
    assert table_notes(table()) == []


def test_the_second_table_has_the_means_of_what_is_defined_and_dashes_else():
    one, other = replace(metrics(0.5), agreement=0.8), replace(metrics(0.5), agreement=0.6)

    cells = extended_cells(table(result(CHAIR, "a", one), result(CHAIR, "b", other)))

    assert [row[0] for row in cells] == ["categories", "instances"]
    assert [row[1:] for row in cells] == [[*["-"] * 5, "0.700"]] * 2
    assert all(len(row) == len(EXTENDED_HEADER) for row in cells)
    assert extended_cells(uneven_table()) == []


def test_the_title_tells_settings():
    objects = uneven_table().objects

    def title(**facts):
        return table_title(EvaluationTable(replace(FACTS, **facts), objects, NAMES))

    assert title() == (
        "onet-small, strict protocol, test split, view 0, threshold 0.35, 128 cells; "
        "distances in tenths of the longest edge"
    )
    assert "all views, adaptive threshold 0.35, 128" in title(view="all", adaptive=True)
    assert "view random, 128 cells; meshes placed somehow; rot" in title(
        view="random", threshold=None, placing="somehow", align="yaw"
    )
    assert "rotated" not in title(align="none")


def test_the_title_counts_what_has_no_surface():
    failed = table(result(CHAIR, "a", metrics(0.0), "no surface"), result(CHAIR, "b", metrics(1.0)))

    assert table_title(failed).endswith("; 1 of 2 without a surface")


def test_published_scores_follow_with_our_difference_from_the_papers():
    paper = EvaluationTable(replace(FACTS, protocol="paper"), uneven_table().objects, NAMES)

    cells = table_cells(paper, reference=True)[4:]

    # Means of 0.6, 0.2 and 0.8; the paper has 0.571, 0.215 and 0.834 (Mescheder et al., table 1).
    last = ["ours - ONet (paper)", "", "+0.029", "-0.015", "", "", "-0.034", ""]
    assert cells[-1] == last
    assert ["ONet (paper)", "", "0.571", "0.215", "", "", "0.834", ""] in cells
    assert all(len(row) == len(HEADER) for row in cells)


def test_published_scores_stand_beside_no_other_protocol():
    with pytest.raises(InvalidOptionError, match="paper's protocol"):
        table_cells(uneven_table(), reference=True)


def test_a_difference_from_what_is_not_defined_is_a_dash():
    undefined = result(CHAIR, "a", replace(metrics(0.6), chamfer_l1=None))
    paper = EvaluationTable(replace(FACTS, protocol="paper"), (undefined,), NAMES)

    assert table_cells(paper, reference=True)[-1][2:4] == ["+0.029", "-"]


@pytest.mark.parametrize("network", [None, 0.7125])
def test_notes_tell_the_networks_own_iou_where_it_is_known(network):
    scores = replace(metrics(0.5), network_iou=network)

    notes = table_notes(table(result(CHAIR, "a", scores)))

    told = [note for note in notes if note.startswith("IoU of the network")]
    assert told == (
        ["IoU of the network at the same points, not of its mesh: 0.713"] * bool(network)
    )


def test_notes_tell_how_many_meshes_are_closed_and_in_how_many_components():
    whole = replace(metrics(0.5), closed=1.0, components=1.0, largest_share=1.0)
    parts = replace(metrics(0.5), closed=0.0, components=2.0, largest_share=0.75)

    notes = table_notes(table(result(CHAIR, "a", whole), result(CHAIR, "b", parts)))

    expected = (
        "meshes: 50.0% closed, 1.5 components on average, the largest with 87.5% of the volume"
    )
    assert expected in notes
    alone = table_notes(table(result(CHAIR, "a", whole)))
    assert any(note.startswith("meshes: 100.0% closed, 1.0 components") for note in alone)
    assert not any("closed" in note for note in table_notes(uneven_table()))


def test_the_last_note_tells_where_the_scores_come_from():
    path = replace(uneven_table(), facts=replace(FACTS, checkpoint_sha256=""))
    rest = "data cdcdcdcdcdcd, 100000 points per mesh, seed 0"

    assert table_notes(uneven_table())[-1] == f"onet 0.1.0, checkpoint abababababab, {rest}"
    assert table_notes(path)[-1] == f"onet 0.1.0, checkpoint best.safetensors, {rest}"


def test_notes_tell_the_spread_over_views():
    views = [
        replace(result(CHAIR, "a", metrics(iou)), view=n, azimuth_deg=90.0 * n)
        for n, iou in enumerate((0.4, 0.6))
    ]

    notes = table_notes(table(*views))

    assert any(
        "deviation of 0.100 and ranges from 0.400 to 0.600 on average" in note for note in notes
    )
    assert "IoU by azimuth in degrees (0: front): 0: 0.400, 90: 0.600" in notes


@pytest.mark.parametrize(("low", "star"), [(0.01, "*"), (-0.01, "")])
def test_a_comparison_has_both_scores_their_difference_and_its_interval(low, star):
    difference = replace(DIFFERENCE, interval=Interval(low, 0.11))
    comparison = Comparison("a", "b", (difference,), ())

    (row,) = comparison_cells(comparison)

    interval = f"{low:+.3f} .. +0.110"
    assert row == ["IoU", "0.5000", "0.5600", f"+0.0600{star}", interval, "7", "3"]
    assert comparison_title(comparison, "old", "new") == "new minus old, paired over 10 objects"
    assert comparison_title(Comparison("a", "b", (), ()), "old", "new").endswith("over 0 objects")


@pytest.mark.parametrize(
    ("own", "verdict"),
    [
        (0.8, "net beats the retrieval baseline: IoU +0.300"),
        (0.3, "net loses to the retrieval baseline: IoU -0.200"),
        (0.5, "net does not differ significantly from the retrieval baseline: IoU +0.000"),
    ],
)
def test_a_model_is_told_whether_it_beats_retrieval_on_whichever_side_it_stands(own, verdict):
    def scored(model, iou):
        made = table(*(result(CHAIR, name, metrics(iou)) for name in "abcd"))
        return replace(made, facts=replace(made.facts, model=model))

    retrieval, net = scored("baseline:retrieval", 0.5), scored("net", own)

    assert comparison_verdict(compare_tables(retrieval, net)) == verdict
    assert comparison_verdict(compare_tables(net, retrieval)) == verdict
    assert comparison_verdict(compare_tables(net, net)) == ""
    assert comparison_verdict(compare_tables(retrieval, retrieval)) == ""


def test_an_interval_says_where_categories_of_one_object_make_it_too_narrow():
    pair = [result(CHAIR, name, metrics(iou)) for name, iou in (("a", 0.2), ("b", 0.4))]

    alone = " ".join(table_notes(table(*pair, result(SOFA, "c", metrics(0.9)))))
    none = " ".join(table_notes(table(*pair)))

    assert "(too narrow: one object in 1 of 2 categories)" in alone
    assert "too narrow" not in none
