"""Networks of the object's frame answer as they did before there was another frame."""

from pathlib import Path

import numpy as np
import pytest
import torch

from onet_cli.models.catalogue import find_model
from onet_cli.models.network import build_network

RECORDED = Path(__file__).parents[1] / "data" / "object_frame.npz"


@pytest.mark.parametrize("name", ["onet-small", "onet-attention", "noisypixel"])
def test_codes_and_logits_are_those_recorded_before(name):
    network = build_network(find_model(name), seed=0).eval()
    size = network.spec.image_size
    i, j = torch.meshgrid(torch.arange(size) / size, torch.arange(size) / size, indexing="ij")
    waves = [0.5 + 0.5 * torch.sin(7 * i + 3 * channel + 5 * j) for channel in range(3)]
    points = np.random.default_rng(5).uniform(-0.55, 0.55, (40, 3)).astype(np.float32)

    with torch.no_grad():
        code = network.encode(torch.stack(waves)[None])
        logits = network.decode(torch.from_numpy(points)[None], code)[0]

    recorded = np.load(RECORDED)
    some = code[0, :: max(1, code.shape[1] // 20)]
    np.testing.assert_allclose(some, recorded[f"{name}/code"], atol=1e-5)
    np.testing.assert_allclose(logits, recorded[name], atol=1e-5)
