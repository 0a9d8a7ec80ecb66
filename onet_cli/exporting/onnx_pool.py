"""Tracing of the stages of a network, several at once in processes of their own.

Tracing takes torch's exporter 5 to 15 s a stage, nearly all of it in Python.
"""

import multiprocessing
import signal
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from onet_cli.errors import OnetError
from onet_cli.execution.worker import end_with_parent
from onet_cli.exporting.onnx_file import OnnxFile
from onet_cli.exporting.options import Weights
from onet_cli.exporting.stages import stages_of
from onet_cli.models.network import OccupancyNetwork
from onet_cli.models.spec import ModelSpec

Arrays = Mapping[str, NDArray[np.generic]]


@dataclass(frozen=True)
class Job:
    """What one file is made from: a stage, its inputs, its metadata, and where weights go."""

    stage: str
    inputs: Arrays
    metadata: dict[str, str]
    weights: Weights = Weights.SINGLE
    shared: Path | None = None

    def run(self, network: OccupancyNetwork) -> bytes:
        """Return the ONNX file of the stage of `network`, in eval mode on the CPU.

        Raises:
            OnetError: as `OnnxFile.trace`.
        """
        stage = next(each for each in stages_of(network) if each.name == self.stage)
        values = {name: torch.from_numpy(array) for name, array in self.inputs.items()}
        with torch.no_grad():
            return OnnxFile(stage, self.weights, self.shared).trace(values, self.metadata)


def trace_all(network: OccupancyNetwork, jobs: Sequence[Job], workers: int) -> Iterator[bytes]:
    """Yield the ONNX file of each of `jobs`, in their order.

    Args:
        network: The network, in eval mode on the CPU.
        jobs: What to trace.
        workers: Number of processes. With more than one, a script that calls this needs the usual
            guard `if __name__ == "__main__"`.

    Raises:
        OnetError: as `OnnxFile.trace`, or a process died.
    """
    workers = min(workers, len(jobs))
    if workers <= 1:
        yield from (job.run(network) for job in jobs)
        return
    # Arrays, not modules: modules of libraries may not be picklable.
    state = {name: tensor.numpy() for name, tensor in network.state_dict().items()}
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, context, _start, (network.spec, state)) as pool:
        try:
            yield from pool.map(_run, jobs)
        except BrokenProcessPool as error:
            raise OnetError(
                "a process of the ONNX export died, probably because it ran out of memory"
            ) from error
        except BaseException:  # a signal, too: nobody waits for the other files any more
            for process in multiprocessing.active_children():
                process.terminate()
            raise


_network: OccupancyNetwork | None = None


def _start(spec: ModelSpec, state: Arrays) -> None:
    global _network
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    end_with_parent()
    torch.set_num_threads(1)
    _network = OccupancyNetwork(spec).eval()
    _network.load_state_dict({name: torch.tensor(array) for name, array in state.items()})


def _run(job: Job) -> bytes:
    if _network is None:
        raise RuntimeError("the process was not started by _start")
    return job.run(_network)
