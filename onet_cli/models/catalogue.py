"""The named models: data only, readable without torch."""

from dataclasses import replace

from onet_cli.errors import UnknownNameError
from onet_cli.models.spec import ModelSpec

DEFAULT_MODEL = "furniture"
"""The shipped model used for reconstruction by default."""


def catalogue(*specs: ModelSpec) -> dict[str, ModelSpec]:
    """Return `specs` by name, in the order given."""
    return {spec.name: spec for spec in specs}


MODELS = catalogue(
    ModelSpec(
        "onet",
        encoder="resnet18",
        decoder="cbn",
        code_dim=256,
        hidden_dim=256,
        summary="Single-image network of the CVPR 2019 paper.",
    ),
    ModelSpec(
        "onet-small",
        encoder="convnet",
        decoder="triplane",
        code_dim=256,
        hidden_dim=96,
        image_size=112,
        summary="Small and fast: three feature planes in place of a deep decoder, for CPUs.",
    ),
    ModelSpec(
        "onet-attention",
        encoder="convnet-map",
        decoder="attention",
        code_dim=3136,
        hidden_dim=96,
        image_size=112,
        summary="As onet-small, with planes that look at the picture's parts: slower, finer.",
    ),
    ModelSpec(
        "onet-aligned",
        encoder="lite0-maps",
        decoder="aligned",
        code_dim=103531,
        hidden_dim=96,
        image_size=192,
        frame="picture",
        summary="Looks at the picture where a point is seen, and tells the camera: best meshes.",
    ),
    ModelSpec(
        "noisypixel",
        encoder="efficientnet-b0",
        decoder="cbn",
        code_dim=128,
        hidden_dim=128,
        summary="EfficientNet-B0 with conditional batch norm, as in project noisypixel.",
    ),
    ModelSpec(
        "noisypixel-fc",
        encoder="efficientnet-b0",
        decoder="fc",
        code_dim=128,
        hidden_dim=128,
        summary="EfficientNet-B0 with noisypixel's fully connected decoder.",
    ),
)


def find_model(name: str) -> ModelSpec:
    """Return the named model's specification.

    Raises:
        UnknownNameError: there is no such model; the hint is the closest name.
    """
    if name not in MODELS:
        raise UnknownNameError.among("model", name, MODELS)
    return MODELS[name]


def vary_model(spec: ModelSpec, **changes: str | int | None) -> ModelSpec:
    """Return `spec` with every change that is not None applied.

    A modified model is named `custom`.
    """
    made = {field: value for field, value in changes.items() if value is not None}
    varied = replace(spec, **made)  # type: ignore[arg-type]
    return spec if varied == spec else replace(varied, name="custom", summary="")
