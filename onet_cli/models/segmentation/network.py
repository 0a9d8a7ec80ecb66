"""The shipped segmentation network: its weights and its input normalisation."""

import sys
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load

from onet_cli.files import read_regular
from onet_cli.models.imagenet import DEVIATION, MEAN
from onet_cli.models.segmentation.plain import plain_saliency

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

    from onet_cli.models.segmentation.u2netp import U2NetP

WEIGHTS = Path(__file__).with_name("u2netp.safetensors")
GRAPH = WEIGHTS.with_suffix(".onnx")
"""The weights, and a graph for onnxruntime that reads them (`recipes/furniture/graphs.py`)."""


STEP = 32
"""The graph takes squares of multiples of this many pixels."""


@lru_cache(maxsize=1)
def load_weights() -> dict[str, NDArray[np.float32]]:
    """Return the weights by name, in single precision."""
    stored = load(read_regular(WEIGHTS))
    return {name: np.asarray(values, np.float32) for name, values in stored.items()}


@lru_cache(maxsize=1)
def load_network() -> "U2NetP":
    """Return the network in eval mode, on the CPU."""
    import torch

    from onet_cli.models.segmentation.u2netp import U2NetP

    network = U2NetP().eval()
    weights = {name: torch.from_numpy(each) for name, each in load_weights().items()}
    network.load_state_dict(weights)
    # Convolutions of few channels are fastest with channels last.
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return network.requires_grad_(False)


@lru_cache(maxsize=1)
def load_session() -> "InferenceSession | None":
    """Return a session of the network's graph, None without onnxruntime."""
    if find_spec("onnxruntime") is None:
        return None
    from onet_cli.models.onnx_session import open_session

    return open_session(GRAPH, optimised=True)


def saliency(picture: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return the saliency, 0 to 1, of each pixel of an RGB `picture` (H, W, 3).

    The network was trained on squares of `u2netp.SIDE` pixels, ignoring the aspect ratio. Squares
    of multiples of `STEP` pixels are computed by onnxruntime, a fifth of the time of numpy; others
    by torch if it is loaded, else by numpy.
    """
    given = normalised(picture)
    planes = np.ascontiguousarray(given.transpose(2, 0, 1))
    height, width = picture.shape[:2]
    session = load_session() if height == width and height % STEP == 0 else None
    answer: NDArray[np.float32]
    if session is not None:
        answer = session.run(None, {session.get_inputs()[0].name: planes[None]})[0][0]
        return answer
    if "torch" not in sys.modules:
        return plain_saliency(load_weights(), planes)
    import torch

    with torch.inference_mode():
        # A view of (H, W, 3), which is channels last in memory already.
        pixels = torch.from_numpy(given).permute(2, 0, 1)[None]
        answer = load_network()(pixels)[0, 0].numpy()
    return answer


def normalised(picture: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return `picture` (H, W, 3) normalised as in the network's training: its maximum is 1."""
    unit: NDArray[np.float32] = picture.astype(np.float32) / np.float32(max(picture.max(), 1))
    mean, deviation = (np.array(values, dtype=np.float32) for values in (MEAN, DEVIATION))
    centred: NDArray[np.float32] = (unit - mean) / deviation
    return centred
