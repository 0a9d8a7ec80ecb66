"""Mutation testing: small faults put into modules, one at a time, that their tests should notice.

    python -m tests.mutation onet_cli.geometry.thin onet_cli.geometry.metrics --limit 100
    python -m tests.mutation onet_cli.geometry.thin:40 ext/marching.pyx

takes mutants of each module, of some lines (`:40,52`) or of a kernel, at random, and prints each
survivor as `file:line:column: from -> to` and how many were noticed. A survivor is a hole in the
tests, or a change that changes nothing that can be seen.
"""

import argparse
import gc
import os
import random
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

for threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[threads] = "1"
os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"  # no test needs one, and finding them takes time

from tests.mutation import kernels, modules  # noqa: E402
from tests.mutation.modules import Mutant  # noqa: E402
from tests.mutation.trial import REACH, ROOT, Trial, tests_of  # noqa: E402

Replacement = AbstractContextManager[str | Path | None]


def subject(name: str) -> tuple[str, Iterator[Mutant], Callable[[Mutant | None], Replacement]]:
    """Return a module's name, its mutants, and what gives the replacement for one, or for none."""
    if name.startswith("ext/"):
        kernel = Path(name).stem
        return (
            f"onet_cli._ext.{kernel}",
            kernels.mutants(kernel),
            lambda mutant: kernels.built(kernel, mutant),
        )
    path = ROOT / (name.replace(".", "/") + ".py")
    return name, modules.mutants(path), lambda mutant: nullcontext(mutant and mutant.source)


def examine(argument: str, options: argparse.Namespace) -> tuple[int, int]:
    """Print the survivors of a module and a line; return how many were noticed, of how many."""
    name, _, lines = argument.partition(":")
    module, found, replacement = subject(name)
    wanted = {int(line) for line in lines.split(",") if line}
    chosen = [mutant for mutant in found if not wanted or mutant.line in wanted]
    random.Random(options.seed).shuffle(chosen)
    with replacement(None) as original:
        if original is None and argument.startswith("ext/"):
            sys.exit(f"{module} does not build")
        trial = Trial.of(module, tests_of(module, options.tests), original)
    if trial is None:
        print(f"{module}: no tests, or they fail as it is", flush=True)
        return 0, 0
    begun, killed, tried = time.monotonic(), 0, 0
    for mutant in chosen:
        if tried == options.limit:
            break
        with replacement(mutant) as replaced:
            if replaced is None:  # does not compile
                continue
            tried += 1
            if trial.notices(replaced):
                killed += 1
            else:
                place = f"{mutant.path.relative_to(ROOT)}:{mutant.line}:{mutant.column}"
                print(f"  {place}: {mutant.change}", flush=True)
    seconds = time.monotonic() - begun
    print(f"{module}: {killed} of {tried} noticed ({seconds:.0f} s)", flush=True)
    return killed, tried


def main() -> None:
    """Print a line for each module, and its survivors."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.mutation",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("modules", nargs="+", metavar="module[:lines] | ext/kernel.pyx[:lines]")
    parser.add_argument(
        "--limit", type=int, default=12, help="mutants of each, at random (%(default)s)"
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--tests",
        choices=REACH,
        default="near",
        help="its own file, also those of its package that import it, or all (%(default)s)",
    )
    options = parser.parse_args()
    import h5py  # noqa: F401 - imported once, before the forks
    import hypothesis  # noqa: F401
    import PIL.Image  # noqa: F401
    import scipy.ndimage
    import scipy.optimize
    import scipy.sparse
    import scipy.spatial  # noqa: F401
    import skimage.measure  # noqa: F401
    import torch  # noqa: F401
    import trimesh  # noqa: F401

    gc.freeze()  # pytest collects garbage: the forks need not look at all of this again
    counts = [examine(argument, options) for argument in options.modules]
    print(f"{sum(killed for killed, _ in counts)} of {sum(tried for _, tried in counts)} noticed")


if __name__ == "__main__":
    main()
