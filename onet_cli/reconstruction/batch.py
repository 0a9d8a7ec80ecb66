"""Reconstruction of several photos in parallel; failures of single photos are reported."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Unpack

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from trimesh import Trimesh

from onet_cli.errors import InvalidOptionError, OnetError
from onet_cli.files import remove_leftovers, require_place
from onet_cli.models.catalogue import DEFAULT_MODEL
from onet_cli.models.load import load_predictor
from onet_cli.models.predictor import Predictor
from onet_cli.models.workers import Workers
from onet_cli.reconstruction.extras import save_debug, save_extras
from onet_cli.reconstruction.generator import MeshGenerator
from onet_cli.reconstruction.photos import PhotoFile
from onet_cli.reconstruction.result import Reconstruction
from onet_cli.reconstruction.settings import BatchSettings, GeneratorKeywords, GeneratorSettings
from onet_cli.shapes.photo import (
    Background,
    PreparedPhoto,
    Target,
    isolate_object,
    read_photo,
)
from onet_cli.shapes.photo_files import refuse_address, to_eight_bits

AHEAD = 2
"""Queued photos per thread, so that none is idle while the caller uses a result."""

_reading = Lock()  # reading a photo silences Pillow's warnings for the whole process


@dataclass(frozen=True)
class PhotoResult:
    """The result of one photo: a mesh at `target`, or an error.

    `mesh` is the written mesh, in the frame of the file; `warnings` are about the photo; `extras`
    are the additional files, such as the preview.
    """

    photo: PhotoFile
    target: Path
    reconstruction: Reconstruction | None = None
    error: OnetError | None = None
    mesh: Trimesh | None = None
    warnings: tuple[str, ...] = ()
    extras: tuple[Path, ...] = ()


def reconstruct_all(
    generator: MeshGenerator,
    photos: Sequence[PhotoFile],
    targets: Sequence[Path],
    settings: BatchSettings,
) -> Iterator[PhotoResult]:
    """Yield the result of each photo, in order; a failure does not stop the others.

    On a CPU, as many photos are processed in parallel as the model may use threads, with one thread
    each, which gives more meshes per minute than all threads on one photo at a time.

    Raises:
        InvalidOptionError: a mask, click or box is given with more than one photo.
        PhotoError: the mask cannot be read.
        OnetError: no folder of `targets` can be written to.
    """
    check_single(settings, len(photos))
    mask = None if settings.mask is None else read_photo(settings.mask)

    def work(photo: PhotoFile, target: Path) -> PhotoResult:
        try:
            require_place(target)
            return _reconstruct_one(generator, photo, target, settings, mask)
        except OnetError as error:
            return PhotoResult(photo, target, error=error)
        except MemoryError:
            failure = OnetError("out of memory", hint="a lower --resolution")
            return PhotoResult(photo, target, error=failure)

    require_some_place(targets)
    remove_leftovers(targets)
    pairs = list(zip(photos, targets, strict=True))
    threads = min(generator.workers.threads, len(pairs))
    if threads <= 1:
        yield from (work(*pair) for pair in pairs)
    else:
        yield from _side_by_side(work, pairs, threads, generator.workers)


def check_single(settings: BatchSettings, count: int) -> None:
    """Raise InvalidOptionError if a mask, click or box is given with more than one photo."""
    given = {"mask": settings.mask is not None, "click or box": bool(settings.target)}
    for name in (name for name, is_given in given.items() if is_given and count > 1):
        raise InvalidOptionError(
            f"one {name} cannot apply to {count} photos", hint="reconstruct them one at a time"
        )


def require_some_place(targets: Sequence[Path]) -> None:
    """Refuse `targets` at once where none of their folders can be written to."""
    refusals = []
    for target in {target.parent: target for target in targets}.values():
        try:
            require_place(target)
            return
        except OnetError as error:
            refusals.append(error)
    if refusals:
        raise refusals[0]


def _side_by_side(
    work: Callable[[PhotoFile, Path], PhotoResult],
    pairs: Sequence[tuple[PhotoFile, Path]],
    threads: int,
    workers: Workers,
) -> Iterator[PhotoResult]:
    """Yield the results of `work` on `pairs`, in order, from `threads` threads."""
    running: deque[Future[PhotoResult]] = deque()
    with workers.pool(threads) as pool:
        try:
            for pair in pairs:
                running.append(pool.submit(work, *pair))
                # Bound the number of pending results, as they hold meshes.
                if len(running) >= threads * AHEAD:
                    yield running.popleft().result()
            while running:
                yield running.popleft().result()
        finally:
            for future in running:
                future.cancel()


def _reconstruct_one(
    generator: MeshGenerator,
    photo: PhotoFile,
    target: Path,
    settings: BatchSettings,
    mask: Image.Image | None,
) -> PhotoResult:
    with _reading:
        picture = photo.read()
    prepared = isolate_object(picture, settings.background, mask, target=settings.target)
    if settings.debug is not None:  # before reconstruction, which may fail because of the input
        save_debug(prepared, settings.debug, target.stem)
    result = generator.generate(*to_arrays(prepared))
    mesh = result.save(target, settings.scale_mm, settings.up)
    warnings = (*prepared.warnings, *_warnings(result))
    extras = save_extras(settings.extras, target, picture, prepared, result, warnings)
    return PhotoResult(photo, target, result, mesh=mesh, warnings=warnings, extras=extras)


def _warnings(result: Reconstruction) -> tuple[str, ...]:
    """Return the warnings about the mesh."""
    told = (result.warning, None if result.front is None else result.front.warning)
    said = tuple(warning for warning in told if warning is not None)
    if result.whole_at is None:
        return said
    return (*said, f"the mesh is in pieces; --threshold {result.whole_at:.2f} may join them")


def reconstruct(
    photo: str | Path | bytes | Image.Image,
    model: str | Path | Predictor = DEFAULT_MODEL,
    *,
    background: Background = "auto",
    mask: str | Path | Image.Image | None = None,
    target: Target | None = None,
    device: str = "auto",
    **options: Unpack[GeneratorKeywords],
) -> Reconstruction:
    """Reconstruct the object in `photo` as a mesh.

    Args:
        photo: A file, its bytes, or an image.
        model: The name of a shipped model, a checkpoint or .onnx file, or a loaded checkpoint.
        background: "auto", "keep", "remove" or "rembg", as `onet reconstruct --background`.
        mask: An image of the photo's shape, white on the object.
        target: Pixels on the object, or a box around it (`shapes.photo.Target`).
        device: auto, cpu, cuda or mps (`models.load.load_predictor`); unused if `model` is already
            loaded.
        options: `resolution`, `threshold`, `faces`, `refine`, `min_component`,
            `largest_component`, `exact`, `confidence`, `color`, `smooth`, `gaps`, `thin`, `depth`,
            `flip` and `front`: see `GeneratorSettings`.

    Raises:
        PhotoError: the photo cannot be read or shows no object.
        CheckpointError: the checkpoint cannot be read.
        EmptySurfaceError: the field is below the threshold everywhere.
        InvalidOptionError: an option has an invalid value.
    """
    settings = GeneratorSettings(**options)
    known = None if mask is None else _open(mask)
    prepared = isolate_object(_open(photo), background, known, target=target)
    if isinstance(model, str | Path):
        model = load_predictor(model, device, gradients=settings.refine > 0)
    return MeshGenerator(model, settings).generate(*to_arrays(prepared))


def _open(photo: str | Path | bytes | Image.Image) -> Image.Image:
    """Return a photo in any form as an image, as `read_photo` does."""
    if isinstance(photo, Image.Image):
        return to_eight_bits(photo)
    if isinstance(photo, str):
        refuse_address(photo)
        photo = Path(photo)
    return read_photo(photo)


def to_arrays(prepared: PreparedPhoto) -> tuple[NDArray[np.uint8], NDArray[np.uint8] | None]:
    """Return the prepared image as uint8 (3, H, W), and the mask (H, W) or None."""
    mask = None if prepared.mask is None else np.array(prepared.mask)
    return to_array(prepared.picture), mask


def to_array(photo: Image.Image) -> NDArray[np.uint8]:
    """Return an image as RGB uint8 (3, H, W)."""
    return np.ascontiguousarray(np.array(photo.convert("RGB")).transpose(2, 0, 1))
