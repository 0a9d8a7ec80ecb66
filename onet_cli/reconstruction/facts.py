"""Facts about a mesh for people: size, closedness and expected accuracy."""

from trimesh import Trimesh

from onet_cli.geometry.closedness import is_closed
from onet_cli.geometry.components import component_volumes
from onet_cli.reconstruction.confidence import REACH
from onet_cli.reconstruction.result import Reconstruction

ACCURACY = "vertices' accuracy"


def mesh_facts(reconstruction: Reconstruction, mesh: Trimesh) -> list[tuple[str, str]]:
    """Return names and readable values of facts about `mesh`, made by `reconstruction`.

    The volume is in the frame of `mesh`.
    """
    volumes = component_volumes(mesh)[1]
    facts = [
        ("vertices", grouped(len(mesh.vertices))),
        ("faces", grouped(len(mesh.faces))),
        ("volume", _short(float(volumes.sum()))),
        ("components", str(len(volumes))),
        ("closed", "yes" if is_closed(mesh) else "no"),
    ]
    if reconstruction.agreement is not None:
        facts.append(("agreement", f"{100 * reconstruction.agreement:.0f} %"))
    if reconstruction.front is not None:
        facts.append(("front", f"{100 * reconstruction.front.confidence:.0f} %"))
    known = reconstruction.confidence
    if known is not None:
        doubt = "" if reconstruction.calibrated else " (as claimed)"
        right = f"about {100 * known.mean():.0f} % within {100 * REACH:.0f} % of the true surface"
        facts.append((ACCURACY, right + doubt))
    return [*facts, ("time", f"{reconstruction.seconds:.1f} s")]


def grouped(number: int) -> str:
    """Return `number` with a space before each group of three digits."""
    return f"{number:,}".replace(",", " ")


def _short(volume: float) -> str:
    return f"{volume:.4g}" if volume < 1000 else grouped(round(volume))
