"""What is common to exports of networks: metadata, and inputs to trace and compare them with."""

import hashlib
import json
from base64 import b64encode

import torch
from torch import Tensor

from onet_cli.geometry.normalize import CUBE_EDGE
from onet_cli.geometry.picture_frame import FARTHEST, REACH
from onet_cli.models.calibration import HEADER_KEY
from onet_cli.models.checkpoint import Checkpoint
from onet_cli.models.network import OccupancyNetwork
from onet_cli.models.onnx_names import (
    CALIBRATION_KEY,
    CALIBRATION_TENSORS_KEY,
    HASH_KEY,
    INFO_KEY,
    STAGES_KEY,
)
from onet_cli.models.spec import Frame
from onet_cli.models.weights import tensor_bytes

TRACED_SIZE = (2, 5)
"""Batch size and number of points for tracing; the exporter would specialise a size of 1."""

COMPARED_SIZES = ((1, 1000), (3, 333))
"""Batch sizes and numbers of points compared with torch, unlike those traced, to test dynamic
axes."""

FRAME_NOTES: dict[Frame, str] = {
    "object": "points are in the upright unit cube: +y up, centre 0, longest edge of the object 1",
    "picture": (
        f"points (px, py, pz) fill a cube of edge {CUBE_EDGE:g}. The picture's frame (+y up, x to "
        "the right, z towards the camera, in half edges of the picture), from that cube: "
        f"x = px / {CUBE_EDGE / 2:g}, and with q = py / {CUBE_EDGE / 2:g} within +-{FARTHEST:g}, "
        f"y = {REACH:g} q / (1 - q^4)^(1/4), z from pz likewise. Back: px = {CUBE_EDGE / 2:g} x, "
        f"and with r = y / {REACH:g}, py = {CUBE_EDGE / 2:g} r / (1 + r^4)^(1/4). A mesh in the "
        "picture's frame, its box centred at 0 and divided by its longest edge, is in the upright "
        "unit cube but for a turn around y: it faces as the camera saw it. The last two numbers of "
        "the code are the camera: elevation in radians, and kappa"
    ),
}
"""Description of the points in the metadata, by the model's frame; formulas in `models.frame`."""


def metadata_of(
    checkpoint: Checkpoint, stages: tuple[str, ...], licence: str | None
) -> dict[str, str]:
    """Return the texts that every file of an export has."""
    info = checkpoint.info
    texts = {
        INFO_KEY: info.to_json(),
        STAGES_KEY: json.dumps(stages),
        HASH_KEY: weights_hash(checkpoint.network),
        "box": f"{CUBE_EDGE:g}",
        "frame": info.spec.frame,
        "frame_note": FRAME_NOTES[info.spec.frame],
    }
    if licence is not None:
        texts["licence"] = licence
    return texts


def calibration_texts(checkpoint: Checkpoint) -> dict[str, str]:
    """Return the calibration for the metadata of the encoder: its header, its tensors in base64."""
    known = checkpoint.calibration
    if known is None:
        return {}
    tensors = {name: torch.from_numpy(array) for name, array in known.to_arrays().items()}
    packed = b64encode(tensor_bytes(tensors, {})).decode()
    return {CALIBRATION_KEY: known.to_header()[HEADER_KEY], CALIBRATION_TENSORS_KEY: packed}


def weights_hash(network: OccupancyNetwork) -> str:
    """Return the SHA-256 of the names, shapes and values of a network's weights, in hex."""
    digest = hashlib.sha256()
    for name, tensor in sorted(network.state_dict().items()):
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}\n".encode())
        digest.update(tensor.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()


def on_cpu(checkpoint: Checkpoint) -> OccupancyNetwork:
    """Return a copy of the network of `checkpoint` in eval mode, on the CPU."""
    network = OccupancyNetwork(checkpoint.info.spec).eval()
    network.load_state_dict(checkpoint.network.state_dict())
    return network


def sample(network: OccupancyNetwork, batch: int, count: int) -> dict[str, Tensor]:
    """Return noise as `images` (B, 3, S, S) and `points` (B, T, 3), always the same."""
    generator = torch.Generator().manual_seed(0)
    size = network.spec.image_size
    images = torch.rand((batch, 3, size, size), generator=generator)
    points = torch.rand((batch, count, network.spec.point_dim), generator=generator)
    return {"images": images, "points": (points - 0.5) * CUBE_EDGE}
