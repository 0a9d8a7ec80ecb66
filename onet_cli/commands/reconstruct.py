"""`onet reconstruct`: one photo in, one watertight mesh out."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from onet_cli.commands.options import Checkpoint, Device, Quiet
from onet_cli.models.catalogue import DEFAULT_MODEL


def reconstruct(
    photos: Annotated[
        list[str],
        typer.Argument(help="Photos, folders, globs, or - for stdin.", show_default=False),
    ],
    checkpoint: Checkpoint = DEFAULT_MODEL,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help="Mesh file (.obj .ply .stl .glb .off) or folder [default: beside the photo].",
        ),
    ] = None,
    resolution: Annotated[int, typer.Option(help="Cells per side of the final grid.")] = 128,
    threshold: Annotated[
        float | None,
        typer.Option(help="Probability from which a point is inside [default: the checkpoint's]."),
    ] = None,
    faces: Annotated[int | None, typer.Option(help="Simplify to this many faces.")] = None,
    refine: Annotated[int, typer.Option(help="Steps of refinement by the field's gradient.")] = 0,
    exact: Annotated[
        bool, typer.Option("--exact", help="Guess no point: slower, finds specks of single cells.")
    ] = False,
    join: Annotated[
        bool, typer.Option(help="Join pieces that the network nearly joins itself.")
    ] = True,
    largest_component: Annotated[
        bool, typer.Option("--largest-component", help="Keep the largest piece only.")
    ] = False,
    min_component: Annotated[
        float | None,
        typer.Option(
            help="Drop pieces of less than this share of the volume. Default: crumbs, 0.0005, with "
            "networks of the picture's frame such as the shipped one; with others 0."
        ),
    ] = None,
    scale_mm: Annotated[
        float | None, typer.Option(help="Longest edge of the mesh in millimetres.")
    ] = None,
    up: Annotated[Literal["y", "z"], typer.Option(help="The axis that points up.")] = "y",
    background: Annotated[
        Literal["auto", "keep", "remove", "rembg"],
        typer.Option(help="What to do with the background. rembg: by its IS-Net, if installed."),
    ] = "auto",
    mask: Annotated[
        Path | None, typer.Option(help="A picture that is white where the object is.")
    ] = None,
    click: Annotated[
        list[str] | None,
        typer.Option(
            metavar="X,Y", help="A pixel of the object meant. Repeat for several parts of it."
        ),
    ] = None,
    box: Annotated[
        str | None, typer.Option(metavar="X0,Y0,X1,Y1", help="A box around the object meant.")
    ] = None,
    color: Annotated[
        bool,
        typer.Option("--color/--no-color", help="Give the vertices the colours of the photo."),
    ] = True,
    flip: Annotated[
        bool,
        typer.Option("--flip/--no-flip", help="Average over the photo and its mirror image."),
    ] = True,
    thin: Annotated[
        bool,
        typer.Option(
            "--thin/--no-thin", help="Lift thin parts that the photo shows, such as legs."
        ),
    ] = True,
    front: Annotated[
        bool,
        typer.Option(
            "--front", help="Turn the mesh so that the object's own front faces +z, if it is found."
        ),
    ] = False,
    preview: Annotated[
        bool, typer.Option("--preview", help="Write a PNG of photo and mesh beside the mesh.")
    ] = False,
    turntable: Annotated[
        bool, typer.Option("--turntable", help="Write a GIF of the mesh, turning.")
    ] = False,
    viewer: Annotated[
        bool, typer.Option("--viewer", help="Write an HTML page to turn the mesh, offline.")
    ] = False,
    debug: Annotated[
        Path | None, typer.Option(help="Folder for what the network saw, and the mask.")
    ] = None,
    device: Device = "auto",
    json_output: Annotated[
        bool, typer.Option("--json", help="Print one JSON list of all results.")
    ] = False,
    quiet: Quiet = False,
) -> None:
    """Turn photos of single objects into watertight meshes.

    Example: `onet reconstruct chair.png -o chair.glb --preview`
    """
    import json
    import time

    from onet_cli.commands.startup import load_trimesh_only, quick_imports

    with quick_imports():
        load_trimesh_only()

        from onet_cli.commands.report import progress_bar, say, show_failures
        from onet_cli.malloc import keep_freed_memory
        from onet_cli.models.checkpoint import load_checkpoint
        from onet_cli.reconstruction.batch import BatchSettings, reconstruct_all
        from onet_cli.reconstruction.describe import (
            describe_error,
            describe_line,
            describe_pace,
            describe_record,
        )
        from onet_cli.reconstruction.extras import Extras
        from onet_cli.reconstruction.generator import GeneratorSettings, MeshGenerator
        from onet_cli.reconstruction.joined import JOIN
        from onet_cli.reconstruction.photos import choose_targets, find_photos
        from onet_cli.shapes.photo import read_target

    settings = GeneratorSettings(
        resolution,
        threshold,
        faces,
        refine,
        guess=not exact,
        join=JOIN if join else 0.0,
        min_component=min_component,
        largest_component=largest_component,
        confidence=True,
        color=color,
        front=front,
        flip=flip,
        thin=thin,
    )
    extras = Extras(preview, turntable, viewer)
    target = read_target(click or [], box)
    batch = BatchSettings(background, extras, mask, debug, scale_mm, up, target)
    found = find_photos(photos)
    targets = choose_targets(found, output)
    if len(found) > 1:
        keep_freed_memory()
    generator = MeshGenerator(load_checkpoint(checkpoint, device), settings)
    results = []
    begin = time.perf_counter()
    # Without --json the lines on stdout show the progress.
    with progress_bar("photos", quiet=quiet or not json_output) as advance:
        for result in reconstruct_all(generator, found, targets, batch):
            results.append(result)
            advance(len(results), len(found))
            if result.error is None and not (quiet or json_output):
                say(describe_line(result))
    if json_output:
        typer.echo(json.dumps([describe_record(result) for result in results], indent=2))
    failed = [result for result in results if result.error is not None]
    if len(results) > 1 and not quiet:
        typer.echo(describe_pace(results, time.perf_counter() - begin), err=True)
    if len(results) == 1 and failed and failed[0].error:
        raise failed[0].error
    show_failures([(str(result.photo), describe_error(result)) for result in failed], "failed")
    if failed:
        raise typer.Exit(1)
