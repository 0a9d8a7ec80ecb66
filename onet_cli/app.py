"""The `onet` command: one Typer app, one subcommand per verb."""

import sys
from collections.abc import Callable, Sequence
from typing import Annotated, Any

import typer

from onet_cli.commands.interrupt import StopSignals, say_stopped
from onet_cli.commands.startup import ends_with_command
from onet_cli.errors import OnetError, printable

COMMANDS = (
    "preprocess",
    "train",
    "evaluate",
    "reconstruct",
    "export",
    "demo",
    "models",
    "checks",
)
"""The subcommands."""

WITHOUT_ARGUMENTS = ("demo", "models", "checks")
"""Commands that need none; the others show their help without any."""

app: typer.Typer
"""The app with all commands, made when it is first asked for."""


def _show_version(wanted: bool) -> None:
    if wanted:
        from onet_cli.version import __version__

        typer.echo(f"onet {__version__}")
        raise typer.Exit


def common(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version."),
    ] = False,
) -> None:
    """Declare the options of `onet` itself."""


def make_app(names: Sequence[str] = COMMANDS) -> typer.Typer:
    """Return an app with the commands `names`; importing all takes a tenth of a photo's time."""
    from onet_cli.commands.help import Command, Group

    made = typer.Typer(
        name="onet",
        cls=Group,
        context_settings={"help_option_names": ["-h", "--help"]},
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        rich_markup_mode="markdown",
        help="One photo in, one watertight mesh out: Occupancy Networks (Mescheder et al., CVPR "
        "2019).\n\nExamples: `onet reconstruct chair.jpg`; `onet preprocess my_meshes/ data/`, "
        "then `onet train data/ -o runs/first --max-time 25m` and "
        "`onet evaluate data/ -c runs/first`; `onet COMMAND -h` shows the options.",
    )
    made.callback()(common)
    for name in names:
        made.command(cls=Command, no_args_is_help=name not in WITHOUT_ARGUMENTS)(_command(name))
    return made


def _command(name: str) -> Callable[..., None]:
    """Return the function of the command `name`; only its module is imported."""
    match name:
        case "preprocess":
            from onet_cli.commands.preprocess import preprocess as command
        case "train":
            from onet_cli.commands.train import train as command
        case "evaluate":
            from onet_cli.commands.evaluate import evaluate as command
        case "reconstruct":
            from onet_cli.commands.reconstruct import reconstruct as command
        case "export":
            from onet_cli.commands.export import export as command
        case "demo":
            from onet_cli.commands.demo import demo as command
        case "models":
            from onet_cli.commands.models import models as command
        case _:
            from onet_cli.commands.checks import checks as command
    return command


def __getattr__(name: str) -> Any:
    """Return the app with all commands, made once."""
    if name != "app":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return globals().setdefault("app", make_app())


def _asked() -> typer.Typer:
    """Return an app with the command that the command line names, or with all."""
    first = sys.argv[1:2]
    known: typer.Typer | None = globals().get("app")
    return known or make_app(first if first and first[0] in COMMANDS else COMMANDS)


def main() -> None:
    """Run `onet`; an `OnetError` is printed in two lines and gives exit code 1."""
    ends_with_command()
    signals = StopSignals()
    signals.listen()
    try:
        _asked()()
    except OnetError as error:
        _fail(str(error), error.hint)
    except MemoryError:
        _fail(
            "out of memory",
            "a lower --resolution, fewer --workers or a smaller batch",
        )
    except BrokenPipeError:  # `onet models | head` closes our stdout: not an error
        sys.stderr.close()
        sys.exit(0)
    except OSError as error:  # not handled below, such as a full disk behind stdout
        place = f"{error.filename}: " if error.filename else ""
        _fail(f"{place}{error.strerror or error}", None)
    except (KeyboardInterrupt, SystemExit):
        if signals.received is None:
            raise
        say_stopped(sys.argv[1] if len(sys.argv) > 1 else "")
        sys.exit(signals.exit_code())
    finally:
        signals.restore()


def _fail(message: str, hint: str | None) -> None:
    typer.echo(f"error: {printable(message)}", err=True)
    if hint:
        typer.echo(f"  try: {printable(hint)}", err=True)
    sys.exit(1)
