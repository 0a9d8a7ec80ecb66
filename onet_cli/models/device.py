"""Devices for computation."""

import torch

from onet_cli.errors import InvalidOptionError


def resolve_device(name: str) -> torch.device:
    """Return the device called `name`; `auto` is the fastest type on this machine.

    Raises:
        InvalidOptionError: there is no such device here.
    """
    counts = {
        "cuda": torch.cuda.device_count() if torch.cuda.is_available() else 0,
        "mps": int(torch.backends.mps.is_available()),
        "cpu": 1,
    }
    if name == "auto":
        return torch.device(next(kind for kind, count in counts.items() if count))
    kind, colon, index = name.partition(":")
    if kind not in counts or (colon and not index.isdecimal()):
        raise InvalidOptionError(
            f"no device is called {name!r}", hint="choose auto, cpu, cuda or mps"
        )
    if int(index or 0) >= counts[kind]:
        raise InvalidOptionError(
            f"this machine has no device {name!r} that torch can use", hint="use --device cpu"
        )
    return torch.device(name)
