"""Every reader of files that strangers may have written, with whole inputs to mutate."""

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from onet_cli.archives.files import FolderFiles
from onet_cli.archives.npz import read_npz
from onet_cli.commands.config_file import read_options
from onet_cli.errors import OnetError
from onet_cli.evaluation.compare import compare_tables
from onet_cli.evaluation.journal import Journal
from onet_cli.evaluation.measure import score_mesh
from onet_cli.evaluation.picture_frame import _read_placing
from onet_cli.evaluation.report import read_json, render
from onet_cli.evaluation.table import EvaluationTable, write_object
from onet_cli.geometry.picture_size import picture_size
from onet_cli.meshes.read import load_mesh, read_mesh
from onet_cli.meshes.textures import decode_picture
from onet_cli.models.calibration import PREFIX, read_calibration
from onet_cli.models.checkpoint import load_checkpoint, read_info
from onet_cli.models.noisypixel import read_noisypixel
from onet_cli.models.official import read_official
from onet_cli.models.weights import read_header, read_tensors
from onet_cli.preprocessing.convert_mesh import MeshSettings, shape_from_mesh
from onet_cli.preprocessing.options import PreprocessOptions
from onet_cli.preprocessing.placement import Placement
from onet_cli.preprocessing.sources.find_meshes import find_meshes
from onet_cli.preprocessing.sources.manifest import Manifest
from onet_cli.preprocessing.sources.pix3d_table import read_models
from onet_cli.preprocessing.sources.resolve import open_source
from onet_cli.preprocessing.views import ViewOptions
from onet_cli.shapes.info import DatasetInfo
from onet_cli.shapes.pack import find_packed
from onet_cli.shapes.photo_files import decode_view, read_photo
from onet_cli.shapes.photo_mask import mask_weight
from onet_cli.shapes.shape import ShapeId
from onet_cli.shapes.store import ShapeStore
from onet_cli.training.config import read_precision, read_spec
from onet_cli.training.metrics_file import MetricsFile
from tests.evaluation.synthetic import sphere_truth
from tests.evaluation.test_evaluation_table import FACTS, metrics, result, table
from tests.faults import inputs
from tests.faults.containers import (
    mutate_npy,
    mutate_pickle,
    mutate_png,
    mutate_program,
    mutate_tiff,
    mutate_zip,
)
from tests.faults.hdf5_mutations import mutate_hdf5, mutate_pack
from tests.faults.mutations import (
    Mutation,
    mutate_bytes,
    mutate_glb,
    mutate_json,
    mutate_json_lines,
    mutate_safetensors,
    mutate_text,
    one_of,
)
from tests.meshes.test_mesh_faults import MTL, OBJ, PLY, STL, glb
from tests.shapes.test_faults import make_shape, readers

SHAPE = ShapeId("chair", "1")


@dataclass(frozen=True)
class Reader:
    """A reader: whole inputs, the name of the file that it is given, the call, and mutations.

    `share` is its part of the executions, in that of most readers: slow ones have less.
    """

    name: str
    inputs: tuple[bytes, ...]
    file: str
    read: Callable[[Path], object]
    mutate: Mutation
    share: float = 1.0

    def input(self, seed: int) -> bytes:
        """Return the mutated input of a seed."""
        rng = np.random.default_rng(seed)
        whole = self.inputs[int(rng.integers(0, len(self.inputs)))]
        try:
            return self.mutate(whole, rng)
        except Exception:  # a second change may not understand what the first one left
            return mutate_bytes(whole, rng)


def all_readers(folder: Path) -> list[Reader]:
    """Return all readers; `folder` is for files that are made on the way to their inputs."""
    return [
        *_of_pictures(),
        *mesh_readers(),
        *_of_sources(folder),
        *_of_shapes(folder),
        *_of_checkpoints(folder),
        *_of_tables(folder),
    ]


def _of_pictures() -> list[Reader]:
    picture = inputs.picture
    kinds = ("JPEG", "GIF", "BMP", "WEBP", "TGA", "PPM", "ICO", "PCX", "SGI", "JPEG2000", "DDS")
    pngs = (picture("PNG"), picture("PNG", "RGBA"), picture("PNG", "P"), picture("PNG", "I;16"))
    tiffs = tuple(
        picture("TIFF", mode, compression=packing)
        for mode, packing in (
            *(("RGB", None), ("RGB", "tiff_lzw"), ("L", "tiff_adobe_deflate"), ("RGB", "jpeg")),
            *(("F", None), ("1", "group4"), ("CMYK", "packbits"), ("I;16", None)),
        )
    )
    others = tuple(picture(kind) for kind in kinds)
    any_kind = (*pngs, *tiffs, *others)
    return [
        Reader("photo, PNG", pngs, "photo.png", read_photo, mutate_png),
        Reader("photo, TIFF", tiffs, "photo.tif", read_photo, mutate_tiff),
        Reader("photo, other kinds", others, "photo", read_photo, mutate_bytes),
        Reader("mask", any_kind, "mask.png", _mask, mutate_bytes),
        Reader("stored view", (pngs[0], others[0]), "v", _view, mutate_bytes),
        Reader("texture", any_kind, "t", lambda p: decode_picture(p.read_bytes()), mutate_bytes),
    ]


def _mask(path: Path) -> None:
    mask_weight(read_photo(path), (64, 48))


def _view(path: Path) -> None:
    data = path.read_bytes()
    picture_size(data)
    decode_view(data)


def mesh_readers() -> list[Reader]:
    """Return the readers of meshes."""
    packed = mutate_zip({"model": mutate_text})
    every = (*inputs.OBJ_FORMS, *inputs.OFF_FORMS, PLY)
    return [
        Reader("OBJ", inputs.OBJ_FORMS, "m.obj", _mesh, mutate_text),
        Reader("MTL", (MTL,), "a.mtl", _materials, mutate_text),
        Reader("OFF", inputs.OFF_FORMS, "m.off", _mesh, mutate_text),
        Reader("PLY, text", (PLY,), "m.ply", _mesh, mutate_text),
        Reader("PLY, binary", (inputs.binary_ply(),), "m.ply", _mesh, mutate_text),
        Reader("STL, binary", (STL,), "m.stl", _mesh, mutate_bytes),
        Reader("STL, text", (inputs.ASCII_STL,), "m.stl", _mesh, mutate_text),
        Reader("GLB", (glb(),), "m.glb", _mesh, mutate_glb),
        Reader("glTF", (inputs.gltf_text(),), "m.gltf", _mesh, mutate_json),
        Reader("3MF", inputs.threemf(), "m.3mf", _mesh, packed),
        Reader("mesh to shape", every, "m.obj", _shape, _keeping_kind, 0.05),
        Reader("prediction", every, "m.obj", _prediction, _keeping_kind, 0.2),
    ]


def _keeping_kind(whole: bytes, rng: np.random.Generator) -> bytes:
    """Return a mutated mesh whose first bytes tell its kind, so that it gets past its reader."""
    changed = mutate_text(whole, rng)
    return changed if rng.random() < 0.2 else whole[:4] + changed[4:]


def _mesh(path: Path) -> None:
    load_mesh(FolderFiles(path.parent), path.name)


def _suffixed(path: Path) -> Path:
    """Return the file renamed to what its first bytes say."""
    head = path.read_bytes()[:3]
    suffix = {b"ply": ".ply", b"OFF": ".off", b"COF": ".off"}.get(head, ".obj")
    return path.rename(path.with_suffix(suffix))


def _materials(path: Path) -> None:
    (path.parent / "m.obj").write_bytes(OBJ)
    _mesh(path.parent / "m.obj")


_QUICK = MeshSettings(
    points=64, near_points=64, resolution=16, views=ViewOptions(count=1, size=16, samples=1)
)


def _shape(path: Path) -> None:
    shape_of_mesh(_suffixed(path))


def shape_of_mesh(path: Path) -> None:
    """Convert a mesh to a shape of few points."""
    shape_from_mesh(FolderFiles(path.parent), path.name, SHAPE, Placement(), _QUICK)


_TRUTH = sphere_truth(points=64, surface=64)


def _prediction(path: Path) -> None:
    score_prediction(_suffixed(path))


def score_prediction(path: Path) -> None:
    """Score a mesh, by few points, as if it were to be a sphere."""
    mesh = read_mesh(path)
    if mesh.area > 0:
        score_mesh(mesh, _TRUTH, 64, 0.0, np.random.default_rng(0))


def _of_sources(folder: Path) -> list[Reader]:
    arrays = mutate_zip({"npy": mutate_npy})
    archive = mutate_zip({"npz": arrays, "lst": mutate_text, "yaml": mutate_json})
    meshes = mutate_zip(dict.fromkeys(("obj", "mtl", "ply", "off"), mutate_text))
    library = mutate_zip(dict.fromkeys(("properties", "obj", "mtl"), mutate_text))
    noisy = inputs.noisypixel(folder), inputs.noisypixel(folder, libver="latest")
    return [
        Reader("official zip", (inputs.official_zip(folder),), "o.zip", _source, archive),
        Reader("npz", (inputs.npz(),), "a.npz", lambda p: read_npz(p.read_bytes(), "a"), arrays),
        Reader("zip of meshes", (inputs.mesh_zip(),), "m.zip", _meshes, meshes),
        Reader("library", (inputs.library(folder),), "l.sh3f", _meshes, library),
        Reader("manifest", (inputs.MANIFEST,), "m.csv", Manifest.read, mutate_text),
        Reader("manifest of a zip", (inputs.MANIFEST,), "m.csv", _by_manifest, mutate_text),
        Reader("Pix3D", (inputs.pix3d(),), "p", lambda p: read_models(p.read_bytes()), mutate_json),
        Reader("noisypixel", noisy, "hdf_data/c_1.h5", _noisypixel, mutate_hdf5),
    ]


def _source(path: Path) -> None:
    source = open_source(str(path), PreprocessOptions())
    source.categories()
    source.splits()
    for shape_id in source.ids()[:2]:
        source.part(shape_id).read(shape_id)


def _meshes(path: Path) -> None:
    for entry in find_meshes(path)[0][:4]:
        if not entry.problem:
            with suppress(OnetError):
                load_mesh(entry.files, entry.path)


def _by_manifest(path: Path) -> None:
    place = path.with_name("s.zip")
    if not place.exists():
        place.write_bytes(inputs.mesh_zip())
    find_meshes(place, path)


def _noisypixel(path: Path) -> None:
    source = open_source(str(path.parent.parent), PreprocessOptions())
    for shape_id in source.ids():
        source.read(shape_id)


def _of_shapes(folder: Path) -> list[Reader]:
    store = ShapeStore.create(folder / "store", DatasetInfo("fuzz"))
    shape = store.write(make_shape(), np.random.default_rng(0)).read_bytes()
    pack = inputs.pack(folder)
    description = DatasetInfo("fuzz", options={"split": [0.7, 0.1, 0.2]}).to_json().encode()
    return [
        Reader("shape file", (shape,), "store/shapes/chair/1.h5", _stored, mutate_hdf5, 0.1),
        Reader("pack", (pack,), "store/packs/p.h5", _packed, mutate_pack, 0.1),
        Reader("dataset.json", (description,), "d/dataset.json", _opened, mutate_json),
        Reader("split list", (b"chair/1\nchair/2\n\n",), "d/test.lst", _listed, mutate_text),
    ]


def _stored(path: Path) -> None:
    _read_all(ShapeStore(path.parents[2], DatasetInfo("fuzz")))


def _packed(path: Path) -> None:
    find_packed(path.parents[1])
    store = ShapeStore(path.parents[1], DatasetInfo("fuzz"))
    store.ids()
    _read_all(store)
    store.remove([SHAPE])  # which writes the pack again without it


def _read_all(store: ShapeStore) -> None:
    for read in readers(store):
        with suppress(OnetError):  # what some refuse, others may read
            read(SHAPE)


def _opened(path: Path) -> None:
    ShapeStore.open(path.parent)


def _listed(path: Path) -> None:
    ShapeStore(path.parent, DatasetInfo("fuzz")).ids("test")


def _of_checkpoints(folder: Path) -> list[Reader]:
    whole = inputs.checkpoint(folder)
    pickles = inputs.official_pickle(), inputs.old_pickle()
    pickled = lambda data, rng: (  # noqa: E731
        mutate_pickle(data, rng) if data.startswith(b"PK") else mutate_bytes(data, rng)
    )
    archived = one_of(mutate_program, mutate_program, mutate_zip({}))
    return [
        Reader("checkpoint", (whole,), "c.safetensors", load_checkpoint, mutate_safetensors, 0.2),
        Reader("checkpoint's header", (whole,), "c.safetensors", _header, mutate_safetensors, 0.5),
        Reader(
            "program", (inputs.program(folder),), "c.encoder.pt2", load_checkpoint, archived, 0.5
        ),
        Reader("pickle", pickles, "c.pt", read_official, pickled),
        Reader("Lightning", (inputs.lightning_pickle(),), "c.ckpt", read_noisypixel, pickled),
        Reader("config.json", (inputs.run_config(),), "config.json", _run_config, mutate_json),
        Reader("metrics.csv", (inputs.METRICS,), "m.csv", lambda p: MetricsFile(p, 2), mutate_text),
    ]


def _header(path: Path) -> None:
    read_info(path)
    tensors = read_tensors(path).items()
    arrays = {name: each.numpy() for name, each in tensors if name.startswith(PREFIX)}
    read_calibration(read_header(path), arrays)


def _run_config(path: Path) -> None:
    read_precision(path)
    read_spec(path)


def _of_tables(folder: Path) -> list[Reader]:
    whole = table(result("chair", "a", metrics(0.5)), result("sofa", "b", metrics(0.25)))
    scores = json.dumps(whole.to_dict()).encode()
    lines = [json.dumps(asdict(FACTS), sort_keys=True)]
    lines += [json.dumps({"content": "x", **write_object(each)}) for each in whole.objects]
    journal = ("\n".join(lines) + "\n").encode()
    placing = json.dumps(np.eye(3, 4).tolist()).encode()
    return [
        Reader("scores", (scores,), "s.json", lambda p: _compared(p, whole), mutate_json),
        Reader("journal", (journal,), "s.json.partial", _journal, mutate_json_lines),
        Reader("placing", (placing,), "m.placing.json", _placing, mutate_json),
        Reader("options", (inputs.CONFIG,), "c.toml", _options, mutate_text),
    ]


def _compared(path: Path, whole: EvaluationTable) -> None:
    found = read_json(path)
    for form in ("table", "json", "csv", "markdown", "latex"):
        render(found, form)
    compare_tables(found, whole)


def _journal(path: Path) -> None:
    Journal(path.with_name("s.json"), FACTS, lambda task: "x").done()


def _placing(path: Path) -> None:
    _read_placing(path.with_name("m.ply"))


def _options(path: Path) -> None:
    read_options(path, {"lr", "model", "resume"})
