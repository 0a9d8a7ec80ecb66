"""Settings of `onet reconstruct`. Importing this loads no numpy and no torch.

The fields declare the options of the command: name, default, help and limits.
"""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, TypedDict

from onet_cli.errors import InvalidOptionError
from onet_cli.execution.shards import Merge, ShardOption, check_shard_options
from onet_cli.execution.work import Cluster
from onet_cli.models.catalogue import DEFAULT_MODEL
from onet_cli.options import CHECKPOINT, RARE, Device, Quiet
from onet_cli.setting import Setting, check_settings
from onet_cli.shapes.photo_options import Background

if TYPE_CHECKING:
    from onet_cli.shapes.photo import Target

Up = Literal["y", "z"]

MESH = "Mesh"
PHOTO = "Photo"
ADDITIONAL = "Additional output"

LEAST_MM, MOST_MM = 1e-3, 1e6
"""Range of --scale-mm: from a micrometre to a kilometre."""

MIN_COMPONENT_SHARE = 0.0005
"""Default minimum share of the volume of a piece with networks of the picture's frame. It removes
half of all pieces on validation views, for 0.001 of the IoU."""


@dataclass(frozen=True)
class GeneratorSettings:
    """Settings for extracting meshes from a field.

    `resolution` is the number of cells per side of the sampled cube, `threshold` the probability
    from which a point is inside (None: the checkpoint's, adapted to the photo if the checkpoint
    supports it, see `reconstruction.threshold`), `faces` the number of faces to simplify to (None:
    all), and `refine` the number of refinement steps. Unless `exact`, points that do not affect the
    surface are skipped, which gives the same mesh with about 3/4 of the evaluations. `join`
    connects pieces that the field nearly connects. Pieces below the share `min_component` of the
    volume are removed (None: `MIN_COMPONENT_SHARE` for networks of the picture's frame, else none);
    `largest_component` removes all but the largest. `confidence` computes the confidence of each
    vertex, with two evaluations of the field. With networks of the picture's frame, `color` colours
    vertices from the photo, `smooth` smooths visible surfaces (`reconstruction.smooth`), `gaps`
    closes gaps (`reconstruction.gaps`), `thin` recovers thin parts and bounds their depth
    (`reconstruction.rods`), `depth` bounds that of other parts where the network is unsure
    (`reconstruction.depth`), `revolve` makes round objects exactly round
    (`reconstruction.roundness`), `multiscale` averages over the sizes of the photo that the
    checkpoint names (`reconstruction.ensemble`), `flip` also over its mirror image, and `front`
    turns the object's front to +z if its confidence is high enough; meshes of networks of the
    object's frame always face +z. `signs` computes indicators of a bad mesh even if the checkpoint
    has no predictor for them.
    """

    resolution: Annotated[int, Setting("Cells per side of the grid.", MESH)] = 128
    threshold: Annotated[
        float | None,
        Setting(
            "Iso-level (probability).",
            MESH,
            above=0,
            below=1,
            default="checkpoint's",
        ),
    ] = None
    faces: Annotated[int | None, Setting("Simplify to this many faces.", MESH)] = None
    refine: Annotated[
        int, Setting("Steps of gradient refinement.", RARE, minimum=0, maximum=10_000)
    ] = 0
    exact: Annotated[bool, Setting("Evaluate every point; slower.", RARE)] = False
    join: Annotated[bool, Setting("Join pieces that the field nearly connects.", RARE)] = True
    min_component: Annotated[
        float | None,
        Setting(
            "Remove pieces below this share of the volume.",
            RARE,
            minimum=0,
            maximum=1,
            default="0.0005",
        ),
    ] = None
    largest_component: Annotated[bool, Setting("Keep only the largest piece.", RARE)] = False
    confidence: bool = True
    color: Annotated[bool, Setting("Colour the vertices from the photo.", MESH)] = True
    smooth: Annotated[bool, Setting("Smooth what the photo shows.", RARE)] = True
    gaps: Annotated[bool, Setting("Close gaps in surfaces that the photo shows.", RARE)] = True
    thin: Annotated[bool, Setting("Recover thin parts of the photo, as deep as wide.", RARE)] = True
    depth: Annotated[bool, Setting("Bound the depth where the network is unsure.", RARE)] = True
    revolve: Annotated[bool, Setting("Make round objects exactly round.", RARE)] = True
    multiscale: Annotated[bool, Setting("Average over two sizes of the photo.", RARE)] = True
    flip: Annotated[bool, Setting("Average over photo and mirror image; slower.", RARE)] = False
    front: Annotated[bool, Setting("Turn the object's front to +z if predicted.", RARE)] = False
    signs: bool = False

    def __post_init__(self) -> None:
        from onet_cli.geometry.mise import split_resolution

        check_settings(self)
        split_resolution(self.resolution)
        if self.faces is not None:
            # Only here: trimesh takes longer to import than a photo takes.
            from onet_cli.geometry.simplify import FEWEST_FACES

            if self.faces < FEWEST_FACES:
                raise InvalidOptionError(
                    f"a closed mesh has at least {FEWEST_FACES} faces, not {self.faces}"
                )


class GeneratorKeywords(TypedDict, total=False):
    """The fields of `GeneratorSettings` as keyword arguments."""

    resolution: int
    threshold: float | None
    faces: int | None
    refine: int
    exact: bool
    join: bool
    min_component: float | None
    largest_component: bool
    confidence: bool
    color: bool
    smooth: bool
    gaps: bool
    thin: bool
    depth: bool
    revolve: bool
    multiscale: bool
    flip: bool
    front: bool
    signs: bool


def check_scale(scale_mm: float) -> None:
    """Raise InvalidOptionError unless `scale_mm` is in the allowed range."""
    if not LEAST_MM <= scale_mm <= MOST_MM:
        raise InvalidOptionError(
            f"the longest edge must be from {LEAST_MM:g} to {MOST_MM:g} mm, not {scale_mm:g}"
        )


def plain_settings(
    resolution: int, threshold: float | None = None, *, join: bool = True
) -> GeneratorSettings:
    """Return settings for evaluation: exact, without confidence and colours."""
    return GeneratorSettings(
        resolution, threshold, exact=True, join=join, confidence=False, color=False
    )


@dataclass(frozen=True)
class Extras:
    """Additional files to write next to a mesh."""

    preview: Annotated[bool, Setting("Write a PNG of photo and mesh.", ADDITIONAL)] = False
    turntable: Annotated[bool, Setting("Write a GIF of the turning mesh.", ADDITIONAL)] = False
    viewer: Annotated[bool, Setting("Write an offline HTML viewer.", ADDITIONAL)] = False


@dataclass(frozen=True)
class BatchSettings:
    """Settings for reading photos and writing meshes and additional files.

    `mask` is an image of the object mask, `target` selects the object, both for a single photo;
    `debug` is a folder for prepared photos and masks; `scale_mm` and `up` are those of
    `tidy.finish`.

    Raises:
        InvalidOptionError: `scale_mm` is out of range, or `target` conflicts with `mask` or
            `background`.
    """

    background: Annotated[
        Background, Setting("auto, keep, remove or rembg.", PHOTO, metavar="NAME")
    ] = "auto"
    extras: Extras = field(default_factory=Extras)
    mask: Annotated[
        Path | None, Setting("Image that is white on the object.", PHOTO, metavar="FILE")
    ] = None
    debug: Annotated[
        Path | None,
        Setting("Folder for prepared photo and mask.", RARE, metavar="FOLDER"),
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
    """Selection of the object in the photo, parsed by `shapes.photo.read_target`."""

    click: Annotated[
        tuple[str, ...], Setting("Pixel on the object; repeatable.", PHOTO, metavar="X,Y")
    ] = ()
    box: Annotated[str | None, Setting("Box around the object.", PHOTO, metavar="X0,Y0,X1,Y1")] = (
        None
    )


@dataclass(frozen=True)
class FolderOptions:
    """Options for many photos: where they are processed, and the tables of results.

    `workers` is the number of processes (0 or 1: threads of this process; None: as
    `onet_cli.reconstruction.folder.usual_workers` says).
    """

    manifest: Annotated[
        tuple[Path, ...],
        Setting(
            "Table of the results, .csv or .jsonl; resumes.",
            ADDITIONAL,
            metavar="FILE",
        ),
    ] = ()
    workers: Annotated[
        int | None,
        Setting(
            "Processes for many photos; 0: threads.",
            RARE,
            minimum=0,
            default="one per core from 32 photos each",
        ),
    ] = None
    cluster: Cluster = None
    shard: ShardOption = None
    merge: Merge = False

    def __post_init__(self) -> None:
        check_settings(self)
        check_shard_options(self.shard, self.merge)
        if not self.manifest and (self.shard is not None or self.merge):
            raise InvalidOptionError("--shard and --merge need --manifest, a table of the results")


@dataclass(frozen=True)
class CommandOptions:
    """Other options of the command: network and output."""

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
    json: Annotated[bool, Setting("Print the results as JSON.", ADDITIONAL)] = False
    device: Device = "auto"
    quiet: Quiet = False
