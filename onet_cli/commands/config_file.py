"""Options in TOML files: `--config` reads them, and each run writes the options it used."""

import json
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from onet_cli.errors import InvalidOptionError, UnknownNameError
from onet_cli.files import read_text, write_text
from onet_cli.setting import Setting

_MOST_BYTES = 2**20
_MOST_DOTS = 256  # between two separators; a path may have some
_NOT_OF_THE_RUN = ("config", "resume", "quiet", "dry_run", "help")
"""Options that are not settings of the run, and are not written."""


def read_options(path: Path, known: set[str]) -> dict[str, Any]:
    """Return the options in a TOML file by name, with underscores.

    Raises:
        InvalidOptionError: the file is missing or not valid TOML, or a value is a table or array.
        UnknownNameError: a key is not in `known`; the hint names the closest match.
    """
    try:
        table = tomllib.loads(_without_long_keys(read_text(path, _MOST_BYTES)))
    except OSError as error:
        raise InvalidOptionError(f"{path} cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise InvalidOptionError(f"{path} is not valid TOML: {error}") from error
    options = {}
    for key, value in table.items():
        name = key.replace("-", "_")
        if name not in known:
            raise UnknownNameError.among(f"option in {path}", key, known)
        if not isinstance(value, str | int | float | bool):
            raise InvalidOptionError(
                f"{key} in {path} must be a string, number or boolean, not {value!r}"
            )
        options[name] = value
    return options


def _without_long_keys(text: str) -> str:
    """Return `text`, unless it joins many parts by dots: for a key, tomllib takes their square.

    Raises:
        ValueError: it does.
    """
    dense = text.translate({ord(" "): None, ord("\t"): None})
    if max(part.count(".") for part in re.split(r"[,=\[\]{}\n]", dense)) > _MOST_DOTS:
        raise ValueError(f"a key has more than {_MOST_DOTS} parts")
    return text


def write_options(path: Path, options: Mapping[str, Any], comment: str) -> None:
    """Write `options` as TOML that `read_options` reads back, without those that are None."""
    lines = [f"# {comment}"]
    for name, value in options.items():
        if value is not None and name not in _NOT_OF_THE_RUN:
            plain = str(value) if isinstance(value, Path) else value
            # Strings, numbers and booleans are written alike in TOML and JSON.
            lines.append(f"{name.replace('_', '-')} = {json.dumps(plain, ensure_ascii=False)}")
    write_text(path, "\n".join(lines) + "\n")


def take_config(context: typer.Context, path: Path | None) -> Path | None:
    """Use the options in a TOML file as the command's defaults, and return its path."""
    if path is not None and not context.resilient_parsing:
        known = {str(parameter.name) for parameter in context.command.params}
        options = read_options(path, known - {*_NOT_OF_THE_RUN})
        context.default_map = {**(context.default_map or {}), **options}
    return path


Config = Annotated[
    Path | None,
    Setting("TOML options, such as RUN/config.toml.", "Run", metavar="FILE"),
]
