"""Export of a model as a static web page that reconstructs in the browser."""

import json
from contextlib import ExitStack
from pathlib import Path
from shutil import copyfile
from tempfile import TemporaryDirectory

from onet_cli.errors import InvalidOptionError
from onet_cli.exporting.options import Note, silent
from onet_cli.exporting.web.bundle import bundled_files
from onet_cli.exporting.web.description import describe_model
from onet_cli.files import require_place, whole_file
from onet_cli.models import segmentation
from onet_cli.models.info import CheckpointInfo
from onet_cli.models.onnx_names import ENCODER, PLANES, POINTS, SUFFIX, stage_path
from onet_cli.models.segmentation.network import GRAPH, WEIGHTS
from onet_cli.models.stored import read_description
from onet_cli.models.weight_layout import header_digest

LICENCES = "licences.txt"
DESCRIPTION = "model/model.json"
"""It is moved to its place last: where it is, the folder is complete."""

STORED = ".safetensors"
STAGES = (ENCODER, PLANES, POINTS)
TRACED = f"network{STORED}"


def export_site(
    checkpoint: Path,
    name: str,
    folder: Path,
    note: Note = silent,
    licence: str | None = None,
) -> dict[str, int]:
    """Write the page for the file `checkpoint` to `folder`; return the sizes of its files in bytes.

    `docs/web.md` describes the folder. All files are written, or none: existing files of these
    names are replaced once all are complete, others are kept. `name` is shown in the page, `note`
    is called with each step before it begins, and `licence` is that of the weights. torch is needed
    unless there are graphs beside `checkpoint` that read its weights (`onnx.export_graphs`), as
    beside those of shipped models; weights are stored in half precision then.

    Raises:
        CheckpointError: the checkpoint cannot be read.
        InvalidOptionError: the model is not of the picture's frame, `folder` is a file, or onnx or
            onnxscript is not installed.
        OnetError: the page is not built, or as `onnx.export_graphs`.
    """
    page = bundled_files()
    if checkpoint.suffix == STORED:
        _require_frame(read_description(checkpoint)[0])
    if folder.exists() and not folder.is_dir():
        raise InvalidOptionError(f"{folder} is a file, not a folder", hint="give another TARGET")
    require_place(folder / LICENCES)
    with TemporaryDirectory() as place, ExitStack() as stack:
        if not graphs_beside(checkpoint):
            checkpoint = _traced(checkpoint, Path(place), note)
        made = {LICENCES: Path(place) / LICENCES, DESCRIPTION: Path(place) / "model.json"}
        made[LICENCES].write_text(_licences(page[LICENCES], licence), encoding="utf-8")
        text = json.dumps(describe_model(*read_description(checkpoint), name, checkpoint.name))
        made[DESCRIPTION].write_text(text, encoding="utf-8")
        files = {**page, **_model_files(checkpoint), **made}
        # Files are moved to their places in the opposite order.
        for each, source in reversed(files.items()):
            copyfile(source, stack.enter_context(whole_file(folder / each)))
        return {each: source.stat().st_size for each, source in files.items()}


def graphs_beside(checkpoint: Path) -> dict[str, Path]:
    """Return the graph of each stage that reads its weights from `checkpoint`; {} unless all do."""
    paths = {stage: stage_path(checkpoint.with_suffix(SUFFIX), stage) for stage in STAGES}
    if checkpoint.suffix != STORED or not all(path.is_file() for path in paths.values()):
        return {}
    digest = header_digest(checkpoint).encode()
    return paths if all(digest in path.read_bytes() for path in paths.values()) else {}


def _traced(given: Path, place: Path, note: Note) -> Path:
    """Write a checkpoint with its graphs to the folder `place`, and return its path."""
    from onet_cli.exporting.onnx import export_graphs
    from onet_cli.models.checkpoint import load_checkpoint, save_checkpoint

    known = load_checkpoint(given, "cpu")
    _require_frame(known.info)
    path = place / TRACED
    # Half the download; what rounding costs is below what differs between runtimes anyway.
    save_checkpoint(path, known.network, known.info, half=True, calibration=known.calibration)
    export_graphs(path, note)
    return path


def _require_frame(info: CheckpointInfo) -> None:
    if info.spec.frame != "picture":
        raise InvalidOptionError(
            f"the web page needs a model of the picture's frame, not {info.spec.name}",
            hint="use furniture, or train onet-aligned",
        )


def _model_files(checkpoint: Path) -> dict[str, Path]:
    """Return the files of the networks by their names in the page's folder."""
    graphs = graphs_beside(checkpoint)
    files = {f"model/{stage}{SUFFIX}": path for stage, path in graphs.items()}
    files[f"model/{checkpoint.name}"] = checkpoint
    return {**files, "model/mask.onnx": GRAPH, f"model/{WEIGHTS.name}": WEIGHTS}


def _licences(bundled: Path, licence: str | None) -> str:
    """Return the licences of all that is in the page's folder."""
    own = Path(segmentation.__file__).parent
    parts = [bundled.read_text(encoding="utf-8")]
    if licence is not None:
        parts.append(f"model/encoder.onnx, planes.onnx, points.onnx and their weights: {licence}\n")
    parts += [(own / file).read_text(encoding="utf-8") for file in ("ATTRIBUTION.md", "LICENSE")]
    line = "-" * 72
    return f"\n{line}\n\n".join(part.strip() + "\n" for part in parts)
