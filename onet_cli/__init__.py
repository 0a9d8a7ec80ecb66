"""Occupancy Networks for single-view 3D reconstruction: one photo in, one watertight mesh out.

`load_model`, `reconstruct`, `preprocess`, `evaluate` and `ShapeStore` are the public Python API.
They load on first use, so that `import onet_cli` and `onet --help` stay fast.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from onet_cli.version import __version__

if TYPE_CHECKING:
    from onet_cli.evaluation.evaluate import evaluate as evaluate
    from onet_cli.models.checkpoint import load_model as load_model
    from onet_cli.preprocessing.run import preprocess as preprocess
    from onet_cli.reconstruction.batch import reconstruct as reconstruct
    from onet_cli.shapes.store import ShapeStore as ShapeStore

__all__ = [
    "ShapeStore",
    "__version__",
    "evaluate",
    "load_model",
    "preprocess",
    "reconstruct",
]

_HOMES = {
    "evaluate": "onet_cli.evaluation.evaluate",
    "load_model": "onet_cli.models.checkpoint",
    "preprocess": "onet_cli.preprocessing.run",
    "reconstruct": "onet_cli.reconstruction.batch",
    "ShapeStore": "onet_cli.shapes.store",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
