"""Command options from settings dataclasses, so that every option is declared once.

A command takes the dataclasses as parameters; `with_options` declares their fields to Typer as
options, and builds the dataclasses from the given values.
"""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields, is_dataclass
from enum import Enum
from functools import wraps
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin

import typer

from onet_cli.setting import Option, Setting, options_of, split_setting

Settings = TypeVar("Settings")
Callback = Callable[..., Any]

_METAVARS = {int: "N", float: "X", str: "TEXT"}
_NUMBERS = {int: "a whole number", float: "a number"}
_SWITCHES = {"true": True, "false": False, "1": True, "0": False}


def with_options(**callbacks: Callback) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Return a decorator that declares a command's options to Typer.

    A parameter annotated with a dataclass becomes the options of its fields, one with a `Setting`
    becomes one option, and others are left to Typer. `callbacks` maps options to functions that
    take the context and the value, return the value, and run before other options are read.
    """

    def decorate(function: Callable[..., None]) -> Callable[..., None]:
        groups: dict[str, Any] = {}
        parameters: list[inspect.Parameter] = []
        for name, parameter in inspect.signature(function).parameters.items():
            annotation, setting = split_setting(parameter.annotation)
            if is_dataclass(annotation):
                groups[name] = annotation
                parameters += _group_parameters(annotation, callbacks)
            elif setting is None:
                parameters.append(_parameter(name, annotation, parameter.default))
            else:
                option = Option(name, annotation, setting)
                parameters.append(_declare(option, parameter.default, callbacks))

        defaults = {one.name: one.default for one in parameters if one.default is not one.empty}

        @wraps(function)
        def command(**given: Any) -> None:
            values = defaults | given
            built: dict[str, Any] = {name: build(groups[name], values) for name in groups}
            used = {option.name for group in groups.values() for option in options_of(group)}
            function(**built, **{name: values[name] for name in values.keys() - used})

        command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        command.__annotations__ = {one.name: one.annotation for one in parameters}
        return command

    return decorate


def build(settings: type[Settings], values: Mapping[str, Any]) -> Settings:
    """Build a settings dataclass from `values`, which maps option names to values.

    A value of None keeps the field's default.

    Raises:
        InvalidOptionError: a value is invalid.
    """
    found: dict[str, Any] = {}
    for field in fields(settings):  # type: ignore[arg-type]
        kind, setting = split_setting(field.type)
        if is_dataclass(kind) and setting is None:
            found[field.name] = build(kind, values)  # type: ignore[arg-type]
        elif setting is not None and (value := values[setting.name or field.name]) is not None:
            found[field.name] = _field_value(kind, setting, value)
    return settings(**found)


def _field_value(kind: Any, setting: Setting, given: Any) -> Any:
    """Return the field's value for a given option value."""
    if setting.parse:
        return setting.parse(given)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind(given)
    return tuple(given) if isinstance(given, list) else given


def _group_parameters(group: Any, callbacks: Mapping[str, Callback]) -> list[inspect.Parameter]:
    parameters: list[inspect.Parameter] = []
    for field in fields(group):
        kind, setting = split_setting(field.type)
        if setting is not None:
            default = inspect.Parameter.empty if field.default is MISSING else field.default
            parameters.append(_declare(Option(field.name, kind, setting), default, callbacks))
        elif is_dataclass(kind):
            parameters += _group_parameters(kind, callbacks)
    return parameters


def _declare(option: Option, default: Any, callbacks: Mapping[str, Callback]) -> inspect.Parameter:
    """Return the parameter that declares an option or argument to Typer."""
    setting, kind = option.setting, _given_type(option)
    facts: dict[str, Any] = {
        "help": _help_text(setting, kind, default),
        "show_default": False,
        "metavar": setting.metavar or _metavar(option, kind),
        "rich_help_panel": setting.panel or None,
    }
    if parser := _parser(setting, kind):
        facts["parser"] = parser
    if setting.complete is not None:
        offer = setting.complete
        facts["autocompletion"] = lambda: list(offer())
    if option.name in callbacks:
        facts |= {"callback": callbacks[option.name], "is_eager": True}
    names = [] if setting.argument else _names(option, default)
    info = typer.Argument(**facts) if setting.argument else typer.Option(*names, **facts)
    required = default is inspect.Parameter.empty
    if not required and (setting.default or setting.parse or default == ()):
        default = None
    annotation = kind if required or default is not None else kind | None
    return _parameter(option.name, Annotated[annotation, info], default)


def _parameter(name: str, annotation: Any, default: Any) -> inspect.Parameter:
    kind = inspect.Parameter.KEYWORD_ONLY
    return inspect.Parameter(name, kind, annotation=annotation, default=default)


def _given_type(option: Option) -> Any:
    """Return the type for Typer: str if parsed later, a list if the option is repeatable."""
    if option.setting.parse is not None:
        return str
    kind = option.kind
    if get_origin(kind) in (Union, UnionType):
        (kind,) = (one for one in get_args(kind) if one is not NoneType)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return Literal[tuple(one.value for one in kind)]
    if get_origin(kind) is tuple and get_args(kind)[1:] == (...,):
        return list[get_args(kind)[0]]  # type: ignore[misc]
    return kind


def _names(option: Option, default: Any) -> list[str]:
    name = option.name.replace("_", "-")
    both = option.kind is bool and default is True
    return [f"--{name}/--no-{name}" if both else f"--{name}", *filter(None, [option.setting.short])]


def _metavar(option: Option, kind: Any) -> str:
    if option.setting.argument:
        return option.name.upper()
    if kind is bool:
        return ""
    if get_origin(kind) is Literal:
        return "|".join(get_args(kind))
    if get_origin(kind) is list:
        kind = get_args(kind)[0]
    return _METAVARS.get(kind, "PATH")


def _help_text(setting: Setting, kind: Any, default: Any) -> str:
    shown = setting.default
    silent = any(default is one for one in (None, False, (), inspect.Parameter.empty))
    if not shown and not silent and not setting.parse:
        shown = "on" if default is True else f"{default:g}" if kind is float else str(default)
    return f"{setting.help} [{shown}]" if shown else setting.help


def _parser(setting: Setting, kind: Any) -> Callable[[Any], Any] | None:
    """Return a parser with readable error messages for a number, choice or switch, else None."""
    if kind in _NUMBERS:

        def number(given: Any) -> Any:
            try:
                value = kind(str(given))
            except ValueError:
                raise typer.BadParameter(f"{given!r} is not {_NUMBERS[kind]}") from None
            if fault := setting.fault(value):
                raise typer.BadParameter(f"it {fault}, not {given}")
            return value

        return number
    if get_origin(kind) is Literal:
        choices = get_args(kind)

        def choice(given: Any) -> Any:
            if str(given) not in choices:
                raise typer.BadParameter(f"{given!r} is not one of {', '.join(choices)}")
            return str(given)

        return choice
    if kind is bool:

        def switch(given: Any) -> bool:
            if str(given).lower() not in _SWITCHES:
                raise typer.BadParameter(f"{given!r} is neither true nor false")
            return _SWITCHES[str(given).lower()]

        return switch
    return None
