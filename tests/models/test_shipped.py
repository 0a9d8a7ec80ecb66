"""The weights in the package: the right ones, whole, small enough, and of use."""

import hashlib
from pathlib import Path

import numpy as np
import pytest

from onet_cli.evaluation.align import best_turn, turn
from onet_cli.geometry.inside import contains
from onet_cli.geometry.metrics import occupancy_iou
from onet_cli.models.checkpoint import load_checkpoint, shipped_models
from onet_cli.models.shipped import PRETRAINED
from onet_cli.preprocessing.sources.procedural import ProceduralSource
from onet_cli.reconstruction.batch import to_arrays
from onet_cli.reconstruction.generator import MeshGenerator
from onet_cli.reconstruction.settings import plain_settings
from onet_cli.shapes.photo import isolate_object, read_photo
from onet_cli.shapes.shape import ShapeId

EXAMPLES = Path(__file__).parents[2] / "examples"
LARGEST = 15e6  # bytes of one model


def checksums():
    lines = (PRETRAINED / "SHA256SUMS").read_text(encoding="ascii").splitlines()
    return {name: digest for digest, name in (line.split("  ") for line in lines)}


def test_every_shipped_file_has_the_checksum_that_is_written_beside_it():
    found = {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in PRETRAINED.glob("*.safetensors")
    }

    assert found == checksums()


@pytest.mark.parametrize("name", shipped_models())
def test_a_shipped_model_is_small_and_calibrated(name):
    shipped = load_checkpoint(name, "cpu")

    assert (PRETRAINED / f"{name}.safetensors").stat().st_size <= LARGEST
    assert shipped.info.platt is not None
    assert shipped.calibration is not None
    assert shipped.calibration.doubt is not None
    assert shipped.info.training
    assert {"chair", "table", "sofa", "cabinet", "bed", "lamp", "shelf"} <= {
        *shipped.info.categories
    }


@pytest.mark.parametrize(
    ("category", "number", "least"),
    [("bed", 87, 0.4), ("chair", 37, 0.12), ("lamp", 73, 0.5), ("sofa", 11, 0.15)],
)
def test_the_default_model_sees_what_is_in_the_examples(category, number, least):
    source = ProceduralSource(count=123, seed=2026, views=1, image_size=16, points=16_384)
    truth = source.read(ShapeId(category, f"{number:05}")).occupancy
    generator = MeshGenerator(load_checkpoint("furniture", "cpu"), plain_settings(64))
    photo = isolate_object(read_photo(EXAMPLES / f"{category}.jpg"))

    mesh = generator.generate(*to_arrays(photo)).mesh

    # The mesh faces as the photo shows it: the picture alone does not tell the object's front.
    turned = mesh.copy()
    degrees = best_turn(lambda points: contains(mesh, points), truth)
    turned.vertices = turn(np.asarray(mesh.vertices), degrees)
    iou = occupancy_iou(contains(turned, truth.points.astype(np.float32)), truth.occupancies)
    assert iou >= least
