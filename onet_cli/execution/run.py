"""Execution of tasks where the command was told to."""

from collections.abc import Callable, Iterable, Iterator
from itertools import chain

from onet_cli.execution.work import Place, Result, Task, Work
from onet_cli.files import folders_searched_once


def map_unordered(
    work: Work[Task, Result],
    tasks: Iterable[Task],
    place: Place,
    after_death: Callable[[], object] = lambda: None,
) -> Iterator[Result]:
    """Yield the result of each of `tasks`, in order of completion.

    Results do not depend on the place. `tasks` is consumed as results are, so it may be long.
    `after_death` is called after a process of the pool died, when none is running.

    Raises:
        InvalidOptionError: the cluster of `place` is unreachable.
        OnetError: processes die on every task; or as the function of `work`.
    """
    rest = iter(tasks)
    try:
        rest = chain([next(rest)], rest)
    except StopIteration:  # nothing to start for
        return
    if place.cluster is not None:
        from onet_cli.execution.cluster import run_on_cluster

        yield from run_on_cluster(work, rest, place)
    elif place.workers <= 1:
        with folders_searched_once():
            function = work.start()
            yield from (function(task) for task in rest)
    else:
        from onet_cli.execution.pool import run_in_pool  # longer to import than some commands

        yield from run_in_pool(work, rest, place.workers, after_death)
