"""The shipped segmentation network: its weights and its input normalisation."""

from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from onet_cli.models.imagenet import DEVIATION, MEAN
from onet_cli.models.segmentation.u2netp import U2NetP
from onet_cli.models.weights import read_tensors

WEIGHTS = Path(__file__).with_name("u2netp.safetensors")


@lru_cache(maxsize=1)
def load_network() -> U2NetP:
    """Return the network in eval mode and single precision, on the CPU."""
    network = U2NetP().eval()
    network.load_state_dict({name: value.float() for name, value in read_tensors(WEIGHTS).items()})
    # Convolutions of few channels are fastest with channels last.
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return network.requires_grad_(False)


def saliency(picture: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return the saliency, 0 to 1, of each pixel of an RGB `picture` (H, W, 3).

    The network was trained on squares of `u2netp.SIDE` pixels, ignoring the aspect ratio.
    """
    with torch.inference_mode():
        answer: NDArray[np.float32] = load_network()(normalised(picture))[0, 0].numpy()
    return answer


def normalised(picture: NDArray[np.uint8]) -> Tensor:
    """Return `picture` (H, W, 3) normalised as in the network's training: its maximum is 1."""
    unit = picture.astype(np.float32) / max(int(picture.max()), 1)
    mean, deviation = (np.array(values, dtype=np.float32) for values in (MEAN, DEVIATION))
    centred = (unit - mean) / deviation
    # A view of (H, W, 3), which is channels last in memory already.
    return torch.from_numpy(centred).permute(2, 0, 1)[None]
