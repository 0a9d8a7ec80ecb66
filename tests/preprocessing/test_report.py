import io
import json
import re
import shutil
import subprocess
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from onet_cli.geometry.camera import Camera
from onet_cli.geometry.normalize import UnitCube
from onet_cli.geometry.sampling import sample_surface
from onet_cli.preprocessing.report import draw_closed, draw_input, write_report
from onet_cli.preprocessing.splat import draw_samples
from onet_cli.shapes.shape import OccupancySamples, Shape, ShapeId, SurfaceSamples, Views
from onet_cli.shapes.store import DatasetInfo, ShapeStore
from tests.analytic import Sphere

FACTS = {
    "input_faces": 20,
    "closed_faces": 5120,
    "kept": False,
    "reason": "open",
    "volume": 0.268,
    "surface_offset": 0.002,
    "lost_share": 0.01,
    "warnings": ["wood.png <missing>"],
}


def picture(colour, mode="RGB", form="JPEG"):
    stream = io.BytesIO()
    Image.new(mode, (40, 40), colour).save(stream, form)
    return stream.getvalue()


def sphere_samples(count=5_000, inverted=False):
    points, normals = sample_surface(Sphere().mesh(), count, np.random.default_rng(0))
    sign = -1 if inverted else 1
    return SurfaceSamples(points.astype(np.float16), (sign * normals).astype(np.float16))


def sphere(name, extra=None, views=None):
    points = (np.random.default_rng(0).random((8_000, 3)) - 0.5).astype(np.float16) * 1.1
    eye = Camera.orbit(30, 25, 2.0, 40)
    pictures = Views((picture("red"),), eye.world[None], eye.camera[None])
    return Shape(
        id=ShapeId("ball", name),
        unit_cube=UnitCube((0, 0, 0), 1),
        occupancy=OccupancySamples(points.astype(np.float16), Sphere().contains(points)),
        surface=sphere_samples(),
        views=pictures if views is None else views,
        licence="CC0-1.0",
        extra=extra or {},
    )


@pytest.fixture
def store(tmp_path):
    store = ShapeStore.create(tmp_path / "data", DatasetInfo("meshes:balls"))
    notes = {"name": "Ball & <co>", "creator": "Ana", "conversion": FACTS}
    store.write(sphere("a", notes), np.random.default_rng(0))
    store.write(sphere("b"), np.random.default_rng(0))
    store.set_split("train", [ShapeId("ball", "a")])
    return store


def test_samples_of_a_sphere_are_drawn_as_a_disc_without_holes():
    eye = Camera.orbit(30, 25, 2.0, 64)

    drawn = draw_samples(sphere_samples(), eye.world, eye.camera, 64)

    assert drawn.shape == (64, 64, 3)
    y, x = np.mgrid[:64, :64] + 0.5
    radius = np.hypot(x - 32, y - 32)
    # The outline of a sphere of radius r at distance d is seen at tan(asin(r / d)).
    outline = eye.camera[0, 0] * np.tan(np.arcsin(0.4 / 2.0))
    assert (drawn[radius < outline - 2] < 250).all()
    assert (drawn[radius > outline + 3] == 255).all()
    assert drawn[20, 32].mean() > drawn[44, 32].mean()  # the light comes from above


def test_a_surface_that_is_inside_out_is_red():
    eye = Camera.orbit(0, 0, 2.0, 64)

    red, green, _ = draw_samples(sphere_samples(inverted=True), eye.world, eye.camera, 64)[32, 32]

    assert red > 1.5 * green


def test_few_samples_are_drawn_larger_and_none_leave_the_picture_white():
    eye = Camera.orbit(0, 0, 2.0, 64)
    none = SurfaceSamples(np.zeros((0, 3), np.float16), np.zeros((0, 3), np.float16))

    assert (draw_samples(sphere_samples(300), eye.world, eye.camera, 64)[26:38, 26:38] < 250).all()
    assert (draw_samples(none, eye.world, eye.camera, 64) == 255).all()


def test_the_report_tells_of_every_shape_whatever_made_it(store):
    calls = []

    page = write_report(
        store.root, [(ShapeId("ball", "c"), "c.obj is empty")], lambda *n: calls.append(n)
    )

    report = json.loads((store.root / "report.json").read_text())
    first, second = report["shapes"]
    assert first | FACTS == first
    assert (first["id"], first["split"], first["creator"]) == ("ball/a", "train", "Ana")
    assert second["volume"] == pytest.approx(Sphere().volume, abs=0.03)
    assert report["skipped"] == [{"id": "ball/c", "reason": "c.obj is empty"}]
    assert calls == [(1, 2), (2, 2)]
    text = page.read_text()
    assert text.count("data:image/jpeg;base64,") == 4
    assert "Ball &amp; &lt;co&gt;" in text
    assert "wood.png &lt;missing&gt;" in text
    assert "c.obj is empty" in text
    assert not re.search(r'(src|href)="(?!data:)', text)  # nothing is fetched


def test_a_report_is_the_same_whenever_it_is_written(store):
    first = write_report(store.root, []).read_bytes()

    assert write_report(store.root, []).read_bytes() == first


def test_views_without_cameras_and_transparent_ones_are_drawn(store):
    shape = sphere("a", views=Views((picture((0, 0, 0, 0), "RGBA", "PNG"),)))

    assert np.asarray(draw_input(shape)).min() == 255
    assert np.asarray(draw_closed(shape)).min() < 250
    assert draw_input(replace(shape, views=Views(()))) is None


CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), ""
)


@pytest.mark.slow
@pytest.mark.skipif(not CHROMIUM, reason="no Chromium")
def test_a_browser_sorts_and_filters_the_page(store, tmp_path):
    page = write_report(store.root, [])
    program = """<script>
      const names = () => [...document.querySelectorAll("tbody tr")].filter(r => !r.hidden)
        .map(r => r.cells[2].firstChild.textContent).join();
      const log = [names()];
      document.querySelectorAll("th button")[3].click(); log.push(names());
      document.querySelectorAll("th button")[3].click(); log.push(names());
      words.value = "remade ana"; words.dispatchEvent(new Event("input")); log.push(names());
      document.title = log.join("|");
    </script></body>"""
    driven = tmp_path / "driven.html"
    driven.write_text(page.read_text().replace("</body>", program))

    dom = subprocess.run(
        [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--dump-dom", driven.as_uri()],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    ).stdout

    volumes = {
        f["id"]: f["volume"] for f in json.loads((store.root / "report.json").read_text())["shapes"]
    }
    rising = ",".join(sorted(volumes, key=volumes.get))
    falling = ",".join(sorted(volumes, key=volumes.get, reverse=True))
    assert f"<title>ball/a,ball/b|{rising}|{falling}|ball/a</title>" in dom
