"""Compile the kernels' C for other systems with zig's compiler (`pip install ziglang`).

    python bench/cross_compile.py [--target aarch64-linux-gnu ...] [--keep FOLDER]

Nothing is linked or run, and nothing is optimised: what is checked is that the sources need nothing
that only GCC has. The C library's headers are zig's for each target (glibc, macOS, MinGW-w64 for
Windows). Python's headers stand in for those of the target: they are this machine's, of a 64-bit
Linux; for Windows with the changes of `WINDOWS`. With --keep, C files that are newer than all
sources are not made again. A Markdown table is printed last.
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
WINDOWS = """#include "{config}"
#undef HAVE_SYS_SELECT_H
#undef HAVE_PTHREAD_H
#undef SIZEOF_LONG
#define SIZEOF_LONG 4
#undef SIZEOF_WCHAR_T
#define SIZEOF_WCHAR_T 2
#define NT_THREADS 1
#define MS_WINDOWS 1
#define MS_WIN32 1
#define MS_WIN64 1
"""
"""What Python's pyconfig.h has otherwise on Windows, as far as its headers ask."""

TARGETS = ("x86_64-linux-gnu", "aarch64-linux-gnu", "aarch64-macos", "x86_64-windows-gnu")


def kernels() -> Iterator[tuple[Path, list[str]]]:
    """Return the name and the compiler options of each kernel, as pyproject.toml has them."""
    table = tomllib.loads((ROOT / "pyproject.toml").read_text())
    for module in table["tool"]["setuptools"]["ext-modules"]:
        yield ROOT / module["sources"][0], module.get("extra-compile-args", [])


def translate(source: Path, folder: Path) -> Path:
    """Return the C file that Cython makes of a .pyx file."""
    target = folder / f"{source.stem}.c"
    newest = max(path.stat().st_mtime for path in (ROOT / "ext").iterdir())
    if target.is_file() and target.stat().st_mtime > newest:
        return target
    command = [sys.executable, "-m", "cython", "-3", "-I", ROOT / "ext", source, "-o", target]
    subprocess.run(command, check=True, capture_output=True)
    return target


def compile_for(target: str, source: Path, options: list[str], folder: Path) -> str | None:
    """Return the first error of compiling a C file for a target, None if there is none."""
    headers = sysconfig.get_paths()["include"]
    command = [sys.executable, "-m", "ziglang", "cc", "-target", target, "-c", source, *options]
    command += ["-O0", "-w", "-I", headers, "-I", ROOT / "ext"]
    if "windows" in target:
        stand_in = folder / "windows.h"
        stand_in.write_text(WINDOWS.format(config=sysconfig.get_config_h_filename()))
        command += ["-include", stand_in]
    command += ["-o", folder / f"{source.stem}.{target}.o"]
    result = subprocess.run(command, capture_output=True, text=True)
    if result.returncode == 0:
        return None
    errors = [line for line in result.stderr.splitlines() if "error" in line]
    return (errors or [result.stderr.strip()])[0]


def table(found: dict[str, dict[str, str | None]]) -> str:
    """Return the results by target and kernel as a Markdown table."""
    rows = ["| kernel | " + " | ".join(found) + " |", "|---" * (len(found) + 1) + "|"]
    for kernel in next(iter(found.values())):
        cells = [by_kernel[kernel] or "compiles" for by_kernel in found.values()]
        rows.append(f"| {kernel} | " + " | ".join(cells) + " |")
    return "\n".join(rows)


def main() -> int:
    """Read the command line, compile, and print."""
    parser = argparse.ArgumentParser(description="Compile the kernels for other systems.")
    parser.add_argument("--target", nargs="+", default=TARGETS)
    parser.add_argument("--kernel", nargs="+", help="names; all without it")
    parser.add_argument("--keep", type=Path, help="keep C and object files here")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.keep or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        sources = [
            (translate(source, folder), flags)
            for source, flags in kernels()
            if not options.kernel or source.stem in options.kernel
        ]
        found: dict[str, dict[str, str | None]] = {target: {} for target in options.target}
        for target, by_kernel in found.items():
            for source, flags in sources:
                error = compile_for(target, source, flags, folder)
                by_kernel[source.stem] = error
                print(f"{target:20} {source.stem:12} {error or 'compiles'}", flush=True)
    print(f"\n{table(found)}")
    return int(any(error for by_kernel in found.values() for error in by_kernel.values()))


if __name__ == "__main__":
    sys.exit(main())
