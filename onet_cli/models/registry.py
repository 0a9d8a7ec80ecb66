"""Registries of encoders and decoders. Importing this does not load torch; a look-up does."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from onet_cli import plugins
from onet_cli.errors import UnknownNameError
from onet_cli.plugins import find_plugins, load_plugin

if TYPE_CHECKING:
    from torch import nn

    from onet_cli.models.decoder import Decoder
    from onet_cli.models.spec import Frame

Factory = TypeVar("Factory", bound=Callable[..., Any])


class Registry(Generic[Factory]):
    """Classes of one kind by name.

    The classes register themselves when the package `home` is imported, at the first look-up, so
    that `--help` does not load torch.
    """

    def __init__(self, kind: str, home: str, group: str) -> None:
        self.kind = kind
        self._home = home
        self._group = group
        self._factories: dict[str, Factory] = {}

    def register(self, name: str) -> Callable[[Factory], Factory]:
        """Return a decorator that registers a class, or any factory, as `name`."""

        def enter(factory: Factory) -> Factory:
            if name in self._factories:
                raise ValueError(f"the {self.kind} {name!r} is registered twice")
            self._factories[name] = factory
            return factory

        return enter

    def get(self, name: str) -> Factory:
        """Return what was registered as `name`.

        Raises:
            UnknownNameError: nothing was; the hint is the closest name.
        """
        import_module(self._home)
        if name not in self._factories and name in find_plugins(self._group):
            self._factories[name] = load_plugin(self._group, name)
        if name not in self._factories:
            raise UnknownNameError.among(self.kind, name, self.names())
        return self._factories[name]

    def names(self) -> tuple[str, ...]:
        """Return every registered name, sorted."""
        import_module(self._home)
        return tuple(sorted({*self._factories, *find_plugins(self._group)}))


ENCODERS: Registry[Callable[[int], nn.Module]] = Registry(
    "encoder", "onet_cli.models.encoders", plugins.ENCODERS
)
"""Called with C; the module maps normalised images (B, 3, S, S) to codes (B, C)."""

DECODERS: Registry[Callable[[int, int, int], Decoder]] = Registry(
    "decoder", "onet_cli.models.decoders", plugins.DECODERS
)
"""Called with the widths of point, code and hidden layers, in this order."""


def frame_of(registry: Registry[Any], name: str) -> Frame:
    """Return the frame in which an encoder or decoder works: see `ModelSpec`."""
    frame: Frame = getattr(registry.get(name), "frame", "object")
    return frame


def usual_code_dim(encoder: str, decoder: str) -> int | None:
    """Return the code width that one of two parts requires, or None if any width works."""
    for part in (ENCODERS.get(encoder), DECODERS.get(decoder)):
        width: int | None = getattr(part, "usual_code_dim", None)
        if width is not None:
            return width
    return None
