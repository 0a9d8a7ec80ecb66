"""Compare ways to choose a photo's threshold: volumes, outlines and thin parts at each.

Usage: python recipes/furniture/thresholds.py DATA CHECKPOINT [--views 1] [--split val] [--limit N]
       [--joined] [--flip] [--no-multiscale] [--only NAME...]

A network of the picture's frame makes meshes of the validation objects' views at fixed thresholds,
at the one adapted to each photo (`reconstruction.threshold`) and at shares of it, at the one whose
outline agrees best with the photo's (`reconstruction.outline`), and between these two, with
thin parts lifted (`reconstruction.rods`), surfaces smoothed and gaps closed
(`reconstruction.profiles`) too. Scores are those of the strict protocol; "whole" is the share of
meshes whose largest piece holds 98 % of the volume. Pieces are not joined, unless by --joined.
"""

import argparse
import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from onet_cli.errors import EmptySurfaceError
from onet_cli.evaluation.measure import Truth, score_mesh
from onet_cli.evaluation.scores import MeshMetrics, mean_metrics
from onet_cli.evaluation.tasks import Task, read_truth
from onet_cli.geometry.mesh import make_mesh
from onet_cli.models.checkpoint import Checkpoint, load_checkpoint
from onet_cli.reconstruction.field import OccupancyField
from onet_cli.reconstruction.generator import Impression, MeshGenerator, stand, with_missing_parts
from onet_cli.reconstruction.outline import OutlineFit, between, fit_outline
from onet_cli.reconstruction.seen_view import SeenView
from onet_cli.reconstruction.settings import GeneratorSettings
from onet_cli.shapes.photo import decode_view
from onet_cli.shapes.store import ShapeStore

FIXED = (0.25, 0.3, 0.35)
LOWER = (0.9,)
BETWEEN = (0.1, 0.2, 0.3, 1.0)
SAMPLES = 100_000


@dataclass(frozen=True)
class Way:
    """A way to cut a photo's field: at a `level`, maybe changed."""

    name: str
    level: float
    thin: bool = False
    smooth: bool = False
    gaps: bool = False
    depth: bool = False


def ways_to_cut(made: Impression, fit: OutlineFit | None) -> Iterator[Way]:
    """Yield the ways to cut a photo's field."""
    for threshold in FIXED:
        yield Way(f"{threshold:g}", math.log(threshold / (1 - threshold)))
    adapted = made.field.level
    yield Way("adapted", adapted)
    yield Way("adapted, thin", adapted, thin=True)
    for share in LOWER:
        threshold = share * made.field.threshold
        yield Way(f"{share:g} adapted", math.log(threshold / (1 - threshold)))
    for share in BETWEEN:
        level = adapted if fit is None else between(adapted, fit, share)
        name = f"{share:g} outline"
        yield Way(name, level)
        yield Way(f"{name}, thin", level, thin=True)
        yield Way(f"{name}, gaps, thin", level, thin=True, gaps=True)
        rest = {"thin": True, "gaps": True, "depth": True}
        yield Way(f"{name}, gaps, thin, depth", level, **rest)
        yield Way(f"{name}, smooth, gaps, thin, depth", level, smooth=True, **rest)


def lifted(made: Impression, fit: OutlineFit | None, way: Way) -> OccupancyField:
    """Return the photo's field, cut as `way` says."""
    field = made.field.at_level(way.level)
    if made.camera is None or made.mask is None:
        return field
    found, _ = with_missing_parts(
        field,
        fit,
        made.camera,
        made.mask,
        smooth=way.smooth,
        gaps=way.gaps,
        thin=way.thin,
        depth=way.depth,
    )
    return found


def score(
    generator: MeshGenerator, made: Impression, field: OccupancyField, truth: Truth
) -> MeshMetrics | None:
    """Return the scores of the mesh of `field`, None where there is none."""
    try:
        surface, _ = generator.extract(field)
    except EmptySurfaceError:
        return None
    assert made.camera is not None
    assert truth.camera is not None
    seen, (mesh, _) = SeenView.of(truth.camera, made.camera), stand(surface, field)
    turned = make_mesh(seen.turned(mesh.vertices), np.asarray(mesh.faces))
    placed = make_mesh(seen.to_unit(surface.vertices), np.asarray(surface.faces))
    return score_mesh(turned, truth, SAMPLES, 0.0, np.random.default_rng(0), placed=placed)


def row(name: str, found: list[MeshMetrics | None]) -> str:
    """Return a row in Markdown; a view without a mesh counts 0."""
    made = [scores for scores in found if scores is not None]
    mean, share = mean_metrics(made), len(made) / len(found)
    whole = np.mean([scores is not None and scores.largest_share >= 0.98 for scores in found])
    values = (mean.iou, mean.outline_photo, mean.outline_side, mean.outline_behind)
    cells = " | ".join(f"{share * (value or 0):.3f}" for value in values)
    thin = [scores for scores in made if scores.thin_f is not None]
    parts = "- | -"  # no object has any
    if thin:
        means = np.mean([(scores.thin_recall, scores.thin_f) for scores in thin], axis=0)
        parts = " | ".join(f"{value:.3f}" for value in means)
    return f"| {name} | {cells} | {parts} | {whole:.0%} |"


def evaluate(
    checkpoint: Checkpoint,
    store: ShapeStore,
    tasks: list[Task],
    settings: GeneratorSettings,
    only: list[str],
) -> None:
    """Print a row for each way to cut, or for those named in `only`."""
    plain = replace(checkpoint, info=replace(checkpoint.info, outline=0.0))
    generator = MeshGenerator(plain, settings)
    found: dict[str, list[MeshMetrics | None]] = {}
    for task in tasks:
        picture = decode_view(store.read_view(task.id, task.view))
        made = generator.look(picture.transpose(2, 0, 1).copy())
        truth = read_truth(store, task)
        assert made.camera is not None
        fit = None if made.mask is None else fit_outline(made.field, made.camera, made.mask)
        for way in ways_to_cut(made, fit):
            if only and way.name not in only:
                continue
            field = lifted(made, fit, way)
            found.setdefault(way.name, []).append(score(generator, made, field, truth))
    print("| cut | IoU | outline, photo | beside | behind | thin recall | thin F | whole |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    for name, scores in found.items():
        print(row(name, scores))


def main() -> None:
    """Do what the first lines say."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("checkpoint")
    parser.add_argument("--views", type=int, default=1, help="of each object")
    parser.add_argument("--split", default="val")
    parser.add_argument("--limit", type=int, help="objects")
    parser.add_argument("--joined", action="store_true", help="join pieces")
    parser.add_argument("--flip", action="store_true", help="average over the mirrored photo")
    parser.add_argument("--no-multiscale", action="store_true", help="the photo alone")
    parser.add_argument("--only", nargs="+", default=[], help="rows, such as '0.2 outline, thin'")
    asked = parser.parse_args()
    store = ShapeStore.open(asked.data)
    ids = store.ids(asked.split)[: asked.limit]
    tasks = [
        Task(shape, (number + turn * 24 // asked.views) % store.view_count(shape))
        for turn in range(asked.views)
        for number, shape in enumerate(ids)
    ]
    checkpoint = load_checkpoint(asked.checkpoint, "cpu")
    settings = GeneratorSettings(
        join=asked.joined,
        confidence=False,
        color=False,
        smooth=False,
        gaps=False,
        thin=False,
        depth=False,
        revolve=False,
        multiscale=not asked.no_multiscale,
        flip=asked.flip,
    )
    evaluate(checkpoint, store, tasks, settings, asked.only)


if __name__ == "__main__":
    main()
