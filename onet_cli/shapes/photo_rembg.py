"""Segmentation by a network of rembg, if the package and the network are installed."""

import os
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from onet_cli.errors import PhotoError
from onet_cli.shapes.photo_border import Cut
from onet_cli.shapes.photo_network import LEAST

NETWORK = "isnet-general-use"
"""IS-Net (Apache-2.0); the default of rembg may be another one, with a licence of its own."""


def cut_by_rembg(colours: NDArray[np.uint8]) -> Cut | None:
    """Return the object in `colours` (H, W, 3); None if the network finds nothing.

    Nothing is downloaded.

    Raises:
        PhotoError: rembg or its network is not installed, or fails.
    """
    if find_spec("rembg") is None:
        raise PhotoError("rembg is not installed", hint="pip install 'onet-cli[background]'")
    if not (file := network_file()).is_file():  # rembg would try to download it
        raise PhotoError(f"rembg has no network at {file}", hint=f"run `rembg d {NETWORK}` once")
    try:
        from rembg import remove

        mask = remove(Image.fromarray(colours), session=_session(), only_mask=True)
    except Exception as error:  # anything that its network or its runtime may raise
        raise PhotoError(f"rembg failed: {error}") from error
    weight = np.asarray(mask.convert("L"), dtype=np.float32) / np.float32(255)
    return Cut(weight, certain=True) if (weight > 0.5).mean() > LEAST else None


def network_file() -> Path:
    """Return the path at which rembg stores the network."""
    home = os.environ.get("XDG_DATA_HOME", "~")
    folder = os.environ.get("U2NET_HOME", str(Path(home, ".u2net")))
    return Path(folder).expanduser() / f"{NETWORK}.onnx"


@lru_cache(maxsize=1)
def _session() -> Any:
    from rembg import new_session

    return new_session(NETWORK)
