"""Damaged and malicious HDF5 files: refused in one line, and nothing outside them is read."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest

from onet_cli.errors import StoreError
from onet_cli.geometry.normalize import UnitCube
from onet_cli.shapes.hdf5 import read_hdf5
from onet_cli.shapes.info import DatasetInfo
from onet_cli.shapes.layout import SampleReader
from onet_cli.shapes.shape import OccupancySamples, Shape, ShapeId, SurfaceSamples, Views
from onet_cli.shapes.store import ShapeStore
from tests.faults.kept import kept_hdf5

from . import faults

CHAIR = ShapeId("chair", "1")
KEPT = kept_hdf5()
ARRAYS = [
    "camera/camera_mat",
    "camera/world_mat",
    "images/data",
    "images/offsets",
    "near/occupancies",
    "near/points",
    "pointcloud/normals",
    "pointcloud/points",
    "points/occupancies",
    "points/points",
]
ATTRIBUTES = [
    "category",
    "extra",
    "format_version",
    "id",
    "licence",
    "source_hash",
    "unit_cube_centre",
    "unit_cube_scale",
]


def make_shape(name="1", count=64):
    rng = np.random.default_rng(0)
    points = rng.random((count, 3)).astype(np.float16)
    samples = OccupancySamples(points, rng.random(count) < 0.3)
    world, camera = np.ones((2, 3, 4), np.float32), np.ones((2, 3, 3), np.float32)
    return Shape(
        id=ShapeId("chair", name),
        unit_cube=UnitCube((0.0, 0.0, 0.0), 1.0),
        occupancy=samples,
        surface=SurfaceSamples(points, points),
        views=Views((b"\xff\xd8 one", b"\xff\xd8 two"), world, camera),
        near=samples,
    )


@pytest.fixture
def store(tmp_path):
    store = ShapeStore.create(tmp_path / "data", DatasetInfo("test"))
    for name in ("1", "2"):
        store.write(make_shape(name), np.random.default_rng(0))
    return store


def readers(store):
    reader = SampleReader(store)

    def sample(shape_id):
        with reader.open(shape_id) as file:
            return [file.view(n) for n in range(file.view_count)], file.chunk(0)

    return (
        store.read,
        store.view_count,
        store.chunk_count,
        lambda i: store.read_view(i, 0),
        lambda i: store.read_chunk(i, 0),
        store.read_occupancy,
        store.read_surface,
        store.read_cameras,
        store.verify,
        reader.symmetry,
        sample,
    )


def assert_refused(store, match):
    for read in readers(store):
        with pytest.raises(StoreError, match=match) as caught:
            read(CHAIR)
        assert "\n" not in str(caught.value)
        assert len(str(caught.value)) < 500


@pytest.mark.parametrize("value", range(len(faults.ODD_VALUES)))
@pytest.mark.parametrize("name", ARRAYS)
def test_an_array_of_another_kind_is_refused_by_every_reader(store, name, value):
    with h5py.File(store.path(CHAIR), "r+") as file:
        del file[name]
        file[name] = faults.ODD_VALUES[value]

    assert_refused(store, "damaged")


@pytest.mark.parametrize("value", range(len(faults.ODD_VALUES)))
@pytest.mark.parametrize("name", ATTRIBUTES)
def test_an_attribute_of_another_kind_is_refused_where_it_is_read(store, name, value):
    with h5py.File(store.path(CHAIR), "r+") as file:
        file.attrs[name] = faults.ODD_VALUES[value]

    for read in readers(store):
        try:
            read(CHAIR)
        except StoreError as error:
            assert "damaged" in str(error)  # noqa: PT017 - some texts are never looked at


@pytest.mark.parametrize("name", [*ARRAYS, "points", "images", "pointcloud"])
def test_a_missing_array_is_refused_by_every_reader(store, name):
    with h5py.File(store.path(CHAIR), "r+") as file:
        del file[name]

    if name.startswith(("near", "camera")) and "/" not in name:
        return
    assert_refused(store, "damaged")


def test_what_lies_in_another_file_is_never_read(store, tmp_path):
    secret = tmp_path / "secret.txt"
    secret.write_bytes(b"\xff\xd8 secret")
    path, other = store.path(CHAIR), store.path(ShapeId("chair", "2"))
    whole = path.read_bytes()
    changes = (
        lambda: faults.external(path, "images/data", secret, 14),
        lambda: faults.linked(path, "images/data", other),
        lambda: faults.linked(path, "images", other),
        lambda: faults.softly_linked(path, "images"),
        lambda: faults.virtual(path, "images/data", other),
        lambda: faults.virtual(path, "points/points", other),
        lambda: faults.strangely_packed(path, "points/points"),
        lambda: faults.huge(path, "points/points"),
        lambda: faults.hugely_chunked(path, "points/points"),
    )
    for change in changes:
        path.write_bytes(whole)
        change()

        assert_refused(store, "damaged")
        with pytest.raises(StoreError, match="cannot be read"):
            read_hdf5(path)


def test_a_group_that_holds_itself_ends(store):
    with h5py.File(store.path(CHAIR), "r+") as file:
        file["points/again"] = file["points"]

    assert_refused(store, "nested too deep")


@pytest.mark.parametrize("size", [2**64 - 16, 2**64 - 15, 2**40, 0xFFF0])
def test_a_heap_that_never_ends_is_noticed_before_it_is_read(store, size):
    path = store.path(CHAIR)
    path.write_bytes(faults.break_heap(path.read_bytes(), size))

    for read in (store.read, store.verify):
        with pytest.raises(StoreError, match="damaged"):
            read(CHAIR)


def test_wrong_bytes_give_a_clear_error_or_none(store):
    """Every reader ends well or with a StoreError, whichever bytes of a file are wrong."""
    path, rng = store.path(CHAIR), np.random.default_rng(1)
    whole = path.read_bytes()
    for _ in range(150):
        data = bytearray(whole)
        for place in rng.integers(0, len(data), rng.integers(1, 9)):
            data[place] = rng.integers(0, 256)
        path.write_bytes(bytes(data))
        for read in readers(store):
            try:
                read(CHAIR)
            except StoreError:
                continue


@pytest.mark.parametrize("name", sorted(KEPT))
def test_files_that_broke_readers_are_refused_or_read(name, store):
    store.path(CHAIR).write_bytes(KEPT[name])

    refused = 0
    for read in readers(store):
        try:
            read(CHAIR)
        except StoreError:
            refused += 1
    assert refused > 0


def test_a_pipe_in_the_place_of_a_file_does_not_block(store):
    path = store.path(CHAIR)
    path.unlink()
    os.mkfifo(path)

    assert_refused(store, "regular file")


def test_a_checksum_tells_a_damaged_array(store):
    path = store.path(CHAIR)
    assert store.verify(CHAIR)
    assert store.verify(ShapeId("chair", "2"))  # the file that was read last stays open
    with h5py.File(path, "r+") as file:
        file["pointcloud/normals"][5:] = 0

    with pytest.raises(StoreError, match="its checksum is wrong"):
        store.verify(CHAIR)


def test_a_file_without_a_checksum_is_read(store):
    with h5py.File(store.path(CHAIR), "r+") as file:
        del file.attrs["sha256"]

    assert not store.verify(CHAIR)
    assert store.read(CHAIR).id == CHAIR


FILL = """
import resource, sys
import numpy as np
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from onet_cli.errors import StoreError
from onet_cli.shapes.store import ShapeStore
from tests.shapes.test_faults import make_shape

store = ShapeStore.open(Path(sys.argv[2]))
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[3]), -1))
try:
    store.write(make_shape("3", 8192), np.random.default_rng(0))
except StoreError as error:
    print(error)
"""


@pytest.mark.parametrize("room", [0, 4096, 50_000, 100_000])
def test_a_full_disk_leaves_no_part_of_a_shape(store, room):
    root = Path(__file__).parents[2]
    result = subprocess.run(
        [sys.executable, "-c", FILL, root, store.root, str(room)],
        capture_output=True,
        text=True,
        cwd=root,
    )

    assert "cannot be written" in result.stdout, result.stderr
    assert not store.has(ShapeId("chair", "3"))
    assert not list(store.root.rglob("*.tmp"))


def test_the_file_of_a_living_process_is_no_leftover(store):
    script = (
        "import sys, time; from pathlib import Path; from onet_cli.files import whole_file\n"
        "with whole_file(Path(sys.argv[1])) as temporary:\n"
        "    print(temporary, flush=True); time.sleep(600)"
    )
    target = store.path(ShapeId("chair", "4"))
    process = subprocess.Popen([sys.executable, "-c", script, target], stdout=subprocess.PIPE)
    try:
        temporary = Path(process.stdout.readline().decode().strip())

        assert store.remove_leftovers() == 0
        assert temporary.is_file()
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert store.remove_leftovers() == 1
    assert not temporary.exists()
