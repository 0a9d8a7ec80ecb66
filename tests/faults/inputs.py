"""Small whole inputs of every reader."""

import base64
import io
import json
import struct
import zipfile
from pathlib import Path

import h5py
import numpy as np
import torch
from PIL import Image

from onet_cli.models.calibration import Calibration, Doubt, Familiarity, Reliability
from onet_cli.models.checkpoint import Checkpoint, CheckpointInfo, save_checkpoint
from onet_cli.models.onnx_names import ENCODER
from onet_cli.models.spec import ModelSpec
from onet_cli.shapes.store import DatasetInfo, ShapeStore
from tests.meshes.test_mesh_faults import MTL, OBJ, OFF, PLY, STL, glb
from tests.meshes.threemf.test_threemf import cube, model
from tests.models.networks import tiny_network
from tests.models.program_archive import stage_members, write_archive
from tests.preprocessing import official_layout
from tests.preprocessing.libraries import box_obj, write_library
from tests.shapes.test_faults import make_shape

OBJ_FORMS = (
    OBJ,
    b"v 0 0 0 1 0 0\nv 1 0 0 0 1 0\nv 0 1 0 0 0 1\ng a b\no x\ns 1\nf 1 2 3\nl 1 2\n",
    box_obj(1, 2, 3, "a").encode() + b"vt 0 0\nf 1//1 2//1 3//1 \\\n 4//1\n",
)
OFF_FORMS = (
    OFF,
    b"COFF\n3 1 0\n0 0 0 255 0 0 255\n1 0 0 0 255 0 255\n0 1 0 0 0 255 255\n3 0 1 2 1 0 0\n",
    b"OFF 4 1 0\n0 0 0\n1 0 0\n1 1 0\n0 1 0\n4 0 1 2 3 # quad\n",
)
ASCII_STL = (
    b"solid x\nfacet normal 0 0 1\nouter loop\nvertex 0 0 0\nvertex 1 0 0\nvertex 0 1 0\n"
    b"endloop\nendfacet\nendsolid x\n"
)
MANIFEST = (
    b"obj,id,name,category,library,use,licence,creator,model_rotation,width_cm,depth_cm,height_cm,"
    b"front_rotation_deg\na/m.obj,1,One,chair,,train,CC0,Ana,1 0 0 0 1 0 0 0 1,50,40,90,90\n"
    b'a/n.obj,2,"Two, three",sofa,,test,,,,,,,\n'
)
CONFIG = (
    b'lr = 0.1\nmodel = "onet"\nresume = true\n[part]\nx = [1, 2]\ndate = 2020-01-01T00:00:00Z\n'
)
METRICS = (
    b"step,spent,seconds,loss,rate,samples_per_second,iou,threshold,mesh_iou,data_wait\n"
    b"1,0.1,0.5,0.7,1e-4,9.5,,,,0.1\n2,0.2,0.6,0.5,1e-4,9.4,0.5,0.3,,0.1\n"
)


def picture(kind: str, mode: str = "RGB", **options: object) -> bytes:
    """Return a small picture as a file of a kind that Pillow writes."""
    pixels = np.random.default_rng(0).integers(0, 256, (30, 40, 3), dtype=np.uint8)
    stream = io.BytesIO()
    Image.fromarray(pixels).convert(mode).save(stream, kind, **options)
    return stream.getvalue()


def binary_ply() -> bytes:
    """Return a little-endian PLY with colours, and a list of another width."""
    head = (
        b"ply\nformat binary_little_endian 1.0\nelement vertex 3\nproperty float x\n"
        b"property float y\nproperty double z\nproperty uchar red\nproperty uchar green\n"
        b"property uchar blue\nelement face 1\nproperty list uchar uint vertex_indices\n"
        b"end_header\n"
    )
    corners = [(0, 0, 0.0, 255, 0, 0), (1, 0, 0.0, 0, 255, 0), (0, 1, 0.0, 0, 0, 255)]
    body = b"".join(struct.pack("<ffd3B", *corner) for corner in corners)
    return head + body + struct.pack("<B3I", 3, 0, 1, 2)


def gltf_text() -> bytes:
    """Return a glTF of one JSON file, its buffer in it."""
    whole = glb()
    length = int.from_bytes(whole[12:16], "little")
    tree = json.loads(whole[20 : 20 + length])
    body = whole[28 + length :]
    tree["buffers"][0]["uri"] = (
        f"data:application/octet-stream;base64,{base64.b64encode(body).decode()}"
    )
    tree["nodes"].append({"mesh": 0, "rotation": [0, 0, 0, 1], "scale": [1, 2, 3]})
    tree["nodes"].append({"children": [1], "matrix": [float(i % 5 == 0) for i in range(16)]})
    tree["scenes"][0]["nodes"] = [0, 2]
    tree["images"] = [{"uri": "t.png"}]
    tree["textures"] = [{"source": 0}]
    tree["materials"][0]["pbrMetallicRoughness"]["baseColorTexture"] = {
        "index": 0,
        "extensions": {"KHR_texture_transform": {"scale": [2, 2], "offset": [0, 1], "rotation": 1}},
    }
    tree["materials"][0]["alphaMode"] = "MASK"
    return json.dumps(tree).encode()


def threemf() -> tuple[bytes, ...]:
    """Return 3MF files of a cube, plain and with components and colours."""
    base = (
        '<basematerials id="5"><base name="a" displaycolor="#FF0000"/></basematerials>'
        + cube(1, 'pid="5" pindex="0"')
        + '<object id="2"><components><component objectid="1" transform="1 0 0 0 1 0 0 0 1 2 0 0"/>'
        "</components></object>"
    )
    return model(cube()), model(base, '<item objectid="2"/>')


def zip_of(files: dict[str, bytes]) -> bytes:
    """Return a zip of files."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return stream.getvalue()


def mesh_zip() -> bytes:
    """Return a zip of meshes as people have them."""
    files = {"chair/a/m.obj": OBJ_FORMS[2], "chair/a/a.mtl": MTL, "chair/b.ply": PLY}
    return zip_of(files | {"table/c.off": OFF, "table/d.stl": STL, "readme.txt": b"hello"})


def library(folder: Path) -> bytes:
    """Return a library of furniture."""
    return write_library(folder / "whole.sh3f").read_bytes()


def official_zip(folder: Path) -> bytes:
    """Return the official data set's zip with one small shape."""
    files = official_layout.model(1, views=2, count=64)
    members = {f"03001627/good/{name}": data for name, data in files.items()}
    members |= {f"03001627/{split}.lst": b"good\n" for split in ("train", "val", "test")}
    members["metadata.yaml"] = b'{"03001627": {"id": "03001627", "name": "chair,seat"}}'
    return official_layout.write_zip(folder / "whole.zip", members).read_bytes()


def npz() -> bytes:
    """Return the arrays of a shape as npz."""
    return official_layout.npz(**official_layout.samples(1, 64))


def noisypixel(folder: Path, **options: object) -> bytes:
    """Return a file of noisypixel, by default in the old format of HDF5 without checksums."""
    path = folder / "noisy.h5"
    with h5py.File(path, "w", **options) as file:
        file["images"] = np.zeros((2, 8, 8, 3), np.uint8)
        for group, arrays in (
            ("points", official_layout.samples(1, 64)),
            ("pointcloud", official_layout.surface(1, 16)),
        ):
            for name, array in arrays.items():
                file[f"{group}/{name}"] = array
        file.create_dataset("more", data=np.arange(64.0), chunks=(8,), compression="gzip")
    return path.read_bytes()


def pack(folder: Path) -> bytes:
    """Return a pack of three small shapes."""
    store = ShapeStore.create(folder / "packed", DatasetInfo("packed"))
    for name in "123":
        store.write(make_shape(name), np.random.default_rng(0))
    store.pack("p", store.ids())
    return (store.root / "packs/p.h5").read_bytes()


def pix3d() -> bytes:
    """Return a table of Pix3D with two photographs."""
    entry = {
        "img": "img/chair/1.png",
        "mask": "mask/chair/1.png",
        "model": "model/chair/a/model.obj",
        "category": "chair",
        "img_size": [40, 30],
        "rot_mat": np.eye(3).tolist(),
        "trans_mat": [0.0, 0.1, 2.0],
        "focal_length": 35.0,
        "img_source": "x",
        **dict.fromkeys(("truncated", "occluded", "slightly_occluded"), False),
    }
    return json.dumps([entry, entry | {"img": "img/chair/2.png", "truncated": True}]).encode()


def checkpoint(folder: Path) -> bytes:
    """Return a checkpoint of a tiny network with all that its header may hold."""
    whole, path = _whole_checkpoint(), folder / "whole.safetensors"
    save_checkpoint(path, whole.network, whole.info, half=True, calibration=whole.calibration)
    return path.read_bytes()


def program(folder: Path) -> bytes:
    """Return that checkpoint as a program of torch.export, which has no other stages."""
    path = folder / "whole.encoder.pt2"
    write_archive(path, stage_members(_whole_checkpoint(), ENCODER, (ENCODER,)))
    return path.read_bytes()


def _whole_checkpoint() -> Checkpoint:
    network = tiny_network()
    calibration = Calibration(
        Reliability((0.1, 0.9), (0.2, 0.8), 0.01),
        Familiarity(np.eye(8, 2, dtype=np.float16), np.zeros((3, 3), np.float16), 1.0, 0.5),
        {"objects": 3},
        Doubt(("pieces",), (0.0,), (1.0,), (0.5,), -1.0, 0.5, 0.3, 0.1),
    )
    info = CheckpointInfo(
        network.spec,
        threshold=0.4,
        platt=(1.0, 0.1),
        outline=0.5,
        categories=("chair", "sofa"),
        step=7,
        scores={"iou": 0.5},
        training={"seed": 0},
    )
    return Checkpoint(network, info, calibration)


def official_pickle() -> bytes:
    """Return a file of the original's layout: the names of its tensors, few numbers in each."""
    names = (
        "decoder.fc_p.weight",
        "decoder.fc_c.weight",
        "encoder.fc_out.weight",
        "encoder.conv4.weight",
        "encoder.conv0.weight",
    )
    state = {name: torch.ones((4, 3)) for name in names}
    state["encoder.conv0.weight"] = torch.ones((2, 3, 3, 3))
    state["encoder.conv0.bias"] = torch.ones(2)
    stream = io.BytesIO()
    content = {"model": state, "it": 7, "loss_val_best": np.float64(0.5), "epoch_it": np.int64(3)}
    torch.save(content, stream)
    return stream.getvalue()


def lightning_pickle() -> bytes:
    """Return a Lightning checkpoint with the names of noisypixel's networks, few numbers each."""
    names = ("decoder.fc_p.weight", "decoder.fc_c.weight", "encoder.fc.weight")
    state = {f"net.{name}": torch.ones((4, 3)) for name in names}
    stream = io.BytesIO()
    torch.save({"state_dict": state, "global_step": 3, "hyper_parameters": {"lr": 0.1}}, stream)
    return stream.getvalue()


def old_pickle() -> bytes:
    """Return the same in the form before torch 1.6, which is no zip."""
    stream = io.BytesIO()
    content = {"model": {"decoder.fc_p.weight": torch.ones((4, 3))}, "it": 7}
    torch.save(content, stream, _use_new_zipfile_serialization=False)
    return stream.getvalue()


def run_config() -> bytes:
    """Return a run's config.json."""
    spec = ModelSpec("tiny", "convnet", "cbn").to_dict()
    return json.dumps({"model": spec, "training": {"precision": "32", "lr": 1e-4}}).encode()
