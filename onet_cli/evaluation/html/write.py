"""Pages to files."""

from collections.abc import Callable
from pathlib import Path

from onet_cli.errors import InvalidOptionError
from onet_cli.evaluation.compare import Comparison
from onet_cli.evaluation.html.comparison import comparison_page
from onet_cli.evaluation.html.exhibits import collect_exhibits
from onet_cli.evaluation.html.page import report_page
from onet_cli.evaluation.methods import Method
from onet_cli.evaluation.report import check_folder
from onet_cli.evaluation.table import EvaluationTable
from onet_cli.files import write_text
from onet_cli.shapes.store import ShapeStore


def check_page(path: Path) -> None:
    """Refuse a path that no page can be written to, before any work is done.

    Raises:
        InvalidOptionError: it does not end in .html, or its folder does not exist.
    """
    if path.suffix.lower() not in (".html", ".htm"):
        raise InvalidOptionError(f"{path} is no name of a page", hint="end it in .html")
    check_folder(path)


def write_report(
    path: Path,
    data: Path,
    method: Method,
    table: EvaluationTable,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> None:
    """Write the page of an evaluation of `method` on the data set in `data`.

    The objects that it shows are predicted once more, in this process.

    Raises:
        OnetError: the file cannot be written, or the data or the method are gone.
    """
    exhibits = collect_exhibits(ShapeStore.open(data), method, table, progress)
    write_text(path, report_page(table, exhibits))


def write_comparison(
    path: Path,
    tables: tuple[EvaluationTable, EvaluationTable],
    comparison: Comparison,
    names: tuple[str, str],
) -> None:
    """Write the page that compares the second of two evaluations, called `names`, with the first.

    Raises:
        OnetError: the file cannot be written.
    """
    write_text(path, comparison_page(*tables, comparison, names))
