"""What is said about a photo's result: one line for people, one record for programs."""

from typing import Any

import numpy as np
from trimesh import Trimesh
from trimesh.graph import connected_component_labels

from onet_cli.reconstruction.batch import PhotoResult


def describe_line(result: PhotoResult) -> str:
    """Return the photo, its mesh file and the mesh's size in one line."""
    if result.reconstruction is None:
        return f"{result.photo} failed: {describe_error(result)}"
    mesh = result.reconstruction.mesh
    facts = [
        f"{_grouped(len(mesh.vertices))} vertices",
        f"{_grouped(len(mesh.faces))} faces",
        "closed" if mesh.is_watertight else "not closed",
        f"{result.reconstruction.seconds:.1f} s",
    ]
    return f"{result.photo} -> {result.target}  {', '.join(facts)}"


def describe_record(result: PhotoResult) -> dict[str, Any]:
    """Return the result as JSON-ready data.

    `path` is the mesh file, null where there is none; then `error` and `hint` say why. `volume` is
    in the unit-cube frame, `seconds` the wall time from photo to mesh, `evaluations` the number of
    points at which the network was evaluated.
    """
    record: dict[str, Any] = {"photo": str(result.photo), "path": None}
    if result.reconstruction is None:
        hint = result.error.hint if result.error else None
        return record | {"error": str(result.error), "hint": hint}
    mesh = result.reconstruction.mesh
    return record | {
        "path": str(result.target),
        "vertices": len(mesh.vertices),
        "faces": len(mesh.faces),
        "volume": round(float(mesh.volume), 6),
        "closed": bool(mesh.is_watertight),
        "components": count_components(mesh),
        "threshold": result.reconstruction.threshold,
        "seconds": round(result.reconstruction.seconds, 3),
        "evaluations": result.reconstruction.evaluations,
    }


def describe_error(result: PhotoResult) -> str:
    """Return why there is no mesh, and what to try, in one line."""
    hint = result.error.hint if result.error else None
    return f"{result.error} (try: {hint})" if hint else str(result.error)


def count_components(mesh: Trimesh) -> int:
    """Return how many pieces of connected faces `mesh` has."""
    labels = connected_component_labels(  # type: ignore[no-untyped-call]
        mesh.edges_unique, node_count=len(mesh.vertices)
    )
    return len(np.unique(labels[np.asarray(mesh.faces).ravel()]))


def _grouped(number: int) -> str:
    return f"{number:,}".replace(",", " ")
