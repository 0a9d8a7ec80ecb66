"""A small package registers an encoder, a decoder and a source by entry points."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.preprocessing.libraries import box_obj

ROOT = Path(__file__).parents[1]

MODULE = '''
from torch import nn

from onet_cli.models.decoders.fc import FcDecoder
from onet_cli.preprocessing.sources.resolve import open_source


class MeanEncoder(nn.Module):
    """The mean colour of a picture, spread over the code."""

    def __init__(self, code_dim):
        super().__init__()
        self.spread = nn.Linear(3, code_dim)

    def forward(self, images):
        return self.spread(images.mean(dim=(2, 3)))


class WideDecoder(FcDecoder):
    """The fully connected decoder under another name."""


def open_boxes(place, options):
    """The meshes in the folder `place`."""
    return open_source(place, options)
'''
ENTRY_POINTS = """
[onet.encoders]
mean-colour = tiny_onet:MeanEncoder
broken = tiny_onet.missing:Encoder

[onet.decoders]
wide = tiny_onet:WideDecoder

[onet.sources]
boxes = tiny_onet:open_boxes
"""
BUILD = """
import sys, torch
from onet_cli.models.network import build_network
from onet_cli.models.registry import DECODERS, ENCODERS
from onet_cli.models.spec import ModelSpec
print("tiny_onet" in sys.modules, "mean-colour" in ENCODERS.names(), "wide" in DECODERS.names())
network = build_network(ModelSpec("m", "mean-colour", "wide", code_dim=8, hidden_dim=8))
code = network.encode(torch.rand(2, 3, 32, 32))
print(tuple(network.decode(torch.rand(2, 5, 3), code).shape), type(network.encoder).__module__)
"""


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    """A folder with an installed package in it."""
    site = tmp_path_factory.mktemp("site")
    (site / "tiny_onet.py").write_text(MODULE)
    facts = site / "tiny_onet-1.0.dist-info"
    facts.mkdir()
    (facts / "METADATA").write_text("Metadata-Version: 2.1\nName: tiny-onet\nVersion: 1.0\n")
    (facts / "entry_points.txt").write_text(ENTRY_POINTS)
    return site


def run(package, *arguments):
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(package), str(ROOT)])}
    command = [sys.executable, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, env=environment, cwd=package)


def test_encoders_and_decoders_are_found_by_name_and_loaded_when_asked_for(package):
    result = run(package, "-c", BUILD)

    assert result.stderr == ""
    assert result.stdout.splitlines() == ["False True True", "(2, 5) tiny_onet"]


def test_a_source_is_opened_by_its_name_and_place(package, tmp_path):
    (tmp_path / "chair").mkdir()
    (tmp_path / "chair" / "oak.obj").write_text(box_obj(1, 2, 3))
    small = ["--views", "1", "--points", "64", "--resolution", "16", "--workers", "0"]

    result = run(
        package, "-m", "onet_cli", "preprocess", f"boxes:{tmp_path}", tmp_path / "out", *small
    )

    assert "1 shapes written" in result.stdout, result.stderr
    assert (tmp_path / "out" / "shapes" / "chair" / "oak.h5").is_file()


def test_a_package_that_cannot_be_imported_is_named(package):
    program = "from onet_cli.models.registry import ENCODERS; ENCODERS.get('broken')"

    result = run(package, "-c", program)

    assert "OnetError: 'broken' of the package tiny-onet cannot be loaded" in result.stderr
