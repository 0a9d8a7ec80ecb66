"""`onet preprocess`: a source of shapes in, a data set out."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from onet_cli.commands.options import Quiet, Seed, Workers

_MESHES = "Meshes"
_VIEWS = "Pictures and samples (of meshes and `procedural`)"


def preprocess(
    source: Annotated[
        str,
        typer.Argument(
            help="A folder or zip of meshes, a .sh3f library or a folder of them, the official "
            "data set's zip or extracted folder, noisypixel's hdf_data, the folder of Pix3D, "
            "or `procedural`.",
            show_default=False,
        ),
    ],
    out: Annotated[
        Path | None, typer.Argument(help="Folder of the data set.", show_default=False)
    ] = None,
    count: Annotated[int, typer.Option(min=1, help="Shapes to generate (procedural).")] = 1000,
    split: Annotated[
        str | None,
        typer.Option(
            help="Shares of train, val and test, where the source has no split of its own.",
            show_default="0.7,0.1,0.2; of Pix3D 0,0,1",
        ),
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Take so many shapes only.")] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Convert again what is already there.")
    ] = False,
    verify: Annotated[
        bool,
        typer.Option(
            "--verify",
            help="Convert nothing; compare the shapes of the data set (OUT, or the only argument) "
            "with their checksums.",
        ),
    ] = False,
    report: Annotated[
        bool, typer.Option("--report", help="Write report.html and report.json on every shape.")
    ] = False,
    manifest: Annotated[
        Path | None,
        typer.Option(
            help="A CSV table of the meshes to take: files, categories, splits, sizes, licences.",
            rich_help_panel=_MESHES,
            show_default=False,
        ),
    ] = None,
    resolution: Annotated[
        int,
        typer.Option(
            min=16, max=512, help="Cells per side of the watertight grid.", rich_help_panel=_MESHES
        ),
    ] = 256,
    solidify: Annotated[
        Literal["auto", "always", "never"],
        typer.Option(
            help="Make watertight what is not; everything; or nothing, and skip what is not.",
            rich_help_panel=_MESHES,
        ),
    ] = "auto",
    up: Annotated[
        Literal["y", "z"] | None,
        typer.Option(
            help="The axis that points up in the files.",
            rich_help_panel=_MESHES,
            show_default="y",
        ),
    ] = None,
    views: Annotated[
        int | None,
        typer.Option(min=1, help="Rendered views.", rich_help_panel=_VIEWS, show_default="24"),
    ] = None,
    image_size: Annotated[
        int | None,
        typer.Option(
            min=16,
            help="Edge of a view in pixels.",
            rich_help_panel=_VIEWS,
            show_default="137; of Pix3D 224",
        ),
    ] = None,
    cameras: Annotated[
        Literal["choy", "wide"] | None,
        typer.Option(
            help="choy: as in the paper's data (default for meshes); wide: from lower and higher, "
            "with longer lenses, in varied light (default for `procedural`).",
            rich_help_panel=_VIEWS,
        ),
    ] = None,
    background: Annotated[
        Literal["white", "transparent"] | None,
        typer.Option(
            help="white (JPEG) or transparent (PNG).", rich_help_panel=_VIEWS, show_default="white"
        ),
    ] = None,
    points: Annotated[
        int,
        typer.Option(min=8, help="Points in the cube, and on the surface.", rich_help_panel=_VIEWS),
    ] = 100_000,
    near_points: Annotated[
        int,
        typer.Option(
            min=0, help="Further points near the surface, stored apart.", rich_help_panel=_VIEWS
        ),
    ] = 0,
    photos: Annotated[
        Literal["whole", "all"] | None,
        typer.Option(
            help="whole: photographs of the whole object; all: also where it is truncated or "
            "occluded (Pix3D).",
            rich_help_panel=_VIEWS,
            show_default="whole",
        ),
    ] = None,
    shape_timeout: Annotated[
        float, typer.Option(min=0, help="Skip a shape that takes more seconds; 0: no limit.")
    ] = 900.0,
    workers: Workers = None,
    seed: Seed = 0,
    quiet: Quiet = False,
) -> None:
    """Convert a source of shapes into a data set to train and evaluate on.

    Stopped at any moment and run again, it does only the missing work.

    Example: `onet preprocess my_meshes/ data/ --report`
    """
    import os

    from onet_cli.commands.report import progress_bar, say, show_failures
    from onet_cli.preprocessing.options import PreprocessOptions, parse_split, unused_options
    from onet_cli.preprocessing.pipeline import preprocess as run_pipeline
    from onet_cli.preprocessing.report import write_report
    from onet_cli.preprocessing.sources.resolve import has_photographs, open_source

    if verify:
        _verify(Path(source) if out is None else out, quiet)
        return
    if out is None:
        raise typer.BadParameter("give the folder of the data set, OUT")
    photographed = manifest is None and has_photographs(source)
    usual_split = "0,0,1" if photographed else "0.7,0.1,0.2"
    given = {
        "views": views,
        "cameras": cameras,
        "background": background,
        "up": up,
        "photos": photos,
    }
    options = PreprocessOptions(
        workers=(os.cpu_count() or 1) if workers is None else workers,
        views=views or 24,
        image_size=image_size or (224 if photographed else 137),
        points=points,
        count=count,
        limit=limit,
        overwrite=overwrite,
        seed=seed,
        split=parse_split(usual_split if split is None else split),
        near_points=near_points,
        resolution=resolution,
        solidify=solidify,
        cameras=cameras or ("wide" if source == "procedural" else "choy"),
        background=background or "white",
        up=up or "y",
        manifest=manifest,
        photos=photos or "whole",
        shape_timeout_s=shape_timeout,
        unused=unused_options(photographed, given),
    )
    with progress_bar("shapes", quiet) as advance:
        result = run_pipeline(open_source(source, options), out, options, advance)
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
            f"{data}: {result.whole} shapes as written, {result.unchecked} without a checksum, "
            f"{len(result.damaged)} damaged"
        )
    show_failures([(str(shape), reason) for shape, reason in result.damaged], "damaged")
    if result.damaged:
        raise typer.Exit(1)
