"""Published scores of single-view reconstruction on 13 classes of ShapeNet."""

from collections.abc import Iterable
from dataclasses import dataclass

from onet_cli.errors import InvalidOptionError


@dataclass(frozen=True)
class PublishedScores:
    """A method's mean over the categories; Chamfer-L1 in tenths of the longest edge."""

    method: str
    iou: float | None
    chamfer_l1_x10: float | None
    normal_consistency: float | None


PUBLISHED = (
    PublishedScores("3D-R2N2", 0.493, 0.278, 0.695),
    PublishedScores("PSGN", None, 0.215, None),
    PublishedScores("Pix2Mesh", 0.480, 0.216, 0.772),
    PublishedScores("AtlasNet", None, 0.175, 0.811),
    PublishedScores("ONet (paper)", 0.571, 0.215, 0.834),
    PublishedScores("ONet (release)", 0.593, 0.194, 0.840),
)
"""Table 1 of Mescheder et al., CVPR 2019, and the README of their repository (release)."""

RELEASE_IOU = {
    "02691156": 0.591,
    "02828884": 0.492,
    "02933112": 0.750,
    "02958343": 0.746,
    "03001627": 0.530,
    "03211117": 0.518,
    "03636649": 0.400,
    "03691459": 0.677,
    "04090263": 0.480,
    "04256520": 0.693,
    "04379243": 0.542,
    "04401088": 0.746,
    "04530566": 0.547,
}
"""IoU of the authors' release by synset, for the 13 categories of the published scores."""


def check_comparable(protocol: str, categories: Iterable[str]) -> None:
    """Raise unless scores are comparable with the published ones.

    Raises:
        InvalidOptionError: the scores are of another protocol or other categories.
    """
    if protocol != "paper":
        raise InvalidOptionError(
            "published scores use the paper's protocol", hint="add --protocol paper"
        )
    unknown = sorted(set(categories) - RELEASE_IOU.keys())
    if unknown:
        raise InvalidOptionError(
            f"there are no published scores for the category {unknown[0]!r}",
            hint="they are for ShapeNet; omit --reference on other data",
        )
