"""Sessions of onnxruntime as this package uses them."""

from pathlib import Path
from typing import TYPE_CHECKING

from onet_cli.models.workers import usable_threads

if TYPE_CHECKING:
    from onnxruntime import InferenceSession


def open_session(path: Path, optimised: bool = False) -> "InferenceSession":
    """Return a session of the graph `path`, silent, on the CPU.

    To have a graph `optimised` takes tenths of a second, more than it saves on a few runs of a
    small network.

    Raises:
        Exception: the graph cannot be loaded; those of onnxruntime share no base class.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = usable_threads()
    # Waiting threads would take their cores from other photos.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    levels = onnxruntime.GraphOptimizationLevel
    level = levels.ORT_ENABLE_ALL if optimised else levels.ORT_DISABLE_ALL
    options.graph_optimization_level = level
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
