import pickle
import zipfile
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from onet_cli.errors import InvalidOptionError, SourceError
from onet_cli.preprocessing.options import PreprocessOptions
from onet_cli.preprocessing.sources.manifest import Manifest
from onet_cli.preprocessing.sources.meshes import MeshSource
from onet_cli.preprocessing.sources.resolve import open_source
from onet_cli.shapes.shape import ShapeId
from tests.preprocessing.libraries import box_obj, write_library

QUICK = {"points": 256, "views": 2, "image_size": 32, "resolution": 32}


def quick(**changes):
    return PreprocessOptions(**(QUICK | changes))


def write_meshes(folder, names):
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(box_obj(1, 2, 3))
    return folder


def ids_of(source):
    return [str(shape_id) for shape_id in source.ids()]


def test_a_folder_of_meshes_is_read_category_by_category(tmp_path):
    folder = write_meshes(tmp_path / "mine", ["chair/a b.obj", "chair/c.obj", "Tische/ü.obj"])

    source = open_source(str(folder), quick())

    assert isinstance(source, MeshSource)
    assert source.name == "meshes:mine"
    assert ids_of(source) == ["Tische/ü", "chair/a_b", "chair/c"]
    assert source.splits() is None
    shape = source.read(ShapeId("chair", "a_b"))
    assert shape.extra["name"] == "a b"
    assert shape.extra["file"] == "chair/a b.obj"
    assert shape.unit_cube.scale == 3
    assert shape.unit_cube.centre == (0.5, 1.0, 1.5)


def test_a_flat_folder_is_one_category_and_one_file_a_set_of_one(tmp_path):
    folder = write_meshes(tmp_path / "stools", ["a.obj", "b.obj"])

    assert ids_of(open_source(str(folder), quick())) == ["stools/a", "stools/b"]
    assert ids_of(open_source(str(folder / "a.obj"), quick())) == ["stools/a"]


def test_a_zip_is_read_in_place_and_what_leads_out_of_it_is_told(tmp_path):
    with zipfile.ZipFile(tmp_path / "set.zip", "w") as archive:
        archive.writestr("set/chair/a.obj", box_obj(1, 1, 1))
        archive.writestr("set/chair/b.obj", box_obj(1, 1, 1))
        archive.writestr("../evil.obj", box_obj(1, 1, 1))

    source = open_source(str(tmp_path / "set.zip"), quick())

    assert ids_of(source) == ["chair/a", "chair/b", "set/evil.obj"]
    assert source.read(ShapeId("chair", "a")).unit_cube.scale == 1
    with pytest.raises(SourceError, match=r"'\.\./evil\.obj' points outside set\.zip"):
        source.read(ShapeId("set", "evil.obj"))


def test_the_other_formats_of_a_mesh_are_named_in_a_warning(tmp_path):
    folder = write_meshes(tmp_path / "set", ["chair/a.obj"])
    (folder / "chair" / "a.stl").write_bytes(b"not looked at")

    shape = open_source(str(folder), quick()).read(ShapeId("chair", "a"))

    assert shape.extra["conversion"]["warnings"][0] == "a.stl in the same folder was not used"


@pytest.mark.parametrize("where", ["file", "folder"])
def test_a_library_brings_names_sizes_and_terms(tmp_path, where):
    path = write_library(tmp_path / "Oak.sh3f")

    source = open_source(str(path if where == "file" else tmp_path), quick())

    assert ids_of(source) == [
        "Kitchen/Oak_tilted",
        "Kitchen/Oak_wrong",
        "Living_room/Oak_chair",
    ]
    assert source.categories() == {"Living_room": "Living room", "Kitchen": "Kitchen"}
    assert set(source.licences()) == {"Oak"}
    chair = source.read(ShapeId("Living_room", "Oak_chair"))
    assert chair.unit_cube.scale == 90.5
    np.testing.assert_allclose(
        np.ptp(chair.surface.points, axis=0) * 90.5, [50, 90.5, 40], rtol=0.1
    )
    assert chair.licence == "CC-BY 3.0 © Ana"
    assert chair.extra["creator"] == "Ana"
    assert chair.extra["original_id"] == "Oak#chair"
    assert chair.extra["conversion"]["units"] == "cm"
    with pytest.raises(SourceError, match="catalogue entry is invalid"):
        source.read(ShapeId("Kitchen", "Oak_wrong"))


def test_a_task_for_a_worker_is_small(tmp_path):
    folder = write_meshes(tmp_path / "set", [f"chair/{i}.obj" for i in range(200)])
    source = open_source(str(folder), quick())

    part = source.part(ShapeId("chair", "7"))

    assert len(pickle.dumps(part)) < 3000
    assert pickle.loads(pickle.dumps(part)).ids() == [ShapeId("chair", "7")]


def test_a_shape_is_the_same_from_a_folder_and_from_a_zip(tmp_path):
    folder = write_meshes(tmp_path / "set", ["chair/a.obj"])
    with zipfile.ZipFile(tmp_path / "set.zip", "w") as archive:
        archive.write(folder / "chair" / "a.obj", "chair/a.obj")

    first, second = (
        open_source(str(path), quick()).read(ShapeId("chair", "a"))
        for path in (folder, tmp_path / "set.zip")
    )

    assert first.source_hash == second.source_hash
    assert first.views.images == second.views.images
    np.testing.assert_array_equal(first.occupancy.points, second.occupancy.points)


TABLE = """library,id,name,category,obj,creator,licence,use,front_rotation_deg,model_rotation,\
width_cm,depth_cm,height_cm,unheard_of
Oak,Oak#chair,Armchair,seat,oak/chair/chair.obj,Ana,CC0-1.0,train,0,,,,,x
Oak,Oak#tilted,Tilted,thing,oak/tilted.obj,Bo,CC-BY-3.0,test,90,,10,20,30,x
Oak,Oak#wrong,Wrong,thing,oak/tilted.obj,Bo,CC-BY-3.0,exclude,,,,,,x
"""


@pytest.mark.parametrize("library", ["Oak.sh3f", "program.jar"])
def test_a_table_selects_splits_and_describes(tmp_path, library):
    (tmp_path / "in").mkdir()
    write_library(tmp_path / "in" / library)
    table = tmp_path / "split.csv"
    table.write_text(TABLE)

    source = open_source(str(tmp_path / "in"), quick(manifest=table))

    assert ids_of(source) == ["seat/Oak_chair", "thing/Oak_tilted"]
    assert source.splits() == {
        "train": [ShapeId("seat", "Oak_chair")],
        "test": [ShapeId("thing", "Oak_tilted")],
    }
    chair, tilted = (source.read(shape_id) for shape_id in source.ids())
    assert (chair.licence, tilted.licence) == ("CC0-1.0", "CC-BY-3.0")
    # The chair's size is the catalogue's, the other's the table's, turned by 90 degrees.
    np.testing.assert_allclose(np.ptp(chair.surface.points, 0) * 90.5, [50, 90.5, 40], rtol=0.1)
    np.testing.assert_allclose(np.ptp(tilted.surface.points, 0) * 30, [20, 30, 10], rtol=0.1)
    terms = source.licences()["Oak"]
    assert terms.licence == "CC-BY-3.0; CC0-1.0"
    assert terms.attribution.endswith("CC-BY 3.0 © Ana. creators: Ana; Bo")


def test_a_table_works_for_plain_folders_and_needs_one_column_only(tmp_path):
    folder = write_meshes(tmp_path / "set", ["x/a.obj", "x/b.obj", "c.obj"])
    table = tmp_path / "t.csv"
    table.write_text("\ufeffobj\nx/a.obj\n/c.obj\nx\\gone.obj\n", encoding="utf-8")

    source = open_source(str(folder), quick(manifest=table))

    assert ids_of(source) == ["set/c", "x/a", "x/gone"]
    assert source.splits() is None
    assert source.read(ShapeId("set", "c")).unit_cube.scale == 3
    with pytest.raises(SourceError, match=r"gone\.obj"):
        source.read(ShapeId("x", "gone"))


def test_a_row_with_wrong_numbers_is_skipped_with_the_reason(tmp_path):
    folder = write_meshes(tmp_path / "set", ["a.obj", "b.obj"])
    table = tmp_path / "t.csv"
    table.write_text("obj,width_cm,height_cm,depth_cm\na.obj,1,,\nb.obj,1,2,3\n")

    source = open_source(str(folder), quick(manifest=table))

    with pytest.raises(SourceError, match="row in the table is invalid"):
        source.read(ShapeId("set", "a"))
    assert source.read(ShapeId("set", "b")).unit_cube.scale == 3


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name\nx\n", "no column 'obj'"),
        ("obj,use\na.obj,exclude\n", "no row to convert"),
        ("obj,library\na.obj,Elm\n", "refers to the library 'Elm', which is not in"),
        (None, "cannot be read as a table"),
    ],
)
def test_a_table_that_cannot_be_used_says_why(tmp_path, text, message):
    folder = write_meshes(tmp_path / "set", ["a.obj"])
    if text is not None:
        (tmp_path / "t.csv").write_text(text)

    with pytest.raises(SourceError, match=message):
        open_source(str(folder), quick(manifest=tmp_path / "t.csv"))


def test_generated_shapes_take_no_table(tmp_path):
    with pytest.raises(InvalidOptionError, match="procedural"):
        open_source("procedural", quick(manifest=tmp_path / "t.csv"))


def test_the_table_of_the_furniture_recipe_keeps_near_duplicates_on_one_side():
    rows = Manifest.read(Path(__file__).parents[2] / "recipes/furniture/split.csv").wanted()

    assert Counter(row["use"] for row in rows) == {"train": 446, "val": 48, "test": 48}
    assert all(row["licence"] and row["creator"] and row["category"] for row in rows)
    uses = {(row["group"], row["use"]) for row in rows if row["group"]}
    assert len(uses) == len({group for group, _ in uses})
