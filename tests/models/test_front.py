import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from onet_cli.geometry.picture_frame import from_cube
from onet_cli.models.front import (
    DIRECTIONS,
    RADII,
    RINGS,
    STEP,
    check_weights,
    find_front,
    front_logits,
    ring_points,
)
from onet_cli.models.front_head import FrontHead

NO_PLANE = np.array([math.pi / 4])  # of an answer at a multiple of a quarter turn


def head(seed=0):
    torch.manual_seed(seed)
    return FrontHead(2, 3).eval()


def peaked(at):
    """Logits whose probability lies around the azimuth `at`, in radians."""
    return 20 * np.cos(np.arange(DIRECTIONS) * STEP - at)[None]


@given(st.integers(0, DIRECTIONS - 1))
def test_a_shape_turned_with_its_camera_turns_what_is_answered_by_it(steps):
    network, rings = head(), torch.rand(1, RINGS, DIRECTIONS)
    network.out.weight.data.zero_()  # what the picture says stays the same
    network.out.bias.data.zero_()

    first, turned = (
        network(torch.zeros(1, 2 * 49 + 3), each) for each in (rings, rings.roll(-steps, 2))
    )

    # What was seen at +x is now seen farther towards +z: the camera went round to it.
    torch.testing.assert_close(turned, first.roll(steps, 1), atol=1e-5, rtol=0)


def test_the_head_answers_without_torch_what_it_learned():
    network, rings, inputs = head(), torch.rand(3, RINGS, DIRECTIONS), torch.randn(3, 2 * 49 + 3)
    weights = {name: each.numpy() for name, each in network.state_dict().items()}

    found = front_logits(weights, inputs.numpy(), rings.numpy())

    check_weights(weights)
    with torch.no_grad():
        np.testing.assert_allclose(found, network(inputs, rings).numpy(), atol=1e-5)


@pytest.mark.parametrize("name", ["mix.weight", "near.bias", "all.weight"])
def test_weights_of_another_shape_fit_no_head(name):
    weights = {key: each.numpy() for key, each in head().state_dict().items()}
    weights[name] = np.zeros((2, 2))

    with pytest.raises((ValueError, IndexError)):
        check_weights(weights)


@given(st.floats(-math.pi, math.pi))
def test_the_answer_is_the_middle_of_what_is_probable(azimuth):
    found, chance = find_front(peaked(azimuth), np.array([azimuth + math.pi / 4]))

    off = math.remainder(float(found[0]) - azimuth, 2 * math.pi)
    assert abs(off) < math.radians(1)
    assert 0.9 < float(chance[0]) <= 1


@pytest.mark.parametrize("quarters", range(4))
def test_a_mirror_plane_near_the_answer_or_across_it_places_the_front(quarters):
    plane = np.array([math.radians(100) + quarters * math.pi / 2])

    found, _ = find_front(peaked(math.radians(90)), plane)
    kept, _ = find_front(peaked(0.0), NO_PLANE)

    assert float(found[0]) == pytest.approx(math.radians(100), abs=1e-3)
    assert math.remainder(float(kept[0]), 2 * math.pi) == pytest.approx(0, abs=1e-3)


def test_nothing_known_is_claimed_to_be_a_guess():
    _, chance = find_front(np.zeros((1, DIRECTIONS)), NO_PLANE)

    assert float(chance[0]) == pytest.approx(60 / 360)


def test_rings_run_from_the_camera_to_the_photos_right():
    code = np.zeros((1, 2 * 49 + 32 * 56 * 56 + 41 + 2), np.float32)
    code[0, -41 - 2 + 36 : -41 - 2 + 38] = 0.1, -0.2  # the object's middle

    places = from_cube(ring_points(code)).reshape(-1, len(RADII), DIRECTIONS, 3)

    np.testing.assert_allclose(places[3, 2, 0, [0, 2]], (0.1, -0.2 + RADII[2]), atol=1e-5)
    np.testing.assert_allclose(places[3, 2, 9, [0, 2]], (0.1 + RADII[2], -0.2), atol=1e-5)
    assert len(set(places[:, 2, 0, 1].tolist())) == len(places)
