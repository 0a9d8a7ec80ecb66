"""Photo to mesh: encode, evaluate the field by MISE, extract, refine, simplify."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from trimesh import Trimesh

from onet_cli.errors import EmptySurfaceError, InvalidOptionError
from onet_cli.geometry.isosurface import grid_surface
from onet_cli.geometry.mesh import COLOUR, CONFIDENCE, make_mesh
from onet_cli.geometry.mise import Grid, evaluate_grid
from onet_cli.geometry.simplify import simplify
from onet_cli.models.predictor import Points, Predictor
from onet_cli.models.workers import Workers
from onet_cli.reconstruction.agreement import Mask, agreement, extent, photo_mask
from onet_cli.reconstruction.colour import photo_colours
from onet_cli.reconstruction.confidence import Field, vertex_confidence
from onet_cli.reconstruction.depth import find_bounds
from onet_cli.reconstruction.doubt import Signs
from onet_cli.reconstruction.ensemble import Ensemble, PhotoCopy, copies_of
from onet_cli.reconstruction.field import OccupancyField
from onet_cli.reconstruction.front import FrontGuess, face_front, guess_front
from onet_cli.reconstruction.joined import JOIN, CachedField, is_whole, join_pieces, whole_threshold
from onet_cli.reconstruction.out_of_distribution import out_of_distribution_score
from onet_cli.reconstruction.outline import OutlineFit, between, fit_outline, shrink
from onet_cli.reconstruction.profiles import change_profiles
from onet_cli.reconstruction.refine import refine
from onet_cli.reconstruction.result import Reconstruction
from onet_cli.reconstruction.revolution import Axis
from onet_cli.reconstruction.rods import SIDE, find_rods
from onet_cli.reconstruction.roundness import find_axis, find_revolution
from onet_cli.reconstruction.settings import MIN_COMPONENT_SHARE, GeneratorSettings
from onet_cli.reconstruction.threshold import adapted_threshold, consistency, expected_at_level
from onet_cli.reconstruction.tidy import drop_components
from onet_cli.reconstruction.upright import Standing
from onet_cli.reconstruction.viewpoint import Viewpoint
from onet_cli.shapes.exposure import expose

Picture = NDArray[np.uint8]


@dataclass(frozen=True)
class Impression:
    """The output of a network for one photo.

    Attributes:
        described: (1, D) global part of the code.
        field: Occupancy field, in the frame of the network's points.
        camera: (1, 2) predicted camera: elevation in radians and kappa. None for networks of the
            object's frame.
        mask: (224, 224) object mask in the prepared image; None if unknown, and for networks of the
            object's frame, which do not need it.
        bare: The field without any changes.
        front: Predicted front, if requested and in the picture's frame.
        members: The fields of the copies of the photo; none for networks of the object's frame.
        gaps: Share of the mask in which the field was below the level; None if not searched.
    """

    described: NDArray[np.float32]
    field: OccupancyField
    camera: NDArray[np.float32] | None
    mask: Mask | None
    bare: OccupancyField
    front: FrontGuess | None = None
    members: tuple[Points, ...] = ()
    gaps: float | None = None


class MeshGenerator:
    """Reconstructs meshes from photos with one model.

    Raises:
        InvalidOptionError: a setting is not supported by the checkpoint.
    """

    def __init__(self, model: Predictor, settings: GeneratorSettings | None = None) -> None:
        self.settings = settings or GeneratorSettings()
        given, info = self.settings.threshold, model.info
        self._threshold = info.threshold if given is None else given
        self._platt = info.platt if given is None else None
        self._corrects = info.platt or (1.0, 0.0)
        self._outline = info.outline if given is None else 0.0
        self._model, self._spec = model, info.spec
        self._copies: tuple[PhotoCopy, ...] = (PhotoCopy(),)
        if info.spec.frame == "picture":
            scales = info.scales if self.settings.multiscale else info.scales[:1]
            self._copies = copies_of(scales, self.settings.flip)
        self._calibration = known = model.calibration
        self._front = None
        if self.settings.front and info.spec.frame == "picture":
            self._front = None if known is None else known.front
            if self._front is None:
                raise InvalidOptionError(
                    "this model cannot predict the front of an object",
                    hint="omit --front, or train it: `recipes/furniture/fronts.py --fit`",
                )

    @property
    def workers(self) -> Workers:
        """The threads on which the model may run."""
        return self._model.workers

    def look(self, image: Picture, mask: Picture | None = None) -> Impression:
        """Evaluate the network on `image` (3, H, W) uint8, prepared by shapes.photo.

        The field has its adapted threshold. `mask` (H, W) uint8 is 255 on the object; by default
        the object is what is not white.
        """
        (made,) = self.look_at([image], [mask])
        return made

    def look_at(
        self, images: Sequence[Picture], masks: Sequence[Picture | None] | None = None
    ) -> Iterator[Impression]:
        """Yield the impression of each of `images`, which are encoded as one batch."""
        size = self._spec.image_size
        given = [None] * len(images) if masks is None else masks
        shown = [self._exposed(*pair) for pair in zip(images, given, strict=True)]
        drawn = [copy.draw(image, size) for copy in self._copies for image in shown]
        codes = self._model.encode(np.stack(drawn))
        for number, image in enumerate(images):
            own = [code[None] for code in codes[number :: len(images)]]
            yield self._impression(own, image, given[number])

    def _exposed(self, image: Picture, mask: Picture | None) -> Picture:
        """Return `image` with the exposure of the network's training images, if known."""
        return image if mask is None else expose(image, mask, self._model.info.exposure)

    def _impression(
        self, codes: Sequence[NDArray[np.float32]], image: Picture, given: Picture | None
    ) -> Impression:
        """Return the impression for the codes (1, C) of the copies of an image."""
        described = self._model.describing(codes[0])
        if self._spec.frame == "object":
            field = self._adapted(self._model.for_code(codes[0]))
            return Impression(described, field, None, None, field)
        ensemble = Ensemble.of(self._model, codes, self._copies)
        field, camera = self._adapted(ensemble), ensemble.camera
        mask = photo_mask(image, given)
        front = None if self._front is None else guess_front(self._front, codes[0], ensemble)
        made = Impression(described, field, camera, mask, field, front, ensemble.members)
        if mask is None:
            return made
        axis = find_axis(codes[0]) if self.settings.revolve else None
        return self._fitted(made, camera, mask, axis)

    def _fitted(
        self, made: Impression, camera: NDArray[np.float32], mask: Mask, axis: Axis | None
    ) -> Impression:
        """Return `made` with its level moved by the outline in `mask`, and its field changed."""
        settings, field = self.settings, made.field
        wanted = self._outline or settings.smooth or settings.gaps or settings.depth or axis
        fit = fit_outline(field, camera, mask) if wanted else None
        if fit is not None and self._outline:
            field = field.at_level(between(field.level, fit, self._outline))
        lifted, share = with_missing_parts(
            field,
            fit,
            camera,
            mask,
            smooth=settings.smooth,
            gaps=settings.gaps,
            thin=settings.thin,
            depth=settings.depth,
        )
        if axis is not None and fit is not None and fit.valid:
            lifted = lifted.with_revolution(find_revolution(field, camera, mask, axis))
        return replace(made, field=lifted, bare=field, gaps=share)

    def _adapted(self, points: Points) -> OccupancyField:
        """Return the field of `points` with the threshold of the settings or the checkpoint."""
        field = OccupancyField(points, self._threshold)
        if self._platt is None:
            return field
        return field.cut_at(adapted_threshold(field, self._platt, self._threshold))

    def extract(self, field: OccupancyField) -> tuple[Trimesh, Grid]:
        """Return the iso-surface of `field` with all its pieces, and the evaluated grid.

        The surface is in the frame of the network's points.

        Raises:
            EmptySurfaceError: the field is below the threshold everywhere.
            InvalidGeometryError: the network returns NaN.
        """
        settings = self.settings
        memory = CachedField(field, settings.resolution)
        grid = evaluate_grid(memory, settings.resolution, field.level, guess=not settings.exact)
        _refuse_empty(grid, field)
        surface = grid_surface(grid)
        if not settings.join:
            return surface, grid
        return join_pieces(surface, grid, memory, JOIN, guess=not settings.exact)

    def generate(self, image: Picture, mask: Picture | None = None) -> Reconstruction:
        """Reconstruct the object in `image` (3, H, W) uint8, prepared by shapes.photo.

        `mask` (H, W) uint8 is 255 on the object; by default the object is what is not white.

        Raises:
            EmptySurfaceError: the field is below the threshold everywhere.
            InvalidGeometryError: the network returns NaN.
        """
        begin = time.perf_counter()
        seen = self.look(image, mask)
        field = seen.field
        surface, grid = self.extract(field)
        mesh, viewpoint = self._finish(surface, seen)
        agreed = None
        if viewpoint is not None:
            agreed = agreement(mesh, viewpoint, seen.mask)
            if self.settings.color:
                colours = photo_colours(mesh, viewpoint, image, mask)
                mesh.vertex_attributes[COLOUR] = colours
        seconds = time.perf_counter() - begin
        known = self._calibration
        distance = None
        if known is not None:
            distance = out_of_distribution_score(seen.described, known.familiarity)
        doubt = None if known is None else known.doubt
        signs = None
        if doubt is not None or self.settings.signs:
            signs = self._signs(mesh, seen, distance, agreed)
        mesh, viewpoint = face_front(mesh, viewpoint, seen.front)
        return Reconstruction(
            mesh,
            seconds,
            grid.evaluations,
            field.threshold,
            grid.rounds,
            distance,
            calibrated=known is not None,
            whole_at=None if is_whole(mesh) else whole_threshold(field),
            viewpoint=viewpoint,
            agreement=agreed,
            signs=signs,
            doubt=doubt,
            front=seen.front,
        )

    def _signs(
        self, mesh: Trimesh, seen: Impression, distance: float | None, agreed: float | None
    ) -> Signs:
        """Return the indicators of a bad mesh."""
        known = mesh.vertex_attributes.get(CONFIDENCE)
        field, edges = seen.bare, np.ptp(np.asarray(mesh.vertices), axis=0)
        return Signs(
            agreement=agreed,
            lowest_tenth=None if known is None else float(np.quantile(np.asarray(known), 0.1)),
            out_of_distribution=distance,
            expected_iou=expected_at_level(field, self._corrects),
            thickness=abs(float(mesh.volume / mesh.area)),
            consistency=consistency(field.with_points(points) for points in seen.members),
            perspective=None if seen.camera is None else float(seen.camera[0, 1]),
            extent=None if seen.mask is None else extent(seen.mask),
            gaps=seen.gaps,
            height=float(edges[1] / edges.max()),
        )

    def _finish(self, surface: Trimesh, seen: Impression) -> tuple[Trimesh, Viewpoint | None]:
        settings, field, camera = self.settings, seen.field, seen.camera
        least = settings.min_component
        if least is None:
            least = 0.0 if camera is None else MIN_COMPONENT_SHARE
        mesh = drop_components(surface, least, largest=settings.largest_component)
        # The paper simplifies first, which is faster; this order is closer to the iso-surface.
        mesh = refine(mesh, field, field.level, settings.refine)
        # Confidence uses the field without these changes.
        ask: Field = seen.bare
        viewpoint = None
        if camera is not None:
            standing = Standing.of(np.asarray(mesh.vertices))
            viewpoint = Viewpoint.of(camera, standing)
            mesh, ask = stand(mesh, seen.bare, standing)
        if settings.faces is not None and settings.faces < len(mesh.faces):
            mesh = simplify(mesh, settings.faces)
        if settings.confidence:
            reliability = None if self._calibration is None else self._calibration.reliability
            mesh.vertex_attributes[CONFIDENCE] = vertex_confidence(mesh, ask, reliability)
        return mesh, viewpoint


def with_missing_parts(
    field: OccupancyField,
    fit: OutlineFit | None,
    camera: NDArray[np.float32],
    mask: Mask,
    *,
    smooth: bool,
    gaps: bool,
    thin: bool,
    depth: bool,
) -> tuple[OccupancyField, float | None]:
    """Return `field` smoothed, gaps closed, thin parts recovered, depth bounded: as requested.

    The second value is the share of the mask in which the field was below the level, None if gaps
    were not searched.

    Args:
        field: In the cube of a network of the picture's frame.
        fit: What `fit_outline` returned for this field at any level.
        camera: (1, 2) elevation in radians and kappa.
        mask: (S, S) object mask in the prepared image.
        smooth: Smooth across neighbouring rays.
        gaps: Close gaps.
        thin: Recover thin parts and bound their depth.
        depth: Bound the depth of the rest.
    """
    found = None
    if fit is not None and fit.valid:
        found = change_profiles(fit, field.level, camera, mask, smooth=smooth, gaps=gaps)
        field = field.with_change(found.change)
    rods = find_rods(field, field.level, camera, shrink(mask, SIDE)) if thin else None
    if depth and fit is not None and found is not None:
        field = field.with_bounds(find_bounds(found.profiles, fit.mask, field.level, camera))
    return field.with_rods(rods), None if found is None else found.share


def stand(
    mesh: Trimesh, field: OccupancyField, standing: Standing | None = None
) -> tuple[Trimesh, Field]:
    """Return a mesh of the picture's frame upright in the unit cube, and `field` in that frame."""
    standing = standing or Standing.of(np.asarray(mesh.vertices))
    upright = make_mesh(standing.to_unit(mesh.vertices), np.asarray(mesh.faces))
    return upright, lambda points: field(standing.to_network(points))


def _refuse_empty(grid: Grid, field: OccupancyField) -> None:
    if grid.highest < field.level:
        probability = float(np.exp(-np.logaddexp(0.0, -grid.highest)))
        raise EmptySurfaceError(
            f"no surface: the highest probability is {probability:.4g}, "
            f"the threshold {field.threshold:.4g}",
            hint=f"lower --threshold, to {probability / 2:.1g} for example",
        )
