"""Mutated meshes through all kernels of conversion and of scores, and odd arrays to their wrappers.

`make sanitize` runs it on kernels that check every memory access.
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
from tests.faults.readers import mesh_readers


@pytest.mark.parametrize("name", ["mesh to shape", "prediction"])
@pytest.mark.parametrize("first", range(0, 24, 12))
def test_mutated_meshes_become_shapes_or_are_refused(name, first, tmp_path):
    reader = next(each for each in mesh_readers() if each.name == name)
    read = 0
    for seed in range(first, first + 12):
        folder = tmp_path / str(seed)
        folder.mkdir()
        (folder / reader.file).write_bytes(reader.input(seed))
        try:
            with warnings.catch_warnings(), np.errstate(all="ignore"):
                warnings.simplefilter("ignore")
                reader.read(folder / reader.file)
            read += 1
        except OnetError as error:
            assert "\n" not in str(error)  # noqa: PT017
    assert read > 0


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
