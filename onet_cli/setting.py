"""Command-line options as fields of settings dataclasses. Importing this loads no dependency.

    points: Annotated[int, Setting("Query points per sample.", minimum=1)] = 2048

declares the option --points with its help, limits and default. `commands.declare` turns it into a
Typer option, and `check_settings` checks the limits of values that are set from Python.
"""

from collections.abc import Callable, Iterable
from dataclasses import KW_ONLY, dataclass, fields, is_dataclass
from operator import ge, gt, le, lt
from typing import Annotated, Any, get_args, get_origin

from onet_cli.errors import InvalidOptionError


@dataclass(frozen=True)
class Setting:
    """Declaration of a command-line option on a dataclass field.

    Attributes:
        help: What the option does, in one sentence.
        panel: Heading under which the command's help lists it.
        metavar: Placeholder for its value in the help.
        minimum: Minimum value, inclusive.
        maximum: Maximum value, inclusive.
        above: Minimum value, exclusive.
        below: Maximum value, exclusive.
        name: Name of the option, with underscores, if it differs from the field's.
        short: Short form, such as -o.
        default: The default in words, where it depends on something else. The option is then None
            if not given, and the field keeps its own default.
        parse: Converts the given text to the field's value; raises `InvalidOptionError`.
        complete: Returns the values for shell completion.
        argument: Whether it is a positional argument.
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
        """Return what is wrong with a number, or None if it is within the limits."""
        limits = (
            ("at least", self.minimum, ge),
            ("above", self.above, gt),
            ("at most", self.maximum, le),
            ("below", self.below, lt),
        )
        known = [(word, limit, holds) for word, limit, holds in limits if limit is not None]
        if all(holds(value, limit) for _, limit, holds in known):  # False for NaN
            return None
        return f"must be {' and '.join(f'{word} {limit:g}' for word, limit, _ in known)}"


@dataclass(frozen=True)
class Option:
    """One option of a dataclass: its field, its type and its declaration."""

    field: str
    kind: Any
    setting: Setting

    @property
    def name(self) -> str:
        """The option's name with underscores, as in configuration files."""
        return self.setting.name or self.field


def split_setting(annotation: Any) -> tuple[Any, Setting | None]:
    """Return the type of an annotation, and its `Setting` if there is one."""
    if get_origin(annotation) is not Annotated:
        return annotation, None
    kind, *notes = get_args(annotation)
    return kind, next((note for note in notes if isinstance(note, Setting)), None)


def options_of(settings: Any) -> tuple[Option, ...]:
    """Return the options of a dataclass, including those of nested dataclasses."""
    found: list[Option] = []
    for field in fields(settings):
        kind, setting = split_setting(field.type)
        if setting is not None:
            found.append(Option(field.name, kind, setting))
        elif is_dataclass(kind) and isinstance(kind, type):
            found.extend(options_of(kind))
    return tuple(found)


def check_settings(settings: Any) -> None:
    """Check the numbers in a dataclass against the limits declared by its own fields.

    Raises:
        InvalidOptionError: a value is outside its limits.
    """
    own = {field.name for field in fields(settings)}
    for option in options_of(type(settings)):
        value = getattr(settings, option.field) if option.field in own else None
        if isinstance(value, int | float) and (fault := option.setting.fault(value)):
            name = option.name.replace("_", "-")
            raise InvalidOptionError(f"--{name} {fault}, not {value:g}")
