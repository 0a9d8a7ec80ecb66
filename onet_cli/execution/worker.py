"""State of a process that executes tasks for others."""

import gc
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable
from functools import partial
from multiprocessing.connection import wait as wait_for
from typing import Any

from onet_cli.errors import OnetError
from onet_cli.execution.work import Work
from onet_cli.files import search_folders_once

_function: Callable[[Any], Any] | None = None
_expendable = False


def is_expendable() -> bool:
    """Return whether this process may be ended: its tasks are then executed by another."""
    return _expendable


def become_expendable() -> None:
    """Declare that this process may be ended at any time."""
    global _expendable
    _expendable = True


def start_worker(work: Work[Any, Any]) -> None:
    """Prepare a process of a pool for `work`.

    If that fails with an OnetError, such as for a damaged checkpoint, tasks raise it: an error
    raised here would end the process, and say nothing to the parent.
    """
    global _function
    become_expendable()
    # Ctrl-C reaches the whole group; the parent lets each worker finish its task.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    end_with_parent()
    search_folders_once()
    try:
        _function = work.start()
    except OnetError as error:
        _function = partial(_refuse, error)
    gc.freeze()  # what was loaded lasts, and is not searched for garbage again and again


def _refuse(error: OnetError, task: Any) -> None:
    raise error


def run_task(task: Any) -> Any:
    """Return the result of a task in a process of a pool."""
    if _function is None:
        raise RuntimeError("the worker was not started by start_worker")
    return _function(task)


def end_with_parent() -> None:
    """Exit when the parent is killed, instead of waiting for tasks forever.

    A worker holds both ends of the queue of its tasks, so the queue itself does not end.
    """
    threading.Thread(target=_watch_parent, daemon=True).start()


def _watch_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait_for([parent.sentinel])
        os._exit(1)
