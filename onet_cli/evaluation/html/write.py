"""Writing of HTML pages."""

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
    """Check the path of a page before any work is done.

    Raises:
        InvalidOptionError: it does not end in .html, or its folder does not exist.
    """
    if path.suffix.lower() not in (".html", ".htm"):
        raise InvalidOptionError(f"{path} does not end in .html", hint="give a name that does")
    check_folder(path)


def write_report(
    path: Path,
    data: Path,
    method: Method,
    table: EvaluationTable,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> None:
    """Write the report of an evaluation of `method` on the data set in `data`.

    Its example objects are predicted again, in this process.

    Raises:
        OnetError: the file cannot be written, or the data or the method cannot be read.
    """
    exhibits = collect_exhibits(ShapeStore.open(data), method, table, progress)
    write_text(path, report_page(table, exhibits))


def write_comparison(
    path: Path,
    tables: tuple[EvaluationTable, EvaluationTable],
    comparison: Comparison,
    names: tuple[str, str],
) -> None:
    """Write a page that compares two evaluations, labelled by `names`.

    Raises:
        OnetError: the file cannot be written.
    """
    write_text(path, comparison_page(*tables, comparison, names))
