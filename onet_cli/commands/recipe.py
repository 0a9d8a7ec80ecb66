"""The option --recipe: other defaults for the options beside it."""

from typing import Annotated, Literal

import typer


def _take(context: typer.Context, recipe: str) -> str:
    if not context.resilient_parsing:
        from onet_cli.training.recipes import RECIPES

        # What a file of options says, whether read before or after this, wins.
        context.default_map = {**RECIPES[recipe], **(context.default_map or {})}
    return recipe


Recipe = Annotated[
    Literal["ours", "paper"],
    typer.Option(
        "--recipe",
        callback=_take,
        is_eager=True,
        help="Defaults of the other options: ours, or those of the paper's authors.",
    ),
]
