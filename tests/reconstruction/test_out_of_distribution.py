import numpy as np
import pytest
import torch

from onet_cli.reconstruction.out_of_distribution import (
    DIRECTIONS,
    GROUPS,
    fit_familiarity,
    out_of_distribution_score,
    place,
)

WIDTH = 300


def cloud(count, seed, centre_seed=0):
    """Codes around one of ten directions, of lengths around 5."""
    centres = torch.randn(10, WIDTH, generator=torch.Generator().manual_seed(centre_seed))
    generator = torch.Generator().manual_seed(seed)
    owners = torch.randint(10, (count,), generator=generator)
    noise = 0.2 * torch.randn(count, WIDTH, generator=generator)
    codes = torch.nn.functional.normalize(centres[owners] + noise, dim=1)
    return (codes * (5 + 0.2 * torch.randn(count, 1, generator=generator))).numpy()


@pytest.fixture(scope="module")
def known():
    return fit_familiarity(cloud(2000, 1), cloud(1000, 2))


def test_all_but_one_in_a_hundred_familiar_codes_are_near(known):
    found = np.array([out_of_distribution_score(code[None], known) for code in cloud(1000, 3)])

    assert 0.002 < (found > 1).mean() < 0.03


def test_codes_of_another_direction_or_length_are_far(known):
    elsewhere = cloud(50, 4, centre_seed=1)
    longer = 3 * cloud(50, 5)

    for codes in (elsewhere, longer, longer / 9):
        assert min(out_of_distribution_score(code[None], known) for code in codes) > 1


def test_codes_between_the_known_ones_are_far_and_those_beside_all_of_them_are_wide(known):
    centres = torch.randn(10, WIDTH, generator=torch.Generator().manual_seed(0)).numpy()
    middle = centres.sum(axis=0)[None]
    between = 5 * middle / np.linalg.norm(middle)
    familiar = cloud(1, 6)
    outward = torch.randn(1, WIDTH, generator=torch.Generator().manual_seed(7)).numpy()
    basis = known.basis.astype(np.float32)
    outward -= outward @ basis @ basis.T
    beside = familiar + 0.8 * 5 * outward / np.linalg.norm(outward)

    assert place(between, known.basis)[1] < known.widest
    assert out_of_distribution_score(between, known) > 1
    assert place(beside, known.basis)[1] > known.widest
    assert out_of_distribution_score(beside, known) > 1 > out_of_distribution_score(familiar, known)


def test_what_is_kept_is_small_and_in_half_precision(known):
    assert known.basis.shape == (WIDTH, DIRECTIONS)
    assert known.places.shape == (GROUPS, DIRECTIONS + 1)
    assert {known.basis.dtype, known.places.dtype} == {np.dtype(np.float16)}


def test_a_place_keeps_distances_between_directions_up_to_what_lies_beside_the_basis():
    codes = cloud(20, 0)

    places, beside = place(codes, np.eye(WIDTH))

    unit = codes / np.linalg.norm(codes, axis=1, keepdims=True)
    np.testing.assert_allclose(places[:, :WIDTH], unit, atol=1e-6)
    assert beside.max() < 1e-3
    _, beside = place(codes, np.eye(WIDTH)[:, :3])
    np.testing.assert_allclose(beside, np.linalg.norm(unit[:, 3:], axis=1), rtol=1e-5)


def test_the_same_codes_give_the_same_places(known):
    again = fit_familiarity(cloud(2000, 1), cloud(1000, 2))

    assert np.array_equal(again.places, known.places)
    assert again.farthest == known.farthest


def test_equal_codes_and_zero_codes_are_places_too():
    for code in (np.ones((1, 8)), np.zeros((1, 8))):
        found = fit_familiarity(code.repeat(5, 0), code)

        assert len(found.places) == 1
        assert out_of_distribution_score(code, found) < 1e4
        assert out_of_distribution_score(-code + 1e-3, found) > 1


def test_codes_of_another_width_are_refused(known):
    with pytest.raises(ValueError, match="has width"):
        out_of_distribution_score(np.zeros((1, 8)), known)
    with pytest.raises(ValueError, match="at least one code"):
        fit_familiarity(np.zeros((0, 4)), np.zeros((1, 4)))
