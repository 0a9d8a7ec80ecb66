"""The public Python API: what is there, and that its keywords are those of the settings."""

from typing import Annotated, get_args, get_origin, get_type_hints

import pytest

import onet_cli
from onet_cli.errors import InvalidOptionError
from onet_cli.evaluation.settings import EvaluationKeywords, EvaluationSettings
from onet_cli.models.checkpoint import save_checkpoint
from onet_cli.preprocessing.options import PreprocessKeywords, PreprocessOptions
from onet_cli.reconstruction.settings import GeneratorKeywords, GeneratorSettings
from onet_cli.shapes.shape import ShapeId
from tests.evaluation.synthetic import CHAIR, make_store
from tests.preprocessing.libraries import box_obj
from tests.reconstruction.rigged import sphere_checkpoint, surface_radius

INTERNAL = {"unused"}  # of PreprocessOptions: what does not apply, settled by the source


def plain(kind):
    return get_args(kind)[0] if get_origin(kind) is Annotated else kind


@pytest.mark.parametrize(
    ("keywords", "settings"),
    [
        (GeneratorKeywords, GeneratorSettings),
        (PreprocessKeywords, PreprocessOptions),
        (EvaluationKeywords, EvaluationSettings),
    ],
)
def test_keywords_are_the_fields_of_the_settings(keywords, settings):
    fields = {name: plain(kind) for name, kind in get_type_hints(settings).items()}
    given = {name: plain(kind) for name, kind in get_type_hints(keywords).items()}

    assert given.keys() == fields.keys() - INTERNAL
    for name, kind in given.items():
        assert kind == fields[name] or fields[name] in get_args(kind), name


def test_every_public_name_loads_and_is_listed():
    assert set(onet_cli.__all__) <= set(dir(onet_cli))
    assert {"reconstruct", "load_model", "ShapeStore", "evaluate", "preprocess"} <= set(
        onet_cli.__all__
    )
    for name in onet_cli.__all__:
        assert getattr(onet_cli, name) is not None


def test_meshes_become_a_data_set(tmp_path):
    (tmp_path / "meshes" / "box").mkdir(parents=True)
    (tmp_path / "meshes" / "box" / "a.obj").write_text(box_obj(1, 2, 3))
    told = []

    result = onet_cli.preprocess(
        tmp_path / "meshes",
        tmp_path / "data",
        views=1,
        points=64,
        resolution=16,
        workers=0,
        progress=lambda done, total: told.append((done, total)),
    )

    assert (result.kept, result.already, result.skipped) == (1, 0, [])
    assert told == [(1, 1)]
    assert onet_cli.ShapeStore.open(tmp_path / "data").ids() == [ShapeId("box", "a")]


def test_a_checkpoint_is_scored(tmp_path):
    made = sphere_checkpoint(0.3)
    save_checkpoint(tmp_path / "ball.safetensors", made.network, made.info)
    make_store(tmp_path / "data", [ShapeId(CHAIR, "a")])

    table = onet_cli.evaluate(
        tmp_path / "data", tmp_path / "ball.safetensors", resolution=16, mesh_samples=1000
    )

    # A ball in one of radius 0.5.
    expected = (surface_radius(0.3) / 0.5) ** 3
    assert table.objects[0].metrics.iou == pytest.approx(expected, abs=0.03)


def test_a_wrong_option_is_refused(tmp_path):
    with pytest.raises(InvalidOptionError, match="views"):
        onet_cli.preprocess(tmp_path, tmp_path / "data", views=0)
    with pytest.raises(TypeError, match="veiws"):
        onet_cli.preprocess(tmp_path, tmp_path / "data", veiws=3)
