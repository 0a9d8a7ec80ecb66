"""Draw what docs/reconstruct.md shows: previews of ten objects, and the page of one in a browser.

Five of the objects are those of examples/, five more are of the same seed. The page is drawn by
headless Chromium where that is installed.

Usage: python recipes/procedural/previews.py docs/images/ [--checkpoint furniture]
"""

import argparse
import shutil
import subprocess
import tempfile
from dataclasses import replace
from io import BytesIO
from pathlib import Path

from PIL import Image

from onet_cli.models.checkpoint import load_checkpoint
from onet_cli.preprocessing.sources.procedural import ProceduralSource
from onet_cli.reconstruction.batch import to_arrays
from onet_cli.reconstruction.facts import mesh_facts
from onet_cli.reconstruction.generator import MeshGenerator
from onet_cli.reconstruction.preview import Sight, draw_preview
from onet_cli.reconstruction.settings import GeneratorSettings
from onet_cli.reconstruction.viewer.page import Showcase, save_viewer
from onet_cli.shapes.photo import isolate_object, read_photo
from onet_cli.shapes.shape import ShapeId

EXAMPLES = Path(__file__).parents[2] / "examples"
MORE = ("bench/00026", "cabinet/00012", "chair/00007", "shelf/00008", "stool/00017")
COLUMNS = 2
SHRINK = 0.6
WINDOW = (1100, 860)


def photos() -> dict[str, Image.Image]:
    """Return ten photos by name."""
    found = {path.stem: read_photo(path) for path in sorted(EXAMPLES.glob("*.jpg"))}
    source = ProceduralSource(count=41, seed=2026, views=1, image_size=320, points=8)
    for name in MORE:
        shape = source.read(ShapeId.parse(name))
        found[name] = Image.open(BytesIO(shape.views.images[0])).convert("RGB")
    return found


def show(generator: MeshGenerator, title: str, photo: Image.Image) -> tuple[Showcase, Sight | None]:
    """Return a photo's mesh with all that a page shows of it, and from where the photo sees it."""
    prepared = isolate_object(photo)
    result = generator.generate(*to_arrays(prepared))
    facts = tuple(mesh_facts(result, result.mesh))
    page = Showcase(title, photo, prepared.picture, result.mesh, facts, viewpoint=result.viewpoint)
    known = result.viewpoint
    return page, None if known is None else Sight(known, result.agreement)


def sheet(shown: list[tuple[Showcase, Sight | None]]) -> Image.Image:
    """Return the previews of `shown`, two beside each other."""
    previews = [
        draw_preview(case.photo, case.seen, case.mesh, sight=sight) for case, sight in shown
    ]
    width, height = (round(side * SHRINK) for side in previews[0].size)
    rows = -(-len(previews) // COLUMNS)
    whole = Image.new("RGB", (COLUMNS * width, rows * height), "white")
    for index, preview in enumerate(previews):
        small = preview.resize((width, height), Image.Resampling.LANCZOS)
        whole.paste(small, (index % COLUMNS * width, index // COLUMNS * height))
    return whole


def shoot(showcase: Showcase, target: Path) -> None:
    """Write what a browser shows of the page, coloured by confidence, to `target`."""
    names = ("chromium", "chromium-browser", "google-chrome")
    browser = next(filter(None, map(shutil.which, names)), None)
    if browser is None:
        print(f"left out: {target} (no Chromium)")
        return
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder) / "page.html"
        save_viewer(showcase, page)
        ticked = '<script>document.getElementById("colours").click()</script></body>'
        page.write_text(page.read_text().replace("</body>", ticked))
        options = ["--headless=new", "--no-sandbox", "--use-angle=swiftshader"]
        options += ["--enable-unsafe-swiftshader", "--hide-scrollbars"]
        options += ["--blink-settings=preferredColorScheme=1", "--virtual-time-budget=5000"]
        options += [f"--window-size={WINDOW[0]},{WINDOW[1]}", f"--screenshot={target}"]
        subprocess.run([browser, *options, page.as_uri()], check=True, capture_output=True)


def main() -> None:
    """Do what the first lines say."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="where the pictures go")
    parser.add_argument("--checkpoint", default="furniture")
    options = parser.parse_args()
    settings = GeneratorSettings()
    generator = MeshGenerator(load_checkpoint(options.checkpoint, "cpu"), settings)
    shown = [show(generator, title, photo) for title, photo in photos().items()]
    whole = sheet(shown).quantize(256, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
    whole.save(options.folder / "reconstruct_previews.png", optimize=True)
    sofa = next(case for case, _ in shown if case.title == "sofa")
    shoot(replace(sofa, title="sofa.jpg"), options.folder / "reconstruct_viewer.png")


if __name__ == "__main__":
    main()
