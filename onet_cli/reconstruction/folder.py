"""Reconstruction of many photos: in threads, in worker processes, or on a cluster."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from onet_cli.errors import OnetError
from onet_cli.execution.run import map_unordered
from onet_cli.execution.work import LOST, Place
from onet_cli.files import folders_searched_once
from onet_cli.malloc import keep_freed_memory
from onet_cli.models.load import load_predictor, may_accelerate
from onet_cli.models.workers import usable_threads
from onet_cli.reconstruction.batch import (
    PhotoResult,
    check_single,
    reconstruct_all,
    require_some_place,
)
from onet_cli.reconstruction.describe import describe_line, describe_record
from onet_cli.reconstruction.generator import MeshGenerator
from onet_cli.reconstruction.photos import PhotoFile
from onet_cli.reconstruction.settings import BatchSettings, GeneratorSettings

SHARE = 32
"""Photos of a worker process from which it gains more than the 0.9 s that it takes to start."""


@dataclass(frozen=True)
class PhotoJob:
    """A photo and the file of its mesh."""

    photo: PhotoFile
    target: Path


@dataclass(frozen=True)
class PhotoRecord:
    """What is reported of a photo: a JSON record, a line of text, and the error if it failed."""

    job: PhotoJob
    record: dict[str, Any]
    line: str
    error: OnetError | None = None

    @classmethod
    def of(cls, result: PhotoResult) -> "PhotoRecord":
        """Return the record of a result."""
        job = PhotoJob(result.photo, result.target)
        return cls(job, describe_record(result), describe_line(result), result.error)


@dataclass(frozen=True)
class FolderWork:
    """Reconstruction by a model, to be executed anywhere."""

    checkpoint: str
    device: str
    settings: GeneratorSettings
    batch: BatchSettings

    def generator(self) -> MeshGenerator:
        """Load the model."""
        gradients = self.settings.refine > 0
        model = load_predictor(self.checkpoint, self.device, gradients=gradients)
        return MeshGenerator(model, self.settings)

    def start(self) -> Callable[[PhotoJob], PhotoRecord]:
        """Load the model and return the function from a photo to its record."""
        keep_freed_memory()
        generator = self.generator()

        def work(job: PhotoJob) -> PhotoRecord:
            (result,) = reconstruct_all(generator, [job.photo], [job.target], self.batch)
            return PhotoRecord.of(result)

        return work

    def lost(self, task: PhotoJob, seconds: float | None) -> PhotoRecord:
        """Return the record of a photo that ended its process."""
        return PhotoRecord.of(PhotoResult(task.photo, task.target, error=OnetError(LOST)))


def usual_workers(work: FolderWork, photos: int) -> int:
    """Return the default number of processes for so many photos; 0 for threads of this process.

    One per core if each has `SHARE` photos and the network is computed on the CPU; `python
    bench/folder.py` compares processes and threads.
    """
    processes = usable_threads()
    many = processes > 1 and photos >= SHARE * processes
    return processes if many and not may_accelerate(work.device) else 0


def reconstruct_folder(
    work: FolderWork, jobs: Sequence[PhotoJob], place: Place
) -> Iterator[PhotoRecord]:
    """Yield the record of each photo; a failure does not stop the others.

    In this process, photos are processed in threads and their order is kept; elsewhere, records
    come in order of completion. The meshes are the same.

    Raises:
        CheckpointError: the checkpoint cannot be read.
        OnetError: as `reconstruct_all`, or processes die on every photo.
    """
    check_single(work.batch, len(jobs))
    photos, targets = [job.photo for job in jobs], [job.target for job in jobs]
    if place.workers <= 1 and place.cluster is None:
        if len(jobs) > 1:
            keep_freed_memory()
        if jobs:
            with folders_searched_once():
                results = reconstruct_all(work.generator(), photos, targets, work.batch)
                yield from map(PhotoRecord.of, results)
        return
    require_some_place(targets)
    yield from map_unordered(work, jobs, replace(place, workers=min(place.workers, len(jobs))))
