import json
from pathlib import Path

import torch
from typer.testing import CliRunner

from onet_cli.app import app
from onet_cli.commands import installation
from onet_cli.version import __version__

ROOT = Path(__file__).parents[2]


def run(*arguments):
    return CliRunner().invoke(app, ["checks", *arguments])


def test_versions_kernels_devices_and_threads_are_those_of_this_process():
    found = json.loads(run("--json").stdout)

    assert found["onet"] == __version__
    assert torch.__version__.startswith(found["packages"]["torch"])  # "+cpu" is not of all builds
    assert set(found["kernels"]) == {path.stem for path in (ROOT / "ext").glob("*.pyx")}
    assert all(found["kernels"].values())
    assert found["threads"]["torch"] == torch.get_num_threads()
    assert [device["auto"] for device in found["devices"]].count(True) >= 1
    assert "furniture" in found["shipped_models"]
    assert found["missing"] == []


def test_a_kernel_that_does_not_load_is_missing_and_fails_the_check(monkeypatch):
    def broken(kernel):
        return "wrong ELF class" if kernel == "mise" else ""

    monkeypatch.setattr(installation, "_fault_of", broken)

    result = run()

    assert result.exit_code == 1
    assert "kernel mise: wrong ELF class" in result.stdout
    assert json.loads(run("--json").stdout)["kernels"]["mise"] is False


def test_what_is_not_installed_says_what_it_is_for(monkeypatch):
    monkeypatch.setattr(installation, "find_spec", lambda name: None)

    result = run()

    assert result.exit_code == 0
    assert "rembg is not installed; for --background rembg: pip install" in result.stdout
