"""Feature planes whose cells attend to the picture: the tri-plane decoder without a bottleneck.

The code is the encoder's last feature map, cell by cell. A summary of it is decoded to coarse
planes, as in the tri-plane decoder; then each of their cells attends to the cells of the picture.
No camera is needed to relate space and picture: the attention between plane cells and picture cells
is learned.

Source: attention: Vaswani et al., NeurIPS 2017; planes that attend to image features: Hong et al.,
LRM, ICLR 2024.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from onet_cli.errors import InvalidOptionError
from onet_cli.models.code_layout import GRID
from onet_cli.models.cpu_training import trains_on_cpu, without_autocast
from onet_cli.models.decoders.plane_decoder import AXES, Drawn
from onet_cli.models.decoders.triplane import (
    SEED_SIZE,
    WIDTHS,
    Smooth,
    TriplaneDecoder,
    double,
)
from onet_cli.models.encoders.convnet import USUAL_MAP
from onet_cli.models.registry import DECODERS

SUMMARY = 256
CELLS = len(AXES) * (2 * SEED_SIZE) ** 2
WIDTH = 64
HEADS = 4
BLOCKS = 2


class Look(nn.Module):
    """Multi-head attention of rows (B, N, WIDTH) to the picture's cells (B, M, WIDTH)."""

    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(WIDTH)
        self.query = nn.Linear(WIDTH, WIDTH)
        self.key_value = nn.Linear(WIDTH, 2 * WIDTH)
        self.out = nn.Linear(WIDTH, WIDTH)
        nn.init.zeros_(self.out.weight)

    def forward(self, rows: Tensor, picture: Tensor) -> Tensor:
        """Return the attention of `rows` to `picture`, (B, N, WIDTH)."""
        batch = rows.shape[0]
        asked = self.query(self.norm(rows)).view(batch, -1, HEADS, WIDTH // HEADS).transpose(1, 2)
        known = self.key_value(picture).view(batch, -1, 2, HEADS, WIDTH // HEADS)
        key, value = known.permute(2, 0, 3, 1, 4)
        if asked.dtype == torch.bfloat16 and asked.device.type == "cpu":
            # On CPUs its gradients in bfloat16 take three times as long.
            asked, key, value = asked.float(), key.float(), value.float()
        with without_autocast(rows.device.type):
            seen = F.scaled_dot_product_attention(asked, key, value)
        answer: Tensor = self.out(seen.transpose(1, 2).flatten(2))
        return answer


class LookBlock(nn.Module):
    """Attention to the picture, then an MLP: two residual steps, initially the identity."""

    def __init__(self) -> None:
        super().__init__()
        self.look = Look()
        self.norm = nn.LayerNorm(WIDTH)
        self.fc_0 = nn.Linear(WIDTH, 2 * WIDTH)
        self.fc_1 = nn.Linear(2 * WIDTH, WIDTH)
        nn.init.zeros_(self.fc_1.weight)

    def forward(self, rows: Tensor, picture: Tensor) -> Tensor:
        """Return `rows` (B, N, WIDTH) after one block with `picture` (B, M, WIDTH)."""
        rows = rows + self.look(rows, picture)
        result: Tensor = rows + self.fc_1(F.gelu(self.fc_0(self.norm(rows))))
        return result


class AttentionPlanes(nn.Module):
    """Feature map, flattened to (B, C), to the three feature planes, (B, 24, 48, 48) each."""

    def __init__(self, code_dim: int, summary: int = SUMMARY) -> None:
        super().__init__()
        if code_dim % GRID**2:
            raise InvalidOptionError(
                f"the attention decoder needs a code of whole cells, not {code_dim} numbers",
                hint=f"give --code-dim a multiple of {GRID**2}, and --encoder convnet-map",
            )
        depth = code_dim // GRID**2
        self.summary = nn.Sequential(nn.ReLU(), nn.Linear(code_dim, summary))
        self.seeds = nn.Linear(summary, len(AXES) * WIDTHS[0] * SEED_SIZE**2)
        self.coarse = nn.ModuleList(nn.Sequential(*double(WIDTHS[0], WIDTH)) for _ in AXES)
        self.cells = nn.Linear(depth, WIDTH)
        self.place = _places(CELLS)
        self.picture_place = _places(GRID**2)
        self.blocks = nn.ModuleList(LookBlock() for _ in range(BLOCKS))
        self.fine = nn.ModuleList(
            nn.Sequential(*double(WIDTH, WIDTHS[2]), *double(WIDTHS[2], WIDTHS[3]), Smooth())
            for _ in AXES
        )

    def forward(self, code: Tensor) -> list[Tensor]:
        """Return the planes, (B, 24, 48, 48) each."""
        return self.draw(self.summary(code), code)

    def draw(self, summary: Tensor, code: Tensor) -> list[Tensor]:
        """Return the planes of `code` (B, C), initialised from its `summary` (B, S)."""
        seeds = self.seeds(summary).view(-1, len(AXES), WIDTHS[0], SEED_SIZE, SEED_SIZE)
        coarse = [draw(seeds[:, k]) for k, draw in enumerate(self.coarse)]
        rows = torch.cat([plane.flatten(2) for plane in coarse], dim=2).transpose(1, 2)
        cells = code.view(code.shape[0], -1, GRID**2).transpose(1, 2)
        picture = self.cells(cells) + self.picture_place
        rows = rows + self.place
        for block in self.blocks:
            rows = block(rows, picture)
        maps = rows.transpose(1, 2).reshape(code.shape[0], WIDTH, len(AXES), *coarse[0].shape[2:])
        # Transposed convolutions and look-ups train faster with channels last.
        layout = torch.channels_last if trains_on_cpu(maps) else torch.contiguous_format
        return [
            draw(maps[:, :, k].contiguous(memory_format=layout)) for k, draw in enumerate(self.fine)
        ]


def _places(count: int) -> nn.Parameter:
    """Return learned position embeddings (1, `count`, WIDTH), small initially."""
    places = torch.empty(1, count, WIDTH)
    if not places.is_meta:  # on meta, used for checkpoints, normal_ imports the compiler
        places.normal_(std=0.02)
    return nn.Parameter(places)


@DECODERS.register("attention")
class AttentionDecoder(TriplaneDecoder):
    """A tri-plane decoder of `AttentionPlanes`; for the encoder `convnet-map`."""

    usual_code_dim = USUAL_MAP

    def __init__(self, point_dim: int, code_dim: int, hidden_dim: int) -> None:
        super().__init__(point_dim, SUMMARY, hidden_dim)
        self.planes = AttentionPlanes(code_dim)

    def draw(self, code: Tensor) -> Drawn:
        """Return the planes of `code` (B, C), and its part of the first layer."""
        assert isinstance(self.planes, AttentionPlanes)
        return Drawn(self.planes(code), self.fc_c(self.planes.summary(code)))
