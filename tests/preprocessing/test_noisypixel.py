import h5py
import numpy as np
import pytest

from onet_cli.errors import SourceError
from onet_cli.preprocessing.options import PreprocessOptions
from onet_cli.preprocessing.pipeline import preprocess
from onet_cli.preprocessing.sources.noisypixel import NoisypixelSource
from onet_cli.preprocessing.sources.resolve import open_source
from onet_cli.shapes.photo import decode_view
from onet_cli.shapes.shape import ShapeId
from onet_cli.shapes.store import ShapeStore
from tests.preprocessing import official_layout as layout


@pytest.fixture
def folder(tmp_path):
    data = tmp_path / "noisy" / "hdf_data"
    data.mkdir(parents=True)
    for seed, name in ((1, "03001627_aa"), (2, "03001627_bb_c")):
        with h5py.File(data / f"{name}.h5", "w") as file:
            file["images"] = pictures(seed)
            for group, arrays in (("points", layout.samples), ("pointcloud", layout.surface)):
                for key, array in arrays(seed).items():
                    file[f"{group}/{key}"] = array
            file["camera/world_mat_0"] = np.eye(3, 4)
    (data / "03001627_half.h5").write_bytes(b"\x89HDF\r\n\x1a\n")
    (data / "train.lst").write_text("03001627_aa.h5\n03001627_half.h5")
    (data / "test.lst").write_text("03001627_bb_c.h5")
    return tmp_path / "noisy"


def pictures(seed):
    return np.random.default_rng(seed).integers(0, 256, (3, 20, 20, 3), dtype=np.uint8)


def test_samples_and_pictures_survive_unchanged(folder):
    shape = NoisypixelSource(folder).read(ShapeId("03001627", "bb_c"))

    np.testing.assert_array_equal(shape.occupancy.points, layout.samples(2)["points"])
    np.testing.assert_array_equal(
        np.packbits(shape.occupancy.occupancies), layout.samples(2)["occupancies"]
    )
    np.testing.assert_array_equal(
        np.stack([decode_view(view) for view in shape.views.images]), pictures(2)
    )
    assert shape.views.world is None


def test_a_folder_becomes_a_data_set_without_its_damaged_file(folder, tmp_path):
    options = PreprocessOptions()

    result = preprocess(open_source(str(folder), options), tmp_path / "out", options)

    store = ShapeStore.open(tmp_path / "out")
    assert [str(i) for i, _ in result.skipped] == ["03001627/half"]
    assert store.ids("train") == [ShapeId("03001627", "aa")]
    assert store.ids("test") == [ShapeId("03001627", "bb_c")]
    assert store.info.categories["03001627"].name == "chair"


def test_a_folder_without_such_files_is_refused(tmp_path):
    with pytest.raises(SourceError, match="no noisypixel files"):
        NoisypixelSource(tmp_path)


def test_no_byte_of_another_file_becomes_a_picture(folder, tmp_path):
    secret = tmp_path / "secret"
    secret.write_bytes(bytes(range(200)) * 6)
    with h5py.File(folder / "hdf_data" / "03001627_aa.h5", "r+") as file:
        del file["images"]
        file.create_dataset(
            "images", (1, 20, 20, 3), np.uint8, external=[(str(secret), 0, 20 * 20 * 3)]
        )

    result = preprocess(NoisypixelSource(folder), tmp_path / "out", PreprocessOptions())

    reasons = {str(shape_id): reason for shape_id, reason in result.skipped}
    assert "stored in other files" in reasons["03001627/aa"]
    assert [str(i) for i in ShapeStore.open(tmp_path / "out").ids()] == ["03001627/bb_c"]
