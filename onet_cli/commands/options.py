"""Options that several subcommands share, declared once."""

from pathlib import Path
from typing import Annotated

import typer

Checkpoint = Annotated[
    str,
    typer.Option(
        "--checkpoint",
        "-c",
        help="A .safetensors file, a run's folder, the original's .pt, or a shipped model's name.",
    ),
]
Device = Annotated[str, typer.Option(help="auto, cpu, cuda or mps.", show_default=True)]
Seed = Annotated[int, typer.Option(min=0, max=2**32 - 1, help="Seed of everything random.")]
Workers = Annotated[
    int | None, typer.Option(min=0, help="Worker processes (default: one per core).")
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print errors only.")]
Data = Annotated[
    Path, typer.Argument(help="A data set written by `onet preprocess`.", show_default=False)
]
