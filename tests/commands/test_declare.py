"""Options declared once: what a command offers, builds, says of itself and refuses."""

from dataclasses import dataclass
from typing import Annotated, Literal

import pytest
import typer
from typer.main import get_command
from typer.testing import CliRunner

from onet_cli.app import COMMANDS, app
from onet_cli.commands.declare import build, with_options
from onet_cli.errors import InvalidOptionError
from onet_cli.evaluation.settings import EvaluationSettings
from onet_cli.options import RARE
from onet_cli.preprocessing.options import PreprocessOptions
from onet_cli.reconstruction.settings import BatchSettings, GeneratorSettings
from onet_cli.setting import Setting, check_settings, options_of
from onet_cli.training.config import Budget, Hardware, NetworkOptions, TrainingConfig


@dataclass(frozen=True)
class Inner:
    seconds: Annotated[float | None, Setting("How long.", name="max_time", parse=float)] = None


@dataclass(frozen=True)
class Example:
    inner: Inner
    many: Annotated[tuple[str, ...], Setting("Names.")] = ()
    count: Annotated[int, Setting("How many.", minimum=1, below=9)] = 3
    share: Annotated[float, Setting("Of all.", above=0, maximum=1)] = 0.5
    kind: Annotated[Literal["a", "b"], Setting("Which.")] = "a"
    flag: Annotated[bool, Setting("Off by default.")] = False
    other: Annotated[bool, Setting("On by default.")] = True
    depends: Annotated[int, Setting("Depends.", default="as the source")] = 7
    hidden: int = 11


def run(*arguments):
    seen = []

    @with_options()
    def command(
        context: typer.Context,
        example: Example,
        place: Annotated[str, Setting("Where.", argument=True)],
        quiet: Annotated[bool, Setting("Less.", short="-q")] = False,
    ) -> None:
        seen.append((example, place, quiet, context.params))

    made = typer.Typer()
    made.command()(command)
    result = CliRunner().invoke(made, list(arguments))
    return result, seen[0] if seen else None


def test_without_options_the_dataclasses_have_their_own_defaults():
    _, (example, place, quiet, params) = run("here")

    assert (example, place, quiet) == (Example(Inner()), "here", False)
    assert params["depends"] is None  # what is not given can be told
    assert params["count"] == 3


def test_options_reach_the_fields_that_declare_them():
    _, (example, _, quiet, _) = run(
        "here", "--max-time", "2.5", "--many", "x", "--many", "y", "--count", "8", "--share", "1",
        "--kind", "b", "--flag", "--no-other", "--depends", "1", "-q",
    )  # fmt: skip

    assert example == Example(Inner(2.5), ("x", "y"), 8, 1.0, "b", True, False, 1)
    assert quiet


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--count", "0"), "at least 1 and below 9, not 0"),
        (("--count", "9"), "at least 1 and below 9, not 9"),
        (("--count", "1e3"), "'1e3' is not a whole number"),
        (("--share", "nan"), "above 0 and at most 1, not nan"),
        (("--share", "half"), "'half' is not a number"),
        (("--kind", "c"), "'c' is not one of a, b"),
    ],
)
def test_what_cannot_work_is_refused_in_plain_words(arguments, said):
    result, _ = run("here", *arguments)

    assert result.exit_code == 2
    assert said in " ".join(result.output.replace("│", " ").split())


@pytest.mark.parametrize("wrong", [{"count": 0}, {"share": 0.0}, {"share": float("nan")}])
def test_the_limits_hold_in_python_too(wrong):
    with pytest.raises(InvalidOptionError, match="must be"):
        check_settings(Example(Inner(), **wrong))


@pytest.mark.parametrize(
    ("settings", "more"),
    [
        (TrainingConfig, {"max_steps": 1}),
        (Hardware, {}),
        (NetworkOptions, {}),
        (PreprocessOptions, {}),
        (EvaluationSettings, {}),
        (GeneratorSettings, {}),
        (BatchSettings, {}),
    ],
)
def test_a_command_without_options_means_the_defaults_of_its_dataclass(settings, more):
    commands = get_command(app).commands.values()
    defaults = {
        option.name: option.default
        for command in commands
        if {one.name for one in options_of(settings)} <= {one.name for one in command.params}
        for option in command.params
    }

    plain = {"budget": Budget(steps=1)} if settings is TrainingConfig else {}
    assert build(settings, defaults | more) == settings(**plain)


def help_of(command, option="-h"):
    result = CliRunner().invoke(app, [command, option], env={"COLUMNS": "80"})
    assert result.exit_code == 0
    return result.output


@pytest.mark.parametrize("command", COMMANDS)
def test_help_is_short_in_panels_and_without_words_of_python(command):
    text = help_of(command)

    assert len(text.splitlines()) <= 48  # two screens
    assert max(map(len, text.splitlines())) <= 80
    for word in ("<bool>", "<str>", "<int", "<path>", "list[", "x>="):
        assert word not in text
    panels = [line for line in text.splitlines() if line.startswith("╭")]
    assert "Advanced" not in " ".join(panels[:-1])


@pytest.mark.parametrize("command", ["preprocess", "train", "evaluate", "reconstruct"])
def test_rare_options_are_named_by_h_and_explained_by_help(command):
    rare = [
        one
        for one in get_command(app).commands[command].params
        if getattr(one, "rich_help_panel", "") == RARE
    ]
    helps = help_of(command), help_of(command, "--help")
    short, long = (" ".join(text.replace("│", "").split()) for text in helps)

    assert "Explained by --help" in short
    assert "Explained by --help" not in long
    for option in rare:
        start = " ".join(option.help.split()[:2]).replace("`", "")
        assert start in long
        assert start not in short


@pytest.mark.parametrize("help_option", ["-h", "--help"])
def test_every_long_name_of_an_option_is_in_the_help(help_option):
    for name, command in get_command(app).commands.items():
        text = help_of(name, help_option)
        for option in command.params:
            longest = max(option.opts, key=len)
            assert longest in text or f"--[no-]{longest[2:]}" in text or option.metavar in text


@pytest.mark.parametrize(
    ("file", "verb"),
    [("chair.JPG", "reconstruct"), ("chair.obj", "export"), ("a.zip", "preprocess")],
)
def test_a_file_in_place_of_a_verb_is_told_the_verb(file, verb):
    result = CliRunner().invoke(app, [file])

    assert result.exit_code == 2
    assert f"onet {verb} {file}" in result.output


def test_files_of_options_that_earlier_versions_wrote_are_known_by_name():
    written = [
        "data",
        "output",
        "model",
        "encoder",
        "decoder",
        "code_dim",
        "hidden_dim",
        "point_dim",
        "image_size",
        "pretrained_encoder",
        "init",
        "recipe",
        "max_steps",
        "max_epochs",
        "max_time",
        "batch_size",
        "points",
        "sampling",
        "label_smoothing",
        "near",
        "extra",
        "extra_share",
        "augment",
        "lr",
        "encoder_lr",
        "schedule",
        "beta2",
        "clip",
        "weight_decay",
        "ema",
        "precision",
        "compile",
        "val_every",
        "mesh_every",
        "workers",
        "cache",
        "calibrate",
        "device",
        "devices",
        "nodes",
        "seed",
    ]

    assert set(written) <= {one.name for one in get_command(app).commands["train"].params}
