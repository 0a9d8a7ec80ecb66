import json
import re
import shutil
import subprocess
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest
import trimesh
from typer.testing import CliRunner

from onet_cli.errors import InvalidOptionError
from onet_cli.evaluation.compare import compare_tables
from onet_cli.evaluation.html.comparison import comparison_page
from onet_cli.evaluation.html.exhibits import FACES, choose_results, collect_exhibits
from onet_cli.evaluation.html.page import report_page
from onet_cli.evaluation.html.write import check_page, write_report
from onet_cli.evaluation.methods import MethodFacts
from onet_cli.evaluation.run import evaluate_method
from onet_cli.evaluation.settings import EvaluationSettings
from onet_cli.evaluation.tasks import Prediction
from onet_cli.reconstruction.viewer.encode import (
    FARTHEST,
    pack_mesh,
    unpack_mesh,
    unpack_positions,
)
from onet_cli.shapes.shape import ShapeId
from tests.commands.test_evaluate import app
from tests.evaluation.synthetic import CHAIR, SOFA, make_store, sphere
from tests.evaluation.test_evaluation_table import metrics, result, table

IDS = [ShapeId(CHAIR if n % 2 else SOFA, f"{n:02d}") for n in range(14)]
VOID = {"meta", "img", "input", "br"}


class Shrinking:
    """A method whose spheres get smaller with the number of the object; the last has none."""

    def facts(self):
        return MethodFacts("shrinking <b>&", "shrinking <b>&")

    def start(self):
        def predict(task, image, truth):
            number = int(task.id.name)
            if number == 13:
                return Prediction(None, failure="no surface <i>")
            return Prediction(trimesh.creation.icosphere(5, radius=0.5 - 0.03 * number))

        return predict


class Outline(HTMLParser):
    """Checks that what opens is closed, and keeps rows, links and pictures."""

    def __init__(self, text):
        super().__init__()
        self.open, self.loads, self.rows, self.tags = [], [], [], []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.loads += [value for name, value in attrs if name in ("src", "href", "data", "action")]
        if tag == "tr":
            self.rows.append([])
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.rows and self.open and self.open[-1] in ("td", "th", "button"):
            self.rows[-1].append(data)


@pytest.fixture(scope="module")
def scored(tmp_path_factory):
    root = tmp_path_factory.mktemp("data")
    store = make_store(root, IDS, views=2)
    settings = EvaluationSettings(mesh_samples=2000, view="all")
    return store, evaluate_method(root, Shrinking(), settings)


@pytest.fixture(scope="module")
def page(scored):
    store, scores = scored
    return report_page(scores, collect_exhibits(store, Shrinking(), scores))


def exhibits_in(page):
    text = re.search(r'id="exhibits">(.*?)</script>', page, re.DOTALL)[1]
    return json.loads(text)


def test_the_page_is_balanced_holds_all_objects_and_loads_nothing(page):
    outline = Outline(page)

    listed = {row[0] for row in outline.rows}
    assert {str(shape_id) for shape_id in IDS} <= listed
    assert {"category mean", "instance mean", "chair", "sofa"} <= listed
    assert all(load.startswith("data:image/") for load in outline.loads)
    assert len(outline.loads) == len(exhibits_in(page)) == 10
    assert "http:" not in page
    assert "https:" not in page
    assert "url(" not in page
    assert "default-src 'none'" in page


def test_names_and_reasons_are_text_not_markup(page):
    assert "<b>&" not in page
    assert "shrinking &lt;b&gt;&amp;" in page
    assert "no surface &lt;i&gt;" in page
    strange = table(result("<script>", 'x"><img src=x>', metrics(0.5)), unscored=(("<u>", "<s>"),))
    outline = Outline(report_page(strange, []))
    assert not {"img", "u", "s"} & set(outline.tags)
    assert outline.tags.count("script") == 1


def test_the_same_evaluation_gives_the_same_page(scored, page):
    store, scores = scored

    assert report_page(scores, collect_exhibits(store, Shrinking(), scores)) == page


def test_best_median_worst_and_empty_objects_are_shown_once(scored):
    chosen = choose_results(scored[1].objects)

    assert [(group, entry.id.name) for group, entry in chosen] == [
        ("best", "00"),
        ("best", "01"),
        ("best", "02"),
        ("median", "05"),
        ("median", "06"),
        ("median", "07"),
        ("worst", "12"),
        ("worst", "11"),
        ("worst", "10"),
        ("empty", "13"),
    ]
    few = choose_results(scored[1].objects[:8])
    assert len(few) == len({entry.id for _, entry in few}) == 4
    assert choose_results([]) == []


def test_meshes_in_the_page_are_those_that_were_predicted(page):
    best = exhibits_in(page)[0]

    mesh, distances = unpack_mesh(best["mesh"])

    assert mesh.is_watertight
    # A sphere of 20 480 faces was simplified and lies within a thousandth of the true one.
    assert len(mesh.faces) <= FACES
    radii = np.linalg.norm(mesh.vertices, axis=1)
    np.testing.assert_allclose(radii, 0.5, atol=1e-3)
    # The 2 000 stored samples lie about 0.04 apart.
    assert 0 < distances.mean() < 0.03
    truth = unpack_positions(best["truth"])
    np.testing.assert_allclose(np.linalg.norm(truth, axis=1), 0.5, atol=1e-3)


def test_the_photo_is_seen_from_where_it_was_taken(page):
    assert exhibits_in(page)[0]["eye"] in ([0.0, 20.0], [180.0, 20.0])


@pytest.mark.parametrize("subdivisions", [2, 7])
def test_a_packed_mesh_comes_back_within_half_a_step(subdivisions):
    mesh = trimesh.creation.icosphere(subdivisions, radius=0.37)
    mesh.apply_translation((0.1, -0.2, 0.05))
    away = np.linspace(0, 2 * FARTHEST, len(mesh.vertices))

    packed = json.loads(json.dumps(pack_mesh(mesh, away)))
    found, distances = unpack_mesh(packed)

    assert packed["wide"] == (subdivisions == 7)
    np.testing.assert_array_equal(found.faces, mesh.faces)
    np.testing.assert_allclose(found.vertices, mesh.vertices, atol=0.75 / 65535)
    np.testing.assert_allclose(distances, np.minimum(away, FARTHEST), atol=FARTHEST / 509)


def test_nothing_scored_is_a_page_too():
    outline = Outline(report_page(table(unscored=((f"{CHAIR}/a", "damaged"),)), []))

    assert "li" in outline.tags


def test_large_faces_are_divided_so_that_colours_show(scored):
    store, scores = scored

    class Boxes(Shrinking):
        def start(self):
            box = trimesh.creation.box((1.0, 0.5, 0.25))
            return lambda task, image, truth: Prediction(box)

    packed = collect_exhibits(store, Boxes(), scores)[0].mesh
    mesh, distances = unpack_mesh(packed)

    assert mesh.edges_unique_length.max() <= 0.08
    assert mesh.area == pytest.approx(1.75, abs=1e-3)
    assert len(distances) == len(mesh.vertices)


def test_a_comparison_page_holds_every_object_and_both_scatters():
    first = table(*(result(CHAIR, f"<b>{n}", metrics(n / 20)) for n in range(20)))
    second = table(*(result(CHAIR, f"<b>{n}", metrics(n / 20 + 0.02)) for n in range(20)))

    page = comparison_page(first, second, compare_tables(first, second), ("a.json", "b<u>.json"))
    outline = Outline(page)

    assert outline.tags.count("svg") == 2
    assert outline.tags.count("circle") == 40
    assert len([row for row in outline.rows if row[0].startswith(f"{CHAIR}/<b>")]) == 20
    assert not {"b", "u"} & set(outline.tags)
    assert outline.loads == []


@pytest.mark.parametrize("name", ["report.pdf", "nowhere/report.html"])
def test_a_page_that_cannot_be_written_is_refused_before_any_work(tmp_path, name):
    with pytest.raises(InvalidOptionError):
        check_page(tmp_path / name)


def test_the_command_writes_report_and_comparison(scored, tmp_path):
    store = scored[0]
    folder = tmp_path / "meshes"
    for shape_id in IDS:
        path = folder / shape_id.category / f"{shape_id.name}.ply"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(sphere().export(file_type="ply"))
    options = [str(store.root), "--predictions", str(folder), "--workers", "0", "--quiet"]
    options += ["--limit", "4", "-o", str(tmp_path / "a.json")]

    made = CliRunner().invoke(app, [*options, "--report", str(tmp_path / "report.html")])
    scatter = str(tmp_path / "scatter.html")
    paths = [str(tmp_path / "a.json")] * 2
    compared = CliRunner().invoke(app, ["--compare", *paths, "-o", scatter])

    assert (made.exit_code, compared.exit_code) == (0, 0), made.exception
    assert len(exhibits_in((tmp_path / "report.html").read_text())) == 4
    assert Outline((tmp_path / "scatter.html").read_text()).tags.count("svg") == 2


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

# Without a screen frames come when they like; this draws in the order in which it was asked for.
FRAMES = "<script>requestAnimationFrame = work => setTimeout(work, 0);</script>"

PROGRAM = """<script>
const panes = () => [...document.querySelectorAll(".panes canvas")];
const pictures = () => panes().map(pane => pane.toDataURL());
const changed = before => pictures().filter((now, n) => now !== before[n]).length;
const log = [];
const next = work => new Promise(done => {
  const before = pictures();
  work();
  setTimeout(() => { log.push(changed(before)); done(); }, 50);
});
const names = () => [...document.querySelectorAll(".sortable tbody tr")].filter(r => !r.hidden)
  .map(r => r.cells[0].textContent);
const drag = (kind, x) => panes()[0].dispatchEvent(
  new PointerEvent(kind, {pointerId: 1, clientX: x, clientY: 100, bubbles: true}));
HTMLCanvasElement.prototype.setPointerCapture = () => {};
setTimeout(async () => {
  log.push(panes().length, new Set(pictures()).size);
  await next(() => { drag("pointerdown", 50); drag("pointermove", 150); drag("pointerup", 150); });
  await next(() => document.getElementById("reset").click());
  await next(() => document.getElementById("wireframe").click());
  await next(() => document.getElementById("colours").click());
  const heads = [...document.querySelectorAll(".sortable th button")];
  const column = heads.findIndex(head => head.textContent === "IoU");
  heads[column].click(); log.push(names()[0]);
  heads[column].click(); log.push(names()[0]);
  const words = document.querySelector("input[type=search]");
  words.value = "sofa /04"; words.dispatchEvent(new Event("input")); log.push(names().join());
  document.title = log.join("|");
}, 50);
</script></body>"""


@pytest.mark.slow
@pytest.mark.skipif(not CHROMIUM, reason="no Chromium")
@pytest.mark.parametrize("theme", [0, 1])
def test_a_browser_draws_turns_sorts_and_filters_without_an_error(page, tmp_path, theme):
    driven = tmp_path / "driven.html"
    driven.write_text(page.replace("<body>", f"<body>{FRAMES}").replace("</body>", PROGRAM))
    options = ["--headless=new", "--no-sandbox", "--use-angle=swiftshader"]
    options += ["--enable-unsafe-swiftshader", "--enable-logging=stderr", "--window-size=1200,900"]
    options += [f"--blink-settings=preferredColorScheme={theme}", "--virtual-time-budget=20000"]

    done = subprocess.run(
        [CHROMIUM, *options, "--dump-dom", driven.as_uri()],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )

    assert "CONSOLE" not in done.stderr
    log = re.search(r"<title>(.*?)</title>", done.stdout)[1].split("|")
    # Nine objects have three panes; the empty one shows nothing but the truth. A turn moves the
    # three panes of its object, the wireframe shows on both meshes, distances on nine truths.
    assert log[0] == "28"
    assert int(log[1]) > 18  # the truths look alike
    assert log[2:6] == ["3", "3", "18", "9"]
    assert log[6:] == [str(IDS[13]), str(IDS[0]), str(IDS[4])]


def test_what_is_said_of_a_group_needs_two_objects():
    alone = table(result(CHAIR, "a", metrics(0.5)), result(SOFA, "b", metrics(0.7)))

    assert alone.category_interval(CHAIR, "iou") is None
    assert alone.interval("iou", by_category=True) is None
    several = table(*alone.objects, replace(alone.objects[0], id=ShapeId(CHAIR, "c")))
    assert several.category_interval(CHAIR, "iou").low == pytest.approx(0.5)


def test_a_report_of_a_dozen_objects_stays_below_ten_megabytes(scored, tmp_path):
    store, scores = scored
    path = tmp_path / "report.html"

    write_report(path, store.root, Shrinking(), scores)

    assert path.stat().st_size < 10_000_000
