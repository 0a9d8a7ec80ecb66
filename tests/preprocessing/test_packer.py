"""Data sets whose shapes lie in packs, beside the same shapes in files of their own."""

import shutil
from dataclasses import replace

import h5py
import numpy as np
import pytest

from onet_cli.errors import StoreError
from onet_cli.execution.shards import Shard
from onet_cli.preprocessing.verify import verify_shapes
from onet_cli.shapes import pack as pack_module
from onet_cli.shapes import store as store_module
from onet_cli.shapes.layout import SampleReader
from onet_cli.shapes.pack import read_index
from onet_cli.shapes.store import ShapeStore
from onet_cli.training.config import Budget, TrainingConfig
from onet_cli.training.dataset import OccupancyDataset
from tests.preprocessing.test_resume import content, run, write_boxes
from tests.shapes import faults


@pytest.fixture
def meshes(tmp_path):
    return write_boxes(tmp_path / "mine", 5)


@pytest.fixture
def plain(meshes, tmp_path):
    run(meshes, tmp_path / "plain", near_points=64)
    return ShapeStore.open(tmp_path / "plain")


def packed(meshes, tmp_path, name="packed", **options):
    run(meshes, tmp_path / name, near_points=64, pack=2, **options)
    return ShapeStore.open(tmp_path / name)


def test_packed_shapes_are_read_as_those_in_files_of_their_own(meshes, plain, tmp_path):
    store = packed(meshes, tmp_path)

    assert len(list((store.root / "packs").glob("*.h5"))) == 3
    assert not list((store.root / "shapes").glob("*/*"))
    assert store.ids() == plain.ids()
    assert [store.ids(name) for name in store.splits()] == [
        plain.ids(name) for name in plain.splits()
    ]
    assert store.info == plain.info
    readers = SampleReader(store), SampleReader(plain)
    for shape in plain.ids():
        assert store.locate(shape).read() == plain.path(shape).read_bytes()
        assert store.read_view(shape, 1) == plain.read_view(shape, 1)
        assert store.read(shape).source_hash == plain.read(shape).source_hash
        np.testing.assert_array_equal(store.read_cameras(shape), plain.read_cameras(shape))
        with readers[0].open(shape) as one, readers[1].open(shape) as other:
            assert one.view(0) == other.view(0)
            np.testing.assert_array_equal(one.chunk(0).points, other.chunk(0).points)
            np.testing.assert_array_equal(one.near_chunk(0).points, other.near_chunk(0).points)
        np.testing.assert_array_equal(readers[0].symmetry(shape), readers[1].symmetry(shape))


def test_training_samples_are_the_same(meshes, plain, tmp_path):
    config = TrainingConfig(Budget(steps=1), points=32)
    sets = [OccupancyDataset(root, config) for root in (plain.root, packed(meshes, tmp_path).root)]

    for index in range(len(sets[0])):
        for one, other in zip(*(data[index, 0] for data in sets), strict=True):
            np.testing.assert_array_equal(one.numpy(), other.numpy())


def test_a_reader_follows_a_shape_that_moves(meshes, plain):
    reader = SampleReader(plain)
    shape, other = plain.ids()[:2]

    def seen():
        with reader.open(shape) as file:
            return file.view(0), file.chunk(0).points.tobytes()

    before = seen()
    plain.pack("a", [other, shape])
    assert seen() == before
    plain.pack("b", plain.ids()[2:])
    plain.remove([other])
    assert seen() == before
    plain.remove([shape])
    with pytest.raises(StoreError, match="is not in the data set"):
        seen()


def test_an_index_is_read_once_though_packs_are_added(plain, monkeypatch):
    ids, read = plain.ids(), []
    real = pack_module.read_index
    monkeypatch.setattr(pack_module, "read_index", lambda path: read.append(path) or real(path))

    for number, shape in enumerate(ids):
        plain.pack(f"p{number}", [shape])
        assert plain.ids() == ids
    known = {shape: plain.locate(shape) for shape in ids}

    assert len(read) == 1
    pack_module._known.clear()
    assert {shape: plain.locate(shape) for shape in ids} == known
    plain.pack("p0", ids)  # nothing to move
    plain.remove(ids[:1])
    assert plain.ids() == ids[1:]


@pytest.mark.slow
def test_packs_do_not_depend_on_workers_resuming_or_shards(meshes, tmp_path):
    whole = content(packed(meshes, tmp_path).root)

    run(meshes, tmp_path / "resumed", near_points=64, limit=3)
    assert content(packed(meshes, tmp_path, "resumed").root) == whole
    assert content(packed(meshes, tmp_path, "workers", workers=2).root) == whole
    for index in (1, 2):
        packed(meshes, tmp_path, "shards", shard=Shard(index, 2))
    assert content(packed(meshes, tmp_path, "shards", merge=True).root) == whole
    assert content(packed(meshes, tmp_path, "resumed", overwrite=True).root) == whole


def test_a_run_killed_between_pack_and_removal_is_mended(meshes, tmp_path, monkeypatch):
    whole = content(packed(meshes, tmp_path).root)
    real = store_module.write_pack

    def dying(*arguments):
        real(*arguments)
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(store_module, "write_pack", dying)
        with pytest.raises(KeyboardInterrupt):
            packed(meshes, tmp_path, "killed")
    half = ShapeStore.open(tmp_path / "killed")
    assert all(half.verify(shape) for shape in half.ids())

    assert content(packed(meshes, tmp_path, "killed").root) == whole


def test_verify_finds_the_damaged_shape_of_a_pack(meshes, tmp_path):
    store = packed(meshes, tmp_path)
    assert verify_shapes(store.root, lambda *_: None).whole == 5
    shape = store.ids()[1]
    place = store.locate(shape)
    with place.path.open("r+b") as file:
        file.seek(place.start + place.size // 2)
        file.write(b"\xff" * 64)

    result = verify_shapes(store.root, lambda *_: None)

    assert [name for name, _ in result.damaged] == [shape]
    assert result.whole == 4


@pytest.mark.parametrize("kept", [0, 100, 3000])
def test_a_pack_cut_short_is_refused(meshes, tmp_path, kept):
    store = packed(meshes, tmp_path)
    path = sorted((store.root / "packs").glob("*.h5"))[0]
    data = path.read_bytes()
    path.unlink()
    path.write_bytes(data[:kept])

    with pytest.raises(StoreError, match="damaged"):
        store.ids()


@pytest.mark.parametrize("name", ["ids", "offsets", "data"])
def test_a_pack_that_refers_to_other_files_is_refused(meshes, tmp_path, name):
    store = packed(meshes, tmp_path)
    path, other = sorted((store.root / "packs").glob("*.h5"))[:2]
    secret = tmp_path / "secret.txt"
    secret.write_bytes(b'["chair/secret"]')
    whole = path.read_bytes()
    changes = [
        lambda: faults.external(path, name, secret, 16),
        lambda: faults.linked(path, name, other),
        lambda: faults.softly_linked(path, name),
        lambda: faults.virtual(path, name, other),
        lambda: faults.strangely_packed(path, name),
    ]
    if name != "data":  # which is read in parts, by its place
        changes += [lambda: faults.huge(path, name), lambda: faults.hugely_chunked(path, name)]
    for change in changes:
        path.write_bytes(whole)
        change()

        with pytest.raises(StoreError, match="damaged"):
            read_index(path)


def test_what_lies_behind_a_shape_in_its_pack_is_not_read(meshes, tmp_path):
    store = packed(meshes, tmp_path)
    with SampleReader(store).open(store.ids()[0]) as file:
        layout = replace(file.layout, views=file.layout.views + file.place.size)
        with pytest.raises(StoreError, match="it ends early"):
            replace(file, layout=layout).view(0)


@pytest.mark.parametrize("name", ["ids", "offsets"])
def test_an_index_that_unpacks_to_much_is_refused_unread(meshes, tmp_path, name):
    store = packed(meshes, tmp_path)
    path = next((store.root / "packs").glob("*.h5"))
    with h5py.File(path, "r+") as file:
        kind = file[name].dtype
        del file[name]
        file.create_dataset(name, (2**25,), kind, chunks=(2**16,), compression="gzip")

    with pytest.raises(StoreError, match="its index takes more than 16 MiB"):
        read_index(path)


@pytest.mark.parametrize("name", ["ids", "offsets", "data"])
def test_an_index_of_another_type_is_refused(meshes, tmp_path, name):
    store = packed(meshes, tmp_path)
    path = next((store.root / "packs").glob("*.h5"))
    with h5py.File(path, "r+") as file:
        array = file[name][()].astype("<f8")
        del file[name]
        file[name] = array

    with pytest.raises(StoreError, match=f"its {name} are .* float64"):
        read_index(path)


def test_more_shapes_than_an_index_has_room_for_are_not_packed(plain, monkeypatch):
    monkeypatch.setattr(pack_module, "_MOST_INDEX_BYTES", 40)

    with pytest.raises(StoreError, match="too many shapes"):
        plain.pack("a", plain.ids())
    assert not (plain.root / "packs").exists()


def test_a_pack_of_a_newer_version_is_refused(meshes, tmp_path):
    store = packed(meshes, tmp_path)
    path = next((store.root / "packs").glob("*.h5"))
    shutil.copy(path, tmp_path / "new.h5")
    with h5py.File(tmp_path / "new.h5", "r+") as file:
        file.attrs["pack_version"] = 2
    path.unlink()
    shutil.move(tmp_path / "new.h5", path)

    with pytest.raises(StoreError, match="pack of version 2") as caught:
        store.ids()
    assert caught.value.hint == "upgrade onet"


def test_other_options_replace_what_is_packed(meshes, tmp_path):
    store = packed(meshes, tmp_path)
    run(meshes, store.root, views=1, near_points=64, overwrite=True)

    assert not list((store.root / "packs").glob("*"))
    assert {store.view_count(shape) for shape in store.ids()} == {1}
    store.remove(store.ids()[:1])
    assert len(store.ids()) == 4


def test_one_of_a_pack_is_removed_alone(meshes, tmp_path):
    store = packed(meshes, tmp_path)
    every = store.ids()

    store.remove(every[:1])

    assert store.ids() == every[1:]
    assert all(store.verify(shape) for shape in every[1:])
