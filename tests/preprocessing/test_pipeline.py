import json

import numpy as np
import pytest

from onet_cli.errors import InvalidOptionError, SourceError, StoreError
from onet_cli.preprocessing.options import PreprocessOptions
from onet_cli.preprocessing.pipeline import preprocess
from onet_cli.preprocessing.sources.archive import open_archive
from onet_cli.shapes.shape import ShapeId
from onet_cli.shapes.store import ShapeStore
from tests.preprocessing import official_layout as layout

GOOD = {"03001627/good1": 1, "03001627/grey": 2, "04379243/good3": 3}


@pytest.fixture
def archive(tmp_path):
    return layout.write_zip(tmp_path / "official.zip", layout.troubled())


def rows(points, inside):
    """Points and occupancies as a sorted multiset of bits."""
    bits = np.column_stack([points.view(np.uint16), inside.astype(np.uint16)])
    return bits[np.lexsort(bits.T)]


@pytest.mark.parametrize("workers", [1, 2])
def test_the_good_shapes_of_a_troubled_zip_are_kept_bit_for_bit(archive, tmp_path, workers):
    result = preprocess(open_archive(archive), tmp_path / "out", PreprocessOptions(workers=workers))

    store = ShapeStore.open(tmp_path / "out")
    assert result.kept == 3
    assert [str(shape_id) for shape_id in store.ids()] == list(GOOD)
    for text, seed in GOOD.items():
        shape, truth = store.read(ShapeId.parse(text)), layout.samples(seed)
        inside = np.unpackbits(truth["occupancies"])
        expected = rows(truth["points"], inside)
        assert not np.array_equal(shape.occupancy.points, truth["points"])
        np.testing.assert_array_equal(
            rows(shape.occupancy.points, shape.occupancy.occupancies), expected
        )
        mode = "L" if text.endswith("grey") else "RGB"
        assert shape.views.images == tuple(layout.picture(100 * seed + i, mode) for i in range(3))


def test_bad_shapes_are_reported_and_the_lists_hold_the_good_ones(archive, tmp_path):
    result = preprocess(open_archive(archive), tmp_path / "out", PreprocessOptions())

    reasons = {str(shape_id): reason for shape_id, reason in result.skipped}
    assert set(reasons) == {"03001627/truncated", "04379243/blind"}
    assert "points.npz is damaged" in reasons["03001627/truncated"]
    assert "no images" in reasons["04379243/blind"]
    report = json.loads((tmp_path / "out" / "preprocess.json").read_text())
    assert {entry["id"]: entry["reason"] for entry in report["skipped"]} == reasons
    store = ShapeStore.open(tmp_path / "out")
    assert [str(i) for i in store.ids("train")] == ["03001627/good1", "04379243/good3"]
    assert store.ids("val") == []
    assert [str(i) for i in store.ids("test")] == ["03001627/grey"]
    chairs = store.info.categories["03001627"]
    assert (chairs.name, chairs.count) == ("chair", 2)
    assert "ShapeNet" in store.info.licences["shapenet"].licence


def test_a_second_run_does_only_what_is_missing(archive, tmp_path):
    out = tmp_path / "out"
    preprocess(open_archive(archive), out, PreprocessOptions())
    store = ShapeStore.open(out)
    lost, kept = ShapeId("03001627", "good1"), ShapeId("04379243", "good3")
    content, written = store.path(lost).read_bytes(), store.path(kept).stat().st_mtime_ns
    store.path(lost).unlink()
    (out / "shapes" / "03001627" / ".good1.h5.0a1b2c3d.tmp").write_bytes(b"left by a crash")

    progress = []
    result = preprocess(
        open_archive(archive), out, PreprocessOptions(), lambda *done: progress.append(done)
    )

    assert (result.kept, result.already, len(result.skipped)) == (1, 2, 2)
    assert progress == [(1, 3), (2, 3), (3, 3)]
    assert store.path(kept).stat().st_mtime_ns == written
    assert store.path(lost).read_bytes() == content
    assert not list(out.rglob("*.tmp"))


def test_overwrite_makes_every_shape_anew(archive, tmp_path):
    preprocess(open_archive(archive), tmp_path / "out", PreprocessOptions())

    result = preprocess(
        open_archive(archive), tmp_path / "out", PreprocessOptions(seed=1, overwrite=True)
    )

    assert (result.kept, result.already) == (3, 0)


def test_a_limit_takes_from_every_category_and_may_grow(archive, tmp_path):
    preprocess(open_archive(archive), tmp_path / "out", PreprocessOptions(limit=2))
    store = ShapeStore.open(tmp_path / "out")
    assert [str(i) for i in store.ids()] == ["03001627/good1"]  # the other, blind, is bad

    preprocess(open_archive(archive), tmp_path / "out", PreprocessOptions(limit=4))
    assert [str(i) for i in store.ids()] == list(GOOD)


def test_samples_made_with_other_settings_are_not_mixed(archive, tmp_path):
    preprocess(open_archive(archive), tmp_path / "out", PreprocessOptions())

    with pytest.raises(InvalidOptionError, match="points 100000, not 50"):
        preprocess(open_archive(archive), tmp_path / "out", PreprocessOptions(points=50))


def test_without_lists_the_shapes_are_split_by_the_given_fractions(tmp_path):
    files = {f"c/m{i}/{k}": v for i in range(10) for k, v in layout.model(i).items()}
    archive = layout.write_zip(tmp_path / "a.zip", files)

    preprocess(open_archive(archive), tmp_path / "out", PreprocessOptions(split=(0.5, 0.2, 0.3)))

    store = ShapeStore.open(tmp_path / "out")
    assert [len(store.ids(name)) for name in ("train", "val", "test")] == [5, 2, 3]


def test_names_that_step_out_of_the_data_set_write_nothing_outside(tmp_path):
    files = {f"c/m/{name}": data for name, data in layout.model(1).items()}
    files |= {f"c/../../evil/{name}": data for name, data in layout.model(2).items()}
    files["c/train.lst"] = b"m\n../../evil\n.hidden\n"
    archive = layout.write_zip(tmp_path / "a.zip", files)

    result = preprocess(open_archive(archive), tmp_path / "deep" / "out", PreprocessOptions())

    assert result.kept == 1
    assert {str(i) for i, _ in result.skipped} == {"c/../../evil", "c/.hidden"}
    assert not list(tmp_path.rglob("evil*"))
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.zip", "deep"]


class Unusual:
    """A source of which shape `fails` raises something unexpected."""

    name, licence, attribution = "unusual", "CC0", ""

    def __init__(self, error: BaseException) -> None:
        self.error = error

    def categories(self):
        return {"c": "c"}

    def splits(self):
        return None

    def ids(self):
        return [ShapeId("c", name) for name in ("a", "fails", "z")]

    def part(self, shape_id):
        return self

    def read(self, shape_id):
        if shape_id.name == "fails":
            raise self.error
        raise SourceError("just bad")


def test_an_unexpected_error_in_one_shape_does_not_stop_the_run(tmp_path):
    source = Unusual(ZeroDivisionError("surprise"))

    result = preprocess(source, tmp_path / "out", PreprocessOptions())

    assert [reason for _, reason in result.skipped] == [
        "just bad",
        "ZeroDivisionError: surprise",
        "just bad",
    ]


def test_an_interrupted_run_leaves_a_data_set_that_opens(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        preprocess(Unusual(KeyboardInterrupt()), tmp_path / "out", PreprocessOptions())

    assert ShapeStore.open(tmp_path / "out").ids("train") == []
    assert (tmp_path / "out" / "preprocess.json").is_file()


def test_a_folder_that_cannot_be_written_is_reported(archive, tmp_path):
    (tmp_path / "out").write_text("a file")

    with pytest.raises(StoreError):
        preprocess(open_archive(archive), tmp_path / "out", PreprocessOptions())
