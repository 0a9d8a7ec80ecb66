"""Descriptions of a photo's result: one line of text, and a JSON record."""

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

from onet_cli.errors import OnetError
from onet_cli.geometry.closedness import is_closed
from onet_cli.geometry.components import component_volumes
from onet_cli.reconstruction.batch import PhotoResult
from onet_cli.reconstruction.facts import ACCURACY, mesh_facts
from onet_cli.reconstruction.front import FrontGuess
from onet_cli.reconstruction.result import Reconstruction

FORMAT_VERSION = 1
"""Of the JSON records."""


class HasError(Protocol):
    """A result that may have failed."""

    @property
    def error(self) -> OnetError | None:
        """The reason, or None."""


def describe_line(result: PhotoResult) -> str:
    """Return one line with the photo, the files written, facts about the mesh, and warnings."""
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
    written = ", ".join(map(str, (result.target, *result.extras)))
    return f"{result.photo} -> {written}  {', '.join(words)}{warnings}"


def describe_record(result: PhotoResult) -> dict[str, Any]:
    """Return the result as JSON-ready data.

    `path` is the mesh file, or null with `error` and `hint`. `volume` is in the frame of the file,
    `seconds` the wall time from photo to mesh, and `evaluations` the number of evaluated points of
    the field. `agreement` is the IoU of the mesh's silhouette with the object in the photo (null if
    the network predicts no camera, or the object has no mask). `confidence` has the mean over the
    vertices, the 10th percentile, and whether both are calibrated (null if not computed).
    `out_of_distribution` is above 1 for photos unlike the training images, `bad_chance` the
    probability of a bad mesh (IoU below 0.2 at the best rotation); both are null if the checkpoint
    has no such calibration. `elevation_deg` is the predicted elevation of the camera (null if the
    network predicts none). `front` has the camera's azimuth from the object's front, the
    probability that it is correct within 30 degrees, and whether the mesh was turned to face +z
    (null if not requested or not needed). `whole_at` is a threshold at which a mesh in pieces would
    be connected (null if it is connected, or none was found). `warnings` lists warnings.
    """
    record: dict[str, Any] = {"format_version": FORMAT_VERSION}
    record |= {"photo": str(result.photo), "path": None}
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


def describe_pace(results: Sequence[HasError], seconds: float) -> str:
    """Return one line with the number of meshes made in `seconds`, and per minute."""
    made = sum(result.error is None for result in results)
    return (
        f"{made} of {len(results)} photos, {60 * made / max(seconds, 1e-9):.0f} meshes per minute"
    )


def describe_error(result: HasError) -> str:
    """Return the error and its hint in one line."""
    hint = result.error.hint if result.error else None
    return f"{result.error} (try: {hint})" if hint else str(result.error)
