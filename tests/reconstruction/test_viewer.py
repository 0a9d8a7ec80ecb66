import base64
import json
import re
import shutil
import subprocess

import numpy as np
import pytest
import trimesh
from PIL import Image

from onet_cli.reconstruction.sidecar import sidecar_path
from onet_cli.reconstruction.turntable import FRAMES, draw_turntable, save_turntable
from onet_cli.reconstruction.upright import Standing
from onet_cli.reconstruction.viewer import page as module
from onet_cli.reconstruction.viewer.encode import FARTHEST, unpack_mesh
from onet_cli.reconstruction.viewer.page import Showcase, save_viewer, viewer_page
from onet_cli.reconstruction.viewpoint import Viewpoint

CHROMIUM = next(
    filter(
        None,
        map(
            shutil.which,
            ("chromium", "chromium-browser", "google-chrome", "chromium-headless-shell"),
        ),
    ),
    "",
)


def known_ball():
    mesh = trimesh.creation.icosphere(subdivisions=3, radius=0.4)
    height = (mesh.vertices[:, 1] + 0.4) / 0.8
    mesh.vertex_attributes["confidence"] = height.astype(np.float32)
    return mesh


def showcase(mesh, **changes):
    red, green = (Image.new("RGB", (900, 600), colour) for colour in ("red", "lime"))
    settings = {"title": "chair", "photo": red, "seen": green, "mesh": mesh, **changes}
    return Showcase(**settings)


def exhibit_in(page):
    (found,) = json.loads(re.search(r'id="exhibits">(.*?)</script>', page, re.DOTALL)[1])
    return found


def test_the_page_holds_the_mesh_and_its_confidence():
    mesh = known_ball()

    exhibit = exhibit_in(viewer_page(showcase(mesh)))

    found, doubts = unpack_mesh(exhibit["mesh"])
    np.testing.assert_array_equal(found.faces, mesh.faces)
    np.testing.assert_allclose(found.vertices, mesh.vertices, atol=2e-5)
    confidence = 1 - doubts / exhibit["scale"]
    np.testing.assert_allclose(confidence, mesh.vertex_attributes["confidence"], atol=1 / 500)
    assert exhibit["scale"] == FARTHEST


def test_the_page_loads_nothing_and_what_is_said_is_text():
    facts, warnings = (("vertices", "<b>7"),), ("<i>dark",)

    page = viewer_page(showcase(known_ball(), title="a<b>&c", facts=facts, warnings=warnings))

    assert "default-src 'none'" in page
    assert not re.search(r"https?:|url\(|<link|<b>|<i>d|src=\"(?!data:)", page)
    assert "a&lt;b&gt;&amp;c" in page
    assert "&lt;b&gt;7" in page
    assert page.count("data:image/webp") == 2


def test_boxes_are_out_of_use_where_the_mesh_has_neither_confidence_nor_colours():
    painted = trimesh.creation.box()
    painted.vertex_attributes["colour"] = np.full((8, 3), 200, np.uint8)
    plain, known, coloured = (
        viewer_page(showcase(mesh)) for mesh in (trimesh.creation.box(), known_ball(), painted)
    )

    assert 'id="colours" disabled' in plain
    assert 'id="painted" disabled' in plain
    assert 'id="colours" disabled' not in known
    assert 'id="colours" disabled' in coloured
    assert 'id="painted" checked' in coloured


def test_the_page_holds_the_colours_and_begins_where_the_photo_was_taken():
    mesh = known_ball()
    shades = np.random.default_rng(0).integers(0, 256, (len(mesh.vertices), 3)).astype(np.uint8)
    mesh.vertex_attributes["colour"] = shades

    viewpoint = Viewpoint(np.radians(12.5), 0.3, Standing((0.0, 0.0, 0.0), 1.0), np.radians(-40))

    seen = exhibit_in(viewer_page(showcase(mesh, viewpoint=viewpoint)))
    unknown = exhibit_in(viewer_page(showcase(known_ball())))

    packed = np.frombuffer(base64.b64decode(seen["mesh"]["colours"]), np.uint8)
    np.testing.assert_array_equal(packed.reshape(-1, 3), shades)
    assert seen["eye"] == pytest.approx([-40, 12.5])
    assert unknown["eye"] == [30, 25]
    assert "colours" not in unknown["mesh"]


def test_a_large_mesh_is_simplified_and_keeps_its_confidence(monkeypatch):
    monkeypatch.setattr(module, "FACES", 400)

    found, doubts = unpack_mesh(exhibit_in(viewer_page(showcase(known_ball())))["mesh"])

    assert len(found.faces) <= 400
    assert found.is_watertight
    expected = 1 - (found.vertices[:, 1] + 0.4) / 0.8
    np.testing.assert_allclose(doubts / FARTHEST, expected, atol=0.1)


def test_page_and_turntable_land_beside_the_mesh(tmp_path):
    target = tmp_path / "chair.obj"

    save_viewer(showcase(known_ball()), sidecar_path(target, "viewer"))
    save_turntable(trimesh.creation.box((1, 0.5, 0.25)), sidecar_path(target, "turntable"))

    names = sorted(file.name for file in tmp_path.iterdir())
    assert names == ["chair.turntable.gif", "chair.viewer.html"]
    with Image.open(tmp_path / "chair.turntable.gif") as gif:
        assert (gif.n_frames, gif.info["loop"]) == (FRAMES, 0)
        first = np.asarray(gif.convert("RGB")).copy()
        gif.seek(FRAMES // 4)
        assert (first != np.asarray(gif.convert("RGB"))).any()
        assert (first[0, 0] > 250).all()


def test_a_box_looks_the_same_from_both_sides_of_a_half_turn():
    views = draw_turntable(trimesh.creation.box((1, 0.5, 0.25)), frames=4, size=64)

    inks = [np.asarray(view.convert("L")) < 250 for view in views]
    np.testing.assert_array_equal(inks[0], inks[2])
    assert (inks[0] != inks[1]).any()


def test_the_turn_begins_at_the_photos_direction():
    box = trimesh.creation.box((1, 0.5, 0.25))
    viewpoint = Viewpoint(np.radians(60), 0.3, Standing((0.0, 0.0, 0.0), 1.0))

    first, second = (draw_turntable(box, 4, 64, known)[0] for known in (viewpoint, None))

    ink = np.asarray(first.convert("L")) < 250
    assert (ink == ink[:, ::-1]).mean() > 0.99  # from the front
    assert (ink != (np.asarray(second.convert("L")) < 250)).any()


PROGRAM = """<script>
requestAnimationFrame = work => setTimeout(work, 0);
HTMLCanvasElement.prototype.setPointerCapture = () => {};
const log = [], pane = document.querySelector("canvas");
const copy = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
const pixels = () => {
  copy.canvas.width = copy.canvas.height = 99;  // clears it as well
  copy.drawImage(pane, 0, 0, 99, 99);
  return copy.getImageData(0, 0, 99, 99).data;
};
const mean = channel => {
  let [sum, count] = [0, 0];
  const data = pixels();
  for (let p = 0; p < data.length; p += 4) if (data[p + 3]) { sum += data[p + channel]; count++; }
  return Math.round(sum / Math.max(count, 1));
};
const step = work => new Promise(done => {
  const before = pane.toDataURL();
  work();
  setTimeout(() => { log.push(pane.toDataURL() !== before); done(); }, 50);
});
const drag = (kind, x) => pane.dispatchEvent(
  new PointerEvent(kind, {pointerId: 1, clientX: x, clientY: 100, bubbles: true}));
const click = name => document.getElementById(name).click();
setTimeout(async () => {
  await step(() => { drag("pointerdown", 50); drag("pointermove", 150); drag("pointerup", 150); });
  await step(() => click("wireframe"));
  await step(() => click("wireframe"));
  const plain = mean(2) - mean(0);
  await step(() => click("colours"));
  log.push(mean(2) - mean(0) > plain + 40);
  await step(() => click("reset"));
  document.title = log.join("|");
}, 50);
</script></body>"""


@pytest.mark.slow
@pytest.mark.skipif(not CHROMIUM, reason="no Chromium")
def test_a_browser_draws_turns_and_colours_without_an_error(tmp_path):
    mesh = known_ball()
    mesh.apply_scale((1, 0.6, 0.3))
    mesh.vertex_attributes["confidence"] = np.ones(len(mesh.vertices), np.float32)
    path, picture = tmp_path / "driven.html", tmp_path / "shot.png"
    path.write_text(viewer_page(showcase(mesh)).replace("</body>", PROGRAM))
    options = ["--headless=new", "--no-sandbox", "--use-angle=swiftshader"]
    options += ["--enable-unsafe-swiftshader", "--enable-logging=stderr", "--window-size=900,700"]
    options += ["--virtual-time-budget=20000", "--blink-settings=preferredColorScheme=1"]

    def browse(*what):
        command = [CHROMIUM, *options, *what, path.as_uri()]
        return subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)

    done = browse("--dump-dom")
    browse(f"--screenshot={picture}")

    assert "CONSOLE" not in done.stderr
    title = re.search(r"<title>(.*?)</title>", done.stdout)[1]
    assert title == "|".join(["true"] * 6)
    pixels = np.asarray(Image.open(picture).convert("RGB")).astype(int)
    assert (np.abs(pixels - (255, 0, 0)).max(axis=2) < 20).mean() > 0.02  # the photo
    blue = (pixels[..., 2] - pixels[..., 0] > 60) & (pixels[..., 0] < 150)
    assert blue.mean() > 0.02  # the mesh, as the network is sure of it
