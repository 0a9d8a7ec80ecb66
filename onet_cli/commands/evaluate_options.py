"""The options of `onet evaluate`, declared apart so that the command reads in one screen."""

from pathlib import Path
from typing import Annotated, Literal

import typer

Data = Annotated[
    Path | None,
    typer.Argument(help="A data set written by `onet preprocess`.", show_default=False),
]
Checkpoint = Annotated[
    str | None,
    typer.Option(
        "--checkpoint",
        "-c",
        help="A .safetensors file, a run's folder, the original's .pt, or a shipped model.",
    ),
]
Predictions = Annotated[
    Path | None,
    typer.Option(help="Score the meshes in this folder (CATEGORY/NAME.obj) instead."),
]
BaselineName = Literal["oracle", "oracle-category", "retrieval", "category-mean"]
Baseline = Annotated[
    BaselineName | None,
    typer.Option(help="Score the closest training shapes, or their mean, instead."),
]
Compare = Annotated[
    tuple[Path, Path] | None,
    typer.Option(help="Compare two JSON outputs of this command, object by object."),
]
Split = Annotated[str, typer.Option(help="The list of shapes: train, val or test.")]
Limit = Annotated[
    int | None, typer.Option(min=1, help="Score so many objects, spread over the categories.")
]
Category = Annotated[
    list[str] | None, typer.Option(help="Score this category, by id or name; repeatable.")
]
View = Annotated[str, typer.Option(help="Number of the view, random, or all.")]
Protocol = Annotated[
    Literal["strict", "paper"],
    typer.Option(help="strict: every failure counts; paper: as the authors measured."),
]
Align = Annotated[
    Literal["none", "yaw"],
    typer.Option(help="yaw: turn each prediction about the upright axis to where it fits best."),
]
Format = Annotated[
    Literal["table", "json", "csv", "markdown", "latex"] | None,
    typer.Option("--format", help="Default: by the suffix of --output, else table."),
]
Output = Annotated[
    Path | None,
    typer.Option("--output", "-o", help="Write the scores (of --compare: a page) here."),
]
Report = Annotated[
    Path | None, typer.Option(help="Write a page with charts and meshes to this .html file.")
]
Embeddings = Annotated[
    Path | None,
    typer.Option(help="Write the codes of the views to this .npz file instead of scoring."),
]
Reference = Annotated[
    Literal["paper"] | None, typer.Option(help="Show the published figures beside ours.")
]
Meshes = Annotated[
    Path | None, typer.Option(help="Keep the meshes in this folder, and use those there.")
]
Resolution = Annotated[int, typer.Option(help="Cells per side of the final grid.")]
Workers = Annotated[
    int | None,
    typer.Option(min=0, help="Worker processes (default: one per core; on a GPU up to 4)."),
]
