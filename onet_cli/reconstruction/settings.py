"""What `onet reconstruct` can be asked for. Importing this loads no numpy and no torch.

The options of the command are the fields here: name, default, help and limits are written once.
"""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from onet_cli.errors import InvalidOptionError
from onet_cli.models.catalogue import DEFAULT_MODEL
from onet_cli.options import CHECKPOINT, RARE, Device, Quiet
from onet_cli.setting import Setting, check_settings
from onet_cli.shapes.photo_options import Background

if TYPE_CHECKING:
    from onet_cli.shapes.photo import Target

Up = Literal["y", "z"]

MESH = "Mesh"
PHOTO = "Photo"
MORE = "Shown and written beside the mesh"

LEAST_MM, MOST_MM = 1e-3, 1e6
"""What --scale-mm may be: from a micrometre to a kilometre."""

CRUMBS = 0.0005
"""Pieces of less than this share of the volume say nothing, and networks that read the picture at
each point leave some: on validation views half of all pieces, for 0.001 of the IoU."""


@dataclass(frozen=True)
class GeneratorSettings:
    """How meshes are made from a field.

    `resolution` is the number of cells per side of the sampled cube, `threshold` the probability
    from which a point is inside (None: the checkpoint's, or what suits the photo if the checkpoint
    knows how to tell, see `reconstruction.threshold`), `faces` the number of faces to simplify
    to (None: all), `refine` the number of refinement steps. Unless `exact`, points that the surface
    does not need are not evaluated: the same mesh from about 3/4 of the evaluations. With `join`,
    pieces that the network nearly joins become one. Pieces of less
    than the share `min_component` of the volume are dropped (None: of networks of the picture's
    frame `CRUMBS`, of others none); with `largest_component`, all but the
    largest. With `confidence` each vertex says how sure the network is of it, for two evaluations
    of the field. With `color` it has the photo's colour, from networks of the picture's frame.
    With `thin` networks of the picture's frame lift thin parts that the photo shows
    (`reconstruction.rods`); with `flip` they look at the mirrored photo too, and take the mean.
    With `front` the object's own front faces +z, if the network is sure of it; meshes of networks
    of the object's frame do so anyway.
    With `signs` what may tell a bad mesh is measured even if the checkpoint cannot weigh it.
    """

    resolution: Annotated[int, Setting("Cells per side of the grid.", MESH)] = 128
    threshold: Annotated[
        float | None,
        Setting(
            "Iso-level, a probability.",
            MESH,
            above=0,
            below=1,
            default="the checkpoint's",
        ),
    ] = None
    faces: Annotated[int | None, Setting("Simplify to this many faces.", MESH)] = None
    refine: Annotated[int, Setting("Steps of refinement by gradient.", MESH, minimum=0)] = 0
    exact: Annotated[bool, Setting("Evaluate every point; slower.", RARE)] = False
    join: Annotated[bool, Setting("Join pieces that the field nearly joins.", RARE)] = True
    min_component: Annotated[
        float | None,
        Setting(
            "Remove pieces of a smaller volume share.",
            RARE,
            minimum=0,
            maximum=1,
            default="0.0005",
        ),
    ] = None
    largest_component: Annotated[bool, Setting("Keep only the largest piece.", RARE)] = False
    confidence: bool = True
    color: Annotated[bool, Setting("Colour the vertices from the photo.", MESH)] = True
    thin: Annotated[
        bool, Setting("Lift thin parts that the photo shows above the threshold.", MESH)
    ] = True
    flip: Annotated[bool, Setting("Average over photo and mirror image; slower.", RARE)] = False
    front: Annotated[bool, Setting("Turn the object's own front to +z, if it is found.", MESH)] = (
        False
    )
    signs: bool = False

    def __post_init__(self) -> None:
        from onet_cli.geometry.mise import split_resolution
        from onet_cli.geometry.simplify import FEWEST_FACES

        check_settings(self)
        split_resolution(self.resolution)
        if self.faces is not None and self.faces < FEWEST_FACES:
            raise InvalidOptionError(
                f"a closed mesh has at least {FEWEST_FACES} faces, not {self.faces}"
            )


def check_scale(scale_mm: float) -> None:
    """Raise InvalidOptionError unless `scale_mm` is a length that an object can have."""
    if not LEAST_MM <= scale_mm <= MOST_MM:
        raise InvalidOptionError(
            f"the longest edge is a length from {LEAST_MM:g} to {MOST_MM:g} mm, not {scale_mm:g}"
        )


def plain_settings(
    resolution: int, threshold: float | None = None, *, join: bool = True
) -> GeneratorSettings:
    """Return the settings that measure a network: exact, and nothing is said of vertices."""
    return GeneratorSettings(
        resolution, threshold, exact=True, join=join, confidence=False, color=False
    )


@dataclass(frozen=True)
class Extras:
    """What is written beside a mesh."""

    preview: Annotated[bool, Setting("Write a PNG of photo and mesh.", MORE)] = False
    turntable: Annotated[bool, Setting("Write a GIF of the turning mesh.", MORE)] = False
    viewer: Annotated[bool, Setting("Write an offline HTML viewer.", MORE)] = False


@dataclass(frozen=True)
class BatchSettings:
    """How photos are read, how meshes are written and what is written beside them.

    `mask` is a picture of what is object in the one photo there is, `target` names it; `debug` is a
    folder for the picture that the network saw and the mask; `scale_mm` and `up` are those of
    `tidy.finish`.

    Raises:
        InvalidOptionError: `scale_mm` is no positive length, or `mask` or `background` leave
            `target` nothing to name.
    """

    background: Annotated[
        Background, Setting("auto, keep, remove, or rembg (its IS-Net).", PHOTO, metavar="NAME")
    ] = "auto"
    extras: Extras = field(default_factory=Extras)
    mask: Annotated[
        Path | None, Setting("Image that is white on the object.", PHOTO, metavar="FILE")
    ] = None
    debug: Annotated[
        Path | None,
        Setting("Folder for network input and mask.", RARE, metavar="FOLDER"),
    ] = None
    scale_mm: Annotated[float | None, Setting("Longest edge in millimetres.", MESH)] = None
    up: Annotated[Up, Setting("Axis that points up.", MESH)] = "y"
    target: "Target | None" = None

    def __post_init__(self) -> None:
        from onet_cli.shapes.photo import conflict_with_target

        if self.scale_mm is not None:
            check_scale(self.scale_mm)
        if self.target:
            conflict = conflict_with_target(self.background, masked=self.mask is not None)
            if conflict is not None:
                raise InvalidOptionError(conflict[0], hint=conflict[1])


@dataclass(frozen=True)
class TargetOptions:
    """Which object of the photo is meant: texts for `shapes.photo.read_target`."""

    click: Annotated[
        tuple[str, ...], Setting("Pixel on the object; repeatable.", PHOTO, metavar="X,Y")
    ] = ()
    box: Annotated[str | None, Setting("Box around the object.", PHOTO, metavar="X0,Y0,X1,Y1")] = (
        None
    )


@dataclass(frozen=True)
class CommandOptions:
    """What the command does besides: its network, and where results go."""

    output: Annotated[
        Path | None,
        Setting(
            "Mesh (.obj .ply .stl .glb .3mf .off) or folder.",
            MESH,
            metavar="FILE",
            short="-o",
            default="PHOTO.obj",
        ),
    ] = None
    checkpoint: Annotated[str, replace(CHECKPOINT, panel=MESH)] = DEFAULT_MODEL
    json: Annotated[bool, Setting("Print the results as JSON.", MORE)] = False
    device: Device = "auto"
    quiet: Quiet = False
