"""What the commands of the docs take, by name: photos, meshes, data sets, checkpoints.

Pictures are those of `examples/`; data sets have the layout of the real ones and a few small
shapes; checkpoints are untrained, where they are not the shipped one.
"""

import shutil
from collections.abc import Callable
from functools import cache
from itertools import pairwise
from pathlib import Path
from tempfile import mkdtemp

import h5py
import numpy as np
import torch
import trimesh
from PIL import Image
from typer.testing import CliRunner

from onet_cli.app import app
from onet_cli.meshes.write import write_mesh
from onet_cli.models.network import build_network
from onet_cli.models.spec import ModelSpec
from onet_cli.shapes.store import ShapeStore
from tests.docs.pages import ROOT
from tests.models.test_official import official_state
from tests.preprocessing import official_layout, pix3d_layout
from tests.preprocessing.test_bad_meshes import bad_folder

EXAMPLES = ROOT / "examples"
SMALL = ["--views", "2", "--points", "2048", "--workers", "0"]
STEPS = ["--max-steps", "2", "--batch-size", "2", "--points", "64", "--workers", "0"]
STEPS += ["--val-every", "2", "--no-calibrate"]


def provide(text: str, folder: Path) -> None:
    """Make in `folder` what a command names and is not there, unless the command makes it."""
    for name, make in INGREDIENTS.items():
        if name in text and not (folder / name).exists() and not _is_made(name, text):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            make(folder / name)


def _is_made(name: str, text: str) -> bool:
    """Return whether a command writes `name`: as OUT of `onet preprocess`, or after `-o`."""
    words = [word.rstrip("/") for word in text.split()]
    written = [b for a, b in pairwise(words) if a in ("-o", "--output")]
    if "--resume" in words:
        return False
    if words[:2] == ["onet", "preprocess"]:
        written += words[3:4]
    return name.rstrip("/") in written


def onet(*arguments: str | Path) -> None:
    result = CliRunner().invoke(app, [str(one) for one in arguments])
    if result.exit_code:
        raise RuntimeError(f"onet {arguments}: {result.output}") from result.exception


@cache
def _data_set() -> Path:
    """Return a small set of generated shapes, some in each split."""
    path = Path(mkdtemp(prefix="onet-docs-")) / "data"
    onet("preprocess", "procedural", path, "--count", "16", "--near-points", "2048", *SMALL)
    return path


@cache
def _run() -> Path:
    path = Path(mkdtemp(prefix="onet-docs-")) / "first"
    onet("train", _data_set(), "-o", path, *STEPS)
    return path


def _copy(source: Callable[[], Path]) -> Callable[[Path], None]:
    return lambda path: shutil.copytree(source(), path) and None


def _photos(path: Path) -> None:
    path.mkdir()
    for name in ("chair.jpg", "lamp.jpg"):
        shutil.copy(EXAMPLES / name, path)


def _mask(path: Path) -> None:
    chair = Image.open(EXAMPLES / "chair.jpg").convert("L")
    chair.point(lambda value: 255 if value < 250 else 0).save(path)


def _room(path: Path) -> None:
    """A room of grey wall and floor with the chair of the examples in it."""
    room = Image.new("RGB", (1280, 960), (200, 205, 210))
    room.paste((150, 130, 110), (0, 640, 1280, 960))
    chair = Image.open(EXAMPLES / "chair.jpg").convert("RGB").resize((460, 560))
    mask = chair.convert("L").point(lambda value: 255 if value < 250 else 0)
    room.paste(chair, (620, 320), mask)
    room.save(path)


def _meshes(path: Path) -> None:
    for category, names in (("chair", "abc"), ("stool", "de"), ("table", "f")):
        (path / category).mkdir(parents=True)
        for index, name in enumerate(names):
            mesh = trimesh.creation.box((1, 0.3 + 0.1 * index, 0.5))
            write_mesh(mesh, path / category / f"{name}.obj")


def _ball(path: Path) -> None:
    write_mesh(trimesh.creation.icosphere(subdivisions=4), path)


def _chair_mesh(path: Path) -> None:
    onet("reconstruct", EXAMPLES / "chair.jpg", "-o", path, "--quiet")


def _onnx(path: Path) -> None:
    onet("export", "furniture", path.with_name("chair.onnx"))


def _archive(path: Path) -> None:
    files = {}
    for category, seeds in (("03001627", (1, 2)), ("04379243", (3, 4))):
        for split, names in (("train", "abc"), ("val", "d"), ("test", "e")):
            for index, name in enumerate(names):
                for file, content in official_layout.model(10 * seeds[0] + index, 24).items():
                    files[f"{category}/{name}/{file}"] = content
            files[f"{category}/{split}.lst"] = "\n".join(names).encode()
    official_layout.write_zip(path, files)


@cache
def _shapenet() -> Path:
    folder = Path(mkdtemp(prefix="onet-docs-"))
    _archive(folder / "small.zip")
    onet("preprocess", folder / "small.zip", folder / "shapenet", "--workers", "0")
    return folder / "shapenet"


def _noisypixel(path: Path) -> None:
    path.mkdir(parents=True)
    for seed, name in enumerate(("03001627_aa", "03001627_bb", "03001627_cc")):
        with h5py.File(path / f"{name}.h5", "w") as file:
            file["images"] = np.full((3, 20, 20, 3), 200, np.uint8)
            for key, array in official_layout.samples(seed).items():
                file[f"points/{key}"] = array
            for key, array in official_layout.surface(seed).items():
                file[f"pointcloud/{key}"] = array
    for split, name in (("train", "aa"), ("val", "bb"), ("test", "cc")):
        (path / f"{split}.lst").write_text(f"03001627_{name}.h5")


def _predictions(path: Path) -> None:
    for shape in ShapeStore.open(_data_set()).ids("test"):
        (path / shape.category).mkdir(parents=True, exist_ok=True)
        write_mesh(trimesh.creation.box((0.5, 1, 0.5)), path / shape.category / f"{shape.name}.obj")


def _scores(path: Path) -> None:
    chosen = ["--limit", "3", "--workers", "0", "--resolution", "32", "-q"]
    onet("evaluate", _data_set(), "--checkpoint", "furniture", "-o", path, *chosen)


def _official_weights(path: Path) -> None:
    torch.save({"model": official_state("img_onet")}, path)


def _resnet(path: Path) -> None:
    """A file of ResNet-18's tensors by torchvision's names."""
    spec = ModelSpec("", "resnet18", "simple", code_dim=8, hidden_dim=8)
    state = build_network(spec).encoder.state_dict()
    torch.save({key.removeprefix("features."): value for key, value in state.items()}, path)


INGREDIENTS: dict[str, Callable[[Path], None]] = {
    "examples": lambda path: shutil.copytree(EXAMPLES, path) and None,
    "chair.jpg": lambda path: shutil.copy(EXAMPLES / "chair.jpg", path) and None,
    "photo.jpg": lambda path: shutil.copy(EXAMPLES / "chair.jpg", path) and None,
    "mask.png": _mask,
    "photos/": _photos,
    "room.jpg": _room,
    "coffee.png": lambda path: shutil.copy(_skimage() / "coffee.png", path) and None,
    "my_meshes": _meshes,
    "bad_meshes": lambda path: bad_folder(path) and None,
    "ball.obj": _ball,
    "chair.glb": _chair_mesh,
    "chair.encoder.onnx": _onnx,
    "generated": _copy(lambda: _data_set()),
    "mine": _copy(lambda: _data_set()),
    "shapes/": _copy(lambda: _data_set()),
    "data": _copy(lambda: _data_set()),
    "runs/first": _copy(lambda: _run()),
    "dataset_small_v1.1.zip": _archive,
    "shapenet": _copy(lambda: _shapenet()),
    "pix3d": lambda path: pix3d_layout.write_layout(path) and None,
    "O/hdf_data": _noisypixel,
    "their_meshes": _predictions,
    "first.json": _scores,
    "second.json": _scores,
    "onet_img2mesh.pt": _official_weights,
    "resnet18.pth": _resnet,
}
"""By name, how it is made. A name that begins another's comes after it."""


def _skimage() -> Path:
    import skimage

    return Path(skimage.__file__).parent / "data"
