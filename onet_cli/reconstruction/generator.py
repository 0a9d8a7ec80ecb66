"""From a photo to a mesh: encode, evaluate the field by MISE, extract, refine, simplify."""

import math
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from trimesh import Trimesh

from onet_cli.errors import EmptySurfaceError, InvalidOptionError
from onet_cli.geometry.isosurface import grid_surface
from onet_cli.geometry.mise import Grid, evaluate_grid, split_resolution
from onet_cli.geometry.simplify import FEWEST_FACES, simplify
from onet_cli.models.checkpoint import Checkpoint
from onet_cli.reconstruction.field import OccupancyField
from onet_cli.reconstruction.refine import refine
from onet_cli.reconstruction.tidy import Up, drop_components, save_mesh
from onet_cli.shapes.photo import resize_images


@dataclass(frozen=True)
class GeneratorSettings:
    """How meshes are made from a field.

    `resolution` is the number of cells per side of the sampled cube, `threshold` the probability
    from which a point is inside (None: the checkpoint's), `faces` the number of faces to simplify
    to (None: all), `refine` the number of refinement steps. With `guess`, points that the surface
    does not need are not evaluated: the same mesh from about 3/4 of the evaluations. Pieces of less
    than the share `min_component` of the volume are dropped; with `largest_component`, all but the
    largest.
    """

    resolution: int = 128
    threshold: float | None = None
    faces: int | None = None
    refine: int = 0
    guess: bool = False
    min_component: float = 0.0
    largest_component: bool = False

    def __post_init__(self) -> None:
        split_resolution(self.resolution)
        if self.threshold is not None and not 0 < self.threshold < 1:
            raise InvalidOptionError(
                f"the threshold is a probability between 0 and 1, not {self.threshold:g}"
            )
        if self.faces is not None and self.faces < FEWEST_FACES:
            raise InvalidOptionError(
                f"a closed mesh has at least {FEWEST_FACES} faces, not {self.faces}"
            )
        if self.refine < 0:
            raise InvalidOptionError(f"refinement takes 0 or more steps, not {self.refine}")
        if not 0 <= self.min_component <= 1:
            raise InvalidOptionError(
                f"the least component is a share of the volume, 0 to 1, not {self.min_component:g}"
            )


@dataclass(frozen=True)
class Reconstruction:
    """A mesh in the unit-cube frame and how it came about.

    `seconds` is the wall time from photo to mesh, `evaluations` the number of points at which the
    field was evaluated on the grid (`rounds` of MISE, one number each), `threshold` the
    probability at the surface.
    """

    mesh: Trimesh
    seconds: float
    evaluations: int
    threshold: float
    rounds: tuple[int, ...] = ()

    def save(self, path: Path | str, scale_mm: float | None = None, up: Up = "y") -> Trimesh:
        """Write the mesh to `path`, whole or not at all, and return it as it was written.

        The suffix picks the format; `scale_mm` and `up` are those of `tidy.finish`.

        Raises:
            InvalidOptionError: the suffix is none of .obj .ply .stl .glb .off.
        """
        return save_mesh(self.mesh, Path(path), scale_mm, up)


class MeshGenerator:
    """Makes meshes from photos with one network.

    Raises:
        InvalidOptionError: a setting cannot work.
    """

    def __init__(self, checkpoint: Checkpoint, settings: GeneratorSettings | None = None) -> None:
        self.settings = settings or GeneratorSettings()
        given = self.settings.threshold
        self.threshold = checkpoint.info.threshold if given is None else given
        # The one place where the probability becomes a logit.
        self.level = math.log(self.threshold) - math.log1p(-self.threshold)
        self._network = checkpoint.network.eval()
        self._device = self._network.mean.device

    def field(self, image: Tensor) -> OccupancyField:
        """Return the occupancy field of `image` (3, H, W) uint8, prepared by shapes.photo."""
        size = self._network.spec.image_size
        # Not inference_mode: refinement differentiates through what is computed here.
        with torch.no_grad():
            pixels = resize_images(image[None], size).to(self._device)
            code = self._network.encode(pixels)
            return OccupancyField(self._network.for_code(code), self._device)

    def generate(self, image: Tensor) -> Reconstruction:
        """Return the mesh of what `image` (3, H, W) uint8, prepared by shapes.photo, shows.

        Raises:
            EmptySurfaceError: the field stays below the threshold everywhere.
            InvalidGeometryError: the network returns NaN.
        """
        begin = time.perf_counter()
        field = self.field(image)
        settings = self.settings
        grid = evaluate_grid(field, settings.resolution, self.level, guess=settings.guess)
        self._refuse_empty(grid)
        mesh = drop_components(
            grid_surface(grid), settings.min_component, largest=settings.largest_component
        )
        # The paper simplifies first, which is faster; this order ends nearer to the field.
        mesh = refine(mesh, field, self.level, settings.refine)
        if settings.faces is not None and settings.faces < len(mesh.faces):
            mesh = simplify(mesh, settings.faces)
        seconds = time.perf_counter() - begin
        return Reconstruction(mesh, seconds, grid.evaluations, self.threshold, grid.rounds)

    def _refuse_empty(self, grid: Grid) -> None:
        if grid.highest < self.level:
            probability = float(np.exp(-np.logaddexp(0.0, -grid.highest)))
            raise EmptySurfaceError(
                f"no surface: the highest probability is {probability:.3g}, "
                f"the threshold {self.threshold:.3g}",
                hint=f"lower --threshold, to {probability / 2:.1g} for example",
            )
