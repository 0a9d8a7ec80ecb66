import subprocess
import sys

import pytest
import typer
from typer.testing import CliRunner

from onet_cli import app as app_module
from onet_cli.commands.report import say, show_failures
from onet_cli.errors import OnetError

NUMERIC = ["numpy", "torch", "trimesh", "h5py", "skimage", "PIL", "lightning", "rich.progress"]


def test_help_loads_nothing_numeric():
    program = (
        "import sys; from typer.testing import CliRunner; from onet_cli.app import app\n"
        "result = CliRunner().invoke(app, ['--help'])\n"
        "assert result.exit_code == 0 and 'reconstruct' in result.output\n"
        f"print([name for name in {NUMERIC!r} if name in sys.modules])"
    )

    loaded = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert loaded.stdout.strip() == "[]"


@pytest.mark.parametrize(
    "command", ["preprocess", "train", "evaluate", "reconstruct", "export", "demo", "models"]
)
def test_every_command_explains_itself_with_an_example(command):
    result = CliRunner().invoke(app_module.app, [command, "--help"])

    assert result.exit_code == 0
    assert "Example" in result.output
    assert f"onet {command}" in " ".join(result.output.split())


def test_a_wrong_option_is_a_usage_error():
    assert CliRunner().invoke(app_module.app, ["models", "--nonsense"]).exit_code == 2


def stderr_of_a_command_that_raises(error, monkeypatch, capsys):
    def fail():
        raise error

    broken = typer.Typer()
    broken.command()(fail)
    monkeypatch.setattr(app_module, "app", broken)
    monkeypatch.setattr(sys, "argv", ["onet"])
    with pytest.raises(SystemExit) as ended:
        app_module.main()
    assert ended.value.code == 1
    return capsys.readouterr().err


def test_an_error_is_two_lines_without_a_traceback(monkeypatch, capsys):
    error = OnetError("chairs.h5 is torn", hint="mend it")

    printed = stderr_of_a_command_that_raises(error, monkeypatch, capsys)

    assert printed == "error: chairs.h5 is torn\n  try: mend it\n"


def test_too_little_memory_is_an_error_without_a_traceback(monkeypatch, capsys):
    printed = stderr_of_a_command_that_raises(MemoryError(), monkeypatch, capsys)

    assert printed.startswith("error: out of memory")


def test_a_seed_below_0_is_a_usage_error(tmp_path):
    arguments = ["train", str(tmp_path), "-o", str(tmp_path), "--max-steps", "1", "--seed", "-1"]

    assert CliRunner().invoke(app_module.app, arguments).exit_code == 2


def test_names_are_shown_as_they_are(capsys):
    show_failures([("[red]:car:.png " + 80 * "x", "gone")], "failed")

    assert f"  [red]:car:.png {80 * 'x'}: gone\n" in capsys.readouterr().err


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shell_completion_offers_the_commands(shell):
    environment = {
        "_ONET_COMPLETE": f"complete_{shell}",
        "COMP_WORDS": "onet re",
        "COMP_CWORD": "1",
        "_TYPER_COMPLETE_ARGS": "onet re",
        "_TYPER_COMPLETE_FISH_ACTION": "get-args",
        "PATH": "",
    }
    program = "from onet_cli.app import main; import sys; sys.argv = ['onet']; main()"

    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, env=environment
    )

    assert "reconstruct" in result.stdout


def test_escapes_in_names_are_shown_not_sent(capsys, monkeypatch, tmp_path):
    name = "a\x1b]0;title\x07\u202egpj.png"
    monkeypatch.setattr("sys.argv", ["onet", "reconstruct", str(tmp_path / name)])

    with pytest.raises(SystemExit):
        app_module.main()

    said = capsys.readouterr().err
    assert "\x1b" not in said
    assert "\u202e" not in said
    assert r"\x1b]0;title\x07\u202egpj.png" in said


@pytest.mark.parametrize(("name", "code"), [("SIGTERM", 143), ("SIGINT", 130)])
def test_a_signal_says_what_is_kept_and_how_to_go_on(name, code):
    program = (
        "import os, signal, sys, time; from onet_cli import app\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"  # a job in the background
        "def work():\n"
        f"    os.kill(os.getpid(), signal.{name}); time.sleep(60)\n"
        "app.app = work; sys.argv = ['onet', 'train']; app.main()"
    )

    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)

    assert result.returncode == code
    assert "stopped: the last checkpoint of the run is kept" in result.stderr
    assert "--resume" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_line_break_in_a_name_makes_no_second_line(capsys):
    say("a\nb.obj -> c.ply")
    show_failures([("x\ny.jpg", "it is\nbad")], "failed")

    said = capsys.readouterr()
    assert said.out == "a\\nb.obj -> c.ply\n"
    assert said.err.splitlines()[-1] == "  x\\ny.jpg: it is\\nbad"


def test_what_the_system_refuses_is_one_line(capsys, monkeypatch):
    def full():
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(app_module, "app", full)

    with pytest.raises(SystemExit) as ended:
        app_module.main()

    assert ended.value.code == 1
    assert capsys.readouterr().err == "error: No space left on device\n"
