import os

import h5py
import pytest
from typer.testing import CliRunner

from onet_cli import app as app_module
from onet_cli.errors import SourceError
from onet_cli.shapes.store import ShapeStore
from tests.preprocessing.official_layout import troubled, write_zip


@pytest.fixture
def archive(tmp_path):
    return write_zip(tmp_path / "dataset.zip", troubled())


def preprocess(*arguments):
    # Rich wraps at 80 columns, in the middle of a reason.
    environment = {"COLUMNS": "300"}
    texts = ["preprocess", *map(str, arguments), "--workers", "0"]
    return CliRunner().invoke(app_module.app, texts, env=environment)


def test_good_shapes_are_kept_bad_ones_listed_and_the_exit_code_says_so(archive, tmp_path):
    first = preprocess(archive, tmp_path / "data")
    again = preprocess(archive, tmp_path / "data")

    kept = len(ShapeStore.open(tmp_path / "data").ids())
    assert kept > 0
    assert first.exit_code == 1
    assert f"{kept} shapes written, 0 already there, 2 skipped" in first.stdout
    assert "2 skipped:" in first.stderr
    assert again.exit_code == 1
    assert f"0 shapes written, {kept} already there, 2 skipped" in again.stdout


def test_quiet_prints_failures_only(archive, tmp_path):
    result = preprocess(archive, tmp_path / "data", "--quiet")

    assert result.stdout == ""
    assert "2 skipped:" in result.stderr


def test_a_source_that_is_nothing_known_says_what_is(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("sys.argv", ["onet", "preprocess", str(tmp_path), str(tmp_path / "out")])

    with pytest.raises(SystemExit) as ended:
        app_module.main()

    assert ended.value.code == 1
    error, hint = capsys.readouterr().err.strip().splitlines()
    assert error.startswith("error: ")
    assert hint.startswith("  try: ")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("split", ["", "1,2,3", "0.5,0.5", "a,b,c", "1.2,-0.1,-0.1"])
def test_shares_that_do_not_add_up_are_refused(split, tmp_path):
    result = preprocess("procedural", tmp_path / "out", "--split", split)

    assert result.exit_code == 1
    assert "is not a split" in str(result.exception)


def test_photos_are_refused_where_there_are_none(tmp_path):
    result = preprocess("procedural", tmp_path / "out", "--photos", "all")

    assert result.exit_code == 1
    assert "--photos does not apply: the source has no photographs" in str(result.exception)
    assert not (tmp_path / "out").exists()


def test_verify_tells_damaged_shapes_from_whole_ones(archive, tmp_path):
    data = tmp_path / "data"
    preprocess(archive, data)
    store = ShapeStore.open(data)
    good = preprocess("--verify", data)
    broken, cut = store.ids()[:2]
    with h5py.File(store.path(broken), "r+") as file:
        file["pointcloud/normals"][5:] = 0
    store.path(cut).write_bytes(store.path(cut).read_bytes()[:-1])

    bad = preprocess(archive, data, "--verify")

    assert good.exit_code == 0
    assert f"{len(store.ids())} shapes intact, 0 without a checksum, 0 damaged" in good.stdout
    assert bad.exit_code == 1
    assert "2 damaged" in bad.stdout
    assert "its checksum is wrong" in bad.stderr
    assert str(cut) in bad.stderr
    assert store.path(broken).is_file()


@pytest.mark.parametrize("name", ["meshes.zip", "library.sh3f", "meshes"])
def test_a_pipe_is_no_source_and_does_not_block(tmp_path, name):
    os.mkfifo(tmp_path / name)

    result = preprocess(tmp_path / name, tmp_path / "out")

    assert isinstance(result.exception, SourceError)
    assert "not a regular file" in str(result.exception)
