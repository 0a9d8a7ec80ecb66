import numpy as np
from PIL import Image

from onet_cli.reconstruction.cutout import COLOUR, DIMMED, mark_object


def test_the_background_is_faded_and_a_line_runs_around_the_object():
    photo = Image.new("RGB", (200, 100), (0, 100, 200))
    weight = np.zeros((50, 100), dtype=np.float32)
    weight[10:40, 20:60] = 1

    marked = np.asarray(mark_object(photo, weight))

    assert marked.shape == (100, 200, 3)
    assert (marked[22:78, 42:118] == (0, 100, 200)).all()
    faded = np.array([0, 100, 200]) * (1 - DIMMED) + 255 * DIMMED
    np.testing.assert_allclose(marked[5, 5], faded, atol=1)
    line = (marked == COLOUR).all(axis=2)
    assert line[18:20, 60:100].all()
    assert not line[0:16].any()


def test_a_photo_that_was_kept_stays_as_it_is():
    photo = Image.new("RGB", (20, 10), "red")

    assert mark_object(photo, None) is photo
