"""Every named and shipped model as ONNX files, in each precision: sizes, parity with torch, time.

Parity is the largest difference from torch of each stage's outputs on noise, relative to the
largest value or 1, given the same inputs. Networks that are not shipped have random weights.

Usage: python bench/onnx_exports.py [--only MODEL ...] [--json FILE]
"""

import os
import tempfile
import time
from pathlib import Path

from harness import Row, arguments, publish

from onet_cli.exporting.onnx import export_onnx
from onet_cli.exporting.options import Weights
from onet_cli.models.catalogue import MODELS
from onet_cli.models.checkpoint import Checkpoint, CheckpointInfo, load_checkpoint
from onet_cli.models.network import build_network
from onet_cli.models.shipped import shipped_models


def checkpoint_of(name: str) -> Checkpoint:
    """Return a shipped model, or a named one with random weights."""
    if name not in MODELS:
        return load_checkpoint(name, "cpu")
    network = build_network(MODELS[name], seed=0).eval()
    return Checkpoint(network, CheckpointInfo(network.spec))


def measure(name: str, weights: Weights) -> Row:
    """Export once; return sizes, differences and seconds."""
    checkpoint = checkpoint_of(name)
    start = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "m.onnx"
        parity = export_onnx(checkpoint, path, weights=weights, workers=os.cpu_count() or 1)
        size = sum(file.stat().st_size for file in parity.files.values())
    row: Row = {"model": name, "weights": str(weights), "MB": size / 1e6}
    row |= {f"{stage} differs": f"{error:.0e}" for stage, error in parity.differences.items()}
    return row | {"s": time.perf_counter() - start}


def main() -> None:
    parser = arguments(__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="*", default=[*MODELS, *shipped_models()])
    asked = parser.parse_args()
    rows = [measure(name, weights) for name in asked.only for weights in Weights]
    publish("ONNX exports", rows, asked.json, ("torch", "onnx", "onnxscript", "onnxruntime"))


if __name__ == "__main__":
    main()
