"""The option --recipe: other defaults for the options beside it."""

import typer


def take_recipe(context: typer.Context, recipe: str) -> str:
    """Make what a recipe says the defaults of the command's options; return its name."""
    if not context.resilient_parsing:
        from onet_cli.training.recipes import RECIPES

        # What a file of options says, whether read before or after this, wins.
        context.default_map = {**RECIPES[recipe], **(context.default_map or {})}
    return recipe
