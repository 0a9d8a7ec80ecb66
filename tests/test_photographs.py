"""The tables of the photographs fit each other and need no picture to be checked."""

import importlib.util
import re
import sys
from pathlib import Path

import numpy as np
import pytest

RECIPE = Path(__file__).parents[1] / "recipes" / "photographs"


@pytest.fixture(scope="module")
def table():
    spec = importlib.util.spec_from_file_location("table", RECIPE / "table.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules["table"] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules["table"]


@pytest.fixture(scope="module")
def photographs(table):
    return table.read_table()


@pytest.fixture(scope="module")
def outlines(table):
    return table.read_outlines()


def test_every_photograph_has_one_outline_of_its_size(photographs, outlines):
    assert [one.id for one in photographs] == list(outlines)
    assert len({one.sha256 for one in photographs}) == len(photographs)
    for one in photographs:
        assert outlines[one.id].size == (one.width, one.height), one.id


def test_there_are_at_least_sixty_of_every_kind_some(table, photographs):
    kinds = [one.kind for one in photographs]

    assert len(photographs) >= 60
    assert set(kinds) == set(table.KINDS)
    assert kinds.count("product") >= 20
    assert len(kinds) - kinds.count("product") >= 40


def test_every_file_is_named_for_good(photographs):
    for one in photographs:
        version = "[0-9a-f]{40}" if one.is_repository else r"\d+(\.\d+)+"
        assert re.fullmatch(version, one.version), one.id
        assert re.fullmatch("[0-9a-f]{64}", one.sha256), one.id
        assert re.fullmatch("[a-z]+(-[a-z]+)*", one.id), one.id
        assert one.licence, one.id
        assert one.bytes > 0


def test_rings_are_polygons_inside_the_picture(outlines):
    for name, outline in outlines.items():
        assert outline.rings, name
        for ring in outline.rings + outline.holes + outline.doubtful:
            points = np.array(ring)
            assert len(points) >= 3, name
            assert np.all(points >= 0), name
            assert np.all(points <= outline.size), name


def test_much_of_each_object_counts(outlines):
    for name, outline in outlines.items():
        width, height = (max(1, edge // 8) for edge in outline.size)

        inside, counts = outline.masks(height, width)

        assert 0.01 < inside.mean() < 0.9, name
        assert (inside & counts).sum() > 0.4 * inside.sum(), name


def test_a_ring_fills_the_pixels_it_covers(table):
    square = [(2.0, 1.0), (6.0, 1.0), (6.0, 4.0), (2.0, 4.0)]
    hole = [(3.0, 2.0), (4.0, 2.0), (4.0, 3.0), (3.0, 3.0)]
    outline = table.Outline((8, 6), [square], [hole], [])

    inside, counts = outline.masks(6, 8)

    expected = np.zeros((6, 8), dtype=bool)
    expected[1:4, 2:6] = True
    expected[2, 3] = False
    assert np.array_equal(inside, expected)
    assert counts.all()
