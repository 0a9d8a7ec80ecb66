"""Export of a model as a static web page that reconstructs in the browser."""

import json
from contextlib import ExitStack
from pathlib import Path
from shutil import copyfile
from tempfile import TemporaryDirectory

from onet_cli.errors import InvalidOptionError
from onet_cli.exporting.onnx import export_onnx
from onet_cli.exporting.options import Note, Weights, silent
from onet_cli.exporting.web.bundle import bundled_files
from onet_cli.exporting.web.description import describe_model
from onet_cli.exporting.web.mask_network import export_mask_network
from onet_cli.files import require_place, whole_file
from onet_cli.models import segmentation
from onet_cli.models.checkpoint import Checkpoint
from onet_cli.models.onnx_names import ENCODER, PLANES, POINTS

LICENCES = "licences.txt"
MASK_LICENCE = "Apache-2.0: U^2-Net-p"
STAGES = (ENCODER, PLANES, POINTS)


def export_site(
    checkpoint: Checkpoint,
    name: str,
    folder: Path,
    note: Note = silent,
    licence: str | None = None,
) -> dict[str, int]:
    """Write the page for `checkpoint` to `folder`; return the sizes of its files in bytes.

    `docs/web.md` describes the folder. All files are written, or none: existing files of these
    names are replaced once all are complete, others are kept. `name` is shown in the page, `note`
    is called with each step before it begins, and `licence` is that of the weights.

    Raises:
        InvalidOptionError: the model is not of the picture's frame, `folder` is a file, or onnx or
            onnxscript is not installed.
        OnetError: the page is not built, or as `export_onnx`.
    """
    page = bundled_files()
    if checkpoint.info.spec.frame != "picture":
        raise InvalidOptionError(
            f"the web page needs a model of the picture's frame, not {checkpoint.info.spec.name}",
            hint="use furniture, or train onet-aligned",
        )
    if folder.exists() and not folder.is_dir():
        raise InvalidOptionError(f"{folder} is a file, not a folder", hint="give another TARGET")
    require_place(folder / LICENCES)
    with TemporaryDirectory() as place, ExitStack() as stack:
        made = _model_files(checkpoint, name, Path(place), note, licence)
        made[LICENCES] = Path(place) / LICENCES
        made[LICENCES].write_text(_licences(page[LICENCES], licence), encoding="utf-8")
        sizes = {}
        for each, source in {**page, **made}.items():
            copyfile(source, stack.enter_context(whole_file(folder / each)))
            sizes[each] = source.stat().st_size
    return sizes


def _model_files(
    checkpoint: Checkpoint, name: str, place: Path, note: Note, licence: str | None
) -> dict[str, Path]:
    """Write the model's files below `place`; return them by their names in the page's folder."""
    # Half the download; what rounding costs is below what differs between runtimes anyway.
    stages = export_onnx(checkpoint, place / "model.onnx", note, licence, Weights.HALF).files
    note("tracing and writing the mask network")
    mask, description = place / "mask.onnx", place / "model.json"
    export_mask_network(mask, {"licence": MASK_LICENCE})
    description.write_text(json.dumps(describe_model(checkpoint.info, name)), encoding="utf-8")
    files = {f"model/{stage}.onnx": stages[stage] for stage in STAGES}
    return {**files, "model/mask.onnx": mask, "model/model.json": description}


def _licences(bundled: Path, licence: str | None) -> str:
    """Return the licences of all that is in the page's folder."""
    own = Path(segmentation.__file__).parent
    parts = [bundled.read_text(encoding="utf-8")]
    if licence is not None:
        parts.append(f"model/encoder.onnx, planes.onnx, points.onnx: {licence}\n")
    parts += [(own / file).read_text(encoding="utf-8") for file in ("ATTRIBUTION.md", "LICENSE")]
    line = "-" * 72
    return f"\n{line}\n\n".join(part.strip() + "\n" for part in parts)
