"""A network whose field is a known sphere, so that every mesh made from it is known."""

import math

import torch
from PIL import Image, ImageDraw
from torch import nn

from onet_cli.models.checkpoint import Checkpoint, CheckpointInfo
from onet_cli.models.decoders.decoder import Decoder
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
        return images.new_zeros(len(images), self.code_dim)


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
