"""Run the kernels' tests on kernels that check every memory access: a verdict for each way.

`bounds`: Cython checks each index of each memoryview. `address`: GCC's AddressSanitizer watches
every load and store, pointers and C arrays included, and its UndefinedBehaviorSanitizer overflows
of integers, shifts, divisions by zero, alignment, and numbers that do not fit the integer that they
are converted to. Each is built in a copy of the package that is thrown away; the installed kernels
stay as they are.

Usage: python bench/sanitize.py [--only bounds|address] [--kernels NAME ...] [--meshes N] [TEST ...]
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[1]
COPIED = ["ext", "onet_cli", "tests", "pyproject.toml"]
TESTS = [
    "tests/geometry",
    "tests/faults/test_kernels.py",
    "tests/models/test_aligned.py",
    "tests/models/test_depthwise.py",
    "tests/models/test_look_up.py",
    "tests/models/test_plane_points.py",
    "tests/models/test_rows.py",
]


@dataclass(frozen=True)
class Mode:
    """One way to watch memory: what to build with, and how to start Python on it."""

    replaced: dict[str, str] = field(default_factory=dict)
    flags: list[str] = field(default_factory=list)
    environment: dict[str, str] = field(default_factory=dict)


def modes() -> dict[str, Mode | str]:
    """Return the ways to watch memory, or why one cannot work here."""
    # In the sources: a directive there outranks one given to the compiler.
    checked = {r"boundscheck\s*([=(])\s*False": r"boundscheck\1True"}
    return {"bounds": Mode(checked), "address": _address_sanitizer()}


def _address_sanitizer() -> Mode | str:
    if not sys.platform.startswith("linux"):
        return "needs Linux"
    if shutil.which("gcc") is None:
        return "needs gcc: apt-get install gcc"
    # Python itself is not built with the sanitizer, so its runtime has to be loaded first; the
    # C++ library with it, because it wraps how exceptions are thrown.
    libraries = [_library(name) for name in ("libasan.so", "libstdc++.so")]
    if None in libraries:
        return "needs libasan, which comes with gcc: apt-get install libgcc-12-dev"
    watched = "address"
    if _library("libubsan.so") is not None:
        watched += ",undefined,float-cast-overflow"
    return Mode(
        # Python adds -fwrapv, which would define away what is looked for.
        flags=[f"-fsanitize={watched}", "-fno-wrapv", "-fno-omit-frame-pointer", "-g"],
        environment={
            "LD_PRELOAD": " ".join(str(path) for path in libraries),
            # Python keeps memory until it exits, which is no leak.
            "ASAN_OPTIONS": "detect_leaks=0:abort_on_error=0",
            # Otherwise small objects would share blocks without guards in between.
            "PYTHONMALLOC": "malloc",
        },
    )


def _library(name: str) -> Path | None:
    command = ["gcc", f"-print-file-name={name}"]
    path = Path(subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip())
    return path.resolve() if path.is_absolute() else None


def build(mode: Mode, kernels: list[str]) -> None:
    """Compile `kernels` from ./ext into ./onet_cli/_ext; fails as the compilers do."""
    from Cython.Build import cythonize
    from setuptools import Distribution, Extension

    for source in Path("ext").glob("*.p[yx]*"):
        text = source.read_text(encoding="utf-8")
        for pattern, replacement in mode.replaced.items():
            text = re.sub(pattern, replacement, text)
        source.write_text(text, encoding="utf-8")
    settings = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))
    declared = {
        module["name"].rpartition(".")[2]: module.get("extra-compile-args", [])
        for module in settings["tool"]["setuptools"]["ext-modules"]
    }
    extensions = [
        Extension(
            f"onet_cli._ext.{name}",
            [f"ext/{name}.pyx"],
            include_dirs=["ext"],
            extra_compile_args=[*declared.get(name, []), "-O1", *mode.flags],
            extra_link_args=mode.flags,
        )
        for name in kernels
    ]
    command = Distribution(
        {"ext_modules": cythonize(extensions, quiet=True, emit_linenums=True), "packages": []}
    ).get_command_obj("build_ext")
    command.build_lib, command.build_temp = ".", "build"
    command.parallel = os.cpu_count()
    command.ensure_finalized()
    command.run()


def start(copy: Path, mode: Mode, *command: str) -> subprocess.CompletedProcess[str]:
    """Run Python with `command` in `copy`, on what is built there."""
    return subprocess.run(
        [sys.executable, *command],
        cwd=copy,
        env=os.environ | {"PYTHONPATH": str(copy)} | mode.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def verdict(name: str, mode: Mode | str, kernels: list[str], tests: list[str]) -> bool:
    """Build and test in a temporary copy, and print one line, or more where something is wrong."""
    if isinstance(mode, str):
        print(f"{name}: left out, {mode}")
        return True
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder)
        for part in COPIED:
            copy_part(ROOT / part, copy / part)
        # In a process of its own, which setuptools may leave as it likes.
        compiling = [__file__, "--build", name, "--kernels", *kernels]
        built = start(copy, Mode(), *compiling)
        if built.returncode != 0:
            return _complain(name, built.stdout, "does not compile")
        where = start(copy, Mode(), "-c", "import onet_cli; print(onet_cli.__path__[0])")
        if not where.stdout.startswith(str(copy)):
            return _complain(name, where.stdout, "another onet_cli would be tested")
        # An error in a function that cannot raise is only printed: that is to fail a test, too.
        # The sanitizer prints to the process, past what pytest captures by default.
        strict = ["-W", "error::pytest.PytestUnraisableExceptionWarning", "--capture=sys"]
        done = start(copy, mode, "-m", "pytest", *strict, *tests)
    # The process goes on after undefined behaviour: all of it is found in one run.
    undefined = sorted(set(re.findall(r"\S+: runtime error: .*", done.stdout)))
    if undefined:
        print("\n".join(undefined))
    if done.returncode != 0 or undefined:
        return _complain(name, done.stdout, "NOT clean")
    summary = [line for line in done.stdout.splitlines() if " passed" in line]
    print(f"{name}: clean, {len(kernels)} kernels, {summary[-1].strip('= ')}", flush=True)
    return True


def copy_part(source: Path, target: Path) -> None:
    """Copy a file, or a folder without what is built or large."""
    if source.is_file():
        shutil.copy(source, target)
        return
    unwanted = shutil.ignore_patterns("*.so", "*.pyd", "__pycache__", "*.safetensors")
    shutil.copytree(source, target, ignore=unwanted)


def _complain(name: str, output: str, what: str) -> bool:
    # Without the interpreter's own frames and the compiler's advice.
    noise = re.compile(r"^ +#\d+ .* (Python|Objects|Include|Modules)/|^performance hint")
    print("\n".join([line for line in output.splitlines() if not noise.search(line)][-60:]))
    print(f"{name}: {what}, see above", flush=True)
    return False


def main() -> None:
    """Print the verdicts; exit 1 if one is not clean."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", choices=["bounds", "address"])
    parser.add_argument("--kernels", nargs="+", help="build only these; default: all of ext/")
    parser.add_argument("--meshes", type=int, default=240, help="mutated ones for each reader")
    parser.add_argument("--build", help=argparse.SUPPRESS)
    parser.add_argument("tests", nargs="*", help="default: those of all kernels")
    options = parser.parse_args()
    kernels = options.kernels or sorted(path.stem for path in (ROOT / "ext").glob("*.pyx"))
    if options.build:
        mode = modes()[options.build]
        assert isinstance(mode, Mode)
        build(mode, kernels)
        return
    os.environ["ONET_MUTATED_MESHES"] = str(options.meshes)
    clean = [
        verdict(name, mode, kernels, options.tests or TESTS)
        for name, mode in modes().items()
        if options.only in (None, name)
    ]
    if not all(clean):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
