"""Graphs of a checkpoint, by which onnxruntime runs it without torch: NAME.STAGE.onnx beside it.

Usage: python recipes/furniture/graphs.py NAME.safetensors

To be run whenever a shipped checkpoint changes, a recalibration included: the graphs read its
weights by their place in the file.
"""

import argparse
import os
from pathlib import Path

from onet_cli.exporting.onnx import export_graphs


def main() -> None:
    """Read the command line, write, and print sizes and differences from torch."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("checkpoint", type=Path)
    parity = export_graphs(parser.parse_args().checkpoint, print, os.cpu_count() or 1)
    for stage, path in parity.files.items():
        size, error = path.stat().st_size / 1e3, parity.differences[stage]
        print(f"{path}  {size:.0f} KB, largest difference from torch {error:.1e}")


if __name__ == "__main__":
    main()
