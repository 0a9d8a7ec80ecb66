import csv
import io
import json
import re
import shutil

import pytest
import torch
import typer
from rich.console import Console
from typer.testing import CliRunner

from onet_cli.commands import consoles
from onet_cli.commands.reconstruct import reconstruct
from onet_cli.errors import CheckpointError
from onet_cli.execution import worker
from onet_cli.files import write_bytes
from onet_cli.models.checkpoint import save_checkpoint
from onet_cli.reconstruction import folder as folder_module
from onet_cli.reconstruction.settings import BatchSettings, GeneratorSettings
from tests.execution.clusters import contents, in_threads
from tests.reconstruction.rigged import disc_photo, sphere_checkpoint

app = typer.Typer()
app.command()(reconstruct)
NAMES = ["a.png", "b.png", "bad.png", "c.png"]


@pytest.fixture
def photos(tmp_path):
    (tmp_path / "photos").mkdir()
    (tmp_path / "model").mkdir()
    checkpoint = sphere_checkpoint()
    save_checkpoint(tmp_path / "model" / "m.safetensors", checkpoint.network, checkpoint.info)
    for number, name in enumerate(NAMES):
        disc_photo().rotate(7 * number).save(tmp_path / "photos" / name)
    (tmp_path / "photos" / "bad.png").write_text("no picture")
    return tmp_path


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def run(root, *options, out="out", exits=1):
    common = [
        "--checkpoint",
        root / "model" / "m.safetensors",
        "--resolution",
        "32",
        "--background",
        "keep",
    ]
    arguments = [root / "photos", "-o", root / out, *common, *options]
    result = CliRunner().invoke(app, [str(one) for one in arguments])
    assert result.exit_code == exits, result.exception
    return result


def tables(root, *options, **places):
    manifests = [root / f"results.{end}" for end in ("csv", "jsonl")]
    result = run(root, *(word for m in manifests for word in ("--manifest", m)), *options, **places)
    return result, [m.read_text() if m.exists() else None for m in manifests]


def test_tables_have_a_row_for_each_photo_in_order(photos):
    _, (table, lines) = tables(photos)

    rows = list(csv.DictReader(table.splitlines()))
    records = [json.loads(line) for line in lines.splitlines()]
    assert [row["photo"] for row in rows] == [str(photos / "photos" / name) for name in NAMES]
    assert [row["photo"] for row in rows] == [record["photo"] for record in records]
    assert [bool(row["path"]) for row in rows] == [True, True, False, True]
    assert "is not a picture" in rows[2]["error"]
    assert "is not a picture" in records[2]["error"]
    assert [int(row["faces"] or 0) for row in rows] == [one.get("faces", 0) for one in records]
    assert sorted(path.name for path in photos.iterdir()) == [
        "model",
        "out",
        "photos",
        "results.csv",
        "results.jsonl",
    ]


def test_merged_shards_are_the_run_of_one(photos):
    _, whole = tables(photos)
    meshes = contents(photos / "out")
    shutil.rmtree(photos / "out")
    for path in photos.glob("results.*"):
        path.unlink()

    tables(photos, "--shard", "1/2")
    assert "1 of 2 shards are missing" in str(tables(photos, "--merge")[0].exception)
    assert tables(photos, "--shard", "2/2", exits=0)[1] == [None, None]
    _, merged = tables(photos, "--merge")

    assert merged == whole
    assert contents(photos / "out") == meshes
    assert sorted(path.name for path in photos.glob("results.*")) == [
        "results.csv",
        "results.jsonl",
    ]


def test_many_photos_have_a_bar_with_rate_and_time_left(photos, monkeypatch):
    screen = io.StringIO()
    console = Console(file=screen, force_terminal=True, width=80, color_system=None)
    monkeypatch.setattr(consoles, "notes", console)

    run(photos)

    assert re.search(r"4/4 +\d+/min +\d:\d\d:\d\d +0:00:00", screen.getvalue())


def test_a_mesh_that_was_lost_is_not_merged(photos):
    tables(photos, "--shard", "1/1")
    (photos / "out" / "b.obj").unlink()

    assert "1 photos are in no shard, or have changed" in str(
        tables(photos, "--merge")[0].exception
    )


def test_a_stopped_run_goes_on_with_the_photos_that_are_missing(photos, monkeypatch):
    _, whole = tables(photos)
    for path in photos.glob("results.*"):
        path.unlink()
    real = folder_module.reconstruct_all
    asked = []

    def stopping(generator, found, *rest):
        for result in real(generator, found, *rest):
            asked.append(result.photo.path.name)
            if len(asked) == 2:
                raise KeyboardInterrupt
            yield result

    with monkeypatch.context() as patched:
        patched.setattr(folder_module, "reconstruct_all", stopping)
        tables(photos, exits=130)
    assert (photos / "results.csv.partial").exists()
    write_bytes(photos / "photos" / "c.png", (photos / "photos" / "a.png").read_bytes())
    write_bytes(photos / "photos" / "c.png", disc_bytes(photos))

    def counting(generator, found, *rest):
        asked.append([photo.path.name for photo in found])
        return real(generator, found, *rest)

    monkeypatch.setattr(folder_module, "reconstruct_all", counting)
    _, resumed = tables(photos)

    assert resumed == whole
    assert asked[2:] == [["b.png", "bad.png", "c.png"]]
    assert not (photos / "results.csv.partial").exists()


def disc_bytes(photos):
    """The bytes of c.png, drawn again."""
    disc_photo().rotate(21).save(photos / "again.png")
    data = (photos / "again.png").read_bytes()
    (photos / "again.png").unlink()
    return data


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--shard", "1/2"], "need --manifest"),
        (["--manifest", "x.txt"], "ends in .csv or .jsonl"),
        (["--manifest", "no/where/x.csv"], "folder does not exist"),
    ],
)
def test_what_cannot_be_written_is_refused_at_once(photos, options, said):
    assert said in str(run(photos, *options).exception)
    assert not (photos / "out").exists()


def test_a_cluster_changes_no_byte(photos, monkeypatch):
    pytest.importorskip("distributed")
    monkeypatch.setattr(worker, "_expendable", False)
    _, whole = tables(photos)
    meshes = contents(photos / "out")
    shutil.rmtree(photos / "out")

    with in_threads(1, 1) as local:
        _, far = tables(photos, "--cluster", local.scheduler_address)

    assert far == whole
    assert contents(photos / "out") == meshes


@pytest.mark.parametrize(
    ("photos", "device", "threads", "processes"),
    [
        (1000, "cpu", "2", 2),
        (64, "cpu", "2", 2),
        (63, "cpu", "2", 0),
        (1000, "cpu", "1", 0),
        (100, "cpu", "8", 0),
        (1000, "cuda", "2", 0),
    ],
)
def test_many_photos_on_a_cpu_are_given_to_processes(
    monkeypatch, photos, device, threads, processes
):
    monkeypatch.setenv("OMP_NUM_THREADS", threads)
    settings = GeneratorSettings(), BatchSettings()
    work = folder_module.FolderWork("furniture", device, *settings)

    assert folder_module.usual_workers(work, photos) == processes


@pytest.mark.parametrize(
    "place",
    [
        pytest.param(["--workers", "2"], id="processes"),
        pytest.param(["--cluster", "local"], id="cluster", marks=pytest.mark.slow),
    ],
)
def test_a_missing_checkpoint_is_named_wherever_it_is_read(photos, monkeypatch, place):
    if "--cluster" in place:
        pytest.importorskip("distributed")
    missing = photos / "model" / "none.safetensors"

    result = run(photos, "--checkpoint", missing, *place)

    assert isinstance(result.exception, CheckpointError)
    assert str(missing) in str(result.exception)
    assert "onet train" in result.exception.hint


@pytest.mark.slow
def test_processes_change_no_byte(photos):
    shipped = ["--checkpoint", "furniture"]
    _, whole = tables(photos, *shipped)
    meshes = contents(photos / "out")
    shutil.rmtree(photos / "out")

    _, found = tables(photos, "--workers", "2", *shipped)

    assert found == whole
    assert contents(photos / "out") == meshes
