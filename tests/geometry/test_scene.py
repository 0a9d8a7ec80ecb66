"""How scenes look: light, shadow, textures, glass. Colours are checked against formulas."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from onet_cli.errors import InvalidGeometryError
from onet_cli.geometry.appearance import Appearance, Material
from onet_cli.geometry.camera import Camera
from onet_cli.geometry.lighting import Light, Lighting
from onet_cli.geometry.mesh import make_mesh
from onet_cli.geometry.render import on_white
from onet_cli.geometry.scene import Scene
from onet_cli.geometry.texture import srgb_to_linear
from tests.analytic import Box, Sphere, Torus

SIZE = 64
EVEN = Lighting((), (1.0, 1.0, 1.0), (1.0, 1.0, 1.0))
"""White light from everywhere: what nothing hides shows its own colour."""

FRONT = Camera.orbit(0, 0, 2, SIZE)
MIDDLE = SIZE // 2, SIZE // 2


def quad(edge=1.0, z=0.0):
    """A square that faces +z, as corners in the order of its outline, and two faces."""
    half = edge / 2
    return np.array([[-half, -half, z], [half, -half, z], [half, half, z], [-half, half, z]])


QUAD_FACES = np.array([[0, 1, 2], [0, 2, 3]])


def scene_of(*parts):
    """A scene of (vertices, faces, material) parts; squares get uv from 0 to 1."""
    vertices, faces, owners, start = [], [], [], 0
    for index, (points, triangles, _) in enumerate(parts):
        vertices.append(points)
        faces.append(np.asarray(triangles) + start)
        owners += [index] * len(triangles)
        start += len(points)
    faces = np.vstack(faces)
    places = np.vstack(vertices)
    uv = (places[faces][..., :2] + 0.5).astype(np.float32)
    looks = Appearance(tuple(material for *_, material in parts), np.int32(owners), uv)
    return Scene(make_mesh(places, faces), looks)


def wall(material, edge=1.0, z=0.0):
    return quad(edge, z), QUAD_FACES, material


def linear(colour):
    return srgb_to_linear()[np.asarray(colour)]


def encoded(light):
    light = np.clip(light, 0, 1)
    return 255 * np.where(light < 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)


def mirrored(colour):
    """What a surface seen from the front sends back of even light: 3 % without its colour."""
    return 0.97 * linear(colour) + 0.03


# Light.


def test_a_surface_in_even_light_shows_its_own_colour():
    picture = scene_of(wall(Material((200, 90, 30)))).render(FRONT, SIZE, EVEN)
    np.testing.assert_allclose(picture[MIDDLE][:3], encoded(mirrored((200, 90, 30))), atol=1)


@pytest.mark.parametrize("angle", [0, 30, 60])
def test_brightness_falls_with_the_cosine_of_the_light(angle):
    place = 1e4 * np.array([np.sin(np.radians(angle)), 0, np.cos(np.radians(angle))])
    lamp = Lighting((Light(tuple(place), (0.8, 0.8, 0.8)),), (0, 0, 0), (0, 0, 0))

    picture = scene_of(wall(Material((255, 180, 90)))).render(FRONT, SIZE, lamp)

    expected = 0.97 * linear((255, 180, 90)) * 0.8 * np.cos(np.radians(angle))
    np.testing.assert_allclose(picture[MIDDLE][:3], encoded(expected), atol=1)


def test_a_lamp_on_the_left_brightens_the_left():
    lamp = Lighting((Light((-5, 0, 2), (1, 1, 1)),), (0.1, 0.1, 0.1), (0.1, 0.1, 0.1))
    picture = Scene(Sphere().mesh(4)).render(FRONT, SIZE, lamp).astype(int)
    assert picture[SIZE // 2, SIZE // 2 - 14, 0] > 2 * picture[SIZE // 2, SIZE // 2 + 14, 0]


def test_a_lamp_gives_its_colour():
    lamp = Lighting((Light((0, 0, 5), (0.9, 0.5, 0.1)),), (0, 0, 0), (0, 0, 0))
    red, green, blue = scene_of(wall(Material((255, 255, 255)))).render(FRONT, SIZE, lamp)[MIDDLE][
        :3
    ]
    np.testing.assert_allclose((red, green, blue), encoded(np.array([0.873, 0.485, 0.097])), atol=2)


def test_gloss_adds_a_highlight_where_the_mirror_image_of_the_lamp_is():
    lamp = Lighting((Light((0, 0, 50), (0.5, 0.5, 0.5)),), (0, 0, 0), (0, 0, 0))
    matt, glossy = (
        scene_of(wall(Material((90, 90, 90), gloss=gloss))).render(FRONT, SIZE, lamp)
        for gloss in (0.0, 0.8)
    )
    expected = encoded(0.97 * 0.5 * linear((90, 90, 90)) + 0.8 * 0.5)
    np.testing.assert_allclose(glossy[MIDDLE][:3], expected, atol=2)
    corner = (SIZE // 2 - 15, SIZE // 2 - 15)
    assert glossy[corner][0] - int(matt[corner][0]) < glossy[MIDDLE][0] - int(matt[MIDDLE][0])


def test_lamps_that_turn_light_all_sides_alike():
    pictures = [
        Scene(Sphere().mesh(4)).render(Camera.orbit(a, 0, 2, SIZE), SIZE, Lighting.studio())
        for a in (0, 180)
    ]
    assert np.abs(pictures[0].astype(int) - pictures[1]).mean() < 1


def test_studio_light_comes_from_the_upper_left():
    scene = Scene(Sphere().mesh(4))
    picture = on_white(scene.render(Camera.orbit(70, 30, 2, SIZE), SIZE)).astype(int)
    middle = SIZE // 2
    assert picture[middle - 9, middle].sum() > picture[middle + 9, middle].sum()
    assert picture[middle, middle - 9].sum() > picture[middle, middle + 9].sum()


def test_choys_light_leaves_backs_dark():
    """As measured on their pictures: front and top 0.9, right 0.7, back and left 0.5."""
    scene = Scene(Sphere().mesh(5), Appearance.plain(20480, (200, 200, 200)))

    def brightness(azimuth, elevation):
        picture = scene.render(Camera.orbit(azimuth, elevation, 2, SIZE), SIZE, Lighting.choy())
        return picture[MIDDLE][0] / 200

    assert brightness(0, 0) == pytest.approx(0.9, abs=0.1)
    assert brightness(0, 89) == pytest.approx(0.92, abs=0.1)
    assert brightness(90, 0) == pytest.approx(0.7, abs=0.1)
    assert brightness(180, 0) == pytest.approx(0.5, abs=0.1)
    assert brightness(270, 0) == pytest.approx(0.5, abs=0.1)


@pytest.mark.parametrize("shape", [Sphere(), Box(), Torus()])
def test_a_mesh_wound_inside_out_looks_the_same(shape):
    camera, mesh = Camera.orbit(30, 25, 1.6, SIZE), shape.mesh()
    meshes = mesh, make_mesh(mesh.vertices, mesh.faces[:, ::-1])
    pictures = [Scene(each).render(camera, SIZE).astype(int) for each in meshes]
    assert (np.abs(pictures[0] - pictures[1]) > 2).any(axis=2).mean() < 0.002


# Shadow.


def room(material):
    """A floor and two walls that meet at the origin, open towards +x, +y and +z."""
    corners = np.array([[0, 0, 0], [1, 0, 0], [1, 0, 1], [0, 0, 1.0]])
    turn = [corners, corners[:, [1, 2, 0]], corners[:, [2, 0, 1]]]
    return [(0.6 * side - 0.2, QUAD_FACES, material) for side in turn]


def test_a_corner_is_darker_than_an_open_face():
    camera = Camera.orbit(45, 30, 2, 128)
    scene = scene_of(*room(Material((255, 255, 255))))
    picture = scene.render(camera, 128, EVEN)[..., 0].astype(int)

    deep, shallow = np.floor(camera.project(np.array([[-0.17, -0.17, 0.1], [0.25, 0.35, -0.2]])))[
        :, 1::-1
    ].astype(int)

    assert picture[tuple(deep)] < 0.85 * picture[tuple(shallow)]


def test_nothing_hides_the_light_from_what_bulges_out():
    picture = Scene(Sphere().mesh(5), Appearance.plain(20480, (255,) * 3)).render(FRONT, SIZE, EVEN)
    assert picture[picture[..., 3] == 255][:, 0].min() > 250


def test_a_box_above_a_floor_throws_a_shadow():
    floor = quad(2.0)[:, [0, 2, 1]] * [1, 1, -1] - [0, 0.3, 0]
    box = Box((0.3, 0.1, 0.3)).mesh()
    scene = scene_of(
        (floor, QUAD_FACES, Material((200,) * 3)), (box.vertices, box.faces, Material())
    )
    lamp = Lighting((Light((0, 9, 0), (0.8, 0.8, 0.8)),), (0.2,) * 3, (0.2,) * 3)
    camera = Camera.orbit(0, 20, 3, 128)

    picture = scene.render(camera, 128, lamp)[..., 0].astype(int)

    places = camera.project(np.array([[0, -0.3, 0.1], [0.6, -0.3, 0.1]]))
    under, aside = np.floor(places[:, 1::-1]).astype(int)
    assert picture[tuple(under)] < 0.6 * picture[tuple(aside)]


def test_flat_faces_throw_no_shadow_on_themselves():
    lamp = Lighting((Light((5, 1, 2), (1, 1, 1)),), (0, 0, 0), (0, 0, 0))
    picture = scene_of(wall(Material((255,) * 3), 0.7)).render(FRONT, SIZE, lamp, samples=1)
    lit = picture[picture[..., 3] == 255][:, 0].astype(int)
    assert np.ptp(lit) < 60  # it is near the lamp on its right
    rows = picture[SIZE // 2 - 10 : SIZE // 2 + 10, SIZE // 2 - 10 : SIZE // 2 + 10, 0].astype(int)
    assert np.abs(np.diff(rows, axis=1)).max() <= 3


# Smoothness.


def test_smooth_shading_has_no_facets():
    mesh = Sphere().mesh(2)
    flat = np.repeat(mesh.face_normals[:, None], 3, axis=1).astype(np.float32)
    looks = [
        Appearance((Material(),), np.zeros(len(mesh.faces), np.int32), normals=normals)
        for normals in (flat, None)
    ]
    rows = [
        Scene(mesh, look).render(FRONT, SIZE)[SIZE // 2, 18:-18, 0].astype(int) for look in looks
    ]
    jumps = [np.abs(np.diff(row)).max() for row in rows]
    assert jumps[1] < jumps[0] / 2


def test_normals_that_are_missing_are_found():
    mesh = Sphere().mesh(2)
    given = np.full((len(mesh.faces), 3, 3), np.nan, np.float32)
    given[::2] = 0
    looks = Appearance((Material(),), np.zeros(len(mesh.faces), np.int32), normals=given)
    np.testing.assert_array_equal(
        Scene(mesh, looks).render(FRONT, SIZE),
        Scene(mesh, Appearance((Material(),), looks.material_of_face)).render(FRONT, SIZE),
    )


# Textures.

RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)
QUARTERS = np.uint8([[RED, GREEN], [BLUE, WHITE]]).repeat(32, axis=0).repeat(32, axis=1)


def dominant(pixel):
    return tuple(np.where(np.asarray(pixel[:3]) > 128, 255, 0).tolist())


def test_a_texture_lands_upright_and_unmirrored():
    picture = scene_of(wall(Material(texture=QUARTERS))).render(FRONT, SIZE, EVEN)
    low, high = SIZE // 2 - 12, SIZE // 2 + 12
    assert dominant(picture[low, low]) == RED  # first row, first column: upper left
    assert dominant(picture[low, high]) == GREEN
    assert dominant(picture[high, low]) == BLUE
    assert dominant(picture[high, high]) == WHITE


@pytest.mark.parametrize("shift", [-7.0, 1.0, 1000.0])
def test_a_texture_repeats(shift):
    vertices, faces = quad(), QUAD_FACES
    uv = (vertices[faces][..., :2] + 0.5).astype(np.float32)
    pictures = []
    for offset in (0.0, shift):
        looks = Appearance((Material(texture=QUARTERS),), np.zeros(2, np.int32), uv + offset)
        pictures.append(Scene(make_mesh(vertices, faces), looks).render(FRONT, SIZE, EVEN))
    difference = np.abs(pictures[0].astype(int) - pictures[1])
    assert difference.max() <= (2 if abs(shift) < 10 else 40)  # uv are float32


def test_a_fine_pattern_far_away_is_its_mean():
    pattern = np.zeros((256, 256, 3), np.uint8)
    pattern[::2, ::2] = pattern[1::2, 1::2] = 255
    picture = scene_of(wall(Material(texture=pattern))).render(FRONT, SIZE, EVEN)
    inner = picture[16:-16, 16:-16, :3].astype(int)
    assert np.ptp(inner) <= 4
    assert abs(inner.mean() - encoded(mirrored(128)).mean()) < 3


def test_texels_close_by_blend_into_each_other():
    edge = np.uint8([[[0] * 3, [255] * 3]])
    picture = scene_of(wall(Material(texture=edge))).render(Camera.orbit(0, 0, 1, SIZE), SIZE, EVEN)
    row = picture[SIZE // 2, SIZE // 4 : 3 * SIZE // 4, 0].astype(int)
    assert (np.diff(row) >= 0).all()
    assert len(np.unique(row)) > 10


def test_what_a_texture_cuts_out_is_a_hole():
    ring = np.full((64, 64, 4), 255, np.uint8)
    ring[16:48, 16:48, 3] = 0
    scene = scene_of(wall(Material(texture=ring)), wall(Material((0, 0, 200)), 0.2, -0.5))
    picture = scene.render(FRONT, SIZE, EVEN)
    assert picture[SIZE // 2, SIZE // 2 - 14, 3] == 255
    assert picture[SIZE // 2, SIZE // 2 - 6, 3] == 0  # through the hole, past the blue square
    assert dominant(picture[MIDDLE]) == BLUE


def test_one_texture_in_two_materials_is_kept_once():
    materials = Material(texture=QUARTERS), Material(gloss=0.5, texture=QUARTERS)
    scene = scene_of(wall(materials[0]), wall(materials[1], z=-0.2))
    assert len(scene._textures.textures) == 1


def test_colours_of_corners_blend_over_a_face():
    colours = np.uint8([[RED, GREEN, BLUE]])
    triangle = make_mesh(np.array([[-0.5, -0.4, 0], [0.5, -0.4, 0], [0, 0.5, 0]]), [[0, 1, 2]])
    looks = Appearance((Material(),), np.zeros(1, np.int32), corner_colours=colours)
    picture = Scene(triangle, looks).render(FRONT, SIZE, EVEN)
    corners = np.floor(FRONT.project(triangle.vertices * 0.8)[:, 1::-1]).astype(int)
    assert [int(np.argmax(picture[tuple(c)][:3])) for c in corners] == [0, 1, 2]
    middle = np.floor(FRONT.project(triangle.vertices.mean(0, keepdims=True))[0, 1::-1]).astype(int)
    np.testing.assert_allclose(
        picture[tuple(middle)][:3], encoded(0.97 / 3 + 0.03) * np.ones(3), atol=8
    )


# Glass.


@pytest.mark.parametrize("opacity", [0.25, 0.6])
def test_glass_tints_what_is_behind(opacity):
    glass, back = (60, 160, 90), (220, 60, 40)
    scene = scene_of(wall(Material(glass, opacity), z=0.3), wall(Material(back)))

    pixel = scene.render(FRONT, SIZE, EVEN)[MIDDLE]

    expected = opacity * mirrored(glass) + (1 - opacity) * mirrored(back)
    np.testing.assert_allclose(pixel[:3], encoded(expected), atol=1)
    assert pixel[3] == 255


@pytest.mark.parametrize("panes", [1, 2, 3])
def test_panes_of_glass_over_nothing_add_up_in_alpha(panes):
    parts = [wall(Material((90, 120, 150), 0.3), z=0.2 * n) for n in range(panes)]
    for order in (parts, parts[::-1]):
        pixel = scene_of(*order).render(FRONT, SIZE, EVEN)[MIDDLE]
        assert pixel[3] == pytest.approx(255 * (1 - 0.7**panes), abs=1)
        np.testing.assert_allclose(pixel[:3], encoded(mirrored((90, 120, 150))), atol=1)


def test_glass_behind_a_wall_is_not_seen():
    behind = scene_of(wall(Material((9, 9, 9), 0.5), 0.5, z=-0.2), wall(Material((200, 90, 30))))
    np.testing.assert_allclose(
        behind.render(FRONT, SIZE, EVEN)[MIDDLE][:3], encoded(mirrored((200, 90, 30))), atol=1
    )


def test_many_layers_of_glass_end():
    parts = [wall(Material((90, 120, 150), 0.1), z=0.02 * n) for n in range(20)]
    assert scene_of(*parts).render(FRONT, SIZE, EVEN)[MIDDLE][3] > 170


# What comes out.


def test_straight_alpha_keeps_the_colour_on_the_rim():
    camera = Camera.orbit(10, 0, 2, SIZE)
    scene = scene_of(wall(Material((100, 150, 50)), 0.33))
    picture = scene.render(camera, SIZE, EVEN, samples=4)
    rim = picture[(picture[..., 3] > 30) & (picture[..., 3] < 230)][:, :3].astype(float)
    assert len(rim) > 20
    np.testing.assert_allclose(rim, np.tile(picture[MIDDLE][:3], (len(rim), 1)), atol=2)


def test_threads_and_repetition_change_no_bit():
    scene = Scene(Torus().mesh(24))
    cameras = [Camera.orbit(40 * k, 20, 2, SIZE) for k in range(8)]
    one_by_one = [scene.render(camera, SIZE) for camera in cameras]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda camera: scene.render(camera, SIZE), cameras))
    np.testing.assert_array_equal(one_by_one, together)


@pytest.mark.parametrize("bad", [np.zeros((3, 3), np.uint8), np.zeros((0, 4, 3), np.uint8)])
def test_textures_of_another_shape_are_refused(bad):
    with pytest.raises(InvalidGeometryError, match="texture"):
        scene_of(wall(Material(texture=bad)))


def test_texture_coordinates_that_are_not_finite_are_refused():
    looks = Appearance((Material(),), np.zeros(2, np.int32), np.full((2, 3, 2), np.nan, np.float32))
    with pytest.raises(InvalidGeometryError, match="finite"):
        Scene(make_mesh(quad(), QUAD_FACES), looks)
