"""A worker process of a cluster is killed in the middle: every byte is that of a local run."""

import os
import subprocess
import sys

import pytest

from onet_cli.shapes.shape import ShapeId
from tests.evaluation.synthetic import CHAIR, make_store
from tests.execution.clusters import ROOT, cluster, contents, converted, differing, killing_one
from tests.reconstruction.rigged import disc_photo

pytest.importorskip("distributed")
pytestmark = pytest.mark.slow

OBJECTS = 10


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    with cluster(tmp_path_factory.mktemp("cluster")) as found:
        yield found


def onet(folder, *arguments):
    """Run a command in a new folder; return the bytes of the files that it writes."""
    folder.mkdir()
    # One thread, as in worker processes: networks round sums differently with several.
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    environment["PYTHONPATH"] = os.pathsep.join([str(ROOT), os.environ["PYTHONPATH"]])
    command = [sys.executable, "-m", "onet_cli", *map(str, arguments), "--quiet"]
    result = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr
    return contents(folder)


def has_lines(path, count):
    return path.exists() and path.read_bytes().count(b"\n") >= count


def test_preprocess(address, tmp_path):
    out = tmp_path / "far"

    with killing_one(address, lambda: list(out.glob("shapes/*/*.h5"))) as killed:
        found = converted(out, cluster=address)

    assert killed.tasks > 0
    assert differing(found, converted(tmp_path / "near", workers=0)) == []


def test_evaluate(address, tmp_path):
    data = make_store(tmp_path / "data", [ShapeId(CHAIR, f"{n:02}") for n in range(OBJECTS)]).root
    common = ["evaluate", data, "-c", "furniture", "--resolution", "32", "--device", "cpu"]
    common += ["-o", "scores.json", "--report", "report.html"]

    journal = tmp_path / "far" / "scores.json.partial"
    with killing_one(address, lambda: has_lines(journal, 3)) as killed:
        found = onet(tmp_path / "far", *common, "--cluster", address)

    assert killed.tasks > 0
    assert sorted(found) == ["report.html", "scores.json"]
    assert differing(found, onet(tmp_path / "near", *common, "--workers", "0")) == []


def test_reconstruct(address, tmp_path):
    (tmp_path / "photos").mkdir()
    for number in range(OBJECTS):
        disc_photo().rotate(9 * number).save(tmp_path / "photos" / f"{number:02}.png")
    common = ["reconstruct", tmp_path / "photos", "-o", "meshes", "--resolution", "32"]
    common += ["--manifest", "results.csv", "--manifest", "results.jsonl"]

    journal = tmp_path / "far" / "results.csv.partial"
    with killing_one(address, lambda: has_lines(journal, 3)) as killed:
        found = onet(tmp_path / "far", *common, "--cluster", address)

    assert killed.tasks > 0
    assert len(found) == 2 + OBJECTS
    assert differing(found, onet(tmp_path / "near", *common, "--workers", "0")) == []
