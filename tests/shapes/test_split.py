from itertools import chain

import pytest

from onet_cli.errors import InvalidOptionError
from onet_cli.shapes.shape import ShapeId
from onet_cli.shapes.split import split_ids

IDS = [ShapeId(category, f"{i:03d}") for category in ("chair", "table") for i in range(50)]


def test_every_shape_is_in_one_split_in_the_asked_proportions_per_category():
    splits = split_ids(IDS, (0.7, 0.1, 0.2))

    assert sorted(chain.from_iterable(splits.values())) == IDS
    for category in ("chair", "table"):
        counts = [sum(i.category == category for i in ids) for ids in splits.values()]
        assert counts == [35, 5, 10]


def test_the_order_of_the_ids_does_not_matter_but_the_seed_does():
    assert split_ids(IDS[::-1], (0.7, 0.1, 0.2)) == split_ids(IDS, (0.7, 0.1, 0.2))
    assert split_ids(IDS, (0.7, 0.1, 0.2), seed=1) != split_ids(IDS, (0.7, 0.1, 0.2))


@pytest.mark.parametrize("fractions", [(0.7, 0.1, 0.1), (1.2, -0.1, -0.1), (float("nan"), 0, 1)])
def test_fractions_that_are_no_parts_of_a_whole_are_refused(fractions):
    with pytest.raises(InvalidOptionError, match="does not add up to 1"):
        split_ids(IDS, fractions)
