import gc
import json
import struct
import subprocess
import sys
import zlib
from contextlib import suppress

import numpy as np
import pytest
import trimesh
import typer
from PIL import Image
from typer.testing import CliRunner

from onet_cli.commands.reconstruct import reconstruct
from onet_cli.commands.startup import quick_imports
from onet_cli.errors import EmptySurfaceError, InvalidOptionError, PhotoError
from onet_cli.geometry.camera import Camera
from onet_cli.geometry.render import on_white, render
from onet_cli.models.checkpoint import load_checkpoint, save_checkpoint
from onet_cli.reconstruction import generator
from onet_cli.reconstruction.front import FrontGuess
from onet_cli.shapes.camera import describe_cameras
from tests.reconstruction.rigged import (
    box_checkpoint,
    calibrated,
    disc_photo,
    front_of,
    sphere_checkpoint,
)

app = typer.Typer()
app.command()(reconstruct)


@pytest.fixture
def folder(tmp_path):
    checkpoint = sphere_checkpoint()
    save_checkpoint(tmp_path / "model.safetensors", checkpoint.network, checkpoint.info)
    disc_photo().save(tmp_path / "chair.png")
    return tmp_path


def run(folder, *arguments, **options):
    common = ["--checkpoint", str(folder / "model.safetensors"), "--resolution", "32"]
    return CliRunner().invoke(app, [*map(str, arguments), *common], **options)


def test_one_photo_becomes_a_mesh_beside_it_and_one_line(folder):
    result = run(folder, folder / "chair.png")

    assert result.exit_code == 0
    assert result.stdout.startswith(f"{folder / 'chair.png'} -> {folder / 'chair.obj'}  ")
    assert result.stdout.count("\n") == 1
    assert (folder / "chair.obj").stat().st_size > 1000


def test_the_suffix_of_output_picks_the_format_and_preview_adds_a_picture(folder):
    result = run(folder, folder / "chair.png", "-o", folder / "new" / "x.ply", "--preview")

    assert result.exit_code == 0
    assert (folder / "new" / "x.ply").read_bytes().startswith(b"ply")
    assert sorted(file.name for file in (folder / "new").iterdir()) == ["x.ply", "x.preview.png"]


def test_turntable_and_viewer_land_beside_the_mesh(folder):
    result = run(folder, folder / "chair.png", "-o", folder / "new", "--turntable", "--viewer")

    assert result.exit_code == 0
    names = sorted(file.name for file in (folder / "new").iterdir())
    assert names == ["chair.obj", "chair.turntable.gif", "chair.viewer.html"]
    page = (folder / "new" / "chair.viewer.html").read_text()
    assert "<dt>closed</dt><dd>yes</dd>" in page
    again = run(folder, folder / "new" / "*.gif")
    assert isinstance(again.exception, PhotoError)  # what an earlier run drew is no photo


def test_guessing_points_saves_evaluations_and_exact_guesses_none(folder):
    common = [str(folder / "chair.png"), "--checkpoint", str(folder / "model.safetensors")]
    guessed, exact = (
        json.loads(
            CliRunner().invoke(app, [*common, "--resolution", "64", "--json", *option]).stdout
        )
        for option in ([], ["--exact"])
    )

    assert guessed[0]["evaluations"] < 0.95 * exact[0]["evaluations"]
    assert guessed[0]["faces"] == exact[0]["faces"]
    assert guessed[0]["volume"] == exact[0]["volume"]


def damaged_photos(folder):
    """Files that are no photos, each with what is said of it."""
    disc_photo().save(folder / "whole.jpg")
    Image.new("RGB", (1, 1)).save(folder / "tiny.png")
    (folder / "text.png").write_text("not a picture")
    (folder / "empty.jpg").write_bytes(b"")
    (folder / "cut.jpg").write_bytes((folder / "whole.jpg").read_bytes()[:1500])
    # 30 000 x 30 000 pixels, says the header, in a file of a few bytes.
    chunks = [(b"IHDR", struct.pack(">II5B", 30_000, 30_000, 8, 2, 0, 0, 0)), (b"IDAT", b"x")]
    parts = (
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )
    (folder / "bomb.png").write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(parts))
    return {
        "tiny.png": "1 x 1 pixels is too small",
        "text.png": "is not a picture",
        "empty.jpg": "is not a picture",
        "cut.jpg": "damaged or incomplete",
        "bomb.png": "too many pixels",
        "gone.png": "does not exist",
    }


def test_each_kind_of_bad_photo_is_one_clear_line_and_a_good_one_is_done(folder):
    expected = damaged_photos(folder)
    photos = [folder / name for name in (*expected, "whole.jpg")]

    result = run(folder, *photos, "-o", folder / "out", "--json")

    *bad, good = json.loads(result.stdout)
    assert result.exit_code == 1
    assert good["closed"] is True
    for record, (name, words) in zip(bad, expected.items(), strict=True):
        assert words in record["error"], name
        assert "\n" not in record["error"]
        assert record["hint"]
    assert [file.name for file in (folder / "out").iterdir()] == ["whole.obj"]


def test_json_is_one_list_with_failures_in_it_and_the_exit_code_tells(folder):
    (folder / "bad.png").write_text("no picture")

    result = run(folder, folder / "bad.png", folder / "chair.png", "--json")

    bad, good = json.loads(result.stdout)
    assert result.exit_code == 1
    assert bad["path"] is None
    assert "bad.png" in bad["error"]
    assert good["path"] == str(folder / "chair.obj")
    assert good["closed"] is True
    assert good["faces"] == 2 * good["vertices"] - 4
    assert "1 failed" in result.stderr


def test_quiet_prints_nothing_when_all_is_well(folder):
    result = run(folder, folder / "chair.png", "--quiet")

    assert (result.exit_code, result.output) == (0, "")


def test_a_photo_from_stdin_needs_an_output(folder):
    data = (folder / "chair.png").read_bytes()

    assert run(folder, "-", "-o", folder / "s.obj", input=data).exit_code == 0
    assert isinstance(run(folder, "-", input=data).exception, InvalidOptionError)
    assert (folder / "s.obj").exists()


def test_the_only_photos_failure_is_the_commands_error(folder):
    assert isinstance(run(folder, folder / "gone.png").exception, PhotoError)


def test_an_empty_surface_is_an_error_and_leaves_no_file(folder):
    result = run(
        folder, folder / "chair.png", "-o", folder / "out" / "x.obj", "--threshold", "1e-9"
    )
    assert result.exit_code == 0

    empty = run(folder, folder / "chair.png", "-o", folder / "y.obj", "--threshold", "0.9999999")

    assert isinstance(empty.exception, EmptySurfaceError)
    assert "highest probability" in str(empty.exception)
    assert "--threshold" in empty.exception.hint
    assert not (folder / "y.obj").exists()


def test_the_options_for_printing_reach_the_file_and_the_report(folder):
    result = run(
        folder,
        *(folder / "chair.png", "-o", folder / "print.stl", "--json"),
        *("--largest-component", "--min-component", "0.1", "--scale-mm", "60", "--up", "z"),
    )

    (record,) = json.loads(result.stdout)
    mesh = trimesh.load(folder / "print.stl", force="mesh")
    assert mesh.extents.max() == pytest.approx(60, rel=1e-5)
    assert record["volume"] == pytest.approx(mesh.volume, rel=1e-4)
    assert (record["closed"], record["components"], record["warnings"]) == (True, 1, [])


@pytest.mark.parametrize(
    "option", [("--scale-mm", "0"), ("--min-component", "2"), ("--min-component", "nan")]
)
def test_options_out_of_range_are_refused(folder, option):
    result = run(folder, folder / "chair.png", *option)

    assert isinstance(result.exception, InvalidOptionError) or result.exit_code == 2


def test_an_address_is_refused(folder):
    result = run(folder, "https://example.org/chair.png")

    assert isinstance(result.exception, PhotoError)
    assert "is an address" in str(result.exception)


@pytest.mark.slow
@pytest.mark.parametrize("suffix", [".obj", ".ply", ".stl", ".glb", ".off"])
def test_a_run_loads_none_of_the_heavy_optional_libraries(folder, suffix):
    program = (
        "import sys\nfrom onet_cli.app import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "heavy = ('scipy', 'networkx', 'skimage', 'lightning', 'h5py', 'shapely')\n"
        "print([name for name in heavy if name in sys.modules])"
    )
    target = folder / f"out{suffix}"
    arguments = ["reconstruct", "examples/chair.jpg", "-o", str(target), "--resolution", "32"]
    extras = ["--largest-component", "--faces", "500", "--refine", "2", "--preview", "--quiet"]

    done = subprocess.run(
        [sys.executable, "-c", program, *arguments, *extras],
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.strip() == "[]"
    assert trimesh.load(target, force="mesh").is_watertight


@pytest.mark.parametrize("ends", [False, True])
def test_garbage_is_looked_for_again_after_the_imports_even_of_what_fails(monkeypatch, ends):
    monkeypatch.setattr("onet_cli.commands.startup._ends_with_command", ends)
    seen = []
    try:
        with suppress(ImportError), quick_imports():
            seen.append(gc.isenabled())
            raise ImportError
        assert seen == [not ends]
        assert gc.isenabled()
    finally:
        gc.unfreeze()


@pytest.fixture
def sighted(tmp_path):
    """A network that knows its box and the camera, and a photo of the box."""
    camera = Camera.orbit(20.0, 15.0, 1.9, 200)
    row = describe_cameras(camera.world[None], camera.camera[None])[0]
    checkpoint = box_checkpoint((0.7, 0.5, 0.4), row)
    save_checkpoint(tmp_path / "model.safetensors", checkpoint.network, checkpoint.info)
    pixels = on_white(render(trimesh.creation.box((0.7, 0.5, 0.4)), camera, 200))
    Image.fromarray(pixels).save(tmp_path / "box.png")
    return tmp_path


def test_a_photo_gives_its_colours_unless_they_are_not_wanted(sighted):
    options = ("--background", "keep", "--preview", "--viewer")
    coloured = run(sighted, sighted / "box.png", "-o", sighted / "a.ply", *options)
    plain = run(sighted, sighted / "box.png", "-o", sighted / "b.ply", "--no-color", *options)

    assert (coloured.exit_code, plain.exit_code) == (0, 0)
    assert b"property uchar red" in (sighted / "a.ply").read_bytes()
    assert b"property uchar red" not in (sighted / "b.ply").read_bytes()
    assert 'id="painted" checked' in (sighted / "a.viewer.html").read_text()
    assert 'id="painted" disabled' in (sighted / "b.viewer.html").read_text()


def test_front_turns_what_is_found_and_says_how_sure_it_is(sighted, monkeypatch):
    checkpoint = calibrated(load_checkpoint(sighted / "model.safetensors", "cpu"), front_of())
    save_checkpoint(
        sighted / "model.safetensors",
        checkpoint.network,
        checkpoint.info,
        False,
        checkpoint.calibration,
    )
    guess = FrontGuess(20.0, 0.9, turned=True)
    monkeypatch.setattr(generator, "guess_front", lambda *given: guess)
    options = ("-o", sighted / "a.ply", "--background", "keep", "--front")

    line = run(sighted, sighted / "box.png", *options, "--preview", "--viewer")
    (record,) = json.loads(run(sighted, sighted / "box.png", *options, "--json").stdout)

    assert ", front 90 %, " in line.stdout
    assert record["front"] == {"azimuth_deg": 20.0, "confidence": 0.9, "turned": True}
    mesh = trimesh.load(sighted / "a.ply")
    np.testing.assert_allclose(
        mesh.extents / max(mesh.extents), (1, 0.5 / 0.7, 0.4 / 0.7), atol=0.1
    )
    assert '"eye":[20.0,' in (sighted / "a.viewer.html").read_text()


def test_front_is_refused_where_the_checkpoint_has_not_learned_it(sighted):
    result = run(sighted, sighted / "box.png", "--front")

    assert isinstance(result.exception, InvalidOptionError)
    assert "cannot predict the front of an object" in str(result.exception)


def test_front_has_nothing_to_do_where_meshes_face_z_anyway(folder):
    (record,) = json.loads(run(folder, folder / "chair.png", "--front", "--json").stdout)

    assert record["front"] is None
    assert record["warnings"] == []


def test_the_agreement_is_in_the_line_and_in_the_record(sighted):
    line = run(sighted, sighted / "box.png", "-o", sighted / "a.ply", "--background", "keep")
    listed = run(
        sighted, sighted / "box.png", "-o", sighted / "a.ply", "--background", "keep", "--json"
    )

    (record,) = json.loads(listed.stdout)
    assert record["agreement"] > 0.9  # of 32 cells
    assert f"agreement {100 * record['agreement']:.0f} %, about " in line.stdout
    assert record["bad_chance"] is None  # the checkpoint cannot tell
    assert record["elevation_deg"] == pytest.approx(15, abs=0.01)


def test_a_click_and_a_box_name_the_object(folder):
    photo = Image.new("RGB", (320, 160), "white")
    photo.paste(disc_photo(), (0, 0))
    photo.paste(disc_photo(), (160, 0))
    photo.save(folder / "two.png")
    debug = folder / "debug"

    clicked = run(folder, folder / "two.png", "--click", "240,80", "--debug", debug)
    mask = Image.open(debug / "two.mask.png")
    boxed = run(folder, folder / "two.png", "--box", "0,0,160,160", "--debug", debug)
    other = Image.open(debug / "two.mask.png")

    assert (clicked.exit_code, boxed.exit_code) == (0, 0)
    assert mask.getbbox() == pytest.approx((200, 40, 281, 121), abs=1)
    assert other.getbbox() == pytest.approx((40, 40, 121, 121), abs=1)


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        (["--click", "5"], InvalidOptionError, "--click '5' is not X,Y"),
        (["--box", "1,2,3"], InvalidOptionError, "--box '1,2,3' is not X0,Y0,X1,Y1"),
        (["--click", "500,5"], PhotoError, "500,5 lies outside the photo of 160 x 160 pixels"),
        (["--click", "5,5"], PhotoError, "no object stands out there"),
        (["--click", "5,5", "--background", "keep"], InvalidOptionError, "no object to choose"),
        (["--box", "1,1,9,9", "--mask", "m.png"], InvalidOptionError, "both name the object"),
    ],
)
def test_a_click_or_box_that_names_nothing_is_refused(folder, arguments, error, words):
    result = run(folder, folder / "chair.png", *arguments)

    assert isinstance(result.exception, error)
    assert words in str(result.exception)
    assert result.exception.hint


def test_a_folder_that_cannot_be_written_is_refused_before_the_work(folder, monkeypatch):
    monkeypatch.setattr("onet_cli.reconstruction.generator.MeshGenerator.generate", None)

    result = run(folder, folder / "chair.png", "-o", folder / "model.safetensors/x.obj")

    assert "x.obj cannot be written: Not a directory" in str(result.exception)
