"""What happens when a run is stopped, repeated, or repeated with other options."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace

import pytest

from onet_cli.errors import InvalidOptionError, OnetError, StoreError
from onet_cli.execution.shards import Shard, parse_shard
from onet_cli.files import only_writer
from onet_cli.preprocessing.options import PreprocessOptions
from onet_cli.preprocessing.pipeline import preprocess
from onet_cli.preprocessing.sources.resolve import open_source
from onet_cli.shapes.exposure import EXPOSURE
from onet_cli.shapes.store import ShapeStore
from tests.preprocessing.libraries import box_obj

QUICK = {"points": 256, "views": 2, "image_size": 32, "resolution": 32}


@pytest.fixture
def meshes(tmp_path):
    return write_boxes(tmp_path / "mine", 4)


def write_boxes(folder, count):
    for i in range(count):
        path = folder / ("chair" if i % 3 else "table") / f"box {i}.obj"
        path.parent.mkdir(parents=True, exist_ok=True)
        text = box_obj(1, 1 + i / 7, 2)
        # Every second one lacks its last side.
        path.write_text(text if i % 2 else text.rstrip().rpartition("\n")[0] + "\n")
    return folder


def run(source, out, **changes):
    options = PreprocessOptions(**(QUICK | changes))
    return preprocess(open_source(str(source), options), out, options)


def content(out):
    """The bytes of every file of a data set, except the report on the last run."""
    files = (path for path in out.rglob("*") if path.is_file() and path.name != "preprocess.json")
    return {path.relative_to(out).as_posix(): path.read_bytes() for path in files}


def test_workers_change_no_byte(meshes, tmp_path):
    for workers in (0, 2):
        result = run(meshes, tmp_path / str(workers), workers=workers, near_points=64)
        assert (result.kept, result.skipped) == (4, [])

    assert content(tmp_path / "0") == content(tmp_path / "2")
    assert len(content(tmp_path / "0")) == 8


@pytest.mark.parametrize(
    "changed",
    [
        {"near_points": 8},
        {"resolution": 64},
        {"solidify": "always"},
        {"cameras": "wide"},
        {"background": "transparent"},
        {"up": "z"},
        {"seed": 3},
        {"views": 1},
    ],
)
def test_shapes_of_other_options_are_never_mixed(meshes, tmp_path, changed):
    run(meshes, tmp_path / "out", limit=2)
    (name,) = changed

    with pytest.raises(InvalidOptionError, match=f"was made with {name}"):
        run(meshes, tmp_path / "out", **changed)


def test_views_of_another_exposure_are_never_mixed(meshes, tmp_path):
    run(meshes, tmp_path / "out", limit=2)
    store = ShapeStore.open(tmp_path / "out")
    assert store.info.exposure() == EXPOSURE
    older = {name: dict(facts) for name, facts in store.info.sources.items()}
    for facts in older.values():
        del facts["exposure"]  # as data sets had none
    store.update_info(replace(store.info, sources=older))

    assert ShapeStore.open(tmp_path / "out").info.exposure() == 1
    with pytest.raises(InvalidOptionError, match=r"was made with exposure 1\.0, not 0\.85"):
        run(meshes, tmp_path / "out")


def test_another_table_is_another_option(meshes, tmp_path):
    table = tmp_path / "t.csv"
    table.write_text("obj\nchair/box 1.obj\n")
    run(meshes, tmp_path / "out", manifest=table)
    table.write_text("obj,height_cm,width_cm,depth_cm\nchair/box 1.obj,1,1,1\n")

    with pytest.raises(InvalidOptionError, match=r"manifest t\.csv sha256"):
        run(meshes, tmp_path / "out", manifest=table)


def test_overwriting_with_other_options_leaves_no_shape_of_the_old_ones(meshes, tmp_path):
    run(meshes, tmp_path / "out")

    result = run(meshes, tmp_path / "out", views=1, overwrite=True, limit=1)

    store = ShapeStore.open(tmp_path / "out")
    assert (result.kept, result.already) == (1, 0)
    assert [store.view_count(shape_id) for shape_id in store.ids()] == [1]
    run(meshes, tmp_path / "out", views=1)
    run(meshes, tmp_path / "straight", views=1)
    assert content(tmp_path / "out") == content(tmp_path / "straight")


def test_overwriting_that_was_stopped_goes_on_with_the_new_options(meshes, tmp_path, monkeypatch):
    run(meshes, tmp_path / "out")

    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("onet_cli.preprocessing.pipeline.convert_all", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run(meshes, tmp_path / "out", views=1, overwrite=True)
    monkeypatch.undo()
    result = run(meshes, tmp_path / "out", views=1)

    run(meshes, tmp_path / "straight", views=1)
    assert (result.kept, result.already) == (4, 0)
    assert content(tmp_path / "out") == content(tmp_path / "straight")


def test_options_are_kept_for_each_of_several_sources(meshes, tmp_path):
    other = write_boxes(tmp_path / "others", 7)
    run(meshes, tmp_path / "out")
    run(other, tmp_path / "out", views=1)

    with pytest.raises(InvalidOptionError, match="made with views 2, not 1"):
        run(meshes, tmp_path / "out", views=1)
    sources = ShapeStore.open(tmp_path / "out").info.sources
    assert {name: facts["views"] for name, facts in sources.items()} == {
        "meshes:mine": 2,
        "meshes:others": 1,
    }


def test_a_first_run_that_stored_nothing_binds_nobody(meshes, tmp_path):
    for path in meshes.rglob("*.obj"):
        path.write_text("v 0 0 0\n")
    assert len(run(meshes, tmp_path / "out").skipped) == 4

    write_boxes(meshes, 4)

    assert run(meshes, tmp_path / "out", views=1).kept == 4


def command(source, out, workers):
    options = {"points": 4096, "views": 2, "image-size": 64, "resolution": 64, "near-points": 64}
    words = [word for name, value in options.items() for word in (f"--{name}", str(value))]
    arguments = ["preprocess", str(source), str(out), "--workers", str(workers), *words]
    return [sys.executable, "-m", "onet_cli", *arguments]


@pytest.mark.slow
@pytest.mark.parametrize("workers", [0, 2])
def test_killed_again_and_again_the_data_set_is_the_same_to_the_byte(tmp_path, workers):
    source = write_boxes(tmp_path / "mine", 24)
    subprocess.run(command(source, tmp_path / "straight", 2), check=True)
    out = tmp_path / "out"
    kills = 0

    for wanted in (1, 4, 9, 15, 20, 23):
        child = subprocess.Popen(command(source, out, workers))
        while child.poll() is None and len(list(out.rglob("*.h5"))) < wanted:
            time.sleep(0.002)
        # Not right after a shape is whole, but somewhere in the next ones.
        time.sleep(0.013 * kills)
        if child.poll() is None:
            os.kill(child.pid, signal.SIGKILL)
            kills += 1
        child.wait()
    subprocess.run(command(source, out, workers), check=True)

    assert kills >= 3
    assert content(out) == content(tmp_path / "straight")
    assert len(content(out)) == 24 + 4


def test_two_runs_at_once_in_one_folder_exclude_each_other(meshes, tmp_path):
    with only_writer(tmp_path / "out"), pytest.raises(StoreError, match="by another process"):
        run(meshes, tmp_path / "out")

    assert run(meshes, tmp_path / "out").kept == 4


def shards_of(meshes, out, count, **changes):
    return [run(meshes, out, shard=Shard(i, count), **changes) for i in range(1, count + 1)]


def test_merged_shards_are_the_data_set_of_one_run(meshes, tmp_path):
    (meshes / "chair" / "broken.obj").write_text("v 0 0 0\n")
    whole = run(meshes, tmp_path / "whole")

    parts = shards_of(meshes, tmp_path / "out", 3)
    merged = run(meshes, tmp_path / "out", merge=True)

    assert content(tmp_path / "out") == content(tmp_path / "whole")
    assert sum(part.kept for part in parts) == merged.kept == whole.kept == 4
    assert merged.skipped == whole.skipped
    assert len(whole.skipped) == 1
    assert not (tmp_path / "out" / "shards").exists()


def test_shards_that_are_missing_are_named(meshes, tmp_path):
    for index in (1, 4):
        run(meshes, tmp_path / "out", shard=Shard(index, 4))

    with pytest.raises(OnetError, match="2 of 4 shards are missing: 2/4, 3/4"):
        run(meshes, tmp_path / "out", merge=True)
    with pytest.raises(StoreError, match="not merged"):
        run(meshes, tmp_path / "out")


def test_shards_of_two_divisions_are_refused(meshes, tmp_path):
    shards_of(meshes, tmp_path / "out", 1)
    shards_of(meshes, tmp_path / "out", 2)

    with pytest.raises(OnetError, match="shards of 1 and 2, which overlap"):
        run(meshes, tmp_path / "out", merge=True)


def test_a_shard_that_was_interrupted_is_not_merged(meshes, tmp_path):
    shards_of(meshes, tmp_path / "out", 2)
    report = tmp_path / "out" / "shards" / "2-of-2" / "preprocess.json"
    report.write_text(report.read_text().replace('"complete": true', '"complete": false'))

    with pytest.raises(OnetError, match="2-of-2 is not complete"):
        run(meshes, tmp_path / "out", merge=True)


def test_shards_of_other_objects_or_options_are_not_merged(meshes, tmp_path):
    shards_of(meshes, tmp_path / "out", 2)
    with pytest.raises(OnetError, match="other objects or with other options"):
        run(meshes, tmp_path / "out", merge=True, limit=3)
    with pytest.raises(InvalidOptionError, match="made with views 2, not 1") as caught:
        run(meshes, tmp_path / "out", shard=Shard(1, 2), views=1, overwrite=True)
    assert "--overwrite" not in caught.value.hint


def test_a_shape_that_was_not_copied_is_missed(meshes, tmp_path):
    shards_of(meshes, tmp_path / "out", 2)
    next((tmp_path / "out").glob("shapes/*/*.h5")).unlink()

    with pytest.raises(OnetError, match="1 shapes of the shards are not in"):
        run(meshes, tmp_path / "out", merge=True)


@pytest.mark.parametrize("text", ["0/4", "5/4", "2", "2/", "a/b", "-1/2"])
def test_what_is_no_shard_is_refused(text):
    with pytest.raises(InvalidOptionError, match="is not a shard"):
        parse_shard(text)
