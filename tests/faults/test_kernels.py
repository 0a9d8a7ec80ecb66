"""Mutated meshes through all kernels of conversion and of scores, and odd arrays to their wrappers.

`make sanitize` runs it on kernels that check every memory access, with more meshes.
"""

import os
import re
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest

from onet_cli.errors import OnetError
from onet_cli.exporting.mesh import fill_voxels
from onet_cli.geometry.simplify import FEWEST_FACES, simplify
from onet_cli.meshes.read import read_mesh
from tests.faults.readers import mesh_readers, score_prediction, shape_of_mesh
from tests.faults.slow_meshes import MAKERS, make_files, mesh_name

MUTATED = int(os.environ.get("ONET_MUTATED_MESHES", "24"))
"""Mutated meshes for each of two readers; `bench/sanitize.py --meshes` sets it."""

SIZES = (0.002, 0.02)


def converted(path):
    """Simplify a mesh to half of its faces and to the fewest, and fill its inside with voxels."""
    mesh = read_mesh(path)
    for faces in (max(FEWEST_FACES, len(mesh.faces) // 2), FEWEST_FACES):
        simplify(mesh, faces)
    fill_voxels(mesh, 16)


def ends_well(read, path):
    """Return whether `read` takes the mesh; an error in words of one line is fine."""
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            read(path)
    except OnetError as error:
        assert "\n" not in str(error)  # noqa: PT017
        return False
    return True


@pytest.mark.parametrize("name", ["mesh to shape", "prediction"])
@pytest.mark.parametrize("first", range(0, MUTATED, 12))
def test_mutated_meshes_become_shapes_or_are_refused(name, first, tmp_path):
    reader = next(each for each in mesh_readers() if each.name == name)
    read = 0
    for seed in range(first, first + 12):
        folder = tmp_path / str(seed)
        folder.mkdir()
        (folder / reader.file).write_bytes(reader.input(seed))
        read += ends_well(reader.read, folder / reader.file)
        for path in folder.iterdir():  # under the suffix of its kind by now
            ends_well(converted, path)
    assert read > 0


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", MAKERS)
def test_small_forms_of_slow_meshes_become_shapes_or_are_refused(name, size, tmp_path):
    files = make_files(name, 1, size)
    for file, data in files.items():
        (tmp_path / file).write_bytes(data)

    for read in (converted, score_prediction, shape_of_mesh):
        ends_well(read, tmp_path / mesh_name(files))


@pytest.mark.slow
def test_odd_arrays_are_refused_in_words_and_end_no_process():
    done = subprocess.run(
        [sys.executable, "-m", "tests.faults.arrays"],
        cwd=Path(__file__).parents[2],
        env=os.environ | {"OMP_NUM_THREADS": "1"},  # threads of OpenMP do not live on in forks
        capture_output=True,
        text=True,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"^2[0-9]{3} calls of [0-9]+ functions, 0 faults$", done.stdout, re.MULTILINE)
