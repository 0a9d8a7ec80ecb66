import numpy as np
import pytest

from onet_cli.errors import StoreError
from onet_cli.geometry.normalize import UnitCube
from onet_cli.shapes.layout import SampleReader
from onet_cli.shapes.shape import OccupancySamples, Shape, ShapeId, SurfaceSamples, Views
from onet_cli.shapes.store import DatasetInfo, ShapeStore

ID = ShapeId("chair", "a")


def samples(rng, rows):
    return OccupancySamples(
        rng.uniform(-0.5, 0.5, (rows, 3)).astype(np.float16), rng.random(rows) < 0.3
    )


@pytest.fixture
def store(tmp_path):
    return ShapeStore.create(tmp_path, DatasetInfo("test", {}))


def on_an_arc(rng, seed):
    """Return points that are their own mirror images at 0 degrees or, of another seed, at 90."""
    angle = rng.uniform(0, np.pi, 2000) + seed * np.pi / 2
    points = 0.5 * np.stack([np.cos(angle), 0 * angle, np.sin(angle)], axis=1)
    return points.astype(np.float16)


def write(store, rows, near=None, seed=0):
    rng = np.random.default_rng(seed)
    shape = Shape(
        id=ID,
        unit_cube=UnitCube((0.0, 0.0, 0.0), 1.0),
        occupancy=samples(rng, rows),
        surface=SurfaceSamples(on_an_arc(rng, seed), np.zeros((2000, 3), np.float16)),
        views=Views(tuple(rng.bytes(length) for length in (700, 1, 3000))),
        near=samples(rng, near) if near else None,
    )
    store.write(shape, rng)


@pytest.mark.parametrize("rows", [8, 4096, 4104, 8192, 12_296])
def test_bytes_by_place_are_what_the_store_reads(store, rows):
    write(store, rows, near=rows + 8)
    reader = SampleReader(store)

    for _ in range(2):  # looked up, and remembered
        with reader.open(ID) as file:
            assert file.view_count == 3
            assert [file.view(k) for k in range(3)] == [store.read_view(ID, k) for k in range(3)]
            for number in range(store.chunk_count(ID)):
                expected, found = store.read_chunk(ID, number), file.chunk(number)
                np.testing.assert_array_equal(found.points, expected.points)
                np.testing.assert_array_equal(found.occupancies, expected.occupancies)
            near = [file.near_chunk(number) for number in range(max(1, (rows + 8) // 4096))]
    expected = store.read(ID).near
    np.testing.assert_array_equal(np.concatenate([n.points for n in near]), expected.points)
    np.testing.assert_array_equal(
        np.concatenate([n.occupancies for n in near]), expected.occupancies
    )


def test_a_file_that_was_replaced_is_looked_up_again(store):
    write(store, 4096)
    reader = SampleReader(store)
    with reader.open(ID) as file:
        file.chunk(0)
    assert reader.symmetry(ID).argmax() == 0
    assert reader.symmetry(ID) is reader.symmetry(ID)

    write(store, 8192, near=64, seed=1)

    with reader.open(ID) as file:
        np.testing.assert_array_equal(file.chunk(1).points, store.read_chunk(ID, 1).points)
        assert file.layout.near.rows == 64
    assert reader.symmetry(ID).argmax() == 18


def test_a_missing_shape_is_said_to_be(store):
    with pytest.raises(StoreError, match="is not in the data set"), SampleReader(store).open(ID):
        pass


@pytest.mark.parametrize("kept", [0, 500, 0.5])
def test_a_file_that_was_cut_short_is_damaged(store, kept):
    write(store, 4096)
    path = store.path(ID)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(kept * len(whole)) if kept < 1 else kept])

    with pytest.raises(StoreError, match="damaged"), SampleReader(store).open(ID) as file:
        file.chunk(0)


def test_a_file_cut_while_it_is_read_is_damaged_too(store):
    write(store, 4096)
    with SampleReader(store).open(ID) as file:
        with store.path(ID).open("r+b") as opened:
            opened.truncate(1000)
        with pytest.raises(StoreError, match="ends early"):
            file.chunk(0)
