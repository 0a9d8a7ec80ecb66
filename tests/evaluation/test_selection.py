import pytest

from onet_cli.errors import StoreError, UnknownNameError
from onet_cli.evaluation.selection import find_category, select_shapes, spread
from onet_cli.evaluation.settings import EvaluationSettings
from onet_cli.shapes.shape import ShapeId
from tests.evaluation.synthetic import CHAIR, NAMES, SOFA, make_store

CHAIRS = [ShapeId(CHAIR, name) for name in "dbac"]
SOFAS = [ShapeId(SOFA, name) for name in "yx"]


@pytest.mark.parametrize("text", [SOFA, "sofa", "Couch", "sofa,couch,lounge"])
def test_a_category_is_found_by_its_id_and_each_of_its_names(text):
    assert find_category(text, NAMES) == SOFA


def test_an_unknown_category_is_refused_with_the_nearest_name():
    with pytest.raises(UnknownNameError, match="'sofe'") as caught:
        find_category("sofe", NAMES)

    assert "'sofa'" in caught.value.hint


def test_a_limit_takes_from_every_category_in_turn():
    assert spread([*SOFAS, *CHAIRS], limit=3) == [*CHAIRS[:2], SOFAS[0]]
    assert spread([*SOFAS, *CHAIRS], limit=5) == [*CHAIRS[:3], *SOFAS]
    assert spread([*SOFAS, *CHAIRS], limit=None) == [*CHAIRS, *SOFAS]


def test_a_split_is_narrowed_to_the_categories_asked_for(tmp_path):
    store = make_store(tmp_path, [*CHAIRS, *SOFAS])

    assert select_shapes(store, EvaluationSettings()) == [*CHAIRS, *SOFAS]
    assert select_shapes(store, EvaluationSettings(categories=("couch",))) == SOFAS


def test_an_empty_or_unknown_split_is_refused(tmp_path):
    store = make_store(tmp_path, CHAIRS)

    with pytest.raises(StoreError, match="has no shapes of sofa"):
        select_shapes(store, EvaluationSettings(categories=("sofa",)))
    with pytest.raises(StoreError, match=r"'train' .* has no shapes"):
        select_shapes(store, EvaluationSettings(split="train"))
    with pytest.raises(UnknownNameError, match="no split is named 'tset'"):
        select_shapes(store, EvaluationSettings(split="tset"))
