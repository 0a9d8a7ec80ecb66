"""A plain rendering of the paper's procedure, to measure ours against.

The decoder is written as the paper's figures have it: one-dimensional convolutions of kernel 1 over
(B, C, T), batch norm whose scale and shift two more of them draw from the code, evaluated again in
every call; the field is asked for 100 000 points at a time; refinement differentiates through the
normals, so that it needs second derivatives.

Source: Mescheder et al., CVPR 2019, sections 3.1 and 3.3, supplementary section 1.
"""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F
from trimesh import Trimesh

from onet_cli.geometry.mesh import make_mesh
from onet_cli.models.decoders.cbn import CbnDecoder

POINTS_PER_CALL = 100_000
STEP = 1e-4
NORMAL_WEIGHT = 0.01


class ConvNorm(nn.Module):
    """Batch norm of (B, C, T) with scale and shift from the code (B, K, 1)."""

    def __init__(self, source: nn.Module) -> None:
        super().__init__()
        self.gamma, self.beta = convolution(source.gamma), convolution(source.beta)
        self.bn = source.bn

    def forward(self, features: Tensor, code: Tensor) -> Tensor:
        """Return `features` (B, C, T) normalised."""
        return self.gamma(code) * self.bn(features) + self.beta(code)


class ConvBlock(nn.Module):
    """A residual block with the weights of `source`."""

    def __init__(self, source: nn.Module) -> None:
        super().__init__()
        self.bn_0, self.bn_1 = ConvNorm(source.bn_0), ConvNorm(source.bn_1)
        self.fc_0, self.fc_1 = convolution(source.fc_0), convolution(source.fc_1)

    def forward(self, features: Tensor, code: Tensor) -> Tensor:
        """Return (B, C, T) from `features` (B, C, T)."""
        change = self.fc_0(F.relu(self.bn_0(features, code)))
        return features + self.fc_1(F.relu(self.bn_1(change, code)))


class ConvDecoder(nn.Module):
    """Points (B, T, 3) and codes (B, K) to logits (B, T), with the weights of `source`."""

    def __init__(self, source: CbnDecoder) -> None:
        super().__init__()
        self.fc_p, self.fc_out = convolution(source.fc_p), convolution(source.fc_out)
        self.blocks = nn.ModuleList(ConvBlock(block) for block in source.blocks)
        self.bn = ConvNorm(source.bn)

    def forward(self, points: Tensor, code: Tensor) -> Tensor:
        """Return logits (B, T)."""
        features, code = self.fc_p(points.transpose(1, 2)), code.unsqueeze(2)
        for block in self.blocks:
            features = block(features, code)
        return self.fc_out(F.relu(self.bn(features, code))).squeeze(1)


def convolution(layer: nn.Linear) -> nn.Conv1d:
    """Return the convolution of kernel 1 that does what `layer` does."""
    made = nn.Conv1d(layer.in_features, layer.out_features, 1)
    made.weight.data, made.bias.data = layer.weight.data[:, :, None], layer.bias.data
    return made


def evaluate(
    decoder: ConvDecoder, code: Tensor, points: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Return the logits (N,) at `points` (N, 3)."""
    parts = torch.from_numpy(points).split(POINTS_PER_CALL)
    with torch.no_grad():
        return np.concatenate([decoder(part[None], code)[0].numpy() for part in parts])


def refine(mesh: Trimesh, decoder: ConvDecoder, code: Tensor, level: float, steps: int) -> Trimesh:
    """Return `mesh` after `steps` of RMSprop on equation 4 of the paper."""
    rng = np.random.default_rng(0)
    vertices = torch.tensor(mesh.vertices, dtype=torch.float32, requires_grad=True)
    faces = torch.tensor(np.asarray(mesh.faces))
    optimiser = torch.optim.RMSprop([vertices], lr=STEP)
    threshold = torch.sigmoid(torch.tensor(level))
    for _ in range(steps):
        corners = vertices[faces]
        weights = torch.tensor(rng.dirichlet((0.5, 0.5, 0.5), len(faces)), dtype=torch.float32)
        points = (weights[:, :, None] * corners).sum(dim=1)
        normals = torch.linalg.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 1])
        normals = F.normalize(normals, dim=1, eps=1e-10)
        occupancy = torch.sigmoid(decoder(points[None], code)[0])
        (slopes,) = torch.autograd.grad(occupancy.sum(), points, create_graph=True)
        downhill = F.normalize(-slopes, dim=1, eps=1e-10)
        loss = (occupancy - threshold).square().mean()
        loss = loss + NORMAL_WEIGHT * (normals - downhill).square().sum(dim=1).mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    return make_mesh(vertices.detach().numpy(), np.asarray(mesh.faces))
