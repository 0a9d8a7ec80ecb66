"""`onet models`: the models that can be trained, and the shipped weights."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from onet_cli.commands.declare import with_options
from onet_cli.setting import Setting

if TYPE_CHECKING:
    from onet_cli.models.spec import ModelSpec

FORMAT_VERSION = 1
"""Of the JSON that is printed."""

_WIDTH = 256  # code and hidden width for comparing encoders and decoders, as in the paper


@with_options()
def models(json: Annotated[bool, Setting("Print JSON.")] = False) -> None:
    """List the named models, encoders, decoders and shipped weights.

    Encoders and decoders can be combined: `onet train DATA -o RUN --encoder E --decoder D`.

    Example: `onet models --json`
    """
    from json import dumps

    from onet_cli.commands.report import progress_bar

    with progress_bar("counting parameters", quiet=json):
        overview = _overview()
    if json:
        typer.echo(dumps(overview, indent=2))
    else:
        _show(overview)


def _overview() -> dict[str, Any]:
    """Return models, encoders, decoders and shipped weights, JSON-ready."""
    from onet_cli.models.catalogue import MODELS
    from onet_cli.models.registry import DECODERS, ENCODERS

    shipped = _shipped()
    with_weights = {entry["model"] for entry in shipped}
    named = [
        spec.to_dict() | _cost(spec) | {"shipped": spec.name in with_weights}
        for spec in MODELS.values()
    ]
    encoders = [(name, _cost(_pair(encoder=name))) for name in ENCODERS.names()]
    decoders = [(name, _cost(_pair(decoder=name))) for name in DECODERS.names()]
    return {
        "format_version": FORMAT_VERSION,
        "models": named,
        "encoders": [{"name": n, "parameters": cost["encoder_parameters"]} for n, cost in encoders],
        "decoders": [
            {
                "name": n,
                "parameters": cost["decoder_parameters"],
                "flops_per_point": cost["decoder_flops_per_point"],
            }
            for n, cost in decoders
        ],
        "shipped": shipped,
    }


def _pair(encoder: str | None = None, decoder: str | None = None) -> "ModelSpec":
    """Return a model made of one part and the smallest compatible counterpart."""
    from onet_cli.models.registry import DECODERS, ENCODERS, frame_of, usual_code_dim
    from onet_cli.models.spec import ModelSpec

    frame = frame_of(ENCODERS, encoder) if encoder else frame_of(DECODERS, decoder or "simple")
    encoder = encoder or ("convnet-maps" if frame == "picture" else "convnet")
    decoder = decoder or ("aligned" if frame == "picture" else "simple")
    width = usual_code_dim(encoder, decoder) or _WIDTH
    return ModelSpec("", encoder, decoder, code_dim=width, hidden_dim=_WIDTH, frame=frame)


def _cost(spec: "ModelSpec") -> dict[str, int]:
    from onet_cli.models.network import count_parameters, decoder_flops_per_point

    count = count_parameters(spec)
    return {
        "encoder_parameters": count.encoder,
        "decoder_parameters": count.decoder,
        "parameters": count.total,
        "decoder_flops_per_point": decoder_flops_per_point(spec),
    }


def _shipped() -> list[dict[str, Any]]:
    from onet_cli.models.checkpoint import find_checkpoint, read_info, shipped_models

    entries = []
    for name in shipped_models():
        path = find_checkpoint(name)
        info = read_info(path)
        entry = {"name": name, "model": info.spec.name, "bytes": path.stat().st_size}
        entry |= {"threshold": info.threshold, "categories": list(info.categories)}
        entries.append(entry | {"step": info.step, "scores": info.scores})
    return entries


def _show(overview: dict[str, Any]) -> None:
    from onet_cli.commands.report import show_table

    show_table(
        "Named models (C: code width, H: hidden width, W: weights come with onet)",
        ("model", "encoder", "decoder", "C/H", "params", "FLOPs", "W"),
        [
            (
                entry["name"],
                entry["encoder"],
                entry["decoder"],
                f"{_width(entry['code_dim'])}/{entry['hidden_dim']}",
                _short(entry["parameters"]),
                _short(entry["decoder_flops_per_point"]),
                "✓" if entry["shipped"] else "",
            )
            for entry in overview["models"]
        ],
    )
    show_table(
        f"Encoders at C = {_WIDTH} (feature maps: 64 channels)",
        ("encoder", "params"),
        [(entry["name"], _short(entry["parameters"])) for entry in overview["encoders"]],
    )
    show_table(
        f"Decoders at C = H = {_WIDTH} (FLOPs per query point)",
        ("decoder", "params", "FLOPs"),
        [
            (entry["name"], _short(entry["parameters"]), _short(entry["flops_per_point"]))
            for entry in overview["decoders"]
        ],
    )
    if not overview["shipped"]:
        return
    show_table(
        "Shipped weights (for --checkpoint)",
        ("name", "model", "size", "categories"),
        [
            (entry["name"], entry["model"], f"{entry['bytes'] / 1e6:.1f} MB", _listed(entry))
            for entry in overview["shipped"]
        ],
    )


def _listed(entry: dict[str, Any]) -> str:
    return " ".join(entry["categories"]) or "-"


def _width(numbers: int) -> str:
    return _short(numbers) if numbers >= 10_000 else str(numbers)


def _short(number: int) -> str:
    """Return `number` with three significant digits: 1.31M, 38.4k."""
    for scale, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if number >= scale:
            return f"{number / scale:.3g}{letter}"
    return str(number)
