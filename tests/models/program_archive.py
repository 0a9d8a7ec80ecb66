"""Archives in the layout of `torch.export.save`, written without torch.export."""

import json
import zipfile

from onet_cli.exporting.metadata import calibration_texts, metadata_of
from onet_cli.models.onnx_names import ENCODER, POINTS, PROGRAM_SUFFIX, stage_path

KINDS = {"torch.float32": 7, "torch.float16": 6, "torch.int64": 5}
ROOT = "archive/"
TABLE = "data/weights/model_weights_config.json"


def entry(tensor, name, **changes):
    """Return the row of the weights' table for `tensor`, stored in the member `name`."""
    known = {
        "dtype": KINDS[str(tensor.dtype)],
        "sizes": [{"as_int": size} for size in tensor.shape],
        "requires_grad": True,
        "device": {"type": "cpu", "index": None},
        "strides": [{"as_int": stride} for stride in tensor.stride()],
        "storage_offset": {"as_int": 0},
        "layout": 7,
    }
    whole = {"path_name": name, "is_param": True, "use_pickle": False, "tensor_meta": known}
    return {name: changes.get(name, value) for name, value in whole.items()} | {
        "tensor_meta": known | {name: value for name, value in changes.items() if name in known}
    }


def stage_members(checkpoint, stage, stages=(ENCODER, POINTS)):
    """Return the members of a stage's archive by name: all weights lie in the encoder's."""
    texts = metadata_of(checkpoint, stages, "CC0")
    weights = {}
    if stage == ENCODER:
        texts |= calibration_texts(checkpoint)
        weights = {
            f"network.{name}": tensor
            for name, tensor in checkpoint.network.state_dict().items()
            if not name.endswith("num_batches_tracked")
        }
    table = {name: entry(each, f"weight_{n}") for n, (name, each) in enumerate(weights.items())}
    members = {TABLE: json.dumps({"config": table}).encode()}
    members |= {
        f"data/weights/weight_{n}": each.contiguous().numpy().tobytes()
        for n, each in enumerate(weights.values())
    }
    return members | {f"extra/{name}": text.encode() for name, text in texts.items()}


def write_archive(path, members, packing=zipfile.ZIP_STORED):
    """Write `members` by name to the archive `path`."""
    with zipfile.ZipFile(path, "w", packing) as archive:
        for name, content in members.items():
            archive.writestr(ROOT + name, content)


def write_program(path, checkpoint):
    """Write the files of the export `path`, NAME.pt2."""
    for stage in (ENCODER, POINTS):
        target = stage_path(path, stage, PROGRAM_SUFFIX)
        write_archive(target, stage_members(checkpoint, stage))
