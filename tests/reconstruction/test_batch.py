import io
import re
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
import trimesh
from PIL import Image

from onet_cli.errors import InvalidOptionError, PhotoError
from onet_cli.models.calibration import Calibration, Reliability
from onet_cli.reconstruction.batch import PhotoResult, reconstruct, reconstruct_all
from onet_cli.reconstruction.describe import describe_line, describe_pace, describe_record
from onet_cli.reconstruction.generator import MeshGenerator
from onet_cli.reconstruction.out_of_distribution import fit_familiarity
from onet_cli.reconstruction.photos import PhotoFile, choose_targets, find_photos
from onet_cli.reconstruction.settings import (
    BatchSettings,
    Extras,
    GeneratorSettings,
    plain_settings,
)
from onet_cli.shapes.photo import Target
from tests.reconstruction.rigged import disc_photo, sphere_checkpoint


@pytest.fixture
def folder(tmp_path):
    for name in ("b.png", "a.jpg", "c.preview.png", "c.mask.png", ".hidden.png"):
        disc_photo().save(tmp_path / name)
    (tmp_path / "notes.txt").write_text("no photo")
    return tmp_path


@pytest.fixture
def generator():
    return MeshGenerator(sphere_checkpoint(), GeneratorSettings(resolution=32, confidence=True))


def photo_files(*names):
    return [PhotoFile(Path(name)) for name in names]


def test_a_folder_gives_its_pictures_in_order_without_earlier_previews(folder):
    assert [photo.path.name for photo in find_photos([str(folder)])] == ["a.jpg", "b.png"]


def test_files_and_globs_mix_and_each_photo_appears_once(folder):
    found = find_photos([str(folder / "b.png"), str(folder / "*.png"), "-"])

    assert found == [PhotoFile(folder / "b.png"), PhotoFile(None)]


def test_a_file_whose_name_looks_like_a_glob_is_that_file(tmp_path):
    disc_photo().save(tmp_path / "chair[1].png")

    assert find_photos([str(tmp_path / "chair[1].png")]) == photo_files(tmp_path / "chair[1].png")


@pytest.mark.parametrize("pattern", ["", "*.webp"])
def test_a_folder_or_glob_without_photos_is_an_error(tmp_path, pattern):
    with pytest.raises(PhotoError, match="contains no photos"):
        find_photos([str(tmp_path / pattern)])


def test_by_default_the_mesh_lies_beside_the_photo():
    assert choose_targets(photo_files("x/chair.png"), None) == [Path("x/chair.obj")]


def test_a_suffix_makes_output_a_file_and_none_a_folder():
    photos = photo_files("x/chair.png")

    assert choose_targets(photos, Path("y/out.ply")) == [Path("y/out.ply")]
    assert choose_targets(photos, Path("y/out")) == [Path("y/out/chair.obj")]
    assert choose_targets([PhotoFile(None)], Path("y")) == [Path("y/stdin.obj")]


def test_no_name_is_not_the_folder_one_is_in(tmp_path, monkeypatch):
    Image.new("RGB", (40, 40)).save(tmp_path / "chair.png")
    monkeypatch.chdir(tmp_path)

    with pytest.raises(PhotoError, match="name is empty"):
        find_photos([""])


def test_a_file_in_the_place_of_the_folder_is_named(tmp_path):
    (tmp_path / "meshes").write_text("")

    with pytest.raises(InvalidOptionError, match="is a file, not a folder"):
        choose_targets([PhotoFile(Path("a.png"))], tmp_path / "meshes")


@pytest.mark.parametrize("output", [None, "object.obj"])
def test_no_mesh_takes_the_place_of_its_photo(tmp_path, output):
    path = tmp_path / "object.obj"  # a picture all the same, for it is told by its content
    disc_photo().save(path, "JPEG")
    target = None if output is None else tmp_path / "." / output

    with pytest.raises(InvalidOptionError, match="overwrite the photo"):
        choose_targets([PhotoFile(path)], target)


def test_an_existing_folder_may_have_a_dot_in_its_name(tmp_path):
    (tmp_path / "v1.2").mkdir()

    targets = choose_targets(photo_files("a.png", "b.png"), tmp_path / "v1.2")

    assert targets == [tmp_path / "v1.2" / "a.obj", tmp_path / "v1.2" / "b.obj"]


def test_several_photos_need_a_folder_so_its_name_may_have_a_dot():
    targets = choose_targets(photo_files("a.png", "b.png"), Path("v1.2"))

    assert targets == [Path("v1.2/a.obj"), Path("v1.2/b.obj")]


def test_photos_that_differ_in_the_suffix_only_get_different_meshes():
    targets = choose_targets(photo_files("x/a.png", "x/a.jpg", "x/b.png"), None)

    assert [path.name for path in targets] == ["a.png.obj", "a.jpg.obj", "b.obj"]


@pytest.mark.parametrize(
    ("photos", "output", "message"),
    [
        ([PhotoFile(None)], None, "stdin"),
        (photo_files("a.png", "b.png"), Path("out.obj"), "one file"),
        (photo_files("a.png"), Path("out.txt"), "not a supported mesh format"),
        (photo_files("x/a.png", "y/a.png"), Path("out"), "would be written to"),
    ],
)
def test_targets_that_cannot_work_are_refused(photos, output, message):
    with pytest.raises(InvalidOptionError, match=message):
        choose_targets(photos, output)


def test_a_bad_photo_stops_nothing_and_leaves_nothing(folder, generator):
    photos = photo_files(folder / "notes.txt", folder / "gone.png", folder / "b.png")
    targets = choose_targets(photos, folder / "meshes")

    results = list(
        reconstruct_all(generator, photos, targets, BatchSettings(extras=Extras(preview=True)))
    )

    assert [result.error is None for result in results] == [False, False, True]
    names = sorted(file.name for file in (folder / "meshes").iterdir())
    assert names == ["b.obj", "b.preview.png"]
    written = ", ".join(str(folder / "meshes" / name) for name in names)
    assert f"b.png -> {written}  " in describe_line(results[2])


def test_a_place_that_cannot_be_written_is_a_failure_of_that_photo(folder, generator):
    photos = photo_files(folder / "a.jpg", folder / "b.png")
    targets = [folder / "notes.txt" / "a.obj", folder / "b.obj"]

    results = list(reconstruct_all(generator, photos, targets, BatchSettings()))

    assert "cannot be written" in str(results[0].error)
    assert results[1].error is None


def test_photos_side_by_side_give_what_one_after_the_other_gives(tmp_path, generator):
    names = [f"{n}.png" for n in range(7)]
    for n, name in enumerate(names):
        disc_photo(100 + 10 * n).save(tmp_path / name)
    (tmp_path / "3.png").write_text("no photo")
    photos = photo_files(*(tmp_path / name for name in names))
    before = torch.get_num_threads()
    found = {}
    try:
        for threads in (1, 3):
            torch.set_num_threads(threads)
            targets = [tmp_path / str(threads) / f"{name}.ply" for name in names]
            found[threads] = list(reconstruct_all(generator, photos, targets, BatchSettings()))
            assert torch.get_num_threads() == threads
    finally:
        torch.set_num_threads(before)

    for one, three in zip(found[1], found[3], strict=True):
        assert one.photo == three.photo
        assert (one.error is None) == (three.error is None)
        if one.error is None:
            assert one.target.read_bytes() == three.target.read_bytes()
    assert [result.error is None for result in found[3]].count(False) == 1


def test_results_that_nobody_takes_stop_the_work(tmp_path, generator):
    disc_photo().save(tmp_path / "a.png")
    photos = photo_files(*[tmp_path / "a.png"] * 40)
    targets = [tmp_path / "out" / f"{n}.stl" for n in range(40)]
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        results = reconstruct_all(generator, photos, targets, BatchSettings())
        next(results)
        results.close()
    finally:
        torch.set_num_threads(before)

    assert len(list((tmp_path / "out").iterdir())) < 10


def test_a_photo_comes_from_standard_input(tmp_path, generator, monkeypatch):
    buffer = io.BytesIO()
    disc_photo().save(buffer, "PNG")
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(buffer.getvalue())))

    (result,) = reconstruct_all(generator, [PhotoFile(None)], [tmp_path / "x.ply"], BatchSettings())

    assert result.error is None
    assert (tmp_path / "x.ply").exists()


def test_a_result_is_described_for_people_and_for_programs(folder, generator):
    photos = photo_files(folder / "a.jpg", folder / "notes.txt")
    targets = [folder / "a.obj", folder / "n.obj"]

    good, bad = reconstruct_all(generator, photos, targets, BatchSettings())

    mesh = good.reconstruction.mesh
    line = re.fullmatch(
        r"(.*) -> (.*)  ([\d ]+) vertices, ([\d ]+) faces, volume ([\d.]+), 1 component, "
        r"closed: yes, about (\d+) % within 2 % of the true surface \(as claimed\), [\d.]+ s",
        describe_line(good),
    )
    assert float(line.group(5)) == pytest.approx(mesh.volume, rel=1e-3)
    assert line.group(1, 2) == (str(folder / "a.jpg"), str(folder / "a.obj"))
    assert [int(count.replace(" ", "")) for count in line.group(3, 4)] == [
        len(mesh.vertices),
        len(mesh.faces),
    ]
    record = describe_record(good)
    assert record["path"] == str(folder / "a.obj")
    assert (record["closed"], record["components"]) == (True, 1)
    assert record["volume"] == pytest.approx(mesh.volume, abs=1e-5)
    assert record["warnings"] == []
    assert record["out_of_distribution"] is None
    assert record["agreement"] is None  # a network of the object's frame
    confidence = mesh.vertex_attributes["confidence"]
    assert record["confidence"]["calibrated"] is False
    assert record["confidence"]["mean"] == pytest.approx(confidence.mean(), abs=1e-4)
    assert record["confidence"]["lowest_tenth"] <= record["confidence"]["mean"]
    assert int(line.group(6)) == round(100 * confidence.mean())
    assert describe_record(bad)["path"] is None
    assert "not a picture" in describe_record(bad)["error"]


def test_the_pace_counts_meshes_and_not_failures():
    photo, target = PhotoFile(Path("a.png")), Path("a.obj")
    good, bad = PhotoResult(photo, target), PhotoResult(photo, target, error=PhotoError("x"))

    assert describe_pace([good, bad, good], 3.0) == "2 of 3 photos, 40 meshes per minute"


@pytest.mark.parametrize("kind", ["path", "text", "bytes", "picture"])
def test_the_python_api_takes_any_form_of_photo(folder, kind):
    path = folder / "b.png"
    photo = {
        "path": path,
        "text": str(path),
        "bytes": path.read_bytes(),
        "picture": disc_photo().convert("P"),
    }[kind]

    result = reconstruct(photo, sphere_checkpoint(), resolution=16, threshold=0.5)

    assert result.threshold == 0.5
    assert result.mesh.is_watertight


def test_warnings_are_said_in_the_line_and_listed_in_the_record(tmp_path, generator):
    disc_photo().crop((0, 0, 100, 160)).save(tmp_path / "cut.png")

    (result,) = reconstruct_all(
        generator, photo_files(tmp_path / "cut.png"), [tmp_path / "cut.obj"], BatchSettings()
    )

    warnings = describe_record(result)["warnings"]
    assert warnings[0] == "the object is cut off at the right of the photo"
    assert f"; warning: {warnings[0]}" in describe_line(result)
    assert describe_line(result).count("\n") == 0


def test_a_photo_unlike_the_training_pictures_is_warned_of(tmp_path):
    disc_photo().save(tmp_path / "a.png")
    code, elsewhere = torch.zeros(1, 4), torch.ones(50, 4)
    curve = Reliability((0.0, 1.0), (0.0, 1.0), 0.02)
    for seen, told in ((code, False), (elsewhere, True)):
        calibration = Calibration(curve, fit_familiarity(seen, seen), {})
        known = replace(sphere_checkpoint(), calibration=calibration)
        generator = MeshGenerator(known, plain_settings(32))

        (result,) = reconstruct_all(
            generator, photo_files(tmp_path / "a.png"), [tmp_path / "a.obj"], BatchSettings()
        )

        record = describe_record(result)
        assert (record["out_of_distribution"] > 1) == told
        warned = any("unlike the training images" in text for text in record["warnings"])
        assert warned == told


def test_what_is_written_and_reported_is_scaled_and_turned(tmp_path, generator):
    disc_photo().save(tmp_path / "a.png")
    settings = BatchSettings(scale_mm=80, up="z")

    (result,) = reconstruct_all(
        generator, photo_files(tmp_path / "a.png"), [tmp_path / "a.stl"], settings
    )

    again = trimesh.load(tmp_path / "a.stl", force="mesh")
    assert again.extents.max() == pytest.approx(80)
    assert describe_record(result)["volume"] == pytest.approx(again.volume, rel=1e-4)
    assert result.reconstruction.mesh.extents.max() < 1.1


def test_debug_shows_what_the_network_saw_even_if_there_is_no_mesh(tmp_path):
    disc_photo().save(tmp_path / "a.png")
    nothing = MeshGenerator(sphere_checkpoint(-1.0), plain_settings(32))
    settings = BatchSettings(debug=tmp_path / "debug")

    (result,) = reconstruct_all(
        nothing, photo_files(tmp_path / "a.png"), [tmp_path / "a.obj"], settings
    )

    assert result.error is not None
    files = sorted(file.name for file in (tmp_path / "debug").iterdir())
    assert files == ["a.mask.png", "a.prepared.png"]
    with Image.open(tmp_path / "debug" / "a.mask.png") as mask:
        assert (mask.mode, mask.size) == ("L", (160, 160))
        assert mask.getpixel((80, 80)) == 255
        assert mask.getpixel((2, 2)) == 0


def test_a_mask_fits_one_photo_only(folder, generator):
    disc_photo().convert("L").point(lambda value: 255 - value).save(folder / "mask.tif")
    settings = BatchSettings(mask=folder / "mask.tif")
    photos = photo_files(folder / "a.jpg", folder / "b.png")
    targets = choose_targets(photos, folder / "out")

    (result,) = reconstruct_all(generator, photos[:1], targets[:1], settings)

    assert result.error is None
    with pytest.raises(InvalidOptionError, match="one mask cannot apply to 2 photos"):
        list(reconstruct_all(generator, photos, targets, settings))
    with pytest.raises(PhotoError, match="does not exist"):
        list(reconstruct_all(generator, photos[:1], targets[:1], BatchSettings(mask=Path("no"))))


def test_options_that_contradict_a_target_are_refused_before_any_photo_is_read():
    for target in (Target(((5, 5),)), Target(box=(1, 1, 9, 9))):
        with pytest.raises(InvalidOptionError, match="both name the object") as caught:
            BatchSettings(mask=Path("mask.png"), target=target)
        assert caught.value.hint
        with pytest.raises(InvalidOptionError, match="leaves no object to choose"):
            BatchSettings("keep", target=target)
    BatchSettings("keep", mask=Path("mask.png"))


def test_a_click_fits_one_photo_only(folder, generator):
    photos = photo_files(folder / "a.jpg", folder / "b.png")
    settings = BatchSettings(target=Target(((5, 5),)))

    with pytest.raises(InvalidOptionError, match="one click or box cannot apply to 2 photos"):
        list(reconstruct_all(generator, photos, choose_targets(photos, folder / "out"), settings))


@pytest.mark.parametrize("address", ["https://a.b/c.png?x=[1]", "http://a.b/*.jpg"])
def test_an_address_is_no_photo_and_no_glob(address):
    with pytest.raises(PhotoError, match="is an address") as caught:
        find_photos([address])
    assert "download" in caught.value.hint
    with pytest.raises(PhotoError, match="is an address"):
        reconstruct(address, sphere_checkpoint())


@pytest.mark.parametrize("failure", [IndexError("index out of range"), MemoryError()])
def test_whatever_becomes_of_one_photo_the_others_are_done(folder, generator, monkeypatch, failure):
    decode = Image.Image.convert

    def fail(image, *arguments, **options):
        if image.size == (17, 17):
            raise failure
        return decode(image, *arguments, **options)

    monkeypatch.setattr(Image.Image, "convert", fail)
    Image.new("RGB", (17, 17)).save(folder / "aa.png")
    photos = photo_files(folder / "aa.png", folder / "b.png")

    results = list(
        reconstruct_all(generator, photos, choose_targets(photos, None), BatchSettings())
    )

    assert [result.error is None for result in results] == [False, True]


def test_what_a_killed_run_left_of_a_mesh_is_removed_by_the_next(folder, generator):
    left, other = folder / ".b.obj.0a1b2c3d.tmp", folder / ".other.obj.0a1b2c3d.tmp"
    for path in (left, other):
        path.write_text("half a mesh")
    photos = photo_files(folder / "b.png")

    list(reconstruct_all(generator, photos, choose_targets(photos, None), BatchSettings()))

    assert not left.exists()
    assert other.exists()
