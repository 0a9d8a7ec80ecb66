import torch

from onet_cli.training.augment import augment_photos, mirror


def test_a_mirrored_sample_is_mirrored_in_picture_and_space():
    images, points = torch.rand(2, 3, 8, 8), torch.rand(2, 5, 3)

    flipped_images, flipped_points = mirror(images, points, torch.tensor([True, False]))

    assert torch.equal(flipped_images[0], images[0].flip(-1))
    assert torch.equal(flipped_points[0], points[0] * torch.tensor([-1.0, 1, 1]))
    assert torch.equal(flipped_images[1], images[1])
    assert torch.equal(flipped_points[1], points[1])


def test_the_background_stays_nearly_white_and_values_stay_in_range():
    images = torch.ones(16, 3, 32, 32)
    images[:, :, 12:20, 12:20] = torch.rand(16, 3, 1, 1) * 0.8

    rng = torch.Generator().manual_seed(0)
    varied, _, _ = augment_photos(images, torch.zeros(16, 1, 3), None, rng)

    assert varied.min() >= 0
    assert varied.max() <= 1
    edge = torch.cat([varied[:, :, 0], varied[:, :, -1], varied[..., 0], varied[..., -1]], dim=-1)
    assert edge.min() > 0.9
    assert all((picture < 0.9).any() for picture in varied)


def test_the_same_seed_gives_the_same_variation():
    images, points = torch.rand(4, 3, 16, 16), torch.rand(4, 6, 3)

    once = augment_photos(images, points, None, torch.Generator().manual_seed(7))
    again = augment_photos(images, points, None, torch.Generator().manual_seed(7))
    other = augment_photos(images, points, None, torch.Generator().manual_seed(8))

    assert torch.equal(once[0], again[0])
    assert not torch.equal(once[0], other[0])


def test_a_white_object_stays_darker_than_the_background_by_the_exposure():
    images = torch.ones(64, 3, 32, 32)
    images[:, :, 8:24, 8:24] = 0.85  # white, exposed

    rng = torch.Generator().manual_seed(3)
    varied, _, _ = augment_photos(images, torch.zeros(64, 1, 3), None, rng, exposure=0.85)

    middles = varied[:, :, 14:18, 14:18].amax(dim=(1, 2, 3))
    assert middles.max() < 0.851
    assert (middles > 0.84).float().mean() > 0.4  # many are overexposed


def test_without_exposure_brightness_varies_up_to_white():
    images = torch.ones(64, 3, 32, 32)
    images[:, :, 8:24, 8:24] = 0.85

    rng = torch.Generator().manual_seed(3)
    varied, _, _ = augment_photos(images, torch.zeros(64, 1, 3), None, rng)

    assert varied[:, :, 14:18, 14:18].amax(dim=(1, 2, 3)).max() > 0.95
