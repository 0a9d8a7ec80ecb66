"""Commands under test, their inputs, and the comparison of their outputs."""

import csv
import hashlib
import io
import json
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from onet_cli.meshes.write import write_mesh
from onet_cli.models.checkpoint import CheckpointInfo, save_checkpoint
from onet_cli.shapes.shape import ShapeId
from onet_cli.shapes.store import CategoryInfo, DatasetInfo, ShapeStore
from tests.analytic import Sphere
from tests.faults.process import Command
from tests.models.networks import tiny_network
from tests.training.conftest import ball, picture

SHAPES = 6
TRAIN = (
    "--encoder convnet --decoder cbn --code-dim 8 --hidden-dim 8 --image-size 32 --batch-size 4 "
    "--points 64 --max-steps 15 --val-every 5 --mesh-every 0 --workers 0 --device cpu -q"
)

TIMES = ("seconds", "starting")
"""What the clock of a training run keeps of times, which differ between any two runs."""


@dataclass(frozen=True)
class Case:
    """A command that writes into its folder, and how it continues after it was stopped.

    Paths in `arguments` are relative to the folder; `inputs/` lies next to it. `again` returns more
    arguments for a folder in which a run was stopped, `prepare` fills a new folder.
    """

    name: str
    arguments: str
    again: Callable[[Path], str] = lambda folder: ""
    prepare: Callable[[Path], None] = lambda folder: None

    def going_on(self, folder: Path) -> list[str]:
        """Return the arguments for a new folder or one in which the command was stopped."""
        return [*self.arguments.split(), *self.again(folder).split()]


def _resume(folder: Path) -> str:
    kept = any((folder / "run" / name).exists() for name in ("last.ckpt", "previous.ckpt"))
    return "--resume" if kept else ""


def _trained(folder: Path) -> None:
    shutil.copytree(folder.parent / "inputs/trained", folder / "run")


def _stored(folder: Path) -> None:
    shutil.copytree(folder.parent / "inputs/stored", folder / "data")


EVALUATE = (
    "evaluate ../inputs/data --resolution 32 --workers 1 -q --device cpu --output scores.json"
)
FOLDER = (
    "reconstruct ../inputs/photos -c ../inputs/tiny.safetensors -o meshes --resolution 32 -q "
    "--device cpu"
)
MANIFESTS = "--manifest results.csv --manifest results.jsonl"
PREPROCESS = (
    "preprocess procedural data --count 6 --views 2 --image-size 32 --points 4096 -q --workers"
)

CASES = (
    Case("preprocess, no workers", f"{PREPROCESS} 0"),
    Case("preprocess, 2 workers", f"{PREPROCESS} 2"),
    Case("preprocess --pack, no workers", f"{PREPROCESS} 0 --pack 4"),
    Case("preprocess --pack, 2 workers", f"{PREPROCESS} 2 --pack 4"),
    Case("packing of what is stored", f"{PREPROCESS} 0 --pack 4", prepare=_stored),
    Case("train", f"train ../inputs/balls -o run {TRAIN} --no-calibrate", _resume),
    Case(
        "calibration after train",
        f"train ../inputs/balls -o run {TRAIN} --resume",
        prepare=_trained,
    ),
    Case("evaluate", f"{EVALUATE} -c ../inputs/tiny.safetensors"),
    Case("evaluate --report", f"{EVALUATE} -c ../inputs/tiny.safetensors --report report.html"),
    Case("evaluate --predictions", f"{EVALUATE} --predictions ../inputs/meshes"),
    Case("evaluate --meshes", f"{EVALUATE} -c ../inputs/tiny.safetensors --meshes meshes"),
    Case("export, mesh", "export ../inputs/ball.ply ball.glb -q"),
    Case("export, voxels", "export ../inputs/ball.ply ball.npz --resolution 128 -q"),
    Case("export, checkpoint", "export ../inputs/tiny.safetensors half.safetensors --half -q"),
    Case("export, ONNX", "export ../inputs/tiny.safetensors tiny.onnx -q"),
    Case(
        "reconstruct, photo",
        "reconstruct ../inputs/photos/0.png -c ../inputs/tiny.safetensors -o ball.glb "
        "--resolution 32 --preview --turntable --viewer -q --device cpu",
    ),
    Case("reconstruct, folder", f"{FOLDER} --preview"),
    Case("reconstruct --manifest, no workers", f"{FOLDER} {MANIFESTS} --workers 0"),
    Case("reconstruct --manifest, 2 workers", f"{FOLDER} {MANIFESTS} --workers 2"),
)


def make_inputs(root: Path) -> None:
    """Create the inputs of all cases in `root/inputs`."""
    inputs = root / "inputs"
    _data(inputs / "data", "test")
    _data(inputs / "balls", "train")
    network = tiny_network()
    save_checkpoint(
        inputs / "tiny.safetensors", network, CheckpointInfo(network.spec, threshold=0.5)
    )
    sphere = Sphere(radius=0.4).mesh(subdivisions=6)
    write_mesh(sphere, inputs / "ball.ply")
    for number in range(SHAPES):
        write_mesh(
            Sphere(radius=0.2 + 0.03 * number).mesh(), inputs / f"meshes/ball/{number:02d}.ply"
        )
    (inputs / "photos").mkdir()
    for number in range(4):
        data = picture(0.25 + 0.05 * number, 20 * number, size=48)
        (inputs / f"photos/{number}.png").write_bytes(data)
    train = f"train ../inputs/balls -o run {TRAIN} --no-calibrate"
    for arguments, made, name in ((train, "run", "trained"), (f"{PREPROCESS} 0", "data", "stored")):
        folder = root / name
        folder.mkdir()
        ended = Command(arguments.split(), folder, root / "log").wait()
        if ended.code:
            raise RuntimeError(ended.printed)
        (folder / made).rename(inputs / name)


def _data(folder: Path, split: str) -> None:
    count = CategoryInfo("ball", SHAPES)
    store = ShapeStore.create(folder, DatasetInfo("balls", {"ball": count}))
    for number in range(SHAPES):
        store.write(ball(f"{number:02d}", 0.2 + 0.03 * number), np.random.default_rng(0))
    ids = [ShapeId("ball", f"{number:02d}") for number in range(SHAPES)]
    store.set_split("train", ids if split == "train" else [])
    store.set_split("val", ids[::2])
    store.set_split("test", ids if split == "test" else [])


def fresh(case: Case, folder: Path) -> Path:
    """Return `folder`, emptied and prepared for a case."""
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir()
    case.prepare(folder)
    return folder


def contents(folder: Path) -> dict[str, str]:
    """Return a hash of the comparable content of each file in `folder`, by path."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.name.startswith("events.out.tfevents"):
            found[path.relative_to(folder).as_posix()] = hashlib.sha256(_telling(path)).hexdigest()
    return found


def differences(found: dict[str, str], expected: dict[str, str]) -> list[str]:
    """Describe how the contents of two folders differ."""
    said = []
    for name in sorted(found.keys() | expected.keys()):
        if name not in expected:
            said.append(f"{name} is left over")
        elif name not in found:
            said.append(f"{name} is missing")
        elif found[name] != expected[name]:
            said.append(f"{name} differs")
    return said


def _telling(path: Path) -> bytes:
    """Return the content of a file without times and counts, which depend on the run."""
    data = path.read_bytes()
    if path.name == "preprocess.json":
        report = json.loads(data)
        for name in ("seconds", "kept", "already"):
            del report[name]
        return json.dumps(report).encode()
    if path.name == "metrics.csv":
        rows = csv.DictReader(io.StringIO(data.decode()))
        return json.dumps([[row[n] for n in ("step", "iou", "threshold")] for row in rows]).encode()
    if path.name.endswith(".viewer.html"):
        return re.sub(rb"[0-9]+[.][0-9] s\b", b"", data)
    if path.suffix == ".ckpt":
        state = torch.load(path, weights_only=True)
        parts = ("state_dict", "optimizer_states", "lr_schedulers", "callbacks", "global_step")
        return _described({name: state[name] for name in parts})
    return data


def _described(value: Any) -> bytes:
    """Return bytes that identify nested values with tensors, except for the clock's times."""
    if isinstance(value, torch.Tensor):
        return hashlib.sha256(value.detach().numpy().tobytes()).digest()
    if isinstance(value, dict):
        items = [(key, item) for key, item in value.items() if key not in TIMES]
        return b"{" + b",".join(repr(k).encode() + _described(v) for k, v in items) + b"}"
    if isinstance(value, list | tuple):
        return b"[" + b",".join(map(_described, value)) + b"]"
    return repr(value).encode()
