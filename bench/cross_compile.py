"""Compile the kernels' C for other systems with zig's compiler (`pip install ziglang`).

    python bench/cross_compile.py [--target aarch64-linux-gnu ...] [--keep FOLDER]

Nothing is linked or run. Python's headers are this machine's, of a 64-bit Linux: types whose size
differs elsewhere (`long` on Windows) are as here. What is checked is that the sources need nothing
that only GCC has.
"""

import argparse
import subprocess
import sys
import sysconfig
import tempfile
import tomllib
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
TARGETS = ("x86_64-linux-gnu", "aarch64-linux-gnu", "aarch64-macos", "x86_64-windows-gnu")


def kernels() -> Iterator[tuple[Path, list[str]]]:
    """Return the name and the compiler options of each kernel, as pyproject.toml has them."""
    table = tomllib.loads((ROOT / "pyproject.toml").read_text())
    for module in table["tool"]["setuptools"]["ext-modules"]:
        yield ROOT / module["sources"][0], module.get("extra-compile-args", [])


def translate(source: Path, folder: Path) -> Path:
    """Return the C file that Cython makes of a .pyx file."""
    target = folder / f"{source.stem}.c"
    command = [sys.executable, "-m", "cython", "-3", "-I", ROOT / "ext", source, "-o", target]
    subprocess.run(command, check=True, capture_output=True)
    return target


def compile_for(target: str, source: Path, options: list[str], folder: Path) -> str | None:
    """Return the first error of compiling a C file for a target, None if there is none."""
    headers = sysconfig.get_paths()["include"]
    command = [sys.executable, "-m", "ziglang", "cc", "-target", target, "-c", source, *options]
    command += ["-w", "-I", headers, "-I", ROOT / "ext", "-o", folder / f"{source.stem}.{target}.o"]
    result = subprocess.run(command, capture_output=True, text=True)
    if result.returncode == 0:
        return None
    errors = [line for line in result.stderr.splitlines() if "error" in line]
    return (errors or [result.stderr.strip()])[0]


def main() -> int:
    parser = argparse.ArgumentParser(description="Compile the kernels for other systems.")
    parser.add_argument("--target", nargs="+", default=TARGETS)
    parser.add_argument("--keep", type=Path, help="keep C and object files here")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.keep or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        sources = [(translate(source, folder), flags) for source, flags in kernels()]
        failed = 0
        for target in options.target:
            for source, flags in sources:
                error = compile_for(target, source, flags, folder)
                failed += error is not None
                print(f"{target:20} {source.stem:12} {error or 'compiles'}", flush=True)
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
