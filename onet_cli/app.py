"""The `onet` command: one Typer app, one subcommand per verb."""

import sys
from typing import Annotated

import typer

from onet_cli.commands.evaluate import evaluate
from onet_cli.commands.export import export
from onet_cli.commands.models import models
from onet_cli.commands.preprocess import preprocess
from onet_cli.commands.reconstruct import reconstruct
from onet_cli.commands.startup import ends_with_command
from onet_cli.commands.train import train
from onet_cli.errors import OnetError

app = typer.Typer(
    name="onet",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    help="One photo in, one watertight mesh out: Occupancy Networks (Mescheder et al., CVPR 2019).",
)
for command in (preprocess, train, evaluate, reconstruct, export, models):
    app.command(no_args_is_help=command is not models)(command)


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
    """Run `onet`; an error that a user can meet becomes two lines and exit code 1."""
    ends_with_command()
    try:
        app()
    except OnetError as error:
        typer.echo(f"error: {error}", err=True)
        if error.hint:
            typer.echo(f"  try: {error.hint}", err=True)
        sys.exit(1)
    except MemoryError:
        typer.echo("error: there is not enough memory for this", err=True)
        typer.echo("  try: a lower --resolution, fewer --workers or a smaller batch", err=True)
        sys.exit(1)
    except BrokenPipeError:  # `onet models | head` closes our stdout: not an error
        sys.stderr.close()
        sys.exit(0)
