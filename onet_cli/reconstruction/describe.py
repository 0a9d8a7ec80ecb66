"""What is said about a photo's result: one line for people, one record for programs."""

from typing import Any

from onet_cli.reconstruction.batch import PhotoResult
from onet_cli.reconstruction.tidy import count_components


def describe_line(result: PhotoResult) -> str:
    """Return the photo, its mesh file, the mesh's size and any warnings in one line."""
    mesh = result.mesh
    if result.reconstruction is None or mesh is None:
        return f"{result.photo} failed: {describe_error(result)}"
    components = count_components(mesh)
    facts = [
        f"{_grouped(len(mesh.vertices))} vertices",
        f"{_grouped(len(mesh.faces))} faces",
        f"volume {_short(mesh.volume)}",
        f"{components} component{'s' if components > 1 else ''}",
        f"closed: {'yes' if mesh.is_watertight else 'no'}",
        f"{result.reconstruction.seconds:.1f} s",
    ]
    warnings = "".join(f"; warning: {warning}" for warning in result.warnings)
    return f"{result.photo} -> {result.target}  {', '.join(facts)}{warnings}"


def describe_record(result: PhotoResult) -> dict[str, Any]:
    """Return the result as JSON-ready data.

    `path` is the mesh file, null where there is none; then `error` and `hint` say why. `volume` is
    in the frame of the file, `seconds` the wall time from photo to mesh, `evaluations` the number
    of points at which the network was evaluated, `warnings` what about the photo may make the mesh
    worse.
    """
    record: dict[str, Any] = {"photo": str(result.photo), "path": None}
    mesh = result.mesh
    if result.reconstruction is None or mesh is None:
        hint = result.error.hint if result.error else None
        return record | {"error": str(result.error), "hint": hint}
    return record | {
        "path": str(result.target),
        "vertices": len(mesh.vertices),
        "faces": len(mesh.faces),
        "volume": float(f"{mesh.volume:.6g}"),
        "closed": bool(mesh.is_watertight),
        "components": count_components(mesh),
        "threshold": result.reconstruction.threshold,
        "seconds": round(result.reconstruction.seconds, 3),
        "evaluations": result.reconstruction.evaluations,
        "warnings": list(result.warnings),
    }


def describe_error(result: PhotoResult) -> str:
    """Return why there is no mesh, and what to try, in one line."""
    hint = result.error.hint if result.error else None
    return f"{result.error} (try: {hint})" if hint else str(result.error)


def _short(volume: float) -> str:
    return f"{volume:.4g}" if volume < 1000 else _grouped(round(volume))


def _grouped(number: int) -> str:
    return f"{number:,}".replace(",", " ")
