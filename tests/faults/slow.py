"""Give commands meshes that are likely to be slow: time, memory and outcome of each.

`python -m tests.faults.slow` prints a table. `onet preprocess` converts each to a shape of two
views, `onet export` writes it as GLB and with `--faces 5000`, `onet evaluate --predictions` scores
it as if a network had made it. Each ends with a result, or with an error or a reason of one line,
within `--seconds` of processor time and `--memory` GB.
"""

import argparse
import resource
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from onet_cli.shapes.shape import ShapeId
from onet_cli.shapes.store import CategoryInfo, DatasetInfo, ShapeStore
from tests.faults.process import Command, Ended, with_one_thread
from tests.faults.slow_meshes import MAKERS, make_files, mesh_name
from tests.training.conftest import ball

COMMANDS = {
    "preprocess": "preprocess set data --views 2 --workers 1 -q --resolution {resolution}",
    "export": "export set/ball/{mesh} whole.glb -q",
    "--faces 5000": "export set/ball/{mesh} small.ply --faces 5000 -q",
    "evaluate": "evaluate balls --predictions set --workers 0 -q --output scores.json",
}
PATIENCE = 4
"""Times `--seconds` after which a command is ended."""


@dataclass(frozen=True)
class Bounds:
    """What a command may take: seconds of processor time, and bytes of memory of a process.

    `resolution` is that of the grid of `onet preprocess`.
    """

    seconds: float
    memory_bytes: float
    resolution: int


def main() -> int:
    """Print a table of all meshes; return 1 where one broke a command or a bound."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=float, default=1.0, help="share of the numbers of faces")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--memory", type=float, default=4, help="GB of a process")
    parser.add_argument("--resolution", type=int, default=256, help="of onet preprocess")
    parser.add_argument("--only", nargs="*", default=(), help="parts of the names of meshes")
    parser.add_argument("--commands", nargs="*", default=list(COMMANDS), choices=list(COMMANDS))
    options = parser.parse_args()
    with_one_thread("tests.faults.slow")
    load_libraries()
    bounds = Bounds(options.seconds, options.memory * 1e9, options.resolution)
    print(f"| mesh | {' | '.join(options.commands)} |")
    print("|---" * (1 + len(options.commands)) + "|", flush=True)
    broken = 0
    for name in MAKERS:
        if options.only and not any(part in name for part in options.only):
            continue
        with tempfile.TemporaryDirectory() as folder:
            files = make_files(name, options.seed, options.size)
            cells, told = try_mesh(files, Path(folder), options.commands, bounds)
        broken += sum("**" in cell for cell in cells)
        print(f"| {' | '.join([name, *cells])} |", flush=True)
        for text in told:
            print(f"  {text}", flush=True)
    return int(broken > 0)


def load_libraries() -> None:
    """Import what the commands import, before forking."""
    import onet_cli.app
    import onet_cli.evaluation.run
    import onet_cli.exporting.mesh
    import onet_cli.preprocessing.pipeline
    import onet_cli.preprocessing.sources.resolve  # noqa: F401


def try_mesh(
    files: dict[str, bytes], root: Path, commands: Sequence[str], bounds: Bounds
) -> tuple[list[str], list[str]]:
    """Return a cell of the table for each command, and what was said on the way."""
    folder = root / "work"
    (folder / "set/ball").mkdir(parents=True)
    for name, data in files.items():
        (folder / "set/ball" / name).write_bytes(data)
    mesh = mesh_name(files)
    store = ShapeStore.create(folder / "balls", DatasetInfo("b", {"ball": CategoryInfo("ball", 1)}))
    store.write(ball("m", 0.4), np.random.default_rng(0))
    for split in ("train", "val", "test"):
        store.set_split(split, [ShapeId("ball", "m")] if split == "test" else [])
    cells, told = [], []
    for name in commands:
        arguments = COMMANDS[name].format(mesh=mesh, resolution=bounds.resolution).split()
        ended = Command(arguments, folder, root / "log", lambda: _limit(bounds)).wait()
        cells.append(_cell(ended, bounds))
        told += [f"{name}: {line}" for line in ended.printed.splitlines() if line.strip()]
    shutil.rmtree(folder)
    return cells, told


def _limit(bounds: Bounds) -> None:
    most = round(PATIENCE * bounds.seconds)
    resource.setrlimit(resource.RLIMIT_CPU, (most, most))


def _cell(ended: Ended, bounds: Bounds) -> str:
    """Return seconds, GB and outcome in short; what broke a bound in bold."""
    outcome = "" if ended.code == 0 else ", refused"
    told = [line for line in ended.printed.splitlines() if "warning" not in line]
    if ended.code not in (0, 1) or "Traceback" in ended.printed:
        outcome = f", **exit code {ended.code}**"
    elif ended.code == 1 and len(told) > 2:
        outcome = f", **refused in {len(told)} lines**"
    seconds, memory = f"{ended.processor_s:.0f} s", f"{ended.memory_bytes / 1e9:.1f} GB"
    seconds = f"**{seconds}**" if ended.processor_s > bounds.seconds else seconds
    memory = f"**{memory}**" if ended.memory_bytes > bounds.memory_bytes else memory
    return f"{seconds}, {memory}{outcome}"


if __name__ == "__main__":
    raise SystemExit(main())
