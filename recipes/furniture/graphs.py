"""Graphs by which onnxruntime runs shipped networks without torch, beside their weights.

Usage: python recipes/furniture/graphs.py NAME.safetensors | --mask

NAME.STAGE.onnx of a checkpoint, or, with --mask, that of the segmentation network. To be run
whenever weights change, a recalibration included: graphs read them by their place in the file.
"""

import argparse
from pathlib import Path

from onet_cli.cores import available_cores
from onet_cli.exporting.onnx import export_graphs
from onet_cli.exporting.web.mask_network import write_mask_graph
from onet_cli.models.segmentation.network import GRAPH


def main() -> None:
    """Read the command line, write, and print sizes and differences from torch."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("checkpoint", type=Path, nargs="?")
    parser.add_argument("--mask", action="store_true", help="that of the segmentation network")
    asked = parser.parse_args()
    if asked.mask == (asked.checkpoint is not None):
        parser.error("give either a checkpoint or --mask")
    if asked.mask:
        found = {GRAPH: write_mask_graph()}
    else:
        parity = export_graphs(asked.checkpoint, print, available_cores())
        found = {path: parity.differences[stage] for stage, path in parity.files.items()}
    for path, error in found.items():
        size = path.stat().st_size / 1e3
        print(f"{path}  {size:.0f} KB, largest difference from torch {error:.1e}")


if __name__ == "__main__":
    main()
