"""Networks whose fields are a known sphere or box, so that every mesh from them is known."""

import math
from dataclasses import replace

import numpy as np
import torch
from PIL import Image, ImageDraw
from torch import nn

from onet_cli.models.calibration import Calibration, Familiarity, Front, Reliability
from onet_cli.models.checkpoint import Checkpoint, CheckpointInfo
from onet_cli.models.code_layout import camera_of
from onet_cli.models.decoder import Decoder
from onet_cli.models.frame import PictureCamera, from_cube
from onet_cli.models.front_head import FrontHead
from onet_cli.models.network import OccupancyNetwork
from onet_cli.models.registry import DECODERS, ENCODERS
from onet_cli.models.spec import ModelSpec

SHARPNESS = 40.0
THRESHOLD = 0.2


@ENCODERS.register("test-blind")
class BlindEncoder(nn.Module):
    """Returns a code of zeros, whatever the image."""

    def __init__(self, code_dim):
        super().__init__()
        self.code_dim = code_dim

    def forward(self, images):
        return 0 * images.flatten(1)[:, : self.code_dim]


@DECODERS.register("test-sphere")
class SphereDecoder(Decoder):
    """logit = SHARPNESS * (radius - distance from the origin)."""

    def __init__(self, point_dim, code_dim, hidden_dim):
        super().__init__()
        self.radius = nn.Parameter(torch.tensor(0.3))

    def forward(self, points, code):
        return SHARPNESS * (self.radius - points.norm(dim=-1))

    def for_code(self, code):
        radius = self.radius.detach().clone()
        return lambda points: SHARPNESS * (radius - points.norm(dim=-1))

    @property
    def flops_per_point(self):
        return 8


def sphere_checkpoint(radius=0.3):
    """Return a checkpoint whose logits vanish on the sphere of `radius`."""
    spec = ModelSpec("sphere", "test-blind", "test-sphere", 4, 4, image_size=32)
    network = OccupancyNetwork(spec).eval()
    with torch.no_grad():
        network.decoder.radius.fill_(radius)
    return Checkpoint(network, CheckpointInfo(spec, threshold=THRESHOLD, categories=("sphere",)))


def surface_radius(radius=0.3, threshold=THRESHOLD):
    """Return where the probability equals `threshold`."""
    return radius - math.log(threshold / (1 - threshold)) / SHARPNESS


def disc_photo(side=160):
    """Return a photo of a dark disc on white."""
    photo = Image.new("RGB", (side, side), "white")
    ImageDraw.Draw(photo).ellipse((side // 4, side // 4, 3 * side // 4, 3 * side // 4), "navy")
    return photo


@ENCODERS.register("test-sighted")
class SightedEncoder(nn.Module):
    """Returns a code that holds a camera, whatever the image."""

    frame = "picture"

    def __init__(self, code_dim):
        super().__init__()
        self.camera = nn.Parameter(torch.zeros(2))

    def forward(self, images):
        return self.camera.expand(len(images), 2)


@DECODERS.register("test-box")
class BoxDecoder(Decoder):
    """A box of the unit cube, as it lies in the picture's frame of `rows`, the true camera."""

    frame = "picture"

    def __init__(self, point_dim, code_dim, hidden_dim):
        super().__init__()
        self.sides = nn.Parameter(torch.zeros(3))
        self.rows = nn.Parameter(torch.zeros(1, 8))
        self.speck = nn.Parameter(torch.tensor([9.0, 9.0, 9.0, 0.0]))  # place and radius

    def forward(self, points, code):
        camera = PictureCamera.from_rows(self.rows.expand(len(points), 8))
        places = camera.from_picture(from_cube(points), camera_of(code)[:, 0])
        inside = (self.sides - places.abs()).amin(dim=-1)
        speck = self.speck[3] - (places - self.speck[:3]).norm(dim=-1)
        return SHARPNESS * torch.maximum(inside, speck)

    def for_code(self, code):
        return lambda points: self(points[None], code)[0]

    @property
    def flops_per_point(self):
        return 8


def box_checkpoint(extents, row, elevation=None, speck=None):
    """Return a checkpoint that sees a box of `extents` by the camera `row` (8,).

    It guesses that camera, or another `elevation`. `speck` is a ball beside it: place and radius.
    """
    spec = ModelSpec("box", "test-sighted", "test-box", 2, 4, image_size=32, frame="picture")
    network = OccupancyNetwork(spec).eval()
    with torch.no_grad():
        network.decoder.sides.copy_(torch.tensor(extents) / 2)
        if speck is not None:
            network.decoder.speck.copy_(torch.tensor(speck))
        network.decoder.rows.copy_(torch.from_numpy(row)[None])
        guessed = float(row[1]) if elevation is None else elevation
        network.encoder.camera.copy_(torch.tensor([guessed, float(row[2] / row[3])]))
    network.requires_grad_(False)
    return Checkpoint(network, CheckpointInfo(spec, threshold=0.5))


def front_of(limit=0.65):
    """Return a head, for tiny networks, that has learned nothing."""
    torch.manual_seed(0)
    weights = FrontHead(2, 36 + 2).state_dict()
    return Front(
        {name: each.half().numpy() for name, each in weights.items()}, limit, 0.7, 0.5, 0.9
    )


def calibrated(checkpoint, front, width=2):
    """Return `checkpoint`, whose codes describe a picture by `width` numbers, with `front`."""
    familiarity = Familiarity(
        np.eye(width, 3, dtype=np.float16), np.ones((6, 4), np.float16), 0.75, 0.25
    )
    known = Calibration(Reliability((0.1, 0.5), (0.2, 0.9), 0.02), familiarity, {}, front=front)
    return replace(checkpoint, calibration=known)
