"""What is said about a photo's result: one line for people, one record for programs."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from onet_cli.geometry.closedness import is_closed
from onet_cli.geometry.components import component_volumes
from onet_cli.reconstruction.batch import PhotoResult
from onet_cli.reconstruction.facts import ACCURACY, mesh_facts
from onet_cli.reconstruction.front import FrontGuess
from onet_cli.reconstruction.result import Reconstruction


def describe_line(result: PhotoResult) -> str:
    """Return the photo, its mesh file, the mesh's size and any warnings in one line."""
    mesh = result.mesh
    if result.reconstruction is None or mesh is None:
        return f"{result.photo} failed: {describe_error(result)}"
    facts = dict(mesh_facts(result.reconstruction, mesh))
    words = [
        f"{facts['vertices']} vertices",
        f"{facts['faces']} faces",
        f"volume {facts['volume']}",
        f"{facts['components']} component{'' if facts['components'] == '1' else 's'}",
        f"closed: {facts['closed']}",
        *([f"agreement {facts['agreement']}"] if "agreement" in facts else []),
        *([f"front {facts['front']}"] if "front" in facts else []),
        *([facts[ACCURACY]] if ACCURACY in facts else []),
        facts["time"],
    ]
    warnings = "".join(f"; warning: {warning}" for warning in result.warnings)
    return f"{result.photo} -> {result.target}  {', '.join(words)}{warnings}"


def describe_record(result: PhotoResult) -> dict[str, Any]:
    """Return the result as JSON-ready data.

    `path` is the mesh file, null where there is none; then `error` and `hint` say why. `volume` is
    in the frame of the file, `seconds` the wall time from photo to mesh, `evaluations` the number
    of points at which the network was evaluated, `agreement` the IoU of the mesh's outline with the
    object in the photo, null where the network guesses no camera or nothing tells the object from
    its background, `confidence` the mean over the vertices, the value
    that a tenth of them stay below and whether both are calibrated, null where it was not asked
    for, `out_of_distribution` how far the photo is from the training pictures (above 1: unlike
    them), null where the checkpoint does not know, `bad_chance` the probability that the mesh is
    bad (an IoU with the truth under 0.2 at the best turn), null where the checkpoint cannot tell,
    `elevation_deg` how high above the object the photo is taken to have been made, null where the
    network does not tell, `front` from where around the object,
    counted from its front, how probable that is within 30 degrees, and whether the mesh was turned
    to face +z by it, null where that was not asked for or the mesh does so anyway, `whole_at` a
    threshold at which a mesh in pieces would be one, null where it is one or none was found,
    `warnings` what may make the mesh worse than it could be.
    """
    record: dict[str, Any] = {"photo": str(result.photo), "path": None}
    mesh = result.mesh
    if result.reconstruction is None or mesh is None:
        hint = result.error.hint if result.error else None
        return record | {"error": str(result.error), "hint": hint}
    volumes = component_volumes(mesh)[1]
    return record | {
        "path": str(result.target),
        "vertices": len(mesh.vertices),
        "faces": len(mesh.faces),
        "volume": float(f"{volumes.sum():.6g}"),
        "closed": is_closed(mesh),
        "components": len(volumes),
        "threshold": result.reconstruction.threshold,
        "seconds": round(result.reconstruction.seconds, 3),
        "evaluations": result.reconstruction.evaluations,
        "agreement": _rounded(result.reconstruction.agreement),
        "confidence": _confidence_record(result.reconstruction),
        "out_of_distribution": _rounded(result.reconstruction.out_of_distribution),
        "bad_chance": _rounded(result.reconstruction.bad_chance),
        "elevation_deg": _rounded(result.reconstruction.elevation_deg),
        "front": _front_record(result.reconstruction.front),
        "whole_at": _rounded(result.reconstruction.whole_at),
        "warnings": list(result.warnings),
    }


def _confidence_record(reconstruction: Reconstruction) -> dict[str, Any] | None:
    known = reconstruction.confidence
    if known is None:
        return None
    return {
        "mean": round(float(known.mean()), 4),
        "lowest_tenth": round(float(np.quantile(known, 0.1)), 4),
        "calibrated": reconstruction.calibrated,
    }


def _front_record(front: FrontGuess | None) -> dict[str, Any] | None:
    if front is None:
        return None
    return {
        "azimuth_deg": round(front.azimuth_deg, 1),
        "confidence": _rounded(front.confidence),
        "turned": front.turned,
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)


def describe_pace(results: Sequence[PhotoResult], seconds: float) -> str:
    """Return in a line how many meshes were made in `seconds`, and how many that is a minute."""
    made = sum(result.error is None for result in results)
    return f"{made} of {len(results)} photos, {60 * made / max(seconds, 1e-9):.0f} meshes a minute"


def describe_error(result: PhotoResult) -> str:
    """Return why there is no mesh, and what to try, in one line."""
    hint = result.error.hint if result.error else None
    return f"{result.error} (try: {hint})" if hint else str(result.error)
