"""`onet train` as typed."""

import os
import signal
import subprocess
import sys
import time
import tomllib

import pytest
import torch
from typer.testing import CliRunner

from onet_cli.app import app
from onet_cli.files import only_writer
from onet_cli.models.checkpoint import load_checkpoint


def run(*arguments):
    return CliRunner().invoke(app, ["train", *map(str, arguments)], catch_exceptions=True)


def test_options_of_a_file_hold_and_those_of_the_command_line_win(balls, tmp_path):
    path = tmp_path / "given.toml"
    path.write_text(
        "max-steps = 2\nbatch-size = 3\npoints = 16\nworkers = 0\nmodel = 'onet-small'\n"
        "mesh-every = 0\nimage_size = 32\ncode-dim = 8\nhidden-dim = 8\n"
    )

    result = run(balls, "-o", tmp_path / "run", "--config", path, "--points", 8, "-q")

    assert result.exit_code == 0, result.output
    written = tomllib.loads((tmp_path / "run/config.toml").read_text())
    assert written["points"] == 8
    assert (written["batch-size"], written["max-steps"], written["image-size"]) == (3, 2, 32)
    again = run("--config", tmp_path / "run/config.toml", "-o", tmp_path / "again", "-q")
    assert again.exit_code == 0, again.output
    first, second = (tmp_path / name / "best.safetensors" for name in ("run", "again"))
    assert first.read_bytes() == second.read_bytes()


def test_a_dry_run_prints_costs_and_trains_nothing(balls, tmp_path):
    result = run(
        balls, "-o", tmp_path, "--max-steps", 5, "--batch-size", 2, "--points", 16,
        "--image-size", 32, "--workers", 0, "--dry-run",
    )  # fmt: skip

    assert result.exit_code == 0, result.output
    assert "about 5 steps" in result.output
    assert [path.name for path in tmp_path.iterdir()] == ["batch.png"]


def test_a_folder_in_which_another_run_trains_is_refused_and_left_alone(balls, tmp_path):
    with only_writer(tmp_path / "run"):
        result = run(balls, "-o", tmp_path / "run", "--max-steps", 2, "--image-size", 32, "-q")

        assert "written by another process" in str(result.exception)
        assert not list((tmp_path / "run").glob("*.ckpt"))


OPTIONS = (
    "--max-steps 60 --batch-size 4 --points 64 --image-size 32 --val-every 5 --workers 1 "
    "--augment photo --device cpu -q"
)


@pytest.mark.slow
@pytest.mark.parametrize("wait", [0.0, 0.15, 0.4])
def test_a_run_killed_with_signal_9_and_resumed_ends_with_the_same_weights(balls, tmp_path, wait):
    command = [sys.executable, "-m", "onet_cli", "train", str(balls)]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    subprocess.run(
        [*command, "-o", tmp_path / "whole", *OPTIONS.split()], env=environment, check=True
    )
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    with subprocess.Popen(
        [*command, "-o", cut, *OPTIONS.split()], env=environment, start_new_session=True
    ) as process:
        while not (cut / "last.ckpt").is_file() and process.poll() is None:
            time.sleep(0.01)
        time.sleep(wait)
        assert process.poll() is None, "the run was over before it could be killed"
        os.killpg(process.pid, signal.SIGKILL)

    subprocess.run([*command, "-o", cut, "--resume", *OPTIONS.split()], env=environment, check=True)

    states = [
        torch.load(run / "last.ckpt", weights_only=True)["state_dict"] for run in (whole, cut)
    ]
    assert all(torch.equal(states[0][key], states[1][key]) for key in states[0])
    best = [load_checkpoint(run, "cpu").network.state_dict() for run in (whole, cut)]
    assert all(torch.equal(best[0][key], best[1][key]) for key in best[0])
    rows = [(run / "metrics.csv").read_text().splitlines() for run in (whole, cut)]
    assert [row.split(",")[0] for row in rows[0]] == [row.split(",")[0] for row in rows[1]]


PLAIN = (
    "--encoder simple-conv --decoder simple --code-dim 8 --hidden-dim 8 --image-size 64 "
    "--points 64 --max-steps 3 --ema 0 --lr 1e-3 --val-every 3 --workers 0 --device cpu -q"
)
"""A network without batch norm, for which torch has no synchronised form on CPUs."""


@pytest.mark.slow
@pytest.mark.parametrize("launcher", ["own", "torchrun"])
def test_two_ranks_take_the_steps_that_one_process_takes_with_their_joint_batch(
    balls, tmp_path, launcher
):
    environment = os.environ | {"OMP_NUM_THREADS": "1"}

    def train(run, *options):
        start = [sys.executable, "-m"]
        if launcher == "torchrun" and "--devices" in options:
            start += ["torch.distributed.run", "--standalone", "--nproc-per-node", "2", "-m"]
        subprocess.run(
            [*start, "onet_cli", "train", balls, "-o", tmp_path / run, *PLAIN.split(), *options],
            env=environment,
            check=True,
            timeout=120,
        )
        return torch.load(tmp_path / run / "last.ckpt", weights_only=True)["state_dict"]

    joint = train("one", "--batch-size", "4")
    shared = train("two", "--batch-size", "2", "--devices", "2")

    for name, weights in joint.items():
        torch.testing.assert_close(shared[name], weights, rtol=1e-4, atol=1e-6)
    scores = [
        (tmp_path / run / "metrics.csv").read_text().splitlines()[-1] for run in ("one", "two")
    ]
    fields = [line.split(",") for line in scores]
    assert float(fields[0][6]) == pytest.approx(float(fields[1][6]), abs=1e-4)
    assert fields[0][0] == fields[1][0] == "3"
