"""`onet preprocess`: convert a source of shapes into a data set."""

from pathlib import Path
from typing import Annotated

import typer

from onet_cli.commands.declare import with_options
from onet_cli.options import Quiet
from onet_cli.preprocessing.options import SHAPES, PreprocessOptions
from onet_cli.setting import Setting

Source = Annotated[
    str,
    Setting(
        "Folder or zip of meshes; .sh3f library or folder of them; official data set (zip or "
        "folder); noisypixel's hdf_data; Pix3D folder; or `procedural`.",
        argument=True,
        complete=lambda: ("procedural",),
    ),
]
Out = Annotated[Path | None, Setting("Folder of the data set.", argument=True)]
Verify = Annotated[bool, Setting("Only verify the checksums in OUT.", SHAPES)]
Report = Annotated[bool, Setting("Write report.html and report.json.", SHAPES)]


@with_options()
def preprocess(
    context: typer.Context,
    source: Source,
    options: PreprocessOptions,
    out: Out = None,
    verify: Verify = False,
    report: Report = False,
    quiet: Quiet = False,
) -> None:
    """Convert a source of shapes into a data set for training and evaluation.

    An interrupted run can be restarted and converts only the missing shapes.

    Example: `onet preprocess my_meshes/ data/ --report`
    """
    from onet_cli.commands.report import progress_bar, say, show_failures
    from onet_cli.preprocessing.report import write_report
    from onet_cli.preprocessing.run import convert

    if verify:
        _verify(Path(source) if out is None else out, quiet)
        return
    if out is None:
        raise typer.BadParameter("give OUT, the folder of the data set")
    with progress_bar("shapes", quiet) as advance:
        result = convert(source, out, options, context.params, advance)
    if not quiet:
        say(
            f"{out}: {result.kept} shapes written, {result.already} already there, "
            f"{len(result.skipped)} skipped"
        )
    if report:
        with progress_bar("report", quiet) as advance:
            page = write_report(out, result.skipped, advance)
        if not quiet:
            say(page)
    show_failures([(str(shape), reason) for shape, reason in result.skipped], "skipped")
    if result.skipped:
        raise typer.Exit(1)


def _verify(data: Path, quiet: bool) -> None:
    from onet_cli.commands.report import progress_bar, say, show_failures
    from onet_cli.preprocessing.verify import verify_shapes

    with progress_bar("shapes", quiet) as advance:
        result = verify_shapes(data, advance)
    if not quiet:
        say(
            f"{data}: {result.whole} shapes intact, {result.unchecked} without a checksum, "
            f"{len(result.damaged)} damaged"
        )
    show_failures([(str(shape), reason) for shape, reason in result.damaged], "damaged")
    if result.damaged:
        raise typer.Exit(1)
