"""Help texts of commands, and suggestions for a missing subcommand."""

from copy import copy
from pathlib import Path
from typing import Any, TypeVar

from typer.core import TyperArgument, TyperCommand, TyperGroup

from onet_cli.options import GENERAL, PHOTO_SUFFIXES, RARE

_EVERYTHING = "onet.help.everything"

Shown = TypeVar("Shown", TyperCommand, TyperGroup)

_SUFFIXES = {
    "reconstruct": PHOTO_SUFFIXES,
    "export": (".obj", ".ply", ".stl", ".glb", ".off", ".safetensors", ".pt"),
    "preprocess": (".zip", ".sh3f"),
}


_MEANT = {
    "convert": "export (a mesh or checkpoint) or preprocess (shapes)",
    "eval": "evaluate",
    "fit": "train",
    "finetune": "train --init furniture",
    "help": "-h, or onet COMMAND -h",
    "infer": "reconstruct",
    "list": "models",
    "mesh": "reconstruct",
    "open": "reconstruct PHOTO --viewer",
    "predict": "reconstruct",
    "prepare": "preprocess",
    "run": "reconstruct",
    "serve": "demo",
    "show": "reconstruct PHOTO --viewer",
    "test": "evaluate",
    "version": "--version",
    "view": "reconstruct PHOTO --viewer",
    "web": "demo",
}
"""Verbs of other tools, and what they are called here."""


class Command(TyperCommand):
    """A command with two helps: `-h` only names the rare options, `--help` explains them, too."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse `args`, and note which of the two helps they ask for."""
        ctx.meta[_EVERYTHING] = "--help" in args
        return super().parse_args(ctx, args)

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the help, with each option formatted by `_as_shown`."""
        shown = _with_shown_options(self, ctx)
        rare = [one for one in shown.params if getattr(one, "rich_help_panel", "") == RARE]
        if ctx.meta.get(_EVERYTHING):
            rare = []
        shown.params = [one for one in shown.params if one not in rare]
        TyperCommand.format_help(shown, ctx, formatter)
        if rare:
            _print_names(rare)


def _print_names(options: list[Any]) -> None:
    """Print a panel with the names of options."""
    from rich.console import Console
    from rich.panel import Panel
    from rich.text import Text

    names = Text(", ".join(one.opts[0].replace(",", "/") for one in options))
    names.append(". Explained by --help.", style="dim")
    Console().print(Panel(names, title=RARE, title_align="left", border_style="dim"))


class Group(TyperGroup):
    """The `onet` command group; suggests a subcommand where a file is given instead."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the help, with each option formatted by `_as_shown`."""
        TyperGroup.format_help(_with_shown_options(self, ctx), ctx, formatter)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Return the command named by `args`."""
        name = args[0] if args else ""
        if name in _MEANT and name not in self.commands:
            ctx.fail(f"there is no command {name!r}; try: onet {_MEANT[name]}")
        if name not in self.commands:
            for verb, suffixes in _SUFFIXES.items():
                if Path(name).suffix.lower() in suffixes:
                    ctx.fail(f"{name!r} is not a command; try: onet {verb} {name}")
            if Path(name).is_dir():
                ctx.fail(
                    f"{name!r} is not a command; try: onet reconstruct {name} (photos) or "
                    f"onet preprocess {name} DATA (meshes)"
                )
        return super().resolve_command(ctx, args)


def _with_shown_options(command: Shown, ctx: Any) -> Shown:
    """Return a copy of a command with its options in the order of the help, advanced ones last."""
    shown, helping = copy(command), command.get_help_option(ctx)
    shown.params = [_as_shown(one) for one in command.get_params(ctx) if one is not helping]
    if helping is not None:
        shown.params.append(_as_shown(helping))
        shown.params[-1].rich_help_panel = GENERAL  # type: ignore[attr-defined]
        if any(getattr(one, "rich_help_panel", "") == RARE for one in shown.params):
            text = "This help; --help: with all options explained."
            shown.params[-1].help = text  # type: ignore[attr-defined]
    last = {GENERAL: 1, RARE: 2}
    shown.params.sort(key=lambda one: last.get(getattr(one, "rich_help_panel", ""), 0))
    shown.collect_usage_pieces = command.collect_usage_pieces  # type: ignore[method-assign]
    shown.add_help_option = False
    return shown


def _as_shown(parameter: Any) -> Any:
    """Return a copy of a parameter with a single name column and no Python type.

    `-o,--output` and `--[no-]color` share one column; "required" becomes part of the help text.
    """
    shown = copy(parameter)
    if shown.required:
        shown.help, shown.required = f"{shown.help} [required]", False
    if getattr(shown, "is_flag", False):
        shown.metavar = ""
    if isinstance(shown, TyperArgument):
        shown.display_type_rich = lambda ctx: ""  # type: ignore[method-assign]
    elif shown.secondary_opts:
        shown.opts = [shown.opts[0].replace("--", "--[no-]")]
        shown.secondary_opts = []
    else:
        shown.opts = [",".join(sorted(shown.opts, key=len))]
    return shown
