import io
import json
import shutil
from dataclasses import replace

import pytest
import torch
import typer
from typer.testing import CliRunner

from onet_cli.commands.evaluate import evaluate
from onet_cli.errors import (
    CheckpointError,
    InvalidOptionError,
    OnetError,
    OutputError,
    StoreError,
    UnknownNameError,
)
from onet_cli.evaluation import pool
from onet_cli.evaluation.report import from_json
from onet_cli.evaluation.tasks import evaluate_task
from onet_cli.execution import worker
from onet_cli.files import open_alone
from onet_cli.meshes.write import write_mesh
from onet_cli.models.checkpoint import CheckpointInfo, load_checkpoint, save_checkpoint
from onet_cli.models.network import OccupancyNetwork
from onet_cli.models.spec import ModelSpec
from onet_cli.shapes.shape import ShapeId
from onet_cli.shapes.store import ShapeStore
from tests.evaluation.synthetic import CHAIR, SOFA, make_store, sphere
from tests.execution.clusters import in_threads

IDS = [ShapeId(CHAIR, "a"), ShapeId(SOFA, "b"), ShapeId(SOFA, "c")]
SMALL = ["--resolution", "16", "--device", "cpu", "--workers", "0"]

app = typer.Typer()
app.command()(evaluate)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return make_store(tmp_path_factory.mktemp("data"), IDS).root


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    torch.manual_seed(0)
    spec = ModelSpec("tiny", "resnet18", "simple", code_dim=16, hidden_dim=16, image_size=32)
    path = tmp_path_factory.mktemp("run") / "best.safetensors"
    network = OccupancyNetwork(spec).eval()
    with torch.no_grad():
        # What zero-initialised layers leave constant gets a slope, so that there is a surface.
        for parameter in network.decoder.parameters():
            parameter.add_(0.3 * torch.randn_like(parameter))
        code = network.encode(torch.ones(1, 3, 32, 32))
        middle = network.decode(torch.rand(1, 4000, 3) - 0.5, code).median()
    save_checkpoint(path, network, CheckpointInfo(spec, threshold=float(middle.sigmoid())))
    return path


def run(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_json_holds_every_object_and_where_it_came_from(data, checkpoint):
    result = run(data, "--checkpoint", checkpoint, "--format", "json", *SMALL)

    table = from_json(result.stdout)
    assert result.exit_code == 0
    assert [entry.id for entry in table.objects] == IDS
    assert 0 < table.facts.threshold < 1
    assert [entry.failure for entry in table.objects] == [None] * 3
    assert table.facts.resolution == 16
    assert table.facts.checkpoint_path == str(checkpoint)
    assert len(table.facts.checkpoint_sha256) == 64
    assert table.facts.data_source == "synthetic"
    assert table.objects[0].occupancy_points == 2000


def test_the_same_run_twice_writes_the_same_bytes(data, checkpoint, tmp_path):
    for name in ("one.json", "two.json"):
        run(data, "-c", checkpoint, "--output", tmp_path / name, *SMALL)

    assert (tmp_path / "one.json").read_bytes() == (tmp_path / "two.json").read_bytes()


def test_a_file_gets_its_format_by_suffix_while_the_table_is_printed(data, checkpoint, tmp_path):
    result = run(data, "-c", checkpoint, "-o", tmp_path / "scores.csv", *SMALL)

    assert (tmp_path / "scores.csv").read_text().startswith("row,category,")
    assert "category mean" in result.stdout
    assert [path.name for path in tmp_path.iterdir()] == ["scores.csv"]


def test_quiet_prints_nothing_beside_the_file(data, checkpoint, tmp_path):
    result = run(data, "-c", checkpoint, "-o", tmp_path / "scores.md", "--quiet", *SMALL)

    assert result.output == ""
    assert "| chair |" in (tmp_path / "scores.md").read_text()


def test_a_limit_and_a_category_narrow_what_is_scored(data, checkpoint):
    options = ["--category", "sofa", "--limit", 1, "--format", "json"]

    scores = json.loads(run(data, "-c", checkpoint, *options, *SMALL).stdout)

    assert [entry["id"] for entry in scores["objects"]] == [str(IDS[1])]


def test_workers_and_an_end_before_time_change_no_byte_of_any_output(
    data, checkpoint, tmp_path, monkeypatch
):
    def outputs(name, workers):
        paths = [tmp_path / f"{name}.json", tmp_path / f"{name}.html"]
        options = [*SMALL[:-1], workers, "--report", paths[1]]
        result = run(data, "-c", checkpoint, "-o", paths[0], *options)
        assert result.exit_code == 0, result.exception
        return [path.read_bytes() for path in paths]

    whole = outputs("whole", 0)
    seen = []

    def stop_after_one(store, task, *rest):
        seen.append(task)
        if len(seen) == 2:
            raise KeyboardInterrupt
        return evaluate_task(store, task, *rest)

    with monkeypatch.context() as patched:
        patched.setattr(pool, "evaluate_task", stop_after_one)
        run(data, "-c", checkpoint, "-o", tmp_path / "resumed.json", *SMALL)
    assert (tmp_path / "resumed.json.partial").exists()

    assert outputs("resumed", 2) == whole


def test_meshes_are_kept_and_used_again_and_refused_to_another_grid(data, checkpoint, tmp_path):
    options = ["-c", checkpoint, "--meshes", tmp_path / "meshes"]
    first = run(data, *options, "-o", tmp_path / "one.json", *SMALL)
    assert first.exit_code == 0, first.exception
    kept = sorted(path.name for path in (tmp_path / "meshes").rglob("*.ply"))
    stamps = [path.stat().st_mtime_ns for path in (tmp_path / "meshes").rglob("*.ply")]
    run(data, *options, "-o", tmp_path / "two.json", *SMALL)

    assert kept == ["00.ply"] * 3
    assert stamps == [path.stat().st_mtime_ns for path in (tmp_path / "meshes").rglob("*.ply")]
    assert (tmp_path / "one.json").read_bytes() == (tmp_path / "two.json").read_bytes()
    other = run(data, *options, *SMALL, "--resolution", "32")
    assert isinstance(other.exception, InvalidOptionError)


def test_meshes_of_another_tool_are_scored_by_category_and_name(data, tmp_path):
    folder = tmp_path / "theirs"
    for shape_id, radius in zip(IDS, (0.5, 0.4, None), strict=True):
        path = folder / shape_id.category / f"{shape_id.name}.obj"
        path.parent.mkdir(parents=True, exist_ok=True)
        if radius is not None:
            path.write_text(sphere(radius).export(file_type="obj"))

    result = run(data, "--predictions", folder, "--format", "json", *SMALL)
    scores = json.loads(result.stdout)

    ious = [entry["metrics"]["iou"] for entry in scores["objects"]]
    assert ious == pytest.approx([1.0, 0.8**3, 0.0], abs=0.05)
    assert "no mesh" in scores["objects"][2]["failure"]
    assert scores["threshold"] is None
    assert scores["objects"][0]["metrics"]["network_iou"] is None
    paper = ["--protocol", "paper", "--format", "json", "--device", "cpu", "--workers", "0"]
    dropped = run(data, "--predictions", folder, *paper)
    assert json.loads(dropped.stdout)["scored"] == 2
    assert dropped.exit_code == 1


@pytest.mark.parametrize("place", [None, "a.obj", "deep/er/than/that.obj"])
def test_a_folder_without_a_mesh_in_its_place_is_refused(data, tmp_path, place):
    folder = tmp_path / "theirs"
    folder.mkdir()
    if place is not None:
        (folder / place).parent.mkdir(parents=True, exist_ok=True)
        (folder / place).write_text(sphere().export(file_type="obj"))

    result = run(data, "--predictions", folder, *SMALL)

    assert isinstance(result.exception, InvalidOptionError)
    assert "CATEGORY/NAME" in str(result.exception)


def test_open_and_clipped_meshes_of_another_tool_are_scored_and_counted(data, tmp_path):
    ball, half, hole = sphere(), sphere(), sphere()
    half.update_faces(half.triangles_center[:, 1] < 0)  # clipped, its cut left open
    hole.update_faces([n > 20 for n in range(len(hole.faces))])
    for shape_id, mesh in zip(IDS, (ball, half, hole), strict=True):
        path = tmp_path / shape_id.category / f"{shape_id.name}.ply"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(mesh.export(file_type="ply"))

    result = run(data, "--predictions", tmp_path, "--format", "json", *SMALL)

    found = [entry["metrics"] for entry in json.loads(result.stdout)["objects"]]
    assert [entry["closed"] for entry in found] == [1, 0, 0]
    assert [entry["iou"] for entry in found] == pytest.approx([1, 0.5, 1], abs=0.05)
    assert [entry["volume_error"] for entry in found] == pytest.approx([0, 0.5, 0], abs=0.05)
    assert json.loads(result.stdout)["empty"] == 0
    assert result.exit_code == 0


def test_a_checkpoint_of_other_categories_is_measured_and_said_to_be(data, checkpoint, tmp_path):
    known = load_checkpoint(str(checkpoint), "cpu")
    path = tmp_path / "lounge.safetensors"
    info = CheckpointInfo(known.info.spec, known.info.threshold, categories=("lounge", "plane"))
    save_checkpoint(path, known.network, info)

    result = run(data, "-c", path, "--format", "json", *SMALL)

    assert result.exit_code == 0
    assert json.loads(result.stdout)["scored"] == 3
    assert result.stderr == "note: the checkpoint was not trained on: chair\n"


def test_views_of_another_exposure_than_the_training_images_are_noted(data, checkpoint, tmp_path):
    known = load_checkpoint(str(checkpoint), "cpu")
    path = tmp_path / "dark.safetensors"
    save_checkpoint(path, known.network, replace(known.info, exposure=0.5))

    result = run(data, "-c", path, "--format", "json", *SMALL)

    assert result.exit_code == 0
    shown = ShapeStore.open(data).info.exposure()
    assert result.stderr.endswith(
        f"note: the views have an exposure of {shown:g}, the training images had 0.5\n"
    )


def test_the_literature_is_refused_before_anything_is_scored(data, checkpoint, monkeypatch):
    monkeypatch.setattr(pool, "evaluate_task", None)

    result = run(data, "-c", checkpoint, "--reference", "paper", *SMALL)

    assert isinstance(result.exception, InvalidOptionError)
    assert "paper's protocol" in str(result.exception)


def test_a_run_that_was_stopped_goes_on_where_it_was(data, checkpoint, tmp_path, monkeypatch):
    output = tmp_path / "scores.json"
    undisturbed = tmp_path / "whole.json"
    run(data, "-c", checkpoint, "-o", undisturbed, *SMALL)
    seen = []

    def stop_after_two(store, task, *rest):
        if len(seen) == 2:
            raise KeyboardInterrupt
        seen.append(task)
        return evaluate_task(store, task, *rest)

    monkeypatch.setattr(pool, "evaluate_task", stop_after_two)
    run(data, "-c", checkpoint, "-o", output, *SMALL)
    journal = tmp_path / "scores.json.partial"
    assert not output.exists()
    assert len(journal.read_text().splitlines()) == 3
    with journal.open("a") as file:
        file.write('{"id": "cut o')

    seen[:] = []
    run(data, "-c", checkpoint, "-o", output, *SMALL)

    assert len(seen) == 1
    assert output.read_bytes() == undisturbed.read_bytes()
    assert not journal.exists()


def test_two_outputs_are_compared_without_any_data(data, checkpoint, tmp_path):
    run(data, "-c", checkpoint, "-o", tmp_path / "a.json", *SMALL)
    run(data, "-c", checkpoint, "-o", tmp_path / "b.json", "--seed", "1", *SMALL)

    result = run("--compare", tmp_path / "a.json", tmp_path / "b.json")

    assert result.exit_code == 0
    assert "Chamfer-L1" in result.stdout
    assert "seed: 0 and 1" in result.stderr


@pytest.mark.parametrize(
    "options",
    [
        [],
        ["-c", "x", "--predictions", "y"],
        ["--predictions", "y", "--meshes", "z"],
        ["--embeddings", "codes.npz"],
    ],
)
def test_what_to_score_must_be_said_once(data, options):
    assert run(data, *options).exit_code == 2


def test_a_surface_that_is_empty_is_a_score_and_no_failure(data, tmp_path):
    spec = ModelSpec("tiny", "resnet18", "simple", code_dim=16, hidden_dim=16, image_size=32)
    path = tmp_path / "shy.safetensors"
    save_checkpoint(path, OccupancyNetwork(spec), CheckpointInfo(spec, threshold=1 - 1e-12))

    result = run(data, "-c", path, "--format", "json", *SMALL)

    scores = json.loads(result.stdout)
    assert result.exit_code == 0
    assert scores["empty"] == scores["scored"] == 3
    assert scores["instance_mean"]["iou"] == 0.0


def test_an_object_that_cannot_be_read_is_listed_and_the_exit_code_is_1(checkpoint, tmp_path):
    store = make_store(tmp_path / "data", IDS)
    store.path(IDS[0]).unlink()

    result = run(store.root, "-c", checkpoint, "--format", "json", *SMALL)

    assert result.exit_code == 1
    assert "1 objects without a score" in result.stderr
    assert str(IDS[0]) in result.stderr
    assert json.loads(result.stdout)["scored"] == 2


@pytest.mark.parametrize(
    ("options", "error"),
    [
        (["--split", "train"], StoreError),
        (["--split", "tset"], UnknownNameError),
        (["--category", "char"], UnknownNameError),
        (["--checkpoint", "nowhere/best.safetensors"], CheckpointError),
        (["--protocol", "paper", "--resolution", "32"], InvalidOptionError),
        (["--output", "nowhere/scores.json"], InvalidOptionError),
    ],
)
def test_what_cannot_work_is_an_error_with_a_message(data, checkpoint, options, error):
    result = run(data, "-c", checkpoint, *options)

    assert isinstance(result.exception, error)


def test_a_folder_that_is_no_data_set_is_an_error(checkpoint, tmp_path):
    result = run(tmp_path, "-c", checkpoint)

    assert isinstance(result.exception, StoreError)


def test_an_unknown_protocol_is_a_usage_error(data, checkpoint):
    assert run(data, "-c", checkpoint, "--protocol", "lenient").exit_code == 2


@pytest.fixture
def spheres(tmp_path):
    """Predictions for all objects: spheres of the truth's size."""
    for shape_id in IDS:
        write_mesh(sphere(), tmp_path / "spheres" / shape_id.category / f"{shape_id.name}.obj")
    return tmp_path / "spheres"


def stop_after(count, monkeypatch):
    """Let an evaluation be interrupted after `count` objects; return those that were scored."""
    seen = []

    def scored(store, task, *rest):
        if len(seen) == count:
            raise KeyboardInterrupt
        seen.append(task)
        return evaluate_task(store, task, *rest)

    monkeypatch.setattr(pool, "evaluate_task", scored)
    return seen


def test_scores_of_meshes_that_have_changed_since_are_forgotten(
    data, spheres, tmp_path, monkeypatch
):
    output = tmp_path / "scores.json"
    seen = stop_after(2, monkeypatch)
    run(data, "--predictions", spheres, "-o", output, *SMALL)
    changed = spheres / IDS[0].category / f"{IDS[0].name}.obj"
    write_mesh(sphere(0.1), changed)

    seen[:] = []
    monkeypatch.undo()
    run(data, "--predictions", spheres, "-o", output, *SMALL)

    anew = tmp_path / "anew.json"
    run(data, "--predictions", spheres, "-o", anew, *SMALL)
    assert output.read_bytes() == anew.read_bytes()
    assert from_json(output.read_text()).objects[0].metrics.iou < 0.1


@pytest.mark.parametrize("line", ["[]", "5", "{", "\0", '{"content": ""}', "[" * 100_000])
def test_a_damaged_line_of_the_journal_is_scored_again(data, spheres, tmp_path, monkeypatch, line):
    output, anew = tmp_path / "scores.json", tmp_path / "anew.json"
    journal = tmp_path / "scores.json.partial"
    stop_after(2, monkeypatch)
    run(data, "--predictions", spheres, "-o", output, *SMALL)
    head, first, second, _ = journal.read_text().split("\n")
    journal.write_bytes(f"{head}\n{first[:40]}\n{line}\n{second}\n".encode() + b"\xff\xfe\n")
    monkeypatch.undo()

    result = run(data, "--predictions", spheres, "-o", output, *SMALL)

    run(data, "--predictions", spheres, "-o", anew, *SMALL)
    assert result.exit_code == 0
    assert output.read_bytes() == anew.read_bytes()


@pytest.mark.parametrize("suffix", [".off", ".obj", ".ply"])
def test_a_prediction_with_a_bad_index_is_the_failure_of_one_object(data, spheres, suffix):
    (spheres / IDS[1].category / f"{IDS[1].name}.obj").unlink()
    header = "ply\nformat ascii 1.0\nelement vertex 3\nproperty float x\nproperty float y\n"
    header += "property float z\nelement face 1\n"
    header += "property list uchar int vertex_indices\nend_header\n"
    text = {
        ".off": "OFF\n3 1 0\n0 0 0\n1 0 0\n0 1 0\n3 0 1 77\n",
        ".obj": "v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 77\n",
        ".ply": f"{header}0 0 0\n1 0 0\n0 1 0\n3 0 1 77\n",
    }[suffix]
    (spheres / IDS[1].category / f"{IDS[1].name}{suffix}").write_text(text)

    result = run(data, "--predictions", spheres, "--format", "json", *SMALL)

    failures = [entry.failure for entry in from_json(result.stdout).objects]
    assert failures[0] is None
    assert failures[1]
    assert failures[2] is None


def test_a_list_that_is_no_text_is_refused(data, checkpoint, tmp_path):
    copy = shutil.copytree(data, tmp_path / "copy")
    (copy / "test.lst").write_bytes(b"\xff\xfe\x00")

    result = run(copy, "-c", checkpoint, *SMALL)

    assert isinstance(result.exception, StoreError)
    assert "not UTF-8 text" in str(result.exception)


@pytest.mark.parametrize(
    "changes",
    [
        {"format_version": float("inf")},
        {"format_version": "x"},
        {"source": []},
        {"categories": []},
        {"categories": {CHAIR: {"name": [1], "count": 1}}},
        {"categories": {CHAIR: {"name": "chair", "count": -1}}},
        {"categories": {CHAIR: 5}},
        {"options": 5},
        {"licences": {"a": {"licence": 1, "attribution": ""}}},
        {"sources": {"a": 1}},
        {"sources": 5},
    ],
)
def test_an_absurd_description_is_refused(data, checkpoint, tmp_path, changes):
    copy = shutil.copytree(data, tmp_path / "copy")
    description = copy / "dataset.json"
    description.write_text(json.dumps(json.loads(description.read_text()) | changes))

    result = run(copy, "-c", checkpoint, *SMALL)

    assert isinstance(result.exception, StoreError)
    assert "\n" not in str(result.exception)


def test_a_disk_that_is_full_ends_the_run_in_words(data, spheres, tmp_path, monkeypatch):
    class Full(io.StringIO):
        def flush(self):
            raise OSError(28, "No space left on device")

        close = flush

    monkeypatch.setattr("onet_cli.line_file.open_alone", lambda path: Full())

    result = run(data, "--predictions", spheres, "-o", tmp_path / "s.json", *SMALL)

    assert isinstance(result.exception, OnetError)
    assert "No space left" in str(result.exception)


def test_an_output_that_another_process_is_writing_is_refused(data, spheres, tmp_path):
    output = tmp_path / "scores.json"
    with open_alone(tmp_path / "scores.json.partial") as other:
        other.write("scores of the other process")
        other.flush()

        result = run(data, "--predictions", spheres, "-o", output, *SMALL)

    assert "is being written by another process" in str(result.exception)
    assert (tmp_path / "scores.json.partial").read_text() == "scores of the other process"


def test_a_full_disk_under_kept_meshes_is_no_bad_prediction(
    data, checkpoint, tmp_path, monkeypatch
):
    def full(path):
        if ".ply." in path.name:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr("onet_cli.files._flush_to_disk", full)
    output = tmp_path / "scores.json"

    result = run(data, "-c", checkpoint, "-o", output, "--meshes", tmp_path / "meshes", *SMALL)

    assert isinstance(result.exception, OutputError)
    assert "00.ply cannot be written: No space left" in str(result.exception)
    assert not output.exists()


def test_merged_shards_are_the_evaluation_of_one_run(data, checkpoint, tmp_path):
    base = [data, "-c", checkpoint, "-o", tmp_path / "whole.json", *SMALL]
    assert run(*base).exit_code == 0
    base[4] = tmp_path / "parts.json"

    for index in (2, 1):
        result = run(*base, "--shard", f"{index}/2")
        assert (result.exit_code, result.stdout) == (
            0,
            f"shard {index}/2: {3 - index} objects scored\n",
        )
    assert not base[4].exists()
    assert run(*base, "--merge").exit_code == 0

    assert base[4].read_bytes() == (tmp_path / "whole.json").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["parts.json", "whole.json"]


def test_shards_that_do_not_fit_are_not_merged(data, checkpoint, tmp_path):
    base = [data, "-c", checkpoint, "-o", tmp_path / "s.json", *SMALL]
    assert "no shards" in str(run(*base, "--merge").exception)
    assert "need --output" in str(run(data, "-c", checkpoint, *SMALL, "--merge").exception)
    assert "excludes" in str(run(*base, "--merge", "--shard", "1/2").exception)

    run(*base, "--shard", "1/2")
    assert "1 of 2 shards are missing: 2/2" in str(run(*base, "--merge").exception)
    run(*base, "--shard", "2/2")
    assert "other settings" in str(run(*base, "--merge", "--seed", "1").exception)

    part = tmp_path / "s.json.2-of-2"
    lines = part.read_text().splitlines(keepends=True)
    part.write_text("".join(lines[:-1]))
    assert "not complete" in str(run(*base, "--merge").exception)
    part.write_text(lines[0] + lines[-1])
    assert "1 results of the shards are missing" in str(run(*base, "--merge").exception)
    run(*base, "--shard", "1/1")
    assert "which overlap" in str(run(*base, "--merge").exception)


def test_a_cluster_changes_no_byte_of_an_evaluation(data, checkpoint, tmp_path, monkeypatch):
    pytest.importorskip("distributed")
    monkeypatch.setattr(worker, "_expendable", False)
    paths = [tmp_path / "near.json", tmp_path / "far.json"]
    assert run(data, "-c", checkpoint, "-o", paths[0], *SMALL).exit_code == 0

    with in_threads(1, 1) as local:
        options = [*SMALL, "--cluster", local.scheduler_address]
        result = run(data, "-c", checkpoint, "-o", paths[1], *options)

    assert result.exit_code == 0, result.exception
    assert paths[0].read_bytes() == paths[1].read_bytes()
