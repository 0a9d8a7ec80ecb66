import numpy as np
import pytest

from onet_cli.errors import InvalidGeometryError
from onet_cli.geometry.appearance import DEFAULT_COLOUR, Appearance, Material

RED, GREEN = Material((255, 0, 0)), Material((0, 255, 0))


def three_faces(**changed):
    arrays = {
        "uv": np.arange(18, dtype=np.float32).reshape(3, 3, 2),
        "normals": np.arange(27, dtype=np.float32).reshape(3, 3, 3),
        "corner_colours": np.arange(27, dtype=np.uint8).reshape(3, 3, 3),
    }
    return Appearance((RED, GREEN), np.array([0, 1, 0], np.int32), **{**arrays, **changed})


@pytest.mark.parametrize(
    "chosen", [np.array([2, 1]), np.array([False, True, True])], ids=["indices", "mask"]
)
def test_the_faces_chosen_keep_what_is_theirs(chosen):
    whole = three_faces()

    part = whole.of_faces(chosen)

    rows = [2, 1] if chosen.dtype != bool else [1, 2]
    assert part.materials == (RED, GREEN)
    assert part.material_of_face.tolist() == [whole.material_of_face[row] for row in rows]
    for name in ("uv", "normals", "corner_colours"):
        assert np.array_equal(getattr(part, name), getattr(whole, name)[rows])


def test_what_is_not_there_stays_away():
    part = three_faces(uv=None, normals=None, corner_colours=None).of_faces(np.array([0]))

    assert part.uv is part.normals is part.corner_colours is None


def test_a_plain_appearance_is_one_matt_opaque_colour_everywhere():
    plain = Appearance.plain(4, (1, 2, 3))

    assert plain.materials == (Material((1, 2, 3), opacity=1.0, gloss=0.0, texture=None),)
    assert plain.material_of_face.tolist() == [0] * 4
    assert Appearance.plain(1).materials[0].colour == DEFAULT_COLOUR == Material().colour


@pytest.mark.parametrize(
    ("name", "shape"),
    [("uv", (3, 3, 3)), ("uv", (2, 3, 2)), ("normals", (3, 3)), ("corner_colours", (3, 3, 4))],
)
def test_arrays_that_do_not_fit_the_faces_are_refused_by_name(name, shape):
    with pytest.raises(InvalidGeometryError, match=f"{name} must be"):
        three_faces(**{name: np.zeros(shape, np.float32)})


@pytest.mark.parametrize("stray", [-1, 2])
def test_a_material_that_does_not_exist_is_refused(stray):
    with pytest.raises(InvalidGeometryError, match="a material that is not there"):
        Appearance((RED, GREEN), np.array([0, 1, stray], np.int32))


def test_a_mesh_without_faces_needs_no_material():
    assert len(Appearance((), np.zeros(0, np.int32)).material_of_face) == 0
