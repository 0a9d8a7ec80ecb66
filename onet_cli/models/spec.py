"""A model's configuration: plain data, readable without torch."""

from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, get_args

from onet_cli.errors import CheckpointError

Frame = Literal["object", "picture"]

_BOUNDS = {
    "code_dim": (1, 2**24),
    "hidden_dim": (1, 65_536),
    "point_dim": (1, 1024),
    "image_size": (8, 1024),
}
"""The least and the largest that a stored specification may have."""


@dataclass(frozen=True)
class ModelSpec:
    """Everything needed to build a network of the right shape.

    `code_dim` is the encoder's output width C, `hidden_dim` the decoder's width, `point_dim` the
    number of coordinates of a query point, `image_size` the edge in pixels that the encoder is
    trained at. `frame` is the frame of the decoder's points: `object`, the unit cube of the data
    set, or `picture`, that of `models.frame`, for networks that sample features at a point's
    projection.
    """

    name: str
    encoder: str
    decoder: str
    code_dim: int = 256
    hidden_dim: int = 256
    point_dim: int = 3
    image_size: int = 224
    frame: Frame = "object"
    summary: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return the specification as JSON-ready data."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> "ModelSpec":
        """Return the specification that `to_dict` wrote.

        Raises:
            CheckpointError: a field is unknown (a newer version wrote it), missing or unusable.
        """
        if not isinstance(data, dict):
            raise CheckpointError("the model specification is no table")
        known = {f.name for f in fields(cls)}
        if unknown := sorted(set(data) - known):
            raise CheckpointError(
                f"the model specification has unknown fields: {', '.join(unknown)}",
                hint="upgrade onet",
            )
        try:
            spec = cls(**data)
        except TypeError as error:
            raise CheckpointError(f"the model specification is incomplete: {error}") from error
        spec._check()
        return spec

    def _check(self) -> None:
        """Raise CheckpointError unless each field is what its type says, and of a usual size."""
        for name in ("name", "encoder", "decoder", "summary"):
            if not isinstance(getattr(self, name), str):
                raise CheckpointError(f"the model specification has no usable {name}")
        for name, (least, most) in _BOUNDS.items():
            value = getattr(self, name)
            if type(value) is not int or not least <= value <= most:
                raise CheckpointError(
                    f"the model specification has {name} {value!r}, not {least} to {most}"
                )
        if self.frame not in get_args(Frame):
            raise CheckpointError(f"the model specification has an unknown frame {self.frame!r}")
