"""Every reader of files that strangers may have written, with whole inputs to mutate."""

import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from onet_cli.archives.files import FolderFiles
from onet_cli.commands.config_file import read_options
from onet_cli.evaluation.report import from_json
from onet_cli.meshes.read import load_mesh
from onet_cli.models.checkpoint import CheckpointInfo, load_checkpoint, save_checkpoint
from onet_cli.preprocessing.options import PreprocessOptions
from onet_cli.preprocessing.sources.resolve import open_source
from onet_cli.shapes.hdf5 import read_hdf5
from onet_cli.shapes.info import DatasetInfo
from onet_cli.shapes.photo_files import decode_view, read_photo
from onet_cli.shapes.shape import ShapeId
from onet_cli.shapes.store import ShapeStore
from tests.evaluation.test_evaluation_table import metrics, result, table
from tests.meshes.test_mesh_faults import MTL, OBJ, OFF, PLY, STL, glb
from tests.models.networks import tiny_network
from tests.preprocessing import official_layout
from tests.shapes.test_faults import make_shape, readers

SHAPE = ShapeId("chair", "1")


@dataclass(frozen=True)
class Reader:
    """A reader: whole inputs, the name of the file that it is given, and the call."""

    name: str
    inputs: tuple[bytes, ...]
    file: str
    read: Callable[[Path], object]


def _picture(kind: str, **options: object) -> bytes:
    pixels = np.random.default_rng(0).integers(0, 256, (30, 40, 3), dtype=np.uint8)
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, kind, **options)
    return stream.getvalue()


def _stored(path: Path) -> None:
    store = ShapeStore(path.parents[2], DatasetInfo("fuzz"))
    for read in readers(store):
        read(SHAPE)


def _checkpoint(folder: Path) -> bytes:
    path = folder / "whole.safetensors"
    save_checkpoint(path, tiny_network(), CheckpointInfo(tiny_network().spec))
    return path.read_bytes()


def _pickle() -> bytes:
    stream = io.BytesIO()
    torch.save({"model": tiny_network().state_dict(), "loss": np.float64(0.5)}, stream)
    return stream.getvalue()


def _mesh(path: Path) -> None:
    load_mesh(FolderFiles(path.parent), path.name)


def _official(path: Path) -> None:
    source = open_source(str(path), PreprocessOptions())
    for shape_id in source.ids()[:2]:
        source.part(shape_id).read(shape_id)


def all_readers(folder: Path) -> list[Reader]:
    """Return all readers; `folder` is for files that are made on the way to their inputs."""
    store = ShapeStore.create(folder / "store", DatasetInfo("fuzz"))
    shape = store.write(make_shape(), np.random.default_rng(0)).read_bytes()
    archive = official_layout.write_zip(folder / "whole.zip", official_layout.troubled())
    pictures = ("PNG", "JPEG", "TIFF", "GIF", "BMP", "WEBP")
    scores = json.dumps(table(result("chair", "a", metrics(0.5))).to_dict()).encode()
    description = DatasetInfo("fuzz").to_json().encode()
    return [
        Reader("photo", tuple(map(_picture, pictures)), "photo.png", read_photo),
        Reader(
            "stored view",
            (_picture("PNG"), _picture("JPEG")),
            "v",
            lambda p: decode_view(p.read_bytes()),
        ),
        Reader("OBJ", (OBJ,), "m.obj", _mesh),
        Reader("MTL", (MTL,), "a.mtl", lambda p: _with_obj(p)),
        Reader("OFF", (OFF,), "m.off", _mesh),
        Reader("PLY", (PLY,), "m.ply", _mesh),
        Reader("STL", (STL,), "m.stl", _mesh),
        Reader("glTF", (glb(),), "m.glb", _mesh),
        Reader("shape file", (shape,), "store/shapes/chair/1.h5", _stored),
        Reader("HDF5", (shape,), "x.h5", read_hdf5),
        Reader("official zip", (archive.read_bytes(),), "official.zip", _official),
        Reader("checkpoint", (_checkpoint(folder),), "c.safetensors", load_checkpoint),
        Reader("pickle", (_pickle(),), "c.pt", load_checkpoint),
        Reader("scores", (scores,), "s.json", lambda p: from_json(p.read_text("utf-8", "replace"))),
        Reader(
            "dataset.json", (description,), "d/dataset.json", lambda p: ShapeStore.open(p.parent)
        ),
        Reader(
            "config", (b'lr = 0.1\nsampling = "x"\n',), "c.toml", lambda p: read_options(p, {"lr"})
        ),
    ]


def _with_obj(path: Path) -> None:
    (path.parent / "m.obj").write_bytes(OBJ)
    _mesh(path.parent / "m.obj")
