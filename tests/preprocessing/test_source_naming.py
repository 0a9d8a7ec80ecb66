import pytest

from onet_cli.preprocessing.sources.naming import (
    choose_formats,
    name_meshes,
    safe_name,
    unique_ids,
)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("chair", "chair"),
        ("Lampe à pied #2", "Lampe_à_pied_2"),
        ("椅子", "椅子"),
        ("a/b\\c:d", "a_b_c_d"),
        ("..", "unnamed"),
        ("  x.y-z ", "x.y-z"),
        ("e\u0301", "é"),
        ("line\nbreak\0", "line_break"),
    ],
)
def test_any_text_becomes_a_file_name(text, name):
    assert safe_name(text) == name


def test_a_long_name_is_cut_and_stays_its_own():
    first, second = (safe_name("ж" * 500 + end) for end in "ab")

    assert first != second
    assert len(first.encode()) < 120


def test_names_that_would_share_a_file_are_kept_apart():
    wanted = [("chair", "a b"), ("chair", "a_b"), ("chair", "A_B"), ("table", "a b")]

    ids = unique_ids(wanted)

    assert ids[0].name == ids[3].name == "a_b"
    assert len({(i.category, i.name.casefold()) for i in ids}) == 4
    assert ids == unique_ids(wanted)


def test_the_same_name_many_times_still_gives_different_ids():
    assert len(set(unique_ids([("c", "x")] * 5))) == 5


@pytest.mark.parametrize(
    ("paths", "named"),
    [
        (["a.obj", "b.stl"], [("set", "a"), ("set", "b")]),
        (["chair/a.obj", "b.obj"], [("chair", "a"), ("set", "b")]),
        (["chair/a1/model.obj", "chair/a2/model.obj"], [("chair", "a1"), ("chair", "a2")]),
        (
            ["03001627/a/models/model_normalized.obj", "03001627/b/models/model_normalized.obj"],
            [("03001627", "a"), ("03001627", "b")],
        ),
        (["chair/s/a.obj", "chair/s/b.obj", "c/d.obj"],
         [("chair", "s_a"), ("chair", "s_b"), ("c", "d")]),
        (["all/chair/a.obj", "all/chair/b.obj", "all/table/a.obj"],
         [("chair", "a"), ("chair", "b"), ("table", "a")]),
        (["all/chair/a/m.obj", "all/chair/b/m.obj"], [("chair", "a"), ("chair", "b")]),
    ],
)  # fmt: skip
def test_folders_give_category_and_name(paths, named):
    assert name_meshes(paths, "set") == named


def test_of_several_formats_the_richest_is_read():
    paths = ["c/a.stl", "c/a.obj", "c/a.mtl", "c/A.ply", "c/b.STL", "c/a.png"]

    assert choose_formats(paths) == {"c/A.ply": [], "c/a.obj": ["c/a.stl"], "c/b.STL": []}
