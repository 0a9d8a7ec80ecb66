"""Process setup of a command: skipped imports and thread counts of libraries."""

import gc
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

SPARE = ("networkx", "scipy")
"""Modules that trimesh imports, in 0.4 s, but does not need for the meshes of
`onet reconstruct`."""


@contextmanager
def without_modules(*names: str) -> Iterator[None]:
    """Within the block, importing those of `names` that are not loaded yet raises ImportError."""
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
    """Declare that this process runs a single command and then exits.

    Matrix products in numpy are small here. A BLAS thread per core would busy-wait for the next
    one and take its core from other photos. Call this before numpy is imported.
    """
    global _ends_with_command
    _ends_with_command = True
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


@contextmanager
def quick_imports() -> Iterator[None]:
    """Within the block, import with garbage collection off; then freeze the imported objects.

    torch creates so many objects that collection takes 0.1 s during its import and 0.3 s at exit,
    although none of them is garbage before. Takes effect only in a process that ends with its
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
    """Import trimesh without its optional libraries, unless it is already imported.

    Takes effect only in a process that ends with its command, because some functions of trimesh
    do not work afterwards.
    """
    if not _ends_with_command:
        return
    with without_modules(*SPARE):
        import trimesh  # noqa: F401
