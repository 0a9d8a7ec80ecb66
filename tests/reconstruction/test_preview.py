import numpy as np
import trimesh
from PIL import Image

from onet_cli.reconstruction.preview import (
    TILE,
    Sight,
    draw_preview,
    save_preview,
    tile_corner,
)
from onet_cli.reconstruction.sidecar import sidecar_path
from onet_cli.reconstruction.stage import AZIMUTHS, SCALE, Stage, colour_scale
from onet_cli.reconstruction.upright import Standing
from onet_cli.reconstruction.viewpoint import Viewpoint, turn_mesh

SMALL = Image.new("RGB", (8, 8))


def tile_of(sheet, row, column):
    left, top = tile_corner(row, column)
    return np.asarray(sheet.crop((left, top, left + TILE, top + TILE)))


def known_box(confidence):
    mesh = trimesh.creation.box((1, 0.5, 0.25))
    mesh.vertex_attributes["confidence"] = np.full(8, confidence, np.float32)
    return mesh


def test_photo_and_prepared_picture_stand_above_four_views():
    photo = Image.new("RGB", (300, 300), (200, 30, 30))
    seen = Image.new("RGB", (300, 300), (30, 200, 30))

    sheet = draw_preview(photo, seen, trimesh.creation.box((1, 0.5, 0.25)))

    assert len(AZIMUTHS) == 4
    assert (tile_of(sheet, 0, 0) == (200, 30, 30)).all()
    assert (tile_of(sheet, 0, 1) == (30, 200, 30)).all()
    for column in range(4):
        covered = (tile_of(sheet, 1, column) < 250).any(axis=2).mean()
        assert 0.05 < covered < 0.8


def test_without_confidence_its_place_is_empty_and_with_it_it_is_coloured():
    plain = draw_preview(SMALL, SMALL, trimesh.creation.box((1, 0.5, 0.25)))
    sure, guessed = (draw_preview(SMALL, SMALL, known_box(share)) for share in (1.0, 0.0))

    for column in (2, 3):
        assert (tile_of(plain, 0, column) == 255).all()
        blue, red = (tile_of(sheet, 0, column).astype(int) for sheet in (sure, guessed))
        ink = (blue < 250).any(axis=2)
        assert ink.mean() > 0.05
        assert (blue[ink][:, 2] > blue[ink][:, 0]).mean() > 0.9
        assert (red[ink][:, 0] > red[ink][:, 2]).mean() > 0.9
    np.testing.assert_array_equal(tile_of(plain, 1, 0), tile_of(sure, 1, 0))


def test_the_outline_of_the_mesh_lies_over_what_was_seen_and_the_photos_direction_comes_first():
    box = trimesh.creation.box((1, 0.5, 0.25))
    box.vertex_attributes["confidence"] = np.ones(8, np.float32)
    sight = Sight(Viewpoint(0.0, 0.0, Standing((0.0, 0.0, 0.0), 1.2)), 0.9)

    sheet = draw_preview(SMALL, Image.new("RGB", (99, 99), "white"), box, sight=sight)

    # An edge of 1 takes 1.2 half edges of the picture.
    seen = tile_of(sheet, 0, 1)
    rows, columns = np.nonzero((seen < 250).any(axis=2))
    assert abs(np.ptp(columns) + 1 - 0.6 * TILE) <= 2
    assert abs(np.ptp(rows) + 1 - 0.3 * TILE) <= 2
    assert (seen[TILE // 2, TILE // 2] == 255).all()  # a line, not an area
    front = (tile_of(sheet, 1, 0) < 250).any(axis=2)
    beside = (tile_of(sheet, 1, 2) < 250).any(axis=2)
    height, width = (front.any(axis=axis).sum() for axis in (1, 0))
    assert abs(width / height - 2) < 0.1  # exactly from the front, at the height of the middle
    assert beside.any(axis=0).sum() < 0.5 * width
    assert (tile_of(sheet, 0, 2) < 250).any()


def test_the_truth_is_shown_from_the_same_sides_below():
    box = trimesh.creation.box((1, 0.5, 0.25))
    sight = Sight(Viewpoint(0.3, 0.2, Standing((0.0, 0.0, 0.0), 1.2), azimuth=0.7))

    sheet = draw_preview(SMALL, SMALL, box, sight=sight, truth=box)

    for column in range(4):
        np.testing.assert_array_equal(tile_of(sheet, 2, column), tile_of(sheet, 1, column))
        assert (tile_of(sheet, 2, column) < 250).any()


def test_a_turned_mesh_looks_as_it_did_from_all_of_the_photos_sides():
    box = trimesh.creation.box((1, 0.5, 0.25))
    viewpoint = Viewpoint(0.3, 0.2, Standing((0.0, 0.0, 0.0), 1.2))

    sheets = [
        draw_preview(SMALL, Image.new("RGB", (99, 99), "white"), mesh, sight=Sight(known))
        for mesh, known in ((box, viewpoint), turn_mesh(box, viewpoint, 70.0))
    ]

    before, after = (np.asarray(sheet).astype(int) for sheet in sheets)
    assert (np.abs(before - after).max(axis=2) > 40).mean() < 0.002


def test_captions_of_small_tiles_are_written_smaller():
    sight = Sight(Viewpoint(0.3, 0.2, Standing((0.0, 0.0, 0.0), 1.2)), 0.9)

    sheet = draw_preview(SMALL, SMALL, trimesh.creation.box(), 192, sight)

    left, top = tile_corner(0, 1, 192)
    between = np.asarray(sheet)[top + 192 : top + 192 + 24, left - 3]  # two captions do not meet
    assert (between == 255).all()


def test_views_show_the_colours_of_the_mesh_and_not_where_they_show_confidence():
    mesh = known_box(1.0)
    mesh.vertex_attributes["colour"] = np.tile(np.array([200, 20, 20], np.uint8), (8, 1))

    sheet = draw_preview(SMALL, SMALL, mesh)

    for column in range(4):
        view = tile_of(sheet, 1, column).astype(int)
        ink = (view < 250).any(axis=2)
        assert (view[ink][:, 0] > view[ink][:, 2] + 40).mean() > 0.9
    sure = tile_of(sheet, 0, 2).astype(int)
    assert (sure[(sure < 250).any(axis=2)][:, 2] > 90).mean() > 0.5


def test_the_scale_goes_through_its_colours_in_equal_steps():
    assert [tuple(colour) for colour in colour_scale(np.linspace(0, 1, 5))] == list(SCALE)
    between = colour_scale(np.array([[0.125]]))[0, 0].astype(float)
    np.testing.assert_allclose(between, np.mean(SCALE[:2], axis=0), atol=0.6)


def test_a_mesh_far_from_the_origin_fits_its_views():
    ball = trimesh.creation.icosphere(subdivisions=3, radius=2)
    ball.apply_translation((50, -20, 3))

    view = np.asarray(Stage(ball).view(30, TILE))

    ink = (view < 250).any(axis=2)
    assert not ink[[0, -1]].any()
    assert not ink[:, [0, -1]].any()
    assert ink.any(axis=1).sum() > 0.85 * TILE
    rows, columns = np.nonzero(ink)
    assert abs(rows.mean() - TILE / 2) < 2
    assert abs(columns.mean() - TILE / 2) < 2


def test_a_wide_photo_keeps_its_shape_and_transparency_is_white():
    photo = Image.new("RGBA", (200, 100), (0, 0, 0, 255))
    photo.paste((0, 0, 0, 0), (0, 0, 100, 100))

    sheet = draw_preview(photo, SMALL, trimesh.creation.box())

    ink = (tile_of(sheet, 0, 0) < 128).all(axis=2)
    assert abs(ink.any(axis=0).sum() - TILE // 2) <= 1
    assert ink.any(axis=1).sum() == TILE // 2


def test_the_picture_lands_beside_the_mesh(tmp_path):
    path = sidecar_path(tmp_path / "chair.obj", "preview")

    save_preview(SMALL, SMALL, trimesh.creation.box(), path)

    assert [file.name for file in tmp_path.iterdir()] == ["chair.preview.png"]
    assert Image.open(path).format == "PNG"
