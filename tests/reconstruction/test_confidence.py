import numpy as np
import pytest
import torch
from scipy.optimize import isotonic_regression

from onet_cli.models.calibration import Reliability
from onet_cli.models.torch_points import TorchPoints
from onet_cli.reconstruction.confidence import (
    BINS,
    claimed_confidence,
    corrected,
    fit_reliability,
    isotonic,
    vertex_confidence,
)
from onet_cli.reconstruction.field import OccupancyField
from onet_cli.reconstruction.generator import MeshGenerator
from onet_cli.reconstruction.settings import GeneratorSettings, plain_settings
from tests.reconstruction.rigged import SHARPNESS, sphere_checkpoint, surface_radius

IMAGE = torch.full((3, 40, 40), 200, dtype=torch.uint8)


def probability(radius):
    return 1 / (1 + np.exp(-SHARPNESS * (0.3 - radius)))


def sphere_field():
    return MeshGenerator(sphere_checkpoint()).look(IMAGE).field


def test_a_claim_is_what_the_probability_loses_across_the_surface():
    points = np.eye(3) * surface_radius()

    claims = claimed_confidence(sphere_field(), points, np.eye(3), reach=0.03)

    drop = probability(surface_radius() - 0.03) - probability(surface_radius() + 0.03)
    np.testing.assert_allclose(claims, drop, rtol=1e-5)


@pytest.mark.parametrize(("steepness", "expected"), [(1e4, 1.0), (0.0, 0.0), (-50.0, 0.0)])
def test_a_cliff_is_sure_and_what_is_flat_or_rises_is_not(steepness, expected):
    field = OccupancyField(TorchPoints(lambda points: -steepness * points[:, 0]))

    claims = claimed_confidence(field, np.zeros((2, 3)), np.array([[1.0, 0, 0]] * 2))

    np.testing.assert_allclose(claims, expected, atol=1e-6)


def test_without_a_measurement_the_claims_stand():
    generator = MeshGenerator(sphere_checkpoint(), GeneratorSettings(64, confidence=True))
    mesh = generator.generate(IMAGE).mesh

    drop = probability(surface_radius() - 0.02) - probability(surface_radius() + 0.02)
    np.testing.assert_allclose(mesh.vertex_attributes["confidence"], drop, atol=0.01)


def test_claims_are_corrected_by_how_such_claims_turned_out():
    curve = Reliability((0.2, 0.6), (0.5, 0.7), 0.02)

    np.testing.assert_allclose(
        corrected(np.array([0, 0.2, 0.4, 0.6, 1]), curve), [0.5, 0.5, 0.6, 0.7, 0.7]
    )
    mesh = MeshGenerator(sphere_checkpoint(), plain_settings(16)).generate(IMAGE).mesh
    claims = vertex_confidence(mesh, sphere_field())
    known = vertex_confidence(mesh, sphere_field(), curve)
    np.testing.assert_allclose(known, corrected(claims, curve))


def test_honest_claims_are_left_as_they_are():
    rng = np.random.default_rng(0)
    claims = rng.random(200_000)
    distances = np.where(rng.random(200_000) < claims, 0.01, 0.05)

    curve = fit_reliability(claims, distances)

    assert len(curve.claimed) == BINS
    np.testing.assert_allclose(curve.measured, curve.claimed, atol=0.02)
    assert curve.reach == 0.02


def test_claims_that_mean_nothing_become_the_share_that_is_right():
    rng = np.random.default_rng(1)
    distances = np.where(rng.random(50_000) < 0.3, 0.0, 1.0)

    curve = fit_reliability(rng.random(50_000), distances)

    assert np.ptp(corrected(np.linspace(0, 1, 11), curve)) < 0.05
    assert np.mean(curve.measured) == pytest.approx(0.3, abs=0.01)


def test_few_vertices_make_few_bins_and_none_are_refused():
    assert fit_reliability(np.array([0.9, 0.1]), np.array([0.0, 1.0])).measured == (0.0, 1.0)
    with pytest.raises(ValueError, match="at least one vertex"):
        fit_reliability(np.zeros(0), np.zeros(0))


@pytest.mark.parametrize("seed", range(5))
def test_the_rising_sequence_is_the_one_of_least_squares(seed):
    rng = np.random.default_rng(seed)
    values, weights = rng.random(12), rng.integers(1, 9, 12)

    found = isotonic(values, weights)

    np.testing.assert_allclose(found, isotonic_regression(values, weights=weights).x)
