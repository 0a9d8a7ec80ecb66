"""Cells of CSV tables, which people open in spreadsheets."""

from typing import Any

_FORMULAS = ("=", "+", "-", "@", "\t", "\r")


def plain_cells(row: dict[str, Any]) -> dict[str, Any]:
    """Prefix texts that a spreadsheet would treat as formulas with an apostrophe."""
    return {
        name: f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULAS) else cell
        for name, cell in row.items()
    }
