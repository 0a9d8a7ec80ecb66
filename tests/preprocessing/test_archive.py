import io
import json
import pickle
import zipfile

import numpy as np
import pytest

from onet_cli.archives import members
from onet_cli.archives.members import ZipMembers
from onet_cli.archives.zip_part import ZipPart
from onet_cli.errors import SourceError
from onet_cli.preprocessing.convert import occupancy_samples
from onet_cli.preprocessing.options import PreprocessOptions
from onet_cli.preprocessing.sources.archive import open_archive
from onet_cli.preprocessing.sources.resolve import open_source
from onet_cli.shapes.shape import ShapeId
from tests.preprocessing import official_layout as layout

GOOD = ShapeId("03001627", "good1")


@pytest.fixture
def archive(tmp_path):
    return layout.write_zip(tmp_path / "official.zip", layout.troubled())


def test_samples_pictures_and_cameras_come_back_as_they_are_in_the_zip(archive):
    shape = open_archive(archive).read(GOOD)

    truth, cloud = layout.samples(1), layout.surface(1)
    assert shape.occupancy.points.dtype == np.float16
    np.testing.assert_array_equal(shape.occupancy.points, truth["points"])
    np.testing.assert_array_equal(np.packbits(shape.occupancy.occupancies), truth["occupancies"])
    np.testing.assert_array_equal(shape.surface.points, cloud["points"])
    np.testing.assert_array_equal(shape.surface.normals, cloud["normals"])
    assert shape.views.images == tuple(layout.picture(100 + i) for i in range(3))
    assert shape.unit_cube.centre == pytest.approx(truth["loc"])
    assert shape.unit_cube.scale == 0.75


def test_cameras_take_the_unit_cube_to_the_picture(archive):
    views = open_archive(archive).read(GOOD).views

    assert views.world is not None
    centre = views.camera[0] @ views.world[0][:, 3]
    np.testing.assert_allclose(centre[:2] / centre[2], [16, 16], atol=1e-4)
    right = views.world[0] @ [0.5, 0, 0, 1]
    np.testing.assert_allclose(right, [0.375, 0, 2], atol=1e-6)


def test_cameras_that_are_missing_or_show_something_else_are_left_out(tmp_path):
    files = layout.model(1)
    away = layout.cameras(3, 1)
    for i in range(3):
        away[f"world_mat_{i}"] = away[f"world_mat_{i}"] + [[0, 0, 0, 50]] * 3
    without = {k: v for k, v in files.items() if "cameras" not in k}
    wrong = files | {"img_choy2016/cameras.npz": layout.npz(**away)}
    objects = {"c/without": without, "c/wrong": wrong}
    tree = {f"{key}/{name}": data for key, m in objects.items() for name, data in m.items()}
    source = open_archive(layout.write_zip(tmp_path / "a.zip", tree))

    assert source.read(ShapeId("c", "without")).views.world is None
    assert source.read(ShapeId("c", "wrong")).views.world is None


def test_cameras_of_pictures_of_another_size_are_refused(tmp_path):
    files = layout.model(1) | {"img_choy2016/001.jpg": layout.picture(101, size=48)}
    tree = {f"c/resized/{name}": data for name, data in files.items()}
    source = open_archive(layout.write_zip(tmp_path / "a.zip", tree))

    with pytest.raises(
        SourceError, match=r"001\.jpg has 48 x 48 pixels, but its camera is for 32 x 32"
    ):
        source.read(ShapeId("c", "resized"))


@pytest.mark.parametrize("root", ["", "ShapeNet/", "another name/"])
@pytest.mark.parametrize("write", [layout.write_zip, layout.write_folder])
def test_zip_and_folder_hold_the_same_shapes_whatever_the_root_is_called(tmp_path, root, write):
    path = write(tmp_path / "set", layout.troubled(), root)

    source = open_archive(path)

    assert [str(shape_id) for shape_id in source.ids()] == [
        "03001627/good1",
        "03001627/grey",
        "03001627/truncated",
        "04379243/blind",
        "04379243/good3",
    ]
    assert source.splits()["test"] == [ShapeId("03001627", "grey")]
    assert source.read(GOOD).source_hash


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_part_of_a_zip_travels_light_and_reads_without_its_directory(
    tmp_path, monkeypatch, compression
):
    files = layout.troubled()
    with zipfile.ZipFile(tmp_path / "a.zip", "w", compression) as archive:
        for name, data in files.items():
            archive.writestr(f"ShapeNet/{name}", data)
    source = open_archive(tmp_path / "a.zip")
    whole = source.read(GOOD)

    message = pickle.dumps(source.part(GOOD))
    monkeypatch.setattr(members, "open_whole", None)
    part = pickle.loads(message).read(GOOD)

    assert len(message) < 2000
    assert part.source_hash == whole.source_hash
    assert part.views.images == whole.views.images
    np.testing.assert_array_equal(part.occupancy.points, whole.occupancy.points)


def test_a_part_notices_every_kind_of_damage(tmp_path):
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("c/m/points.npz", b"0123456789")
    entries = ZipMembers(path).part("c/m").entries
    entry = entries["c/m/points.npz"]

    def read(**changes):
        changed = {"c/m/points.npz": entry._replace(**changes)}
        return ZipPart(path, changed).read("c/m/points.npz")

    assert read() == b"0123456789"
    for damage, reason in (
        ({"checksum": 1}, "checksum"),
        ({"offset": 5}, "local header"),
        ({"method": zipfile.ZIP_DEFLATED}, "damaged"),
        ({"method": zipfile.ZIP_LZMA}, "unsupported method"),
        ({"flags": 1}, "encrypted"),
        ({"packed_bytes": 5}, "checksum"),
    ):
        with pytest.raises(SourceError, match=reason):
            read(**damage)
    assert ZipPart(path, entries).read("c/m/other.npz") is None


def test_parts_list_what_the_whole_lists(tmp_path):
    archive = layout.write_zip(tmp_path / "a.zip", layout.troubled())
    whole = ZipMembers(archive)

    part = whole.part("ShapeNet/03001627")

    for folder in ("ShapeNet/03001627", "ShapeNet/03001627/good1/", "ShapeNet/nowhere"):
        assert list(part.list(folder)) == list(whole.list(folder))
        assert list(part.folders(folder)) == list(whole.folders(folder))


def test_category_names_come_from_the_metadata_or_from_the_known_synsets(tmp_path):
    files = layout.troubled()
    plain = open_archive(layout.write_zip(tmp_path / "plain.zip", files))
    told = json.dumps({"03001627": {"id": "03001627", "name": "seat,chair"}}).encode()
    named = open_archive(layout.write_zip(tmp_path / "named.zip", files | {"metadata.yaml": told}))

    assert plain.categories() == {"03001627": "chair", "04379243": "table"}
    assert named.categories() == {"03001627": "seat", "04379243": "table"}


@pytest.mark.parametrize("count", [1, 13, 4099])
def test_a_number_of_points_that_is_no_multiple_of_8_invents_no_point(tmp_path, count):
    files = {f"c/m/{name}": data for name, data in layout.model(1, count=count).items()}
    source = open_archive(layout.write_zip(tmp_path / "a.zip", files))

    occupancy = source.read(ShapeId("c", "m")).occupancy

    truth = layout.samples(1, count)
    inside = np.unpackbits(truth["occupancies"], count=count).view(np.bool_)
    assert len(occupancy.points) % 8 == 0
    np.testing.assert_array_equal(occupancy.points[:count], truth["points"])
    np.testing.assert_array_equal(occupancy.occupancies[:count], inside)
    repeated = np.arange(count, len(occupancy.points)) % count
    np.testing.assert_array_equal(occupancy.points[count:], truth["points"][repeated])
    np.testing.assert_array_equal(occupancy.occupancies[count:], inside[repeated])


@pytest.mark.parametrize("kind", ["<f2", "<f4", "<f8"])
@pytest.mark.parametrize("value", [np.nan, -np.nan, np.inf, -np.inf, 10_016, -10_016])
def test_a_coordinate_that_is_no_place_is_refused(kind, value):
    points = np.zeros((8, 3), kind)
    points[5, 1] = value

    with pytest.raises(SourceError, match="not finite, or too large"):
        occupancy_samples({"points": points, "occupancies": np.zeros(8)})


@pytest.mark.parametrize("kind", ["<f2", "<f4", "<f8"])
@pytest.mark.parametrize("value", [0, -0.0, 1e-7, -1e4, 1e4])
def test_a_coordinate_up_to_the_largest_is_kept(kind, value):
    points = np.full((8, 3), value, kind)

    found = occupancy_samples({"points": points, "occupancies": np.zeros(8)})

    np.testing.assert_array_equal(found.points, points.astype(found.points.dtype))


@pytest.mark.parametrize(
    ("file", "data", "message"),
    [
        ("points.npz", b"not a zip at all", "points.npz is damaged"),
        ("points.npz", layout.npz(points=np.zeros((8, 3), np.float16)), "'occupancies' is missing"),
        ("points.npz", layout.npz(points=np.array([{}]), occupancies=np.zeros(1)), "damaged"),
        (
            "points.npz",
            layout.npz(points=np.full((8, 3), np.nan, np.float16), occupancies=np.zeros(1, "u1")),
            "not finite",
        ),
        (
            "points.npz",
            layout.npz(points=np.zeros((80, 3), np.float16), occupancies=np.zeros(3, "u1")),
            "3 occupancies for 80",
        ),
        ("img_choy2016/001.jpg", layout.picture(1)[:-40], "not a complete JPEG or PNG"),
    ],
)
def test_a_damaged_object_is_refused_with_the_reason(tmp_path, file, data, message):
    files = {f"c/m/{name}": content for name, content in layout.model(1).items()}
    files[f"c/m/{file}"] = data
    source = open_archive(layout.write_folder(tmp_path / "set", files))

    with pytest.raises(SourceError, match=message):
        source.read(ShapeId("c", "m"))


def test_members_that_step_out_of_the_archive_are_not_seen(tmp_path):
    files = {f"c/m/{name}": data for name, data in layout.model(1).items()}
    files |= {f"../evil/m/{name}": data for name, data in layout.model(2).items()}
    files |= {f"c/../../evil/{name}": data for name, data in layout.model(2).items()}

    source = open_archive(layout.write_zip(tmp_path / "a.zip", files))

    assert source.ids() == [ShapeId("c", "m")]


def test_a_zip_cut_short_is_refused(archive):
    archive.write_bytes(archive.read_bytes()[:-100])

    with pytest.raises(SourceError, match="incomplete"):
        open_source(str(archive), PreprocessOptions())


def test_what_is_no_source_is_refused_with_what_would_be(tmp_path):
    (tmp_path / "empty").mkdir()
    strange = layout.write_zip(tmp_path / "strange.zip", {"readme.txt": b"hello"}, root="")

    for name, message in (
        ("nowhere", "does not exist"),
        ("empty", "no shapes in a supported layout"),
        (strange.name, "no shapes in a supported layout"),
    ):
        with pytest.raises(SourceError, match=message) as caught:
            open_source(str(tmp_path / name), PreprocessOptions())
        assert caught.value.hint


@pytest.mark.parametrize("member", ["points.npz", "pointcloud.npz", "img_choy2016/cameras.npz"])
@pytest.mark.parametrize("packing", ["inside", "outside"])
def test_a_member_that_unpacks_to_gigabytes_is_refused_unread(
    tmp_path, monkeypatch, member, packing
):
    for module in ("zip_member", "members"):
        monkeypatch.setattr(f"onet_cli.archives.{module}.MAX_ARRAY_BYTES", 2**20)
    zeros = {"points": np.zeros((2**20, 3), np.float16)}
    stream = io.BytesIO()
    (np.savez_compressed if packing == "inside" else np.savez)(stream, **zeros)
    files = layout.model(1) | {member: stream.getvalue()}
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(f"ShapeNet/03001627/a/{name}", data)
        archive.writestr("ShapeNet/03001627/train.lst", "a\n")
    source, shape_id = open_archive(path), ShapeId("03001627", "a")

    for reader in (source, source.part(shape_id)):
        with pytest.raises(SourceError, match=r"unpacks to 6.*the limit is 1 MiB"):
            reader.read(shape_id)
