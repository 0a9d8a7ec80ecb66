import io
import json
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from onet_cli import app as app_module
from onet_cli.errors import SourceError
from onet_cli.preprocessing.options import PreprocessOptions
from onet_cli.preprocessing.sources.pix3d import Pix3dSource
from onet_cli.preprocessing.sources.resolve import open_source
from onet_cli.shapes.shape import ShapeId
from onet_cli.shapes.store import ShapeStore
from tests.cameras import describe_views
from tests.preprocessing.pix3d_layout import CHAIR, entries, write_layout, write_table

QUICK = PreprocessOptions(points=512, resolution=48, image_size=128)
OAK = ShapeId("chair", "OAK")
BLOCK = ShapeId("misc", "BLOCK")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write_layout(tmp_path_factory.mktemp("pix3d"))


def opened(folder, **changes):
    return open_source(str(folder), replace(QUICK, **changes))


def onet(*arguments):
    return CliRunner().invoke(app_module.app, [*map(str, arguments)], env={"COLUMNS": "300"})


def test_each_model_is_a_shape_and_its_whole_photographs_are_its_views(folder):
    source = opened(folder)

    assert isinstance(source, Pix3dSource)
    assert source.ids() == [OAK, BLOCK]
    shape = source.part(OAK).read(OAK)
    assert len(shape.views.images) == 2
    shown = [photo["file"] for photo in shape.extra["photographs"]]
    assert shown == ["img/chair/0001.png", "img/chair/0002.png"]
    assert shape.extra["photographs"][1]["turned_deg"] == pytest.approx(160, abs=0.1)
    assert shape.extra["file"] == CHAIR


def test_hidden_objects_are_taken_where_all_photographs_are_asked_for(folder):
    source = opened(folder, photos="all")

    assert [str(i) for i in source.ids()] == ["chair/OAK", "misc/BLOCK", "table/HIDDEN"]
    assert len(source.read(OAK).views.images) == 3


@pytest.mark.parametrize("shape_id", [OAK, BLOCK])
def test_stored_points_fall_on_the_object_in_the_stored_pictures(folder, shape_id):
    shape = opened(folder, points=4000).read(shape_id)
    points = shape.surface.points.astype(float)

    for image, world, camera in zip(
        shape.views.images, shape.views.world, shape.views.camera, strict=True
    ):
        picture = np.asarray(Image.open(io.BytesIO(image)).convert("RGB")).astype(int)
        seen = (points @ world[:, :3].T + world[:, 3]) @ camera.T
        x, y = np.floor(seen[:, :2] / seen[:, 2:]).astype(int).T
        # Objects are dark here; a point on an edge may fall into the pixel beside it.
        dark = np.pad(picture.min(axis=2) < 225, 1)
        near = np.any([np.roll(dark, s, a) for s in (-1, 0, 1) for a in (0, 1)], axis=0)
        assert picture.shape == (128, 128, 3)
        assert near[y + 1, x + 1].mean() > 0.99
        hit = np.zeros_like(dark)
        hit[y + 1, x + 1] = True
        assert np.ptp(np.nonzero(hit), axis=1) == pytest.approx(
            np.ptp(np.nonzero(dark), axis=1), abs=3
        )


def test_cameras_stand_where_the_photographer_stood_and_the_front_is_towards_z(folder):
    rows = describe_views(opened(folder).read(OAK).views)

    # Azimuth 30 and -110 degrees from the front, which onet's cameras see from +z.
    np.testing.assert_allclose(np.degrees(rows[:, 0]), [30, -110], atol=0.01)
    np.testing.assert_allclose(np.degrees(rows[:, 1]), [20, 35], atol=0.01)
    assert (np.abs(rows[:, 6:]).max(axis=1) > 0.01).all()  # the principal points are not the middle


def test_what_is_wrong_with_a_photograph_is_told_and_the_others_are_used(tmp_path):
    rows = entries(tmp_path)
    (tmp_path / rows[0]["mask"]).unlink()
    (tmp_path / rows[3]["img"]).write_bytes(b"no picture")
    rows[4]["rot_mat"] = [[1, 0, 0], [0, 1, 0], [0, 0, 2]]

    source = opened(write_table(tmp_path, rows))

    shape = source.read(OAK)
    assert len(shape.views.images) == 1
    (warning,) = shape.extra["conversion"]["warnings"][-1:]
    assert warning == (
        "1 photographs left out: img/chair/0001.png: mask/chair/0001.png does not exist"
    )
    with pytest.raises(SourceError, match=r"photographs can be used: .*0004.*0005") as e:
        source.read(BLOCK)
    assert "rot_mat is not a rotation" in str(e.value)
    assert "\n" not in str(e.value)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"img_size": [180, 240]}, "it has 240 x 180 pixels, but 180 x 240 in the table"),
        ({"img_size": "large"}, "img_size is missing or not numeric"),
        ({"trans_mat": [0, 0, -3]}, "its camera is inside the model or faces away from it"),
        ({"trans_mat": [0, 0, 10**400]}, "trans_mat is missing or not numeric"),
        ({"focal_length": 0}, "focal_length or img_size is not positive"),
        ({"focal_length": None}, "focal_length is"),
        ({"mask": None}, "mask is missing"),
        ({"mask": "../../secret.png"}, "does not exist"),
        ({"rot_mat": [[1, 2], [3]]}, "rot_mat is missing or not numeric"),
    ],
)
def test_an_entry_that_makes_no_sense_is_left_out_with_a_reason(folder, tmp_path, changes, reason):
    first = json.loads((folder / "pix3d.json").read_text())[0]
    for name in ("img", "mask", "model"):
        (tmp_path / name).symlink_to(folder / name)

    source = opened(write_table(tmp_path, [first | changes]))

    with pytest.raises(SourceError, match=reason):
        source.read(source.ids()[0])


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[{", "pix3d.json is damaged"),
        ("{}", "pix3d.json is not a list of photographs"),
        ("[]", "pix3d.json is not a list of photographs"),
        ("[3]", "entry 0 of pix3d.json must have model"),
        ('[{"model": "a.obj", "category": "x"}]', "entry 0 of pix3d.json must have model"),
    ],
)
def test_a_damaged_table_is_an_error_in_one_line(tmp_path, text, reason):
    (tmp_path / "pix3d.json").write_text(text)

    with pytest.raises(SourceError, match=reason) as error:
        opened(tmp_path)

    assert "\n" not in str(error.value)


def test_the_command_writes_a_test_split_that_evaluate_reads(folder, tmp_path):
    out = tmp_path / "data"
    small = ["--points", 512, "--resolution", 48, "--workers", 0]

    done = onet("preprocess", folder, out, *small)

    assert done.exit_code == 0, done.output
    assert "2 shapes written" in done.stdout
    store = ShapeStore.open(out)
    assert store.ids("test") == [OAK, BLOCK]
    assert store.ids("train") == []
    assert store.info.licences["pix3d"].licence.startswith("CC BY 4.0")
    assert "Sun et al." in store.info.licences["pix3d"].attribution
    assert np.isfinite(store.read_cameras(OAK)).all()
    with Image.open(io.BytesIO(store.read(OAK).views.images[0])) as picture:
        assert picture.size == (224, 224)
    scored = onet(
        *("evaluate", out, "--checkpoint", "furniture", "--view", "all", "--resolution", 32),
        *("--output", tmp_path / "scores.json", "--workers", 0, "--device", "cpu"),
    )
    assert scored.exit_code == 0, scored.output
    assert "chair" in scored.stdout
    assert "misc" in scored.stdout


def test_shares_and_limit_are_as_asked_for(folder, tmp_path):
    small = ["--points", 64, "--resolution", 32, "--image-size", 48, "--workers", 0]

    done = onet("preprocess", folder, tmp_path / "d", *small, "--split", "1,0,0", "--limit", 1)

    assert done.exit_code == 0, done.output
    assert ShapeStore.open(tmp_path / "d").ids("train") == [OAK]


@pytest.mark.parametrize(
    "option", [("--views", 3), ("--cameras", "wide"), ("--background", "white"), ("--up", "z")]
)
def test_options_of_renderings_are_refused(folder, tmp_path, option):
    refused = onet("preprocess", folder, tmp_path / "d", *option)

    assert refused.exit_code == 1
    assert f"{option[0]} does not apply: the source has photographs" in str(refused.exception)
    assert not (tmp_path / "d").exists()


def test_only_options_that_apply_are_recorded(folder, tmp_path):
    small = ["--points", 64, "--resolution", 32, "--workers", 0, "--limit", 1]

    done = onet("preprocess", folder, tmp_path / "d", *small, "--photos", "all")

    assert done.exit_code == 0, done.output
    info = ShapeStore.open(tmp_path / "d").info
    for recorded in (info.options, info.sources["pix3d"]):
        assert recorded["photos"] == "all"
        assert not {"views", "cameras", "background", "up", "unused"} & recorded.keys()
