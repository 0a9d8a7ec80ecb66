"""The page's meshes beside the command line's: `python -m tests.web.parity`.

Exports the page, serves it by a plain static file server, reconstructs example photos in headless
Chromium and by `onet reconstruct`, prints how far apart the meshes are, and fails where that is too
far.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import numpy as np
import trimesh
from PIL import Image

from onet_cli.exporting.web.serve import address_of, open_server
from onet_cli.geometry.closedness import is_closed
from onet_cli.geometry.nearest import nearest
from onet_cli.meshes.read import read_mesh
from onet_cli.shapes.photo import isolate_object

ROOT = Path(__file__).parents[2]
RESOLUTION = 128
FARTHEST = 0.1
"""Largest distance of a vertex from the other mesh's nearest one, in voxels: 1 / 128 of the mesh's
longest edge."""

FARTHEST_CUT = 0.25
"""The same for photos cut out by the mask network, whose mask rounds otherwise in a few pixels: 19
pixels that differ by 1 of 255 moved a vertex of the room's mesh by 0.17 voxels."""

AGREEMENT = 0.01
"""Largest difference between agreements with the photo, of the mean confidence and thresholds."""

FORMATS = ("obj", "glb", "stl")


class Quiet(SimpleHTTPRequestHandler):
    """A static file server as Python brings it, without its log."""

    def log_message(self, *arguments):
        """Print nothing."""


def onet(*arguments):
    """Run the command line; return what it prints."""
    command = [sys.executable, "-m", "onet_cli", *map(str, arguments)]
    done = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
    return done.stdout


def static_server(site):
    """Return a server of a folder as Python brings it: one thread in the page."""
    return ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(site)))


def drive(server, order):
    """Reconstruct in the page of a server; return what it says."""
    with server:
        Thread(target=server.serve_forever, daemon=True).start()
        command = ["node", ROOT / "tests" / "web" / "drive.mjs"]
        given = json.dumps({"address": address_of(server), **order})
        done = subprocess.run([*command, given], check=True, stdout=subprocess.PIPE, text=True)
        server.shutdown()
    return json.loads(done.stdout)


def brush(site, photo, order):
    """Give a file that is no picture, then take a part of an object away by the brush.

    On `onet demo`'s server; returns what is wrong.
    """
    text = Path(order["folder"]) / "text.jpg"
    text.write_text("no picture")
    settings = {"resolution": "64", "faces": "1500"}
    small = {"paint": True, "scheme": "dark", "width": 420, "settings": settings, "picks": {}}
    given = {**order, **small, "photos": [str(text), photo]}
    refused, said = drive(open_server(site), given)["results"]
    print(f"{text.name}: {refused['status']}")
    facts = said["facts"]
    line = f"{said['state']}, {facts.get('faces')} faces, {said['status']}"
    print(f"by brush, {said['threads']} threads: {line}")
    mended = said["state"] == "done" and "your brush" in said["method"]
    fits = facts.get("closed") == "yes" and facts.get("faces") == "1,500"
    faults = [] if mended and fits else [f"the brush: {said}"]
    if refused["state"] != "failed" or "not a picture" not in refused["status"]:
        faults.append(f"{text.name}: {refused}")
    return faults


def in_a_room(path):
    """Write an example picture on a motley background, which needs the mask network."""
    picture = Image.open(ROOT / "examples" / "sofa.jpg").convert("RGB")
    coarse = np.random.default_rng(0).integers(60, 200, (6, 6, 3), dtype=np.uint8)
    room = np.asarray(Image.fromarray(coarse).resize(picture.size, Image.Resampling.BICUBIC))
    solid = isolate_object(picture).weight[..., None]
    mixed = np.asarray(picture) * solid + room * (1 - solid)
    Image.fromarray(np.rint(mixed).astype(np.uint8)).save(path)
    return str(path)


def two_things(path):
    """Write a photo of two objects side by side; return its path."""
    parts = [Image.open(ROOT / "examples" / f"{name}.jpg") for name in ("chair", "table")]
    height = 480
    parts = [part.convert("RGB").resize((480, height)) for part in parts]
    whole = Image.new("RGB", (960, height), "white")
    for number, part in enumerate(parts):
        whole.paste(part, (480 * number, 0))
    whole.save(path)
    return str(path)


def told(photo, folder, *options):
    """Run `onet reconstruct` on a photo; return its record."""
    made = json.loads(onet("reconstruct", photo, "-o", folder / "python/", "--json", *options))
    return made[0]


def target_options(target, photo):
    """Return the options that name the object chosen in the page."""
    if target is None:
        return []
    width, height = Image.open(photo).size
    sides = (width, height, width, height)
    text = [
        ",".join(f"{share * side:.6f}" for share, side in zip(place, sides, strict=False))
        for place in [*target["clicks"], *filter(None, [target["box"]])]
    ]
    return ["--box", text[0]] if target["box"] else ["--click", text[0]]


def apart(one, other):
    """Return the largest distance between nearest vertices of two meshes, in voxels."""
    pairs = [(one, other), (other, one)]
    far = [nearest(np.asarray(a.vertices), np.asarray(b.vertices))[0].max() for a, b in pairs]
    return float(max(far)) * RESOLUTION


def colours_apart(folder, name):
    """Return the mean difference of the colours of nearest vertices, of 255."""
    page, known = (
        trimesh.load_mesh(path / f"{name}.obj", process=False)
        for path in (folder, folder / "python")
    )
    found = nearest(np.asarray(page.vertices), np.asarray(known.vertices))[1]
    colours = (mesh.visual.vertex_colors[:, :3].astype(float) for mesh in (page, known))
    mine, theirs = colours
    return float(np.abs(mine - theirs[found]).mean())


def judged_alike(said, known):
    """Print what is said about a mesh; return what differs from the record of the command line."""
    name, facts = Path(said["photo"]).stem, said["facts"]
    pairs = {
        "agreement": (facts["agreement"], known["agreement"]),
        "confidence": (facts["accuracy"], known["confidence"]["mean"]),
        "threshold": (facts["threshold"], known["threshold"]),
    }
    print(f"{name}: " + ", ".join(f"{key} {a:.3f} ({b:.3f})" for key, (a, b) in pairs.items()))
    faults = [f"{name}: {key} {a} {b}" for key, (a, b) in pairs.items() if abs(a - b) > AGREEMENT]
    # What to try is said in other words.
    mine = [text.partition(":")[0].lower() for text in said["warnings"] + said["doubts"]]
    theirs = [text.partition(":")[0].lower() for text in known["warnings"]]
    if [text.rstrip(".") for text in mine] != theirs:
        faults.append(f"{name}: warnings {mine}, not {theirs}")
    return faults


def compare(said, folder):
    """Print lines for a photo; return what is wrong."""
    name = Path(said["photo"]).stem
    if said["state"] != "done":
        return [f"{name}: {said['status']}"]
    record = told(said["photo"], folder, *target_options(said["target"], said["photo"]))
    known = read_mesh(folder / "python" / f"{name}.obj")
    made = {each: trimesh.load_mesh(folder / f"{name}.{each}") for each in FORMATS}
    page = read_mesh(folder / f"{name}.obj")
    far = apart(page, known)
    line = f"{len(page.vertices)} vertices, {len(known.vertices)} by onet reconstruct"
    seconds = said["facts"]["seconds"]
    print(f"{name}: {far:.4f} voxels apart, {line}; {said['status']} {seconds} s of it mesh")
    print(f"{name}: {colours_apart(folder, name):.2f} of 255 between colours, on average")
    faults = judged_alike(said, record)
    if name in ("clicked", "boxed") and "chosen by you" not in said["method"]:
        faults.append(f"{name}: {said['method']}")
    if name == "room" and "mask network" not in said["method"]:
        faults.append(f"{name}: {said['method']}")
    if far >= (FARTHEST_CUT if "mask network" in said["method"] else FARTHEST):
        faults.append(f"{name}: {far:.3f} voxels apart")
    if not is_closed(page):
        faults.append(f"{name}: the mesh is not closed")
    for each, mesh in made.items():
        if not mesh.is_watertight or abs(mesh.volume / known.volume - 1) > 1e-3:
            faults.append(f"{name}.{each} holds another mesh")
    return faults


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("photos", nargs="*", help="by default examples, and one in a room")
    parser.add_argument("--site", help="a folder of `onet export --to web`, not to make another")
    parser.add_argument("--screenshots", help="a folder for them")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        site = Path(arguments.site or folder / "site")
        if arguments.site is None:
            print(onet("export", "furniture", site, "--to", "web"), end="")
        example = str(ROOT / "examples" / "chair.jpg")
        photos = arguments.photos or [
            example,
            in_a_room(folder / "room.png"),
            two_things(folder / "clicked.png"),
            two_things(folder / "boxed.png"),
            str(ROOT / "examples" / "lamp.jpg"),  # a body of revolution
        ]
        picks = {"clicked": [0.74, 0.15], "boxed": [0.04, 0.04, 0.46, 0.96]}
        order = {"photos": photos, "folder": place, "picks": picks}
        if arguments.screenshots:
            order["screenshots"] = arguments.screenshots
        found = drive(static_server(site), order)
        faults = [fault for said in found["results"] for fault in compare(said, folder)]
        faults += brush(site, photos[0], order)
    faults += [f"the page asked for {address}" for address in found["beyond"]]
    if faults:
        sys.exit("\n".join(faults))


if __name__ == "__main__":
    main()
