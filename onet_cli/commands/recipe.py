"""The option --recipe, which changes the defaults of other options."""

import typer


def take_recipe(context: typer.Context, recipe: str) -> str:
    """Use the settings of a recipe as the command's defaults, and return its name."""
    if not context.resilient_parsing:
        from onet_cli.training.recipes import RECIPES

        # Options of a --config file take precedence, whichever is read first.
        context.default_map = {**RECIPES[recipe], **(context.default_map or {})}
    return recipe
