"""The `onet` command: one Typer app, one subcommand per verb."""

import sys
from typing import Annotated

import typer

from onet_cli.commands.checks import checks
from onet_cli.commands.demo import demo
from onet_cli.commands.evaluate import evaluate
from onet_cli.commands.export import export
from onet_cli.commands.help import Command, Group
from onet_cli.commands.interrupt import StopSignals, say_stopped
from onet_cli.commands.models import models
from onet_cli.commands.preprocess import preprocess
from onet_cli.commands.reconstruct import reconstruct
from onet_cli.commands.startup import ends_with_command
from onet_cli.commands.train import train
from onet_cli.errors import OnetError, printable

app = typer.Typer(
    name="onet",
    cls=Group,
    context_settings={"help_option_names": ["-h", "--help"]},
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    help="One photo in, one watertight mesh out: Occupancy Networks (Mescheder et al., CVPR 2019)."
    "\n\nExamples: `onet reconstruct chair.jpg`; `onet preprocess my_meshes/ data/`, then "
    "`onet train data/ -o runs/first --max-time 25m` and "
    "`onet evaluate data/ -c runs/first`; `onet COMMAND -h` shows the options.",
)
for command in (preprocess, train, evaluate, reconstruct, export, demo, models, checks):
    app.command(cls=Command, no_args_is_help=command not in (demo, models, checks))(command)


def _show_version(wanted: bool) -> None:
    if wanted:
        from onet_cli.version import __version__

        typer.echo(f"onet {__version__}")
        raise typer.Exit


@app.callback()
def common(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version."),
    ] = False,
) -> None:
    """Declare the options of `onet` itself."""


def main() -> None:
    """Run `onet`; an `OnetError` is printed in two lines and gives exit code 1."""
    ends_with_command()
    signals = StopSignals()
    signals.listen()
    try:
        app()
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
