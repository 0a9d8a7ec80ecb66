"""The shipped segmentation network: the right weights, and the answers of the original."""

import hashlib
from pathlib import Path

import numpy as np
import pytest
import torch

from onet_cli.models.segmentation import network
from onet_cli.models.segmentation.network import (
    WEIGHTS,
    load_network,
    load_weights,
    normalised,
    saliency,
)
from onet_cli.models.segmentation.plain import plain_saliency
from onet_cli.models.segmentation.u2netp import U2NetP

REFERENCE = Path(__file__).parents[1] / "data/u2netp.npz"


def test_the_weights_are_those_of_the_checksum_and_small():
    digest, name = WEIGHTS.with_name("SHA256SUMS").read_text(encoding="ascii").split()

    assert name == WEIGHTS.name
    assert hashlib.sha256(WEIGHTS.read_bytes()).hexdigest() == digest
    assert WEIGHTS.stat().st_size < 2.5e6


def test_the_answer_is_that_of_onnxruntime_on_the_original_file():
    with np.load(REFERENCE) as recorded:  # every 8th pixel; recipes/segmentation/convert.py
        picture, expected = recorded["picture"], recorded["saliency"].astype(np.float32)

    away = np.abs(saliency(picture)[::8, ::8] - expected)

    assert 0.1 < (expected > 0.5).mean() < 0.4
    assert away.mean() < 1e-3
    assert away.max() < 0.05


def test_the_brightest_value_counts_as_one_and_black_is_no_division_by_zero():
    dim = np.full((4, 4, 3), 50, dtype=np.uint8)

    assert np.array_equal(normalised(dim), normalised(dim * 5))
    assert np.isfinite(normalised(dim * 0)).all()


@pytest.mark.parametrize("size", [(64, 64), (97, 130), (33, 320)])
def test_pictures_of_any_size_are_answered_at_their_size(size):
    answer = load_network()(torch.zeros(2, 3, *size))

    assert answer.shape == (2, 1, *size)
    assert ((answer >= 0) & (answer <= 1)).all()


def test_it_is_the_small_network_of_the_paper():
    count = sum(parameter.numel() for parameter in U2NetP().parameters())

    assert 1.12e6 < count < 1.14e6  # "4.7 MB" in single precision, table 5


@pytest.mark.parametrize("size", [(64, 64), (47, 62), (48, 48)])
def test_the_network_in_numpy_and_onnxruntime_answers_as_in_torch(size):
    picture = np.random.default_rng(0).integers(0, 256, (*size, 3)).astype(np.uint8)
    planes = np.ascontiguousarray(normalised(picture).transpose(2, 0, 1))

    answer = plain_saliency(load_weights(), planes)

    with torch.inference_mode():
        expected = load_network()(torch.from_numpy(planes)[None])[0, 0].numpy()
    np.testing.assert_allclose(answer, expected, atol=1e-4)
    np.testing.assert_allclose(saliency(picture), expected, atol=1e-4)


def test_without_onnxruntime_the_answer_is_the_same(monkeypatch):
    picture = np.random.default_rng(1).integers(0, 256, (64, 64, 3)).astype(np.uint8)
    expected = saliency(picture)

    monkeypatch.setattr(network, "load_session", lambda: None)

    np.testing.assert_allclose(saliency(picture), expected, atol=1e-4)
