"""The parts of a code of the picture's frame; for arrays and tensors, without torch.

The code is a concatenation: cells of the whole picture (K, 7, 7), fine local features (32, 56, 56),
the object's mirror plane (`models.mirror`; codes of the first such networks have none), and the
predicted camera elevation and perspective.
"""

from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from onet_cli.errors import InvalidOptionError

GRID = 7
"""Cells per side of the map of the whole picture."""

BINS = 36
"""Number of angles of a mirror plane, 0 to 180 degrees; as in `geometry.symmetry`."""

LOCAL_WIDTH = 32
LOCAL_SIDE = 56
CAMERA_WIDTH = 2
PLANE_WIDTH = 3
MIRROR_WIDTH = BINS + 2 + PLANE_WIDTH
"""Logits of a mirror plane at each angle, the object's centre (x, z), and the resulting plane."""

USUAL_CODE = 64 * GRID**2 + LOCAL_WIDTH * LOCAL_SIDE**2 + MIRROR_WIDTH + CAMERA_WIDTH


class Sliced(Protocol):
    """An array or a tensor."""

    def __getitem__(self, key: Any, /) -> Any:
        """Return a part of it."""


Rows = TypeVar("Rows", bound=Sliced)


@dataclass(frozen=True)
class CodeLayout:
    """Layout of a code of C numbers: `cells` numbers of the whole picture, and the other parts.

    Raises:
        InvalidOptionError: C is not of that form.
    """

    code_dim: int

    def __post_init__(self) -> None:
        if self.cells <= 0 or self.cells % GRID**2:
            raise InvalidOptionError(
                f"a code of {self.code_dim} numbers has no room for maps",
                hint=f"{USUAL_CODE} is usual: {GRID**2} cells of 64 numbers, and local features",
            )

    @property
    def mirrored(self) -> bool:
        """Whether a mirror plane is part of the code."""
        rest = self.code_dim - LOCAL_WIDTH * LOCAL_SIDE**2 - CAMERA_WIDTH
        return rest % GRID**2 == MIRROR_WIDTH

    @property
    def symmetry_start(self) -> int | None:
        """Where in a code the numbers begin that `symmetry_of` returns; None if there are none."""
        return self.code_dim - CAMERA_WIDTH - MIRROR_WIDTH if self.mirrored else None

    @property
    def cells(self) -> int:
        """Size of the map of the whole picture, (K, 7, 7)."""
        rest = self.code_dim - LOCAL_WIDTH * LOCAL_SIDE**2 - CAMERA_WIDTH
        return rest - MIRROR_WIDTH if self.mirrored else rest

    def cells_of(self, code: Rows) -> Rows:
        """Return the cells (B, K * 49) of a code (B, C)."""
        cells: Rows = code[:, : self.cells]
        return cells

    def local_of(self, code: Rows) -> Rows:
        """Return the local features (B, 32 * 56 * 56) of a code (B, C)."""
        local: Rows = code[:, self.cells : self.cells + LOCAL_WIDTH * LOCAL_SIDE**2]
        return local


def has_mirror(code_dim: int) -> bool:
    """Return whether codes of `code_dim` numbers are of this form and have a mirror plane."""
    try:
        return CodeLayout(code_dim).mirrored
    except InvalidOptionError:
        return False


def camera_of(code: Rows) -> Rows:
    """Return the camera (B, 2) of a code (B, C): elevation in radians, and kappa."""
    camera: Rows = code[:, -CAMERA_WIDTH:]
    return camera


def plane_of(code: Rows) -> Rows:
    """Return the mirror plane (B, 3) of a code (B, C) that has one: angle, offset and trust."""
    plane: Rows = code[:, -CAMERA_WIDTH - PLANE_WIDTH : -CAMERA_WIDTH]
    return plane


def symmetry_of(code: Rows) -> tuple[Rows, Rows]:
    """Return the basis of a code's mirror plane: logits (B, 36) at each angle, and the centre.

    The latter is (B, 2), x and z in the picture's frame.
    """
    start, stop = -CAMERA_WIDTH - MIRROR_WIDTH, -CAMERA_WIDTH - PLANE_WIDTH
    found = code[:, start:stop]
    return found[:, :BINS], found[:, BINS:]
