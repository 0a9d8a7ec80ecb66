"""Tasks on a cluster, by Dask's distributed scheduler.

Workers must see the files of the tasks at the same paths as this process.
"""

import logging
import os
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from onet_cli.cores import available_cores
from onet_cli.errors import InvalidOptionError, OnetError
from onet_cli.execution.work import Chunk, Place, Result, Task, Work
from onet_cli.execution.worker import become_expendable
from onet_cli.files import search_folders_once
from onet_cli.version import __version__

if TYPE_CHECKING:
    from distributed import Client, Future

LOCAL = "local"

_CHUNK = 8
"""Tasks that are sent to a worker together: few, as they are executed again if it dies."""

_CHUNKS_PER_WORKER = 4
_WAIT_S = 60.0

_started: tuple[str, Callable[[Any], Any]] | None = None
_lock = threading.Lock()


def run_on_cluster(
    work: Work[Task, Result], tasks: Iterator[Task], place: Place
) -> Iterator[Result]:
    """Yield the result of each task, in order of completion.

    Chunks of tasks are executed again by Dask if their worker dies. If their workers die again and
    again, their tasks are executed at the end, one at a time, and those that still end their
    workers are lost.

    Raises:
        InvalidOptionError: dask.distributed is not installed, or the scheduler is unreachable.
        OnetError: no worker joins, workers have another version, or the cluster is lost.
    """
    with _client(place) as client:
        run = _Chunks(client, work)
        numbered = enumerate(tasks)
        workers = _checked_workers(client)
        for number, task in islice(numbered, 2 * workers):  # alone, so that all begin soon
            run.submit(Chunk(((number, task),)))
        while True:
            while len(run.pending) < workers * _CHUNKS_PER_WORKER:
                tasks_of_chunk = tuple(islice(numbered, _CHUNK))
                if not tasks_of_chunk:
                    break
                run.submit(Chunk(tasks_of_chunk))
            if not run.pending:
                break
            yield from run.next_results()
        yield from run.results_of_suspects()


class _Chunks:
    """The pending chunks of one run."""

    def __init__(self, client: "Client", work: Work[Any, Any]) -> None:
        from distributed import as_completed

        self._client, self._work = client, work
        self._run = Run(uuid.uuid4().hex, __version__, str(Path.cwd()))
        self._completed = as_completed(raise_errors=False)
        self.pending: dict[Future, Chunk[Any]] = {}
        # Dask blames every task that was assigned to a worker that died.
        self.suspects: list[tuple[int, Any]] = []

    def submit(self, chunk: Chunk[Any]) -> None:
        """Send a chunk to the scheduler."""
        # Not pure: Dask would not execute a chunk again whose result it has.
        future = self._client.submit(run_chunk, self._run, self._work, chunk, pure=False)
        self.pending[future] = chunk
        self._completed.add(future)

    def next_results(self) -> Iterator[Any]:
        """Yield the results of the next finished chunk, none if its workers died."""
        from distributed import KilledWorker

        future = next(self._completed)
        chunk = self.pending.pop(future)
        if future.status == "finished":
            yield from self._client.gather(future)
            return
        error = future.exception() if future.status == "error" else None
        if isinstance(error, OnetError):
            raise error
        if not isinstance(error, KilledWorker):
            raise OnetError(
                f"the cluster lost a task: {error or future.status}",
                hint="run the same command again to continue; all workers need the same onet-cli",
            ) from error
        self.suspects += chunk.tasks

    def results_of_suspects(self) -> Iterator[Any]:
        """Yield the results of the suspects, executed with no other task in the cluster."""
        suspects = sorted(self.suspects, key=lambda numbered: numbered[0])
        for numbered in suspects:
            self.suspects.clear()
            self.submit(Chunk((numbered,)))
            yield from self.next_results()
            if self.suspects:
                yield self._work.lost(numbered[1], None)
        self.suspects.clear()


@dataclass(frozen=True)
class Run:
    """One use of the cluster: a unique name, the version of onet, and the working directory."""

    name: str
    version: str
    folder: str


def run_chunk(run: Run, work: Work[Task, Result], chunk: Chunk[Task]) -> list[Result]:
    """Return the results of a chunk, in a Dask worker.

    Raises:
        OnetError: this worker has another version of onet, or does not see the run's folder.
    """
    global _started
    with _lock:  # one at a time, whatever the number of threads of the worker
        if _started is None or _started[0] != run.name:
            _check(run)
            become_expendable()
            _started = run.name, work.start()
        # Again for each chunk, which may be that of a worker that was killed while it wrote.
        search_folders_once()
        return [_started[1](task) for _, task in chunk.tasks]


def _check(run: Run) -> None:
    """Check that this process can take part, and enter the folder of the run."""
    if run.version != __version__:
        raise OnetError(
            f"a worker has onet {__version__}, not {run.version}",
            hint="install the same version on all workers",
        )
    try:
        os.chdir(run.folder)  # so that relative paths are those of the command
    except OSError as error:
        raise OnetError(
            f"a worker does not see {run.folder}",
            hint="run in a folder that all machines share, such as by NFS",
        ) from error


@contextmanager
def _client(place: Place) -> Iterator["Client"]:
    """Yield a client of the scheduler of `place`."""
    try:
        from distributed import Client, LocalCluster
    except ImportError as error:
        raise InvalidOptionError(
            "--cluster needs Dask's distributed scheduler, which is not installed",
            hint="pip install 'onet-cli[cluster]'",
        ) from error
    if place.cluster == LOCAL:
        with (
            LocalCluster(
                n_workers=place.workers or available_cores(),
                threads_per_worker=1,
                dashboard_address=None,
                silence_logs=logging.CRITICAL,
            ) as cluster,
            Client(cluster) as client,
        ):
            yield client
        return
    try:
        client = Client(place.cluster, timeout=_WAIT_S)
    except (OSError, TimeoutError, ValueError) as error:
        raise InvalidOptionError(
            f"no Dask scheduler answers at {place.cluster}",
            hint="start one with `dask scheduler`, or use --cluster local",
        ) from error
    with client:
        yield client


def _checked_workers(client: "Client") -> int:
    """Return the number of workers, at least one."""
    try:
        client.wait_for_workers(1, timeout=_WAIT_S)
    except TimeoutError as error:
        raise OnetError(
            "the cluster has no workers",
            hint="start some with `dask worker tcp://HOST:PORT --nworkers -1 --nthreads 1`",
        ) from error
    threads = client.nthreads()
    many = [name for name, count in threads.items() if count > 1]
    if many:
        raise OnetError(
            f"the worker {many[0]} has {threads[many[0]]} threads",
            hint="start workers with --nthreads 1: objects are processed in processes",
        )
    return len(threads)
