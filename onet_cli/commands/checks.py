"""`onet checks`: the installation on this machine, and missing parts."""

from typing import Annotated, Any

import typer

from onet_cli.commands.declare import with_options
from onet_cli.setting import Setting


@with_options()
def checks(json: Annotated[bool, Setting("Print JSON.")] = False) -> None:
    """Show versions, devices, kernels, threads and optional parts, and what is missing.

    Exits with 1 where something that onet needs is missing. To be sent with a report of a fault.

    Example: `onet checks --json`
    """
    from json import dumps

    from onet_cli.commands.installation import describe_installation
    from onet_cli.commands.report import status_line

    with status_line("looking at packages and devices ...", quiet=json):
        found = describe_installation()
    if json:
        typer.echo(dumps(found, indent=2))
    else:
        _show(found)
    if found["missing"]:
        raise typer.Exit(1)


def _show(found: dict[str, Any]) -> None:
    from onet_cli.commands.consoles import output

    packages = [f"{name} {version or 'missing'}" for name, version in found["packages"].items()]
    kernels = found["kernels"]
    lines = [
        ("onet", f"{found['onet']}, Python {found['python']}, {found['system']}"),
        ("packages", ", ".join(packages)),
        ("kernels", f"{sum(kernels.values())} of {len(kernels)} load: {', '.join(kernels)}"),
        *(("device", _device(device)) for device in found["devices"]),
        ("threads", ", ".join(f"{name} {count}" for name, count in found["threads"].items())),
        ("models", ", ".join(found["shipped_models"]) or "none"),
        *(("optional", _part(part)) for part in found["optional"]),
        *(("missing", text) for text in found["missing"]),
    ]
    for name, text in lines:
        output.print(f"{name:10}{text}", soft_wrap=True)
    output.print("nothing that onet needs is missing" if not found["missing"] else "")


def _device(device: dict[str, Any]) -> str:
    facts = [device["name"], *([device["instructions"]] if "instructions" in device else [])]
    if "memory_bytes" in device:
        facts.append(f"{device['memory_bytes'] / 2**30:.0f} GiB")
    if device.get("bfloat16") is not None:
        facts.append("bfloat16" if device["bfloat16"] else "bfloat16 is emulated")
    chosen = " (auto)" if device["auto"] else ""
    return f"{device['device']}{chosen}: {', '.join(facts)}"


def _part(part: dict[str, Any]) -> str:
    if part["installed"]:
        return f"{part['name']} {part['version'] or ''}".rstrip()
    return f"{part['name']} is not installed; for {part['use']}: {part['install']}"
