import numpy as np
import pytest

from onet_cli.errors import SourceError
from onet_cli.geometry.mesh import make_mesh
from onet_cli.preprocessing.convert_mesh import MeshSettings, shape_from_mesh
from onet_cli.preprocessing.placement import Placement
from onet_cli.preprocessing.views import ViewOptions
from onet_cli.shapes.shape import ShapeId
from tests.analytic import Box, Sphere
from tests.preprocessing.libraries import box_obj

QUICK = MeshSettings(points=4000, near_points=1000, resolution=64, views=ViewOptions(2, 32))
CHAIR = ShapeId("chair", "a")


class CachedField(dict):
    """Files in memory, by name."""

    def read(self, name):
        return self[name]


def obj(mesh):
    lines = [f"v {x!r} {y!r} {z!r}" for x, y, z in mesh.vertices.tolist()]
    lines += [f"f {a + 1} {b + 1} {c + 1}" for a, b, c in mesh.faces.tolist()]
    return "\n".join(lines).encode()


def convert(data, settings=QUICK, placement=Placement(), shape_id=CHAIR):  # noqa: B008
    return shape_from_mesh(CachedField({"a.obj": data}), "a.obj", shape_id, placement, settings)


def test_labels_are_exact_for_the_points_as_they_are_stored():
    shape = convert(box_obj(1, 2, 3).encode())

    truth = Box(size=(1 / 3, 2 / 3, 1.0))
    for samples, count in ((shape.occupancy, 4000), (shape.near, 1000)):
        assert samples.points.dtype == np.float16
        assert samples.points.shape == (count, 3)
        depth = truth.depth(samples.points.astype(np.float64))
        clear = np.abs(depth) > 1e-9  # a point of float16 may lie exactly on a side
        np.testing.assert_array_equal(samples.occupancies[clear], depth[clear] > 0)
        assert clear.mean() > 0.99
    assert np.abs(truth.depth(shape.near.points)).mean() < 0.05
    np.testing.assert_allclose(truth.depth(shape.surface.points), 0, atol=3e-4)
    assert len(shape.views.images) == 2
    facts = shape.extra["conversion"]
    assert facts["kept"] is True
    assert facts["volume"] == pytest.approx(2 / 9)
    assert (facts["input_faces"], facts["closed_faces"]) == (12, 12)
    assert "units" not in facts


def test_a_sphere_without_a_bottom_is_filled():
    sphere = Sphere().mesh(4)
    cap = sphere.triangles_center[:, 1] > -0.3
    shape = convert(obj(make_mesh(sphere.vertices, sphere.faces[cap])))

    facts = shape.extra["conversion"]
    assert facts["kept"] is False
    assert facts["reason"] == "open"
    inside = shape.unit_cube.to_unit(np.array([[0.0, 0.0, 0.0]]))
    near = np.linalg.norm(shape.occupancy.points - inside, axis=1) < 0.25
    assert near.sum() > 20
    assert shape.occupancy.occupancies[near].all()


def test_z_up_is_turned_and_a_size_is_reached_and_vertices_without_faces_do_not_count():
    data = box_obj(1, 2, 4).encode() + b"v 100 100 100\n"

    shape = convert(data, MeshSettings(points=64, views=ViewOptions(1, 32), up="z"))
    sized = convert(data, placement=Placement(size=(50, 90, 40)))

    np.testing.assert_allclose(np.ptp(shape.surface.points, axis=0), [0.25, 1, 0.5], atol=0.2)
    assert shape.unit_cube.scale == 4
    assert sized.unit_cube.scale == 90
    assert sized.extra["conversion"]["units"] == "cm"


def test_everything_depends_on_seed_and_id_alone():
    def bits(shape):
        return b"".join(
            array.tobytes()
            for array in (
                shape.occupancy.points,
                shape.near.points,
                shape.surface.points,
                *(np.frombuffer(image, np.uint8) for image in shape.views.images),
            )
        )

    data = box_obj(1, 2, 3).encode()
    first = bits(convert(data))

    assert bits(convert(data)) == first
    other = MeshSettings(**(vars(QUICK) | {"seed": 1}))
    assert bits(convert(data, other)) != first
    assert bits(convert(data, shape_id=ShapeId("chair", "b"))) != first


def test_more_points_near_the_surface_change_no_other_number():
    data = box_obj(1, 2, 3).encode()
    without = convert(data, MeshSettings(**(vars(QUICK) | {"near_points": 0})))

    assert without.near is None
    np.testing.assert_array_equal(without.occupancy.points, convert(data).occupancy.points)


def test_an_open_mesh_is_refused_where_nothing_is_to_be_mended():
    sphere = Sphere().mesh(2)
    never = MeshSettings(**(vars(QUICK) | {"solidify": "never"}))

    assert convert(obj(sphere), never).extra["conversion"]["kept"] is True
    with pytest.raises(SourceError, match="open"):
        convert(obj(make_mesh(sphere.vertices, sphere.faces[5:])), never)


def test_a_closed_mesh_is_made_anew_where_that_is_asked_for():
    always = MeshSettings(**(vars(QUICK) | {"solidify": "always"}))

    assert convert(box_obj(1, 2, 3).encode(), always).extra["conversion"]["kept"] is False


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"hello, this is no mesh",
        b"v 0 0 0\nv 1 0 0\nv 2 0 0\nf 1 2 3\n",
        b"v nan 0 0\nf 1 1 1",
    ],
)
def test_what_is_no_mesh_is_refused(data):
    with pytest.raises(SourceError):
        convert(data)
