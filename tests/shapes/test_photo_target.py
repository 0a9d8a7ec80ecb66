"""Which object is meant: clicks and boxes, before any background."""

import io

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter

from onet_cli.errors import InvalidOptionError, PhotoError
from onet_cli.shapes.photo import MARGIN, Target, isolate_object, read_photo, read_target
from onet_cli.shapes.photo_border import Cut
from onet_cli.shapes.photo_target import keep_target

SIZE = (400, 300)
LEFT, RIGHT = (40, 80, 150, 230), (250, 90, 350, 240)  # the things, left, top, right, bottom


def truth_of(box, size=SIZE):
    mask = np.zeros(size[::-1], dtype=bool)
    mask[box[1] : box[3], box[0] : box[2]] = True
    return mask


def two_things(background):
    """A red and a blue box, before white, nothing, or a textured wall and floor."""
    rng = np.random.default_rng(0)
    y, x = np.mgrid[0 : SIZE[1], 0 : SIZE[0]]
    if background == "busy":
        floor = (y > 200)[..., None]
        pixels = np.where(floor, (120.0, 95, 70), (150.0, 160, 130))
        pixels = pixels + rng.normal(0, 8, (*y.shape, 1)) + 9 * np.sin(x / 5)[..., None]
    else:
        pixels = np.full((*y.shape, 3), 255.0)
    for box, colour in ((LEFT, (190, 40, 45)), (RIGHT, (30, 50, 160))):
        pixels[truth_of(box)] = colour
    photo = Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))
    if background == "clear":
        photo.putalpha(Image.fromarray((truth_of(LEFT) | truth_of(RIGHT)).astype(np.uint8) * 255))
    return photo


def overlap(weight, truth):
    found = weight > 0.5
    return (found & truth).sum() / (found | truth).sum()


@pytest.mark.parametrize("background", ["white", "clear", "busy"])
@pytest.mark.parametrize("box", [LEFT, RIGHT])
def test_a_click_and_a_box_name_the_one_object(background, box):
    photo = two_things(background)
    middle = ((box[0] + box[2]) / 2, (box[1] + box[3]) / 2)
    around = (box[0] - 8, box[1] - 8, box[2] + 8, box[3] + 8)

    for target in (Target((middle,)), Target(box=around)):
        prepared = isolate_object(photo, target=target)

        assert overlap(prepared.weight, truth_of(box)) > 0.9
        seen = np.asarray(prepared.picture).astype(int)
        other = seen[..., 2] - seen[..., 0] if box == LEFT else seen[..., 0] - seen[..., 2]
        assert other.max() < 40  # nothing of the other one


DISC = (40, 60, 110, 130)


def large_beside_small(ground, size=(768, 768)):
    """A large box with a soft shadow, which the network sees, and a disc, which it does not."""
    photo = Image.new("RGB", size, ground)
    shadow = Image.new("L", size)
    ImageDraw.Draw(shadow).ellipse((330, 600, 740, 700), fill=110)
    photo.paste((40, 40, 40), mask=shadow.filter(ImageFilter.GaussianBlur(14)))
    draw = ImageDraw.Draw(photo)
    draw.rectangle((350, 300, 650, 650), fill=(150, 60, 40))
    draw.ellipse((DISC[0], DISC[1], DISC[2] - 1, DISC[3] - 1), fill=(30, 50, 170))
    return photo


def disc(size=(768, 768)):
    y, x = np.mgrid[0 : size[1], 0 : size[0]] + 0.5
    return np.hypot(x - 75, y - 95) <= 35


@pytest.mark.parametrize("ground", [(200, 200, 205), (255, 255, 255)])
@pytest.mark.parametrize("target", [Target(((75, 95),)), Target(box=(30, 50, 120, 140))])
def test_a_small_object_is_found_beside_a_large_one_with_a_shadow(ground, target):
    prepared = isolate_object(large_beside_small(ground), target=target)

    assert overlap(prepared.weight, disc()) > 0.9
    seen = np.asarray(prepared.picture).astype(int)
    assert (seen[..., 0] - seen[..., 2]).max() < 40  # nothing of the large one


@pytest.mark.parametrize("ground", [(200, 200, 205), (255, 255, 255)])
def test_a_box_in_a_large_photo_is_seen_with_all_its_pixels(ground):
    photo = Image.new("RGB", (3000, 2000), ground)
    photo.paste((30, 50, 170), (1800, 600, 2040, 900))
    photo.paste((150, 60, 40), (300, 500, 1300, 1700))

    prepared = isolate_object(photo, target=Target(((1900, 700),), (1780, 580, 2060, 920)))

    assert prepared.picture.width == pytest.approx(300 / MARGIN, abs=4)
    assert prepared.weight.shape == (512, 768)
    share = 768 / 3000
    truth = truth_of(tuple(round(edge * share) for edge in (1800, 600, 2040, 900)), (768, 512))
    assert overlap(prepared.weight, truth) > 0.9
    assert prepared.warnings == ()


def test_a_target_may_be_a_small_part_of_the_photo_but_not_a_few_pixels():
    photo = Image.new("RGB", (1536, 1536), (200, 200, 205))
    photo.paste((150, 60, 40), (700, 700, 1300, 1300))
    photo.paste((30, 50, 170), (100, 100, 140, 140))  # 0.07 % of the photo
    photo.paste((30, 50, 170), (400, 100, 424, 124))

    prepared = isolate_object(photo, target=Target(((120, 120),)))
    boxed = isolate_object(photo, target=Target(box=(390, 90, 434, 134)))

    assert prepared.picture.width == pytest.approx(20 / MARGIN, abs=3)
    assert boxed.picture.width == pytest.approx(24 / MARGIN, abs=3)
    with pytest.raises(PhotoError, match=r"the object there is only 2\d pixels large"):
        isolate_object(photo, target=Target(((412, 112),)))


@pytest.mark.parametrize(("column", "leg_is_meant"), [(102, True), (108, True), (118, False)])
def test_a_click_means_the_object_under_it_or_the_nearest_not_the_largest(column, leg_is_meant):
    weight = np.zeros((768, 768), np.float32)
    weight[200:600, 100:103] = 1
    weight[200:600, 122:400] = 1

    kept = keep_target(weight, Target(((column, 400),)))

    assert kept[:, 100:103].any() == leg_is_meant
    assert kept[:, 122:].any() != leg_is_meant


def test_what_rembg_leaves_out_is_looked_for(monkeypatch):
    photo = large_beside_small((200, 200, 205))
    other = np.zeros((768, 768), np.float32)
    other[300:650, 350:650] = 1
    monkeypatch.setattr(
        "onet_cli.shapes.photo_rembg.cut_by_rembg", lambda colours: Cut(other, certain=True)
    )

    prepared = isolate_object(photo, "rembg", target=Target(((75, 95),)))

    assert prepared.warnings[0].startswith("rembg found no object there; onet's own network")
    assert overlap(prepared.weight, disc()) > 0.9


def test_a_click_on_each_takes_both():
    both = Target(((95, 150), (300, 160)))

    prepared = isolate_object(two_things("white"), target=both)

    assert overlap(prepared.weight, truth_of(LEFT) | truth_of(RIGHT)) > 0.98


def test_pixels_are_those_of_the_file_upright_whatever_it_is_reduced_to():
    large = two_things("white").resize((6000, 4500), Image.Resampling.NEAREST)
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90 degrees clockwise
    stream = io.BytesIO()
    large.transpose(Image.Transpose.ROTATE_90).save(stream, "JPEG", exif=exif)

    photo = read_photo(stream.getvalue())
    prepared = isolate_object(photo, target=Target(((300 * 15, 160 * 15),)))

    assert max(photo.size) < 6000
    size = prepared.weight.shape[::-1]
    scaled = tuple(round(value * size[0] / SIZE[0]) for value in RIGHT)
    assert overlap(prepared.weight, truth_of(scaled, size)) > 0.95


@pytest.mark.parametrize(
    ("target", "words"),
    [
        (Target(((400, 10),)), "400,10 lies outside the photo of 400 x 300 pixels"),
        (Target(((-1, 10),)), "-1,10 lies outside the photo"),
        (Target(box=(10, 10, 401, 20)), "400,19 lies outside the photo"),
        (Target(box=(20, 10, 10, 20)), "the box 20,10,10,20 holds no pixel"),
        (Target(((200, 20),)), "no object stands out there"),
        (Target(box=(160, 10, 240, 60)), "no object stands out there"),
    ],
)
@pytest.mark.parametrize("background", ["white", "clear"])
def test_what_names_nothing_is_refused_in_words(background, target, words):
    with pytest.raises(PhotoError, match=words) as caught:
        isolate_object(two_things(background), target=target)

    assert caught.value.hint


def test_only_one_of_mask_and_target_may_name_the_object():
    photo, target = two_things("white"), Target(((95, 150),))

    with pytest.raises(PhotoError, match="both name the object"):
        isolate_object(photo, mask=photo, target=target)
    with pytest.raises(PhotoError, match="leaves no object to choose"):
        isolate_object(photo, "keep", target=target)


def test_texts_become_a_target():
    assert read_target([], None) is None
    assert read_target(["3,4.5"], "1,2,30,40") == Target(((3, 4.5),), (1, 2, 30, 40))


@pytest.mark.parametrize(
    ("clicks", "box"), [(["3"], None), (["3;4"], None), (["3,nan"], None), ([], "1,2,3")]
)
def test_texts_that_are_no_pixels_are_refused(clicks, box):
    with pytest.raises(InvalidOptionError, match="is not X"):
        read_target(clicks, box)
