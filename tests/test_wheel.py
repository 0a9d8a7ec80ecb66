"""The wheel carries everything and needs no compiler where it is installed."""

import os
import re
import subprocess
import sys
import sysconfig
import tarfile
import tomllib
import venv
import zipfile
from pathlib import Path

import pytest

from onet_cli.exporting.web.bundle import BUNDLE, FILES

ROOT = Path(__file__).parents[1]
KERNELS = sorted(path.stem for path in (ROOT / "ext").glob("*.pyx"))

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    out = tmp_path_factory.mktemp("wheel")
    # With this environment's setuptools and Cython: the network is closed to tests.
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    subprocess.run([*command, "-w", out, ROOT], check=True)
    return next(out.glob("onet_cli-*.whl"))


def test_the_wheel_holds_kernels_stubs_and_weights(wheel):
    names = zipfile.ZipFile(wheel).namelist()

    for kernel in KERNELS:
        assert any(n.startswith(f"onet_cli/_ext/{kernel}.") and not n.endswith("i") for n in names)
        assert f"onet_cli/_ext/{kernel}.pyi" in names
    assert "onet_cli/models/pretrained/furniture.safetensors" in names
    for part in ("recipes/furniture", "onet_cli/models/segmentation"):
        assert any(name.endswith(f"licenses/{part}/ATTRIBUTION.md") for name in names)
    assert "onet_cli/models/segmentation/u2netp.safetensors" in names
    assert "onet_cli/py.typed" in names
    for part in ("evaluation/html", "reconstruction/viewer"):
        assert any(n.startswith(f"onet_cli/{part}/") and n.endswith(".js") for n in names)
    if BUNDLE.is_dir():  # `make web` has run
        assert {f"onet_cli/exporting/web/bundle/{name}" for name in FILES} <= set(names)
    assert not any(name.startswith(("tests/", "ext/", "bench/")) for name in names)


def test_the_wheel_installs_and_runs_without_a_compiler(wheel, tmp_path):
    venv.create(tmp_path / "env", with_pip=True)
    python = tmp_path / "env/bin/python"
    # The dependencies come from this environment; onet itself only from the wheel.
    environment = {
        "PATH": "/nowhere",
        "CC": "/bin/false",
        "PYTHONPATH": sysconfig.get_paths()["purelib"],
        "HOME": os.environ.get("HOME", "/"),
    }
    install = [python, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", wheel]
    subprocess.run(install, check=True, env=environment)

    photo = next((ROOT / "examples").glob("*.jpg"))
    command = [tmp_path / "env/bin/onet", "reconstruct", photo, "-o", tmp_path / "mesh.obj"]
    done = subprocess.run(
        command, env=environment, cwd=tmp_path, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr
    assert (tmp_path / "mesh.obj").read_text().count("\nf ") > 1000
    where = [python, "-c", "import onet_cli; print(onet_cli.__file__)"]
    found = subprocess.run(
        where, env=environment, cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert str(tmp_path / "env") in found.stdout


def test_the_source_distribution_holds_all_that_kernels_are_built_from(tmp_path):
    program = f"from setuptools import build_meta; print(build_meta.build_sdist({str(tmp_path)!r}))"
    subprocess.run([sys.executable, "-c", program], check=True, cwd=ROOT, capture_output=True)

    with tarfile.open(next(tmp_path.glob("onet_cli-*.tar.gz"))) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    sources = {path.relative_to(ROOT).as_posix() for path in (ROOT / "ext").iterdir()}
    sources = {name for name in sources if name.endswith((".pyx", ".pxi", ".h"))}
    assert sources <= names
    assert {"pyproject.toml", "LICENSE", "README.md", "onet_cli/py.typed"} <= names
    assert "onet_cli/models/pretrained/furniture.safetensors" in names
    assert {"package.json", "package-lock.json", "onet_cli/exporting/web/build.mjs"} <= names
    page = ROOT / "onet_cli" / "exporting" / "web" / "source"
    assert {path.relative_to(ROOT).as_posix() for path in page.rglob("*.*")} <= names


def test_containers_and_releases_name_what_is_there():
    dockerfiles = sorted((ROOT / "docker").glob("*.Dockerfile"))
    pinned = re.search(r"^torch==(\S+)$", (ROOT / "constraints.txt").read_text(), re.MULTILINE)

    assert [path.name for path in dockerfiles] == ["cpu.Dockerfile", "cuda.Dockerfile"]
    for path in dockerfiles:
        text = path.read_text()
        assert f"torch=={pinned[1]} " in text
        for source in re.findall(r"^COPY (?!--from)(\S+) ", text, re.MULTILINE):
            assert (ROOT / source).exists()
    kept = re.findall(r"^!(\S+)$", (ROOT / ".dockerignore").read_text(), re.MULTILINE)
    licences = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["license-files"]
    for needed in ("pyproject.toml", "README.md", "constraints.txt", "ext", *licences):
        assert any(needed == one or needed.startswith(one + "/") for one in kept), needed


WITHOUT_TORCH = (
    *("numpy", "pykdtree", "trimesh", "mapbox-earcut", "pillow"),
    *("safetensors", "typer", "rich", "onnxruntime"),
)
"""The packages of docs/reconstruct.md for an environment without torch."""

MOST_BYTES = 350e6


def test_a_photo_is_reconstructed_in_an_environment_without_torch(wheel, tmp_path):
    place = tmp_path / "environment"
    venv.create(place, with_pip=True)
    python = place / "bin" / "python"
    install = [python, "-m", "pip", "install", "--quiet"]
    subprocess.run([*install, "--no-deps", "--no-index", wheel], check=True)
    # The network is open to this pip alone, as its packages are not installed here.
    online = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    if subprocess.run([*install, *WITHOUT_TORCH], env=online).returncode:
        pytest.skip("pip cannot install the packages: there is no index")

    photo, mesh = ROOT / "examples" / "chair.jpg", tmp_path / "chair.obj"
    command = [place / "bin" / "onet", "reconstruct", photo, "-o", mesh]
    ran = subprocess.run(command, check=True, capture_output=True, text=True, cwd=tmp_path)

    assert "closed: yes" in ran.stdout
    assert mesh.stat().st_size > 100_000
    assert subprocess.run([python, "-c", "import torch"], capture_output=True).returncode
    files = [path for path in place.rglob("*") if path.is_file() and not path.is_symlink()]
    assert sum(path.stat().st_size for path in files) < MOST_BYTES
    documented = (ROOT / "docs" / "reconstruct.md").read_text()
    assert f"pip install {' '.join(WITHOUT_TORCH)}" in documented
