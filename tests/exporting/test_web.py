import json
import subprocess
import sys
import threading
import urllib.error
import urllib.request

import numpy as np
import onnxruntime
import pytest

from onet_cli.errors import InvalidOptionError, OnetError
from onet_cli.exporting.export import ExportOptions, export
from onet_cli.exporting.web import bundle, cached
from onet_cli.exporting.web.mask_network import PICTURES, write_mask_graph
from onet_cli.exporting.web.serve import HOST, address_of, open_server
from onet_cli.models.checkpoint import CheckpointInfo, save_checkpoint
from onet_cli.models.code_layout import USUAL_CODE
from onet_cli.models.segmentation.network import GRAPH, WEIGHTS, load_weights
from onet_cli.models.segmentation.plain import plain_saliency
from onet_cli.models.shipped import PRETRAINED
from onet_cli.models.spec import ModelSpec
from tests.exporting.networks import lively_network

PLAIN = ModelSpec("small", "convnet", "simple", code_dim=8, hidden_dim=8, image_size=32)
ALIGNED = ModelSpec(
    "onet-aligned",
    "lite0-maps",
    "aligned",
    code_dim=USUAL_CODE,
    hidden_dim=16,
    image_size=32,
    frame="picture",
)
WEB = ExportOptions(to="web")


@pytest.fixture
def built(tmp_path, monkeypatch):
    """A bundle of files that name themselves."""
    folder = tmp_path / "bundle"
    folder.mkdir()
    for name in bundle.FILES:
        (folder / name).write_text(f"this is {name}")
    monkeypatch.setattr(bundle.bundled_files, "__defaults__", (folder,))
    return folder


def saved(spec, path):
    save_checkpoint(path, lively_network(spec), CheckpointInfo(spec))
    return str(path)


@pytest.mark.slow
def test_the_folder_has_the_page_the_stages_and_what_the_page_needs_to_know(built, tmp_path):
    target = tmp_path / "page"
    (target / "model").mkdir(parents=True)
    (target / "own.txt").write_text("kept")

    lines = export(saved(ALIGNED, tmp_path / "m.safetensors"), target, WEB)

    files = {path.relative_to(target).as_posix() for path in target.rglob("*") if path.is_file()}
    stages = {"encoder.onnx", "planes.onnx", "points.onnx", "network.safetensors"}
    model = {*stages, "mask.onnx", "u2netp.safetensors", "model.json"}
    assert files == {*bundle.FILES, *(f"model/{name}" for name in model), "own.txt"}
    assert (target / "page.js").read_text() == "this is page.js"
    assert "Apache License" in (target / "licences.txt").read_text()
    description = json.loads((target / "model" / "model.json").read_text())
    assert description["imageSize"] == 32
    assert description["weights"] == "network.safetensors"
    assert description["calibration"] is None
    assert len(description["constants"]["surface"]["tables"]["entries"]) == 256
    session = onnxruntime.InferenceSession(target / "model" / "encoder.onnx")
    assert session.get_inputs()[0].shape[2:] == [32, 32]
    assert lines[-1].startswith(str(target))


def test_the_shipped_model_is_copied_with_its_graphs(built, tmp_path):
    export("furniture", tmp_path / "page", WEB)

    model = tmp_path / "page" / "model"
    for stage in ("encoder", "planes", "points"):
        own = PRETRAINED / f"furniture.{stage}.onnx"
        assert (model / f"{stage}.onnx").read_bytes() == own.read_bytes()
    for own in (PRETRAINED / "furniture.safetensors", WEIGHTS):
        assert (model / own.name).read_bytes() == own.read_bytes()
    assert (model / "mask.onnx").read_bytes() == GRAPH.read_bytes()
    description = json.loads((model / "model.json").read_text())
    assert description["weights"] == "furniture.safetensors"
    assert description["calibration"]["doubt"]["signs"]
    assert "CC BY" in (tmp_path / "page" / "licences.txt").read_text()


def test_the_page_of_the_shipped_model_needs_no_torch(built, tmp_path):
    program = (
        "import sys\nfrom pathlib import Path\n"
        "from onet_cli.exporting.web import bundle\n"
        "bundle.bundled_files.__defaults__ = (Path(sys.argv[1]),)\n"
        "from onet_cli.exporting.web.cached import cached_site\n"
        "print(cached_site(lambda text: None))\n"
        "print(sorted({'torch', 'onnx', 'onnxscript'} & set(sys.modules)))\n"
    )
    command = [sys.executable, "-c", program, str(built)]
    cache = {"XDG_CACHE_HOME": str(tmp_path / "cache"), "PYTHONPATH": ":".join(sys.path)}

    ran = subprocess.run(command, capture_output=True, text=True, env=cache, check=True)

    assert ran.stdout.splitlines()[-1] == "[]"


def test_the_mask_graph_answers_as_the_network_in_numpy_at_any_size():
    session = onnxruntime.InferenceSession(GRAPH)
    for side in (96, 160):
        given = np.random.default_rng(0).normal(size=(3, side, side)).astype(np.float32)
        (found,) = session.run(None, {PICTURES: given[None]})
        assert np.abs(found[0] - plain_saliency(load_weights(), given)).max() < 1e-4


@pytest.mark.slow
def test_the_mask_graph_is_that_of_the_shipped_weights(tmp_path):
    (tmp_path / WEIGHTS.name).write_bytes(WEIGHTS.read_bytes())

    assert write_mask_graph(tmp_path / GRAPH.name) < 1e-5

    session, again = (onnxruntime.InferenceSession(path) for path in (GRAPH, tmp_path / GRAPH.name))
    given = {PICTURES: np.random.default_rng(1).normal(size=(1, 3, 64, 64)).astype(np.float32)}
    np.testing.assert_allclose(session.run(None, given)[0], again.run(None, given)[0], atol=1e-5)


def test_without_the_bundle_one_line_says_what_builds_it(tmp_path, monkeypatch):
    monkeypatch.setattr(bundle.bundled_files, "__defaults__", (tmp_path / "nothing",))

    with pytest.raises(OnetError, match="not built") as raised:
        export("furniture", tmp_path / "page", WEB)

    assert "make web" in raised.value.hint
    assert not (tmp_path / "page").exists()


def test_a_model_of_the_objects_frame_is_refused(built, tmp_path):
    with pytest.raises(InvalidOptionError, match="picture's frame"):
        export(saved(PLAIN, tmp_path / "m.safetensors"), tmp_path / "page", WEB)


def test_a_file_as_target_and_a_mesh_as_source_are_refused(built, tmp_path):
    (tmp_path / "page").write_text("a file")

    with pytest.raises(InvalidOptionError, match="not a folder"):
        export(saved(ALIGNED, tmp_path / "m.safetensors"), tmp_path / "page", WEB)
    with pytest.raises(InvalidOptionError, match="is a mesh"):
        export("chair.obj", tmp_path / "page", WEB)
    with pytest.raises(InvalidOptionError, match="--half applies to"):
        export("furniture", tmp_path / "page", ExportOptions(to="web", half=True))


def test_the_page_of_the_shipped_model_is_exported_once(built, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    exported = []

    def write(checkpoint, name, folder, note, licence):
        exported.append((name, licence))
        (folder / "model").mkdir(parents=True)
        (folder / cached.DESCRIPTION).write_text("{}")

    monkeypatch.setattr(cached, "export_site", write)

    first, second = (cached.cached_site(lambda text: None) for _ in range(2))
    (built / "page.js").write_text("another page")
    third = cached.cached_site(lambda text: None)

    assert first == second != third
    assert first.parent == tmp_path / "cache" / "onet"
    assert [name for name, _ in exported] == ["furniture", "furniture"]
    assert "CC BY" in exported[0][1]


def test_files_are_served_with_their_types_and_folders_are_not_listed(tmp_path):
    (tmp_path / "a.wasm").write_bytes(b"\0asm")
    (tmp_path / "b.mjs").write_text("export {}")
    (tmp_path / "below").mkdir()

    with open_server(tmp_path) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = address_of(server)
        wasm = urllib.request.urlopen(address + "a.wasm")
        script = urllib.request.urlopen(address + "b.mjs")
        with pytest.raises(urllib.error.HTTPError, match="404"):
            urllib.request.urlopen(address + "below/")
        server.shutdown()

    assert wasm.read() == b"\0asm"
    assert wasm.headers["Content-Type"] == "application/wasm"
    assert script.headers["Content-Type"].startswith("text/javascript")
    assert wasm.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert address.startswith(f"http://{HOST}:")


def test_a_port_that_is_taken_is_refused(tmp_path):
    taken = pytest.raises(InvalidOptionError, match="cannot be used")
    with open_server(tmp_path) as server, taken:
        open_server(tmp_path, server.server_address[1])
