"""Dispatch of `onet export` by the kinds of SOURCE and TARGET."""

from pathlib import Path

from trimesh import Trimesh

from onet_cli.cores import available_cores
from onet_cli.errors import InvalidOptionError
from onet_cli.exporting.options import SHIPPED_LICENCE, ExportOptions, Note, Weights, silent
from onet_cli.files import require_place
from onet_cli.geometry.closedness import is_closed
from onet_cli.geometry.mesh import COLOUR
from onet_cli.meshes.formats import FORMATS, MESH_SUFFIXES, is_mesh
from onet_cli.meshes.loaded import LoadedMesh
from onet_cli.meshes.read import load_mesh_file
from onet_cli.meshes.vertex_colours import vertex_colours
from onet_cli.options import PHOTO_SUFFIXES

NETWORK_SUFFIXES = (".onnx", ".pt2", ".safetensors")


def export(source: str, target: Path, options: ExportOptions, note: Note = silent) -> list[str]:
    """Convert `source`, a mesh or a checkpoint, to `target`; return lines that describe the result.

    A `source` with the suffix of a mesh format is read as a mesh, any other as a checkpoint.
    `note` is called with each step that takes long, before it begins.

    Raises:
        InvalidOptionError: `source` cannot be converted to the suffix of `target`, or an option
            does not apply.
        OnetError: as `read_mesh` or the exporter.
    """
    if Path(source).suffix.lower() in PHOTO_SUFFIXES:
        raise InvalidOptionError(
            f"{source} is a photo, not a checkpoint or mesh",
            hint=f"use `onet reconstruct {source} -o {target}`",
        )
    suffix = target.suffix.lower()
    from_mesh = is_mesh(source)
    if options.to == "web":
        return _export_page(source, target, options, note)
    if Path(source).is_dir() and not from_mesh and not suffix:
        raise InvalidOptionError(
            f"how {source} is to be exported is not said",
            hint="--to stl converts a folder of meshes, and a run's folder needs a file as TARGET",
        )
    possible = _targets(from_mesh)
    if suffix not in possible:
        raise InvalidOptionError(
            f"a {'mesh' if from_mesh else 'checkpoint'} cannot be exported to {target.name}",
            hint=f"give TARGET one of the suffixes {' '.join(possible)}",
        )
    _refuse_stray_options(suffix, options)
    require_place(target)
    if suffix in NETWORK_SUFFIXES:
        return _export_network(source, target, options, note)
    loaded = load_mesh_file(Path(source))
    lines = _export_mesh(_coloured(loaded, target), target, options)
    return [*lines, *(f"warning: {warning}" for warning in loaded.warnings)]


def _targets(from_mesh: bool) -> tuple[str, ...]:
    from onet_cli.exporting.mesh import VOXEL_SUFFIXES

    return (*sorted(MESH_SUFFIXES), *VOXEL_SUFFIXES) if from_mesh else NETWORK_SUFFIXES


def _refuse_stray_options(suffix: str, options: ExportOptions) -> None:
    takes = {
        "--faces": (options.faces is not None, tuple(sorted(MESH_SUFFIXES))),
        "--resolution": (options.resolution is not None, (".npz", ".binvox")),
        "--half": (options.half, (".onnx", ".safetensors")),
        "--int8": (options.int8, (".onnx",)),
    }
    for name, (given, suffixes) in takes.items():
        if given and suffix not in suffixes:
            raise InvalidOptionError(f"{name} applies to {' '.join(suffixes)}, not to {suffix}")
    if options.half and options.int8:
        raise InvalidOptionError("--half and --int8 exclude each other")


def _coloured(loaded: LoadedMesh, target: Path) -> Trimesh:
    """Return the mesh with a colour for each vertex, if the format of `target` stores colours."""
    form = FORMATS.get(target.suffix.lower())
    if form is not None and form.colours:
        mesh = loaded.mesh
        colours = vertex_colours(mesh.faces, loaded.appearance, len(mesh.vertices))
        if colours is not None:
            mesh.vertex_attributes[COLOUR] = colours
    return loaded.mesh


def _export_mesh(source: Trimesh, target: Path, options: ExportOptions) -> list[str]:
    from onet_cli.exporting.mesh import (
        DEFAULT_RESOLUTION,
        VOXEL_SUFFIXES,
        convert_mesh,
        export_voxels,
    )
    from onet_cli.exporting.precision import as_stored, near_origin

    if target.suffix.lower() in VOXEL_SUFFIXES:
        grid = export_voxels(source, target, options.resolution or DEFAULT_RESOLUTION)
        full, side = int(grid.occupancies.sum()), len(grid.occupancies)
        return [f"{target}  {side} x {side} x {side} cells, {full} inside"]
    source, offset = near_origin(source, target.name)
    mesh = as_stored(convert_mesh(source, target, options.faces), target.name)
    closed = "closed" if is_closed(mesh) else "not closed"
    line = f"{target}  {len(mesh.vertices)} vertices, {len(mesh.faces)} faces, {closed}"
    if not offset.any():
        return [line]
    x, y, z = offset.tolist()
    return [
        line,
        f"moved to the origin, by {x:.17g} {y:.17g} {z:.17g}: {target.suffix.lower()} stores "
        "coordinates in single precision, which is too coarse so far from the origin; .obj keeps "
        "them",
    ]


def _export_page(source: str, target: Path, options: ExportOptions, note: Note) -> list[str]:
    if is_mesh(source):
        raise InvalidOptionError(
            f"{source} is a mesh; --to web exports a checkpoint",
            hint="`onet reconstruct --viewer` writes a page that shows a mesh",
        )
    _refuse_stray_options("--to web", options)
    from onet_cli.exporting.web.site import export_site
    from onet_cli.models.shipped import find_checkpoint, shipped_models

    shipped = source in shipped_models()
    path = find_checkpoint(source)
    name = source if shipped else path.stem
    sizes = export_site(path, name, target, note, SHIPPED_LICENCE if shipped else None)
    lines = [f"{target / each}  {size / 1e6:.1f} MB" for each, size in sizes.items()]
    return [*lines, f"{target}  {sum(sizes.values()) / 1e6:.1f} MB, for any static file server"]


def _export_network(source: str, target: Path, options: ExportOptions, note: Note) -> list[str]:
    from onet_cli.models.checkpoint import load_checkpoint, shipped_models

    checkpoint = load_checkpoint(source, "cpu")
    if target.suffix.lower() == ".safetensors":
        from onet_cli.exporting.checkpoint import export_safetensors

        size = export_safetensors(checkpoint, target, options.half)
        return [f"{target}  {size / 1e6:.1f} MB, {'half' if options.half else 'single'} precision"]
    licence = SHIPPED_LICENCE if source in shipped_models() else None
    if target.suffix.lower() == ".pt2":
        from onet_cli.exporting.program import export_programs

        found = export_programs(checkpoint, target.with_suffix(".pt2"), note, licence)
        return [
            f"{file}  {file.stat().st_size / 1e6:.1f} MB, differs from the network by {error:.1e}"
            for file, error in found.items()
        ]
    from onet_cli.exporting.onnx import export_onnx

    weights = Weights.INT8 if options.int8 else Weights.HALF if options.half else Weights.SINGLE
    place = target.with_suffix(".onnx")
    parity = export_onnx(checkpoint, place, note, licence, weights, available_cores())
    lines = [
        f"{file}  {file.stat().st_size / 1e6:.1f} MB, {weights}" for file in parity.files.values()
    ]
    if not parity.differences:
        return [*lines, "not compared with torch: onnxruntime is not installed"]
    each = ", ".join(f"{stage} {error:.1e}" for stage, error in parity.differences.items())
    return [*lines, f"largest difference from torch: {each}"]
