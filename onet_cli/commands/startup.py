"""How a command's process is set up: what it need not load, and how many threads libraries take."""

import gc
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

SPARE = ("networkx", "scipy")
"""What trimesh loads on import, in 0.4 s, although it does without for all that meshes of
`onet reconstruct` go through."""


@contextmanager
def without_modules(*names: str) -> Iterator[None]:
    """Within the block, importing what is not loaded yet of `names` fails as if not installed."""
    hidden = [name for name in names if name not in sys.modules]
    try:
        for name in hidden:
            sys.modules[name] = None  # type: ignore[assignment]
        yield
    finally:
        for name in hidden:
            del sys.modules[name]


_ends_with_command = False


def ends_with_command() -> None:
    """Say that this process runs one command and nothing after it.

    numpy's products are small here; a thread for each core would only wait for the next one, and
    that busily, while other photos could have its core. To be called before numpy is imported.
    """
    global _ends_with_command
    _ends_with_command = True
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


@contextmanager
def quick_imports() -> Iterator[None]:
    """Within the block, import without looking for garbage; what it imports is never looked at.

    torch makes so many objects that searching them takes 0.1 s as it is imported and, for none of
    them is garbage before the process ends, 0.3 s then. Only in a process that ends with its
    command.
    """
    if not _ends_with_command or not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def load_trimesh_only() -> None:
    """Import trimesh without the libraries that it can do without, if it is not imported yet.

    Only in a process that ends with its command, because some of trimesh's functions do not work
    in it any more.
    """
    if not _ends_with_command:
        return
    with without_modules(*SPARE):
        import trimesh  # noqa: F401
