"""ImageNet weights for encoders, from files of torchvision or efficientnet-pytorch."""

from pathlib import Path

from torch import nn

from onet_cli.errors import CheckpointError
from onet_cli.models.weights import read_plain_pickle, read_tensors

CLASSIFIER = ("fc.", "_fc.")
"""The last layer in those files, which gives class scores; ours gives the code and stays."""


def load_pretrained_features(encoder: nn.Module, path: Path) -> None:
    """Load the features of `encoder` from a `.safetensors` or `.pth` file.

    Raises:
        CheckpointError: the file is missing, damaged or of another network, or `encoder` is of a
            kind that nobody has trained on ImageNet.
    """
    features = getattr(encoder, "features", None)
    if not isinstance(features, nn.Module):
        raise CheckpointError(
            f"there are no ImageNet weights for {type(encoder).__name__}",
            hint="choose a resnet or efficientnet encoder",
        )
    if not path.is_file():
        raise CheckpointError(f"there is no file {path}")
    try:
        tensors = read_tensors(path) if path.suffix == ".safetensors" else read_plain_pickle(path)
    except CheckpointError as error:
        raise CheckpointError(f"{path}: {error}", hint=error.hint) from error
    wanted = features.state_dict()
    given = {name: tensor for name, tensor in tensors.items() if not name.startswith(CLASSIFIER)}
    wrong = sorted(
        name
        for name in (wanted.keys() | given.keys())
        # Files from before torch 0.4.1 have no counters, and inference needs none.
        if not name.startswith(CLASSIFIER) and not name.endswith("num_batches_tracked")
        if name not in wanted or name not in given or wanted[name].shape != given[name].shape
    )
    if wrong:
        raise CheckpointError(
            f"{path} does not fit {type(encoder).__name__}: {len(wrong)} tensors differ, "
            f"the first is {wrong[0]!r}"
        )
    features.load_state_dict(given, strict=False)
