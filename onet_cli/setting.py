"""What a field of a settings dataclass is on the command line. Importing this loads nothing.

    points: Annotated[int, Setting("Query points per sample.", minimum=1)] = 2048

declares the option --points with its help, limits and default; `commands.declare` makes it one of
Typer, and `check_settings` holds the limits for who sets the field in Python.
"""

from collections.abc import Callable, Iterable
from dataclasses import KW_ONLY, dataclass, fields, is_dataclass
from operator import ge, gt, le, lt
from typing import Annotated, Any, get_args, get_origin

from onet_cli.errors import InvalidOptionError


@dataclass(frozen=True)
class Setting:
    """The option that a field is.

    Attributes:
        help: What the option does, in a sentence.
        panel: Heading under which the command's help lists it.
        metavar: What stands for its value in the help.
        minimum: Least value allowed.
        maximum: Greatest value allowed.
        above: Value that must be exceeded.
        below: Value that must not be reached.
        name: Its name where that is not the field's, with underscores.
        short: A short form, such as -o.
        default: What holds unless it is given, in words, where that depends on something else. The
            option is None then, and the field keeps its default.
        parse: Makes the field's value of the text that is given; raises `InvalidOptionError`.
        complete: Names to offer in a shell.
        argument: Whether it is given by its place instead of its name.
    """

    help: str
    panel: str = ""
    _: KW_ONLY
    metavar: str = ""
    minimum: float | None = None
    maximum: float | None = None
    above: float | None = None
    below: float | None = None
    name: str = ""
    short: str = ""
    default: str = ""
    parse: Callable[[str], Any] | None = None
    complete: Callable[[], Iterable[str]] | None = None
    argument: bool = False

    def fault(self, value: float) -> str | None:
        """Return what is wrong with a number, None if it is within the limits."""
        limits = (
            ("at least", self.minimum, ge),
            ("above", self.above, gt),
            ("at most", self.maximum, le),
            ("below", self.below, lt),
        )
        known = [(word, limit, holds) for word, limit, holds in limits if limit is not None]
        if all(holds(value, limit) for _, limit, holds in known):  # of NaN nothing holds
            return None
        return f"must be {' and '.join(f'{word} {limit:g}' for word, limit, _ in known)}"


@dataclass(frozen=True)
class Option:
    """One option of a dataclass: the field that holds it, its type, and how it was declared."""

    field: str
    kind: Any
    setting: Setting

    @property
    def name(self) -> str:
        """The option's name with underscores, as in files of options."""
        return self.setting.name or self.field


def split_setting(annotation: Any) -> tuple[Any, Setting | None]:
    """Return the type in an annotation, and the `Setting` beside it if there is one."""
    if get_origin(annotation) is not Annotated:
        return annotation, None
    kind, *notes = get_args(annotation)
    return kind, next((note for note in notes if isinstance(note, Setting)), None)


def options_of(settings: Any) -> tuple[Option, ...]:
    """Return the options that the fields of a dataclass are, those of nested dataclasses too."""
    found: list[Option] = []
    for field in fields(settings):
        kind, setting = split_setting(field.type)
        if setting is not None:
            found.append(Option(field.name, kind, setting))
        elif is_dataclass(kind) and isinstance(kind, type):
            found.extend(options_of(kind))
    return tuple(found)


def check_settings(settings: Any) -> None:
    """Check the numbers in a dataclass against the limits that its own fields declare.

    Raises:
        InvalidOptionError: one lies outside.
    """
    own = {field.name for field in fields(settings)}
    for option in options_of(type(settings)):
        value = getattr(settings, option.field) if option.field in own else None
        if isinstance(value, int | float) and (fault := option.setting.fault(value)):
            name = option.name.replace("_", "-")
            raise InvalidOptionError(f"--{name} {fault}, not {value:g}")
