"""Methods to evaluate: a checkpoint, or meshes made by other tools."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from trimesh import Trimesh

from onet_cli.errors import EmptySurfaceError, InvalidGeometryError, InvalidOptionError
from onet_cli.evaluation.measure import Truth
from onet_cli.evaluation.picture_frame import AS_SAID, PLACING, predict_in_picture_frame
from onet_cli.evaluation.tasks import Predict, Prediction, Task
from onet_cli.files import write_text
from onet_cli.meshes.formats import MESH_SUFFIXES
from onet_cli.meshes.read import read_mesh
from onet_cli.meshes.write import write_mesh
from onet_cli.models.checkpoint import find_checkpoint, load_checkpoint, read_info
from onet_cli.models.spec import Frame
from onet_cli.reconstruction.field import OccupancyField
from onet_cli.reconstruction.generator import MeshGenerator
from onet_cli.reconstruction.joined import JOIN
from onet_cli.reconstruction.settings import plain_settings


@dataclass(frozen=True)
class MethodFacts:
    """Identification of a method; `sha256` is empty and `threshold` None for files and baselines.

    With `platt`, the threshold is adapted to each photo (`reconstruction.threshold`). `categories`
    are the training categories, if known. `placing` describes the alignment of its meshes with the
    ground truth, and `frame` is that of the network's points (see `ModelSpec`). `exposure` is that
    of the training images (`shapes.exposure`), None without a network.
    """

    path: str
    model: str
    sha256: str = ""
    threshold: float | None = None
    platt: tuple[float, float] | None = None
    categories: tuple[str, ...] = ()
    placing: str = ""
    frame: Frame = "object"
    exposure: float | None = None


class Method(Protocol):
    """A picklable source of predictions."""

    def facts(self) -> MethodFacts:
        """Return the identification of the method."""

    def files(self, task: Task) -> tuple[Path, ...]:
        """Return the files from which the prediction for a task is read, if any."""

    def start(self) -> Predict:
        """Return the prediction function for this process."""


@dataclass(frozen=True)
class CheckpointMethod:
    """Meshes and occupancies of a network.

    `meshes` is a folder in which meshes are stored and reused. `joins` is whether pieces that the
    field nearly connects are joined.
    """

    checkpoint: str
    device: str
    resolution: int
    threshold: float | None = None
    meshes: Path | None = None
    joins: bool = True

    def facts(self) -> MethodFacts:
        """Return the checkpoint's name, hash and threshold."""
        path = find_checkpoint(self.checkpoint)
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        info = read_info(path)
        given = self.threshold
        threshold, platt = (info.threshold, info.platt) if given is None else (given, None)
        name = info.spec.name
        frame = info.spec.frame
        placing = PLACING if frame == "picture" else AS_SAID
        return MethodFacts(
            self.checkpoint,
            name,
            digest,
            threshold,
            platt,
            info.categories,
            placing,
            frame,
            exposure=info.exposure,
        )

    def files(self, task: Task) -> tuple[Path, ...]:
        """Return the file of the stored mesh, if meshes are stored."""
        return () if self.meshes is None else (_place(self.meshes, task),)

    def start(self) -> Predict:
        """Load the network and return its predictor.

        Raises:
            CheckpointError: the checkpoint cannot be read.
            InvalidOptionError: `meshes` contains meshes of another checkpoint or resolution.
        """
        loaded = load_checkpoint(self.checkpoint, self.device)
        join = JOIN if self.joins else 0.0  # as recorded in the folders of earlier versions
        settings = plain_settings(self.resolution, self.threshold, join=self.joins)
        generator = MeshGenerator(loaded, settings)
        if self.meshes is not None:
            facts = asdict(self.facts())
            for name in ("categories", "placing", "frame", "exposure"):
                del facts[name]
            made = {
                "join": join,
                "flip": settings.flip,
                "smooth": settings.smooth,
                "gaps": settings.gaps,
                "thin": settings.thin,
                "depth": settings.depth,
                "revolve": settings.revolve,
            }
            _claim(self.meshes, facts | {"resolution": self.resolution} | made)

        def predict(task: Task, image: NDArray[np.uint8], truth: Truth) -> Prediction:
            planes = np.ascontiguousarray(image.transpose(2, 0, 1))
            if loaded.info.spec.frame == "picture":
                kept = None if self.meshes is None else _place(self.meshes, task)
                return predict_in_picture_frame(generator, task, planes, truth, kept)
            field = generator.look(planes).field

            def contains(points: NDArray[np.float32]) -> NDArray[np.bool_]:
                return field(points) >= field.level

            try:
                return Prediction(self._mesh(generator, task, field), contains)
            except EmptySurfaceError as error:
                return Prediction(Trimesh(), contains, failure=str(error))

        return predict

    def _mesh(self, generator: MeshGenerator, task: Task, field: OccupancyField) -> Trimesh:
        if self.meshes is None:
            return generator.extract(field)[0]
        path = _place(self.meshes, task)
        if not path.is_file():
            write_mesh(generator.extract(field)[0], path)
        # Read back even if just written: files round, and a second run must score the same.
        return read_mesh(path)


@dataclass(frozen=True)
class FolderMethod:
    """Meshes in files, `CATEGORY/NAME.SUFFIX` or `CATEGORY/NAME/VIEW.SUFFIX`, unit-cube frame.

    Raises:
        InvalidOptionError: there is no such folder, or no mesh at such a path.
    """

    root: Path

    def __post_init__(self) -> None:
        if not self.root.is_dir():
            raise InvalidOptionError(f"there is no folder {self.root}")
        found = chain(self.root.glob("*/*"), self.root.glob("*/*/*"))
        # A folder one level off would score 0 throughout.
        if not any(path.suffix in MESH_SUFFIXES for path in found):
            raise InvalidOptionError(
                f"{self.root} contains neither CATEGORY/NAME.obj nor CATEGORY/NAME/VIEW.obj",
                hint=f"name meshes like the shapes of the data set ({' '.join(MESH_SUFFIXES)})",
            )

    def facts(self) -> MethodFacts:
        """Return the folder's name."""
        return MethodFacts(self.root.as_posix(), self.root.name)

    def files(self, task: Task) -> tuple[Path, ...]:
        """Return the first existing mesh for a task."""
        return tuple(islice((path for path in self._candidates(task) if path.is_file()), 1))

    def start(self) -> Predict:
        """Return a predictor that reads files."""

        def predict(task: Task, image: NDArray[np.uint8], truth: Truth) -> Prediction:
            for path in self.files(task):
                return Prediction(read_mesh(path))
            raise InvalidGeometryError(f"there is no mesh of {task.id}, view {task.view}")

        return predict

    def _candidates(self, task: Task) -> Iterator[Path]:
        folder = self.root / task.id.category
        for suffix in MESH_SUFFIXES:
            for view in (f"{task.view}", f"{task.view:02d}", f"{task.view:03d}"):
                yield folder / task.id.name / f"{view}{suffix}"
        # The name may contain dots, so no suffix is removed.
        yield from (folder / f"{task.id.name}{suffix}" for suffix in MESH_SUFFIXES)


def _place(root: Path, task: Task) -> Path:
    return root / task.id.category / task.id.name / f"{task.view:02d}.ply"


def _claim(root: Path, facts: dict[str, object]) -> None:
    """Record the method of the meshes in `root`, or check that it is the same."""
    note = root / "meshes.json"
    text = json.dumps(facts, indent=2, sort_keys=True) + "\n"
    if note.is_file():
        if note.read_bytes() != text.encode():
            raise InvalidOptionError(
                f"{root} contains meshes of another checkpoint, threshold or resolution",
                hint="choose another --meshes folder",
            )
        return
    if root.is_dir() and any(root.iterdir()):
        raise InvalidOptionError(
            f"{root} is not empty and was not written by --meshes",
            hint="choose another --meshes folder; --predictions scores meshes of other tools",
        )
    write_text(note, text)
