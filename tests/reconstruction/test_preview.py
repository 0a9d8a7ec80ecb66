import numpy as np
import trimesh
from PIL import Image

from onet_cli.reconstruction.preview import (
    AZIMUTHS,
    TILE,
    draw_preview,
    preview_path,
    save_preview,
)


def tile_of(sheet, index):
    gap = (sheet.width - 5 * TILE) // 6
    left = gap + index * (TILE + gap)
    return np.asarray(sheet.crop((left, gap, left + TILE, gap + TILE)))


def test_the_photo_stands_first_and_four_views_follow():
    photo = Image.new("RGB", (300, 300), (200, 30, 30))

    sheet = draw_preview(photo, trimesh.creation.box((1, 0.5, 0.25)))

    assert len(AZIMUTHS) == 4
    assert (tile_of(sheet, 0) == (200, 30, 30)).all()
    for index in range(1, 5):
        covered = (tile_of(sheet, index) < 250).any(axis=2).mean()
        assert 0.05 < covered < 0.8


def test_a_mesh_far_from_the_origin_fits_its_views():
    ball = trimesh.creation.icosphere(subdivisions=3, radius=2)
    ball.apply_translation((50, -20, 3))

    view = tile_of(draw_preview(Image.new("RGB", (8, 8)), ball), 1)

    ink = (view < 250).any(axis=2)
    assert not ink[[0, -1]].any()
    assert not ink[:, [0, -1]].any()
    assert ink.any(axis=1).sum() > 0.85 * TILE
    rows, columns = np.nonzero(ink)
    assert abs(rows.mean() - TILE / 2) < 2
    assert abs(columns.mean() - TILE / 2) < 2


def test_a_wide_photo_keeps_its_shape():
    sheet = draw_preview(Image.new("RGB", (200, 100), "black"), trimesh.creation.box())

    ink = (tile_of(sheet, 0) < 128).all(axis=2)
    assert ink.any(axis=0).sum() == TILE
    assert ink.any(axis=1).sum() == TILE // 2


def test_the_picture_lands_beside_the_mesh(tmp_path):
    path = preview_path(tmp_path / "chair.obj")

    save_preview(Image.new("RGB", (8, 8)), trimesh.creation.box(), path)

    assert [file.name for file in tmp_path.iterdir()] == ["chair.preview.png"]
    assert Image.open(path).format == "PNG"
