"""Procedural furniture: exact labels, honest surfaces, pictures that show the shape."""

import functools
import io
import pickle

import numpy as np
import pytest
from PIL import Image
from scipy.spatial import cKDTree
from skimage.measure import label

from onet_cli.errors import InvalidOptionError, SourceError
from onet_cli.preprocessing.sources.procedural import ProceduralSource
from onet_cli.preprocessing.views import ViewOptions, take_views
from onet_cli.procedural.design import CATEGORIES, CYCLE, category_of, design
from onet_cli.procedural.finish import Finish
from onet_cli.shapes.shape import ShapeId

GREY = Finish.plain((120, 120, 120))
THINNEST = 0.009  # of the longest edge: the rod of a real lamp
every_category = pytest.mark.parametrize("category", CATEGORIES)


@functools.cache
def designs(category, count=4, seed=3):
    places = [i for i in range(len(CYCLE) * count) if category_of(i) == category][:count]
    return [design(seed, index) for index in places]


def contains_slowly(assembly, points):
    source = assembly.unit_cube.from_unit(points)
    return np.any([part.solid.contains(source) for part in assembly.parts], axis=0)


def dilate(mask, pixels):
    padded = np.pad(mask, pixels)
    windows = np.lib.stride_tricks.sliding_window_view(padded, (2 * pixels + 1,) * 2)
    return windows.any(axis=(2, 3))


@every_category
def test_every_shape_fits_the_unit_cube_with_a_longest_edge_of_one(category):
    for assembly in designs(category, 30):  # so many that every kind of the category occurs
        boxes = [part.solid.bounds() for part in assembly.parts]
        lower = assembly.unit_cube.to_unit(np.stack([low for low, _ in boxes])).min(axis=0)
        upper = assembly.unit_cube.to_unit(np.stack([high for _, high in boxes])).max(axis=0)

        assert (upper - lower).max() == pytest.approx(1, abs=1e-9)
        assert np.allclose(lower + upper, 0, atol=1e-9)


@every_category
def test_occupancy_is_the_union_of_the_parts(category):
    points = (np.random.default_rng(0).random((20_000, 3)) - 0.5) * 1.1

    for assembly in designs(category, 3):
        assert np.array_equal(assembly.contains(points), contains_slowly(assembly, points))


@every_category
def test_a_step_along_the_normal_leaves_the_shape_and_a_step_back_enters_it(category):
    for assembly in designs(category):
        points, normals = assembly.sample_surface(4000, np.random.default_rng(1))

        flips = assembly.contains(points - 1e-4 * normals)
        flips &= ~assembly.contains(points + 1e-4 * normals)

        assert flips.mean() >= 0.995


@every_category
def test_hardly_any_surface_is_too_thin_to_survive_sampling(category):
    for assembly in designs(category):
        points, normals = assembly.sample_surface(2000, np.random.default_rng(2))

        depths = (THINNEST * np.array([0.1, 0.3, 0.5, 0.7, 0.9])).tolist()
        thick = np.all([assembly.contains(points - depth * normals) for depth in depths], axis=0)

        assert thick.mean() >= 0.9


@every_category
def test_all_parts_of_a_shape_hang_together(category):
    for assembly in designs(category, 6):
        assert connected(assembly), "a part floats"


def connected(assembly):
    """Return whether all parts are joined by points that two of them share."""
    rng = np.random.default_rng(0)
    samples = [part.solid.sample_surface(600, rng)[0] for part in assembly.parts]
    boxes = [part.solid.bounds() for part in assembly.parts]
    reached, todo = {0}, [0]
    while todo:
        here = todo.pop()
        for other, part in enumerate(assembly.parts):
            (low, high), (lower, upper) = boxes[here], boxes[other]
            if other in reached or np.any(low > upper + 1e-9) or np.any(lower > high + 1e-9):
                continue
            touching = part.solid.contains(samples[here]).any()
            touching |= assembly.parts[here].solid.contains(samples[other]).any()
            if touching:
                reached.add(other)
                todo.append(other)
    return len(reached) == len(assembly.parts)


@pytest.mark.slow
def test_the_first_shapes_are_each_one_piece_of_voxels():
    axis = (np.arange(128) + 0.5) / 128 - 0.5
    grid = np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), axis=-1).reshape(-1, 3)
    broken = []
    for index in range(130):
        filled = design(0, index).contains(grid).reshape(128, 128, 128)
        if label(filled, return_num=True)[1] != 1:
            broken.append(index)

    assert len(broken) <= 1, broken  # 1 in 130: thinner than a voxel somewhere


@every_category
def test_every_occupied_point_lies_within_the_silhouette_of_every_view(category):
    assembly = designs(category, 1)[0]
    points = (np.random.default_rng(0).random((40_000, 3)) - 0.5) * 1.1
    occupied = points[assembly.contains(points)]

    rng, options = np.random.default_rng(1), ViewOptions(count=2, cameras="wide")
    views = take_views(*assembly.mesh(), rng, options)

    for image, world, camera in zip(views.images, views.world, views.camera, strict=True):
        pixels = np.asarray(Image.open(io.BytesIO(image)))
        shown = dilate((pixels < 250).any(axis=2), 2)
        seen = (occupied @ world[:, :3].T + world[:, 3]) @ camera.T
        column, row = np.floor(seen[:, :2] / seen[:, 2:]).astype(int).T
        assert shown[row, column].all()


@every_category
def test_every_view_shows_the_whole_shape_large(category):
    options = ViewOptions(count=3, cameras="wide")

    for assembly in designs(category)[:2]:
        mesh, appearance = assembly.mesh()
        views = take_views(mesh, appearance, np.random.default_rng(5), options)
        for world, camera in zip(views.world, views.camera, strict=True):
            seen = (mesh.vertices @ world[:, :3].T + world[:, 3]) @ camera.T
            pixels = seen[:, :2] / seen[:, 2:] / options.size
            assert np.abs(pixels - 0.5).max() <= 0.97 / 2 + 0.005
            assert 0.6 < np.ptp(pixels, axis=0).max() < 0.93


def test_the_pictures_are_jpegs_of_the_asked_size_on_white():
    shape = ProceduralSource(3, views=2, image_size=64, points=800).read(ShapeId("sofa", "00002"))

    pictures = [Image.open(io.BytesIO(image)) for image in shape.views.images]

    assert [picture.format for picture in pictures] == ["JPEG", "JPEG"]
    assert [picture.size for picture in pictures] == [(64, 64)] * 2
    assert min(np.asarray(picture)[0, 0].min() for picture in pictures) > 250


def test_labels_belong_to_the_rounded_points_that_are_stored():
    shape = ProceduralSource(1, seed=4, views=0, points=20_000).read(ShapeId("chair", "00000"))

    points = shape.occupancy.points

    assert points.dtype == np.float16
    assert np.abs(points.astype(float)).max() <= 0.5505
    again = contains_slowly(design(4, 0), points.astype(np.float64))
    assert np.array_equal(shape.occupancy.occupancies, again)


def test_a_shape_is_the_same_every_time_and_does_not_depend_on_the_count():
    settings = {"seed": 7, "views": 1, "image_size": 48, "points": 400}
    first, second = ProceduralSource(12, **settings), ProceduralSource(500, **settings)

    a, b = first.read(first.ids()[11]), second.read(second.ids()[11])

    assert np.array_equal(a.occupancy.points, b.occupancy.points)
    assert np.array_equal(a.occupancy.occupancies, b.occupancy.occupancies)
    assert np.array_equal(a.surface.points, b.surface.points)
    assert np.array_equal(a.surface.normals, b.surface.normals)
    assert a.views.images == b.views.images
    assert a.source_hash == b.source_hash


def test_another_seed_gives_other_shapes():
    ids = ProceduralSource(1).ids()

    one, two = (ProceduralSource(1, seed=s, views=0, points=800).read(ids[0]) for s in (0, 1))

    assert one.unit_cube != two.unit_cube
    assert one.source_hash != two.source_hash


def test_more_views_leave_the_samples_as_they_are():
    few = ProceduralSource(1, views=1, image_size=32, points=400)
    many = ProceduralSource(1, views=3, image_size=32, points=400)

    a, b = few.read(few.ids()[0]), many.read(many.ids()[0])

    assert np.array_equal(a.occupancy.points, b.occupancy.points)
    assert a.views.images[0] == b.views.images[0]


def test_the_number_of_points_is_rounded_up_to_whole_bytes_of_labels():
    shape = ProceduralSource(1, views=0, points=1001).read(ShapeId("chair", "00000"))

    assert shape.occupancy.points.shape == (1008, 3)
    assert shape.surface.points.shape == (1001, 3)


def test_a_shape_stays_in_its_split_when_the_set_grows():
    small, large = ProceduralSource(60).splits(), ProceduralSource(1000).splits()

    for name, ids in small.items():
        assert set(ids) <= set(large[name])
    assert {name: len(ids) for name, ids in large.items()} == {
        "train": 800,
        "val": 100,
        "test": 100,
    }
    together = sorted(shape_id for ids in large.values() for shape_id in ids)
    assert together == sorted(ProceduralSource(1000).ids())


def test_three_shapes_are_enough_for_three_splits():
    assert all(ProceduralSource(3).splits().values())


def test_every_category_is_tested_about_as_often_as_it_occurs():
    source = ProceduralSource(1300)

    tested = [str(shape.category) for shape in source.splits()["test"]]

    for category in CATEGORIES:
        expected = 130 * CYCLE.count(category) / len(CYCLE)
        assert abs(tested.count(category) - expected) <= 2


def test_the_first_300_shapes_have_every_category_in_every_split():
    splits = ProceduralSource(300).splits()

    for ids in splits.values():
        assert {shape.category for shape in ids} == set(CATEGORIES)
    assert len(splits["train"]) >= 0.65 * 300


def test_sixty_shapes_train_on_every_household_category_and_test_on_many():
    splits = ProceduralSource(60).splits()

    assert {shape.category for shape in splits["train"]} == set(CYCLE[:60])
    assert len(set(CYCLE[:60])) == 20
    assert len({shape.category for shape in splits["test"]}) >= 9


def test_only_categories_that_occur_are_named():
    assert list(ProceduralSource(2).categories()) == ["chair", "table"]
    assert set(ProceduralSource(len(CYCLE)).categories()) == set(CATEGORIES)


def test_near_samples_lie_close_to_the_surface_and_have_exact_labels():
    shape = ProceduralSource(3, views=0, points=8000, near_points=4001).read(
        ShapeId("sofa", "00002")
    )

    points = shape.near.points.astype(np.float64)
    surface = shape.surface.points.astype(np.float64)
    distance = cKDTree(surface).query(points)[0]
    assert points.shape == (4008, 3)
    assert np.median(distance) < 0.03
    assert np.abs(points).max() <= 0.5505
    assert 0.3 < shape.near.occupancies.mean() < 0.7
    assert np.array_equal(shape.near.occupancies, contains_slowly(design(0, 2), points))


def test_near_samples_are_made_only_when_asked_for():
    assert ProceduralSource(1, views=0, points=80).read(ShapeId("chair", "00000")).near is None


def test_transparent_pictures_keep_their_alpha():
    source = ProceduralSource(1, views=1, points=80, background="transparent", cameras="choy")

    picture = Image.open(io.BytesIO(source.read(ShapeId("chair", "00000")).views.images[0]))

    assert (picture.format, picture.mode) == ("PNG", "RGBA")
    assert set(np.unique(np.asarray(picture)[..., 3])) >= {0, 255}


@pytest.mark.parametrize("name", ["table/00000", "chair/0", "chair/00013", "chair/x", "cars/00000"])
def test_an_id_that_is_not_of_this_source_is_refused(name):
    with pytest.raises(SourceError, match="no procedural shape"):
        ProceduralSource(13).read(ShapeId.parse(name))


def test_a_count_of_nothing_is_refused():
    with pytest.raises(InvalidOptionError, match="count must be at least 1"):
        ProceduralSource(0)


def test_the_source_travels_to_worker_processes():
    source = ProceduralSource(5, seed=2, views=1)

    assert pickle.loads(pickle.dumps(source)) == source
