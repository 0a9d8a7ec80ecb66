"""Every named and shipped model in each format and precision: sizes, parity with torch, time.

Parity is the largest absolute difference from torch of each stage's outputs on noise, given the
same inputs. Networks that are not shipped have random weights. Rows
are printed as they are measured, too; `.pt2` are programs of `torch.export`.

Usage: python bench/onnx_exports.py [--only MODEL ...] [--workers N] [--json FILE]
"""

import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from harness import Row, arguments, publish

from onet_cli.cores import available_cores
from onet_cli.exporting.onnx import export_onnx
from onet_cli.exporting.options import Weights
from onet_cli.exporting.program import export_programs
from onet_cli.models.catalogue import MODELS
from onet_cli.models.checkpoint import Checkpoint, CheckpointInfo, load_checkpoint
from onet_cli.models.network import build_network
from onet_cli.models.shipped import shipped_models

PROGRAM = ".pt2"
FORMS = (*Weights, PROGRAM)
"""Precisions of the ONNX files, and the programs."""


def checkpoint_of(name: str) -> Checkpoint:
    """Return a shipped model, or a named one with random weights."""
    if name not in MODELS:
        return load_checkpoint(name, "cpu")
    network = build_network(MODELS[name], seed=0).eval()
    return Checkpoint(network, CheckpointInfo(network.spec))


def differences(checkpoint: Checkpoint, form: str, path: Path, workers: int) -> Mapping[str, float]:
    """Export to `path`, NAME.onnx or NAME.pt2; return the stages' differences from torch."""
    if form == PROGRAM:
        found = export_programs(checkpoint, path)
        return {Path(file.stem).suffix[1:]: error for file, error in found.items()}
    return export_onnx(checkpoint, path, weights=Weights(form), workers=workers).differences


def measure(name: str, form: str, workers: int) -> Row:
    """Export once; return sizes, differences and seconds."""
    checkpoint = checkpoint_of(name)
    start = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"m{PROGRAM if form == PROGRAM else '.onnx'}"
        errors = differences(checkpoint, form, path, workers)
        size = sum(file.stat().st_size for file in Path(folder).iterdir())
    row: Row = {"model": name, "form": str(form), "MB": size / 1e6}
    row |= {f"{stage} differs": f"{error:.0e}" for stage, error in errors.items()}
    row |= {"s": time.perf_counter() - start}
    print(", ".join(f"{key} {value}" for key, value in row.items()), file=sys.stderr, flush=True)
    return row


def main() -> None:
    parser = arguments(__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="*", default=[*MODELS, *shipped_models()])
    parser.add_argument("--workers", type=int, default=available_cores(), help="processes")
    asked = parser.parse_args()
    rows = [measure(name, form, asked.workers) for name in asked.only for form in FORMS]
    publish("Exports", rows, asked.json, ("torch", "onnx", "onnxscript", "onnxruntime"))


if __name__ == "__main__":
    main()
