import hashlib
import json
import pickle
import time
from dataclasses import replace

import h5py
import numpy as np
import pytest

from onet_cli.errors import InvalidGeometryError, StoreError, UnknownNameError
from onet_cli.geometry.normalize import UnitCube
from onet_cli.shapes.hdf5 import hdf5_bytes
from onet_cli.shapes.shape import OccupancySamples, Shape, ShapeId, SurfaceSamples, Views
from onet_cli.shapes.store import (
    CHUNK_ROWS,
    CategoryInfo,
    DatasetInfo,
    Licence,
    ShapeStore,
)

INFO = DatasetInfo(
    source="test",
    categories={"03001627": CategoryInfo("chair", 1)},
    options={"seed": 0, "split": [0.7, 0.1, 0.2]},
    licences={"test": Licence("CC0", "nobody")},
)
CHAIR = ShapeId("03001627", "1a.b-c")


def make_shape(count=10_000, dtype=np.float16, shape_id=CHAIR, cameras=True) -> Shape:
    rng = np.random.default_rng(count)
    points = rng.random((count, 3)).astype(dtype)
    world, camera = rng.random((3, 3, 4)), rng.random((3, 3, 3))
    return Shape(
        id=shape_id,
        unit_cube=UnitCube((0.1, 0.2, 1 / 3), 0.7),
        occupancy=OccupancySamples(points, rng.random(count) < 0.3),
        surface=SurfaceSamples(points[:50], points[50:100]),
        views=Views(
            (b"first", b"", b"the third"),
            world.astype(np.float32) if cameras else None,
            camera.astype(np.float32) if cameras else None,
        ),
        source_hash="ab12",
        licence="CC BY 4.0",
        extra={"parts": "4"},
    )


@pytest.fixture
def store(tmp_path):
    return ShapeStore.create(tmp_path / "data", INFO)


def written_by_h5py(shape, rng):
    """The file as h5py's own functions for arrays and attributes write it."""

    def write(file):
        attributes = {
            "format_version": 1,
            "id": shape.id.name,
            "category": shape.id.category,
            "unit_cube_centre": np.array(shape.unit_cube.centre),
            "unit_cube_scale": shape.unit_cube.scale,
            "source_hash": shape.source_hash,
            "licence": shape.licence,
            "extra": json.dumps(shape.extra),
        }
        for name, value in attributes.items():
            file.attrs[name] = value
        order = rng.permutation(len(shape.occupancy.points))
        arrays = {
            "images/offsets": np.cumsum([0, *map(len, shape.views.images)]),
            "images/data": np.frombuffer(b"".join(shape.views.images), np.uint8),
            "camera/world_mat": shape.views.world,
            "camera/camera_mat": shape.views.camera,
            "points/points": shape.occupancy.points[order],
            "points/occupancies": np.packbits(shape.occupancy.occupancies[order]),
            "pointcloud/points": shape.surface.points,
            "pointcloud/normals": shape.surface.normals,
        }
        for name, array in arrays.items():
            chunks = (CHUNK_ROWS, 3) if name == "points/points" else None
            file.create_dataset(name, data=array, chunks=chunks)
        digest = hashlib.sha256()
        for name in sorted(arrays):
            stored = file[name][()]
            digest.update(f"{name} {stored.dtype.str} {stored.shape}\n".encode() + stored.tobytes())
        file.attrs["sha256"] = digest.hexdigest()

    return hdf5_bytes(write)


def pairs(samples):
    rows = np.column_stack([samples.points.astype(np.float64), samples.occupancies])
    return rows[np.lexsort(rows.T)]


def test_a_file_has_the_bytes_that_h5py_would_write(store):
    shape = make_shape()

    path = store.write(shape, np.random.default_rng(7))

    assert path.read_bytes() == written_by_h5py(shape, np.random.default_rng(7))


@pytest.mark.parametrize("dtype", [np.float16, np.float32])
@pytest.mark.parametrize("cameras", [True, False])
def test_a_shape_comes_back_as_written_its_points_in_another_order(store, dtype, cameras):
    shape = make_shape(dtype=dtype, cameras=cameras)

    store.write(shape, np.random.default_rng(0))

    back = store.read(CHAIR)
    assert back.unit_cube == shape.unit_cube
    assert back.occupancy.points.dtype == dtype
    assert back.occupancy.occupancies.dtype == np.bool_
    assert not np.array_equal(back.occupancy.points, shape.occupancy.points)
    np.testing.assert_array_equal(pairs(back.occupancy), pairs(shape.occupancy))
    np.testing.assert_array_equal(back.surface.points, shape.surface.points)
    np.testing.assert_array_equal(back.surface.normals, shape.surface.normals)
    assert back.views.images == shape.views.images
    assert (back.views.world is not None) == cameras
    if cameras:
        np.testing.assert_array_equal(back.views.world, shape.views.world)
        np.testing.assert_array_equal(back.views.camera, shape.views.camera)
    assert (back.source_hash, back.licence, back.extra) == ("ab12", "CC BY 4.0", {"parts": "4"})


@pytest.mark.parametrize(
    ("count", "sizes"),
    [(8, [8]), (4096, [4096]), (5000, [5000]), (8192, [4096, 4096]), (10_000, [4096, 5904])],
)
def test_chunks_divide_the_points_and_the_last_takes_the_remainder(store, count, sizes):
    store.write(make_shape(count + 200 if count < 200 else count), np.random.default_rng(0))
    if count < 200:
        sizes = [count + 200]

    chunks = [store.read_chunk(CHAIR, i) for i in range(store.chunk_count(CHAIR))]

    whole = store.read_occupancy(CHAIR)
    assert [len(chunk.points) for chunk in chunks] == sizes
    np.testing.assert_array_equal(np.concatenate([c.points for c in chunks]), whole.points)
    np.testing.assert_array_equal(
        np.concatenate([c.occupancies for c in chunks]), whole.occupancies
    )


def test_views_are_read_one_at_a_time(store):
    store.write(make_shape(), np.random.default_rng(0))

    assert store.view_count(CHAIR) == 3
    assert [store.read_view(CHAIR, i) for i in range(3)] == [b"first", b"", b"the third"]
    with pytest.raises(UnknownNameError, match="no view 3"):
        store.read_view(CHAIR, 3)
    with pytest.raises(UnknownNameError, match="no chunk -1"):
        store.read_chunk(CHAIR, -1)


def test_a_file_has_the_layout_of_format_version_1(store):
    shape = make_shape()

    path = store.write(shape, np.random.default_rng(0))

    assert path == store.root / "shapes" / "03001627" / "1a.b-c.h5"
    with h5py.File(path) as file:
        found = {}
        file.visititems(
            lambda name, item: (
                found.update({name: (item.dtype.str, item.shape)})
                if isinstance(item, h5py.Dataset)
                else None
            )
        )
        assert found == {
            "images/data": ("|u1", (14,)),
            "images/offsets": ("<i8", (4,)),
            "camera/world_mat": ("<f4", (3, 3, 4)),
            "camera/camera_mat": ("<f4", (3, 3, 3)),
            "points/points": ("<f2", (10_000, 3)),
            "points/occupancies": ("|u1", (1250,)),
            "pointcloud/points": ("<f2", (50, 3)),
            "pointcloud/normals": ("<f2", (50, 3)),
        }
        assert file["points/points"].chunks == (CHUNK_ROWS, 3)
        assert file.attrs["format_version"] == 1
        assert (file.attrs["category"], file.attrs["id"]) == ("03001627", "1a.b-c")


def test_the_same_shape_and_seed_give_the_same_bytes_at_any_time(tmp_path):
    shape = make_shape()
    shape = replace(shape, near=shape.occupancy)
    files = []
    for name in ("a", "b"):
        store = ShapeStore.create(tmp_path / name, INFO)
        files.append(store.write(shape, np.random.default_rng(7)))
        time.sleep(1.1)  # HDF5 counts whole seconds

    assert files[0].read_bytes() == files[1].read_bytes()


def test_description_and_lists_come_back(store):
    store.set_split("train", [CHAIR, ShapeId("04379243", "t")])
    store.set_split("val", [])

    again = ShapeStore.open(store.root)

    assert again.info == INFO
    assert again.ids("train") == [CHAIR, ShapeId("04379243", "t")]
    assert again.ids("val") == []
    assert again.ids() == []
    with pytest.raises(UnknownNameError) as caught:
        again.ids("trian")
    assert "did you mean 'train'?" in caught.value.hint


def test_a_store_that_crossed_a_process_border_reads_on(store):
    store.write(make_shape(), np.random.default_rng(0))

    copy = pickle.loads(pickle.dumps(store))

    assert copy.has(CHAIR)
    assert copy.ids() == [CHAIR]


@pytest.mark.parametrize(
    ("category", "name"),
    [("c", "../evil"), ("..", "evil"), ("c", ""), ("c", "a\nb"), ("c", "a\\b"), ("/etc", "x")],
)
def test_an_id_that_is_no_file_name_is_refused(store, category, name):
    with pytest.raises(StoreError, match="no file name"):
        store.write(make_shape(shape_id=ShapeId(category, name)), np.random.default_rng(0))


def test_a_write_that_fails_leaves_nothing(store, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("onet_cli.files.write_pieces", full)

    with pytest.raises(StoreError, match="No space left"):
        store.write(make_shape(), np.random.default_rng(0))
    assert not list(store.root.rglob("*1a*"))


def test_arrays_that_do_not_fit_are_refused(store):
    shape = make_shape()
    odd = OccupancySamples(shape.occupancy.points[:9], shape.occupancy.occupancies[:9])
    doubles = SurfaceSamples(np.zeros((5, 3)), np.zeros((5, 3)))
    few = Views(shape.views.images[:2], shape.views.world, shape.views.camera)

    for wrong in ({"occupancy": odd}, {"near": odd}, {"surface": doubles}, {"views": few}):
        with pytest.raises(InvalidGeometryError):
            store.write(replace(shape, **wrong), np.random.default_rng(0))


def test_a_missing_or_truncated_file_is_named(store):
    with pytest.raises(StoreError, match="is not in the data set"):
        store.read(CHAIR)

    path = store.write(make_shape(), np.random.default_rng(0))
    path.write_bytes(path.read_bytes()[:30_000])

    with pytest.raises(StoreError, match="damaged"):
        store.read_chunk(CHAIR, 0)


def test_a_newer_format_is_refused(store):
    path = store.write(make_shape(), np.random.default_rng(0))
    with h5py.File(path, "r+") as file:
        file.attrs["format_version"] = 2
    with pytest.raises(StoreError, match="store format 2; this onet reads up to 1"):
        store.read(CHAIR)

    description = store.root / "dataset.json"
    description.write_text(json.dumps(json.loads(description.read_text()) | {"format_version": 3}))
    with pytest.raises(StoreError, match="store format 3"):
        ShapeStore.open(store.root)


@pytest.mark.parametrize("text", [None, "not json", "[]", "{}", '{"format_version": 1}'])
def test_a_folder_that_is_no_data_set_is_refused(tmp_path, text):
    if text is not None:
        (tmp_path / "dataset.json").write_text(text)

    with pytest.raises(StoreError) as caught:
        ShapeStore.open(tmp_path)
    assert "onet preprocess" in caught.value.hint


def test_samples_near_the_surface_are_stored_apart_and_shuffled(store):
    shape = make_shape()
    rng = np.random.default_rng(1)
    near = OccupancySamples(rng.random((5_000, 3)).astype(np.float16), rng.random(5_000) < 0.5)

    plain = store.write(shape, np.random.default_rng(0)).read_bytes()
    path = store.write(replace(shape, near=near), np.random.default_rng(0))

    back = store.read(CHAIR)
    assert not np.array_equal(back.near.points, near.points)
    np.testing.assert_array_equal(pairs(back.near), pairs(near))
    with h5py.File(path) as file:
        assert file["near/points"].chunks == (CHUNK_ROWS, 3)
        assert file["near/occupancies"].shape == (625,)
        assert file.attrs["format_version"] == 1
    # The uniform points do not change when points near the surface are added.
    store.write(shape, np.random.default_rng(0))
    np.testing.assert_array_equal(store.read(CHAIR).occupancy.points, back.occupancy.points)
    assert store.path(CHAIR).read_bytes() == plain
    assert store.read(CHAIR).near is None


def test_notes_of_a_shape_may_be_any_json(store):
    notes = {"conversion": {"kept": True, "warnings": ["thin"], "volume": 0.25}, "name": "Stühl"}
    store.write(replace(make_shape(), extra=notes), np.random.default_rng(0))

    assert store.read(CHAIR).extra == notes


def test_a_shape_is_removed_once_and_for_all(store):
    store.write(make_shape(), np.random.default_rng(0))

    store.remove([CHAIR])
    store.remove([CHAIR])

    assert not store.has(CHAIR)


def test_a_description_of_an_older_onet_has_no_options_by_source(store):
    path = store.root / "dataset.json"
    document = json.loads(path.read_text())
    del document["sources"]
    path.write_text(json.dumps(document))

    assert ShapeStore.open(store.root).info.sources == {}


def test_a_shape_that_a_list_names_twice_counts_once(tmp_path):
    store = ShapeStore.create(tmp_path / "data", DatasetInfo("test"))
    (store.root / "test.lst").write_text("chair/b\nchair/a\nchair/b\n\n")

    assert store.ids("test") == [ShapeId("chair", "b"), ShapeId("chair", "a")]
