"""Half precision: on a CPU, where bfloat16 rounds as it does anywhere."""

import json

import pytest
import torch

from onet_cli.errors import CheckpointError, InvalidOptionError
from onet_cli.models.catalogue import MODELS
from onet_cli.models.code_layout import BINS
from onet_cli.models.network import build_network
from onet_cli.models.spec import ModelSpec
from onet_cli.training import dry_run, run, trial
from onet_cli.training.config import Budget, Hardware, TrainingConfig
from onet_cli.training.data import ShapeData
from onet_cli.training.dataset import Batch
from onet_cli.training.module import OccupancyModule
from onet_cli.training.precision import float32_products, mixed, takes_tf32
from onet_cli.training.run import train_network
from onet_cli.training.status import RunEvents
from onet_cli.training.trial import PrecisionTrial, settle_precision, try_precisions

CPU = torch.device("cpu")
TINY = ModelSpec("tiny", "convnet", "cbn", code_dim=16, hidden_dim=16, image_size=32)
POINTS = 64
CAMERA = (0.6, 0.4, 0.55, 1.5, 0.0, 0.0, 0.0, 0.0)


def settings(**more):
    given = {"batch_size": 4, "points": POINTS, "workers": 0, "augment": "photo", "mesh_every": 0}
    return TrainingConfig(Budget(steps=2), **given | more)


def balls_seen(count=4):
    """Return a batch of balls of several sizes before white."""
    rng = torch.Generator().manual_seed(0)
    radii = torch.linspace(0.15, 0.4, count)[:, None]
    points = 1.1 * (torch.rand(count, POINTS, 3, generator=rng) - 0.5)
    across = torch.linspace(-0.5, 0.5, 137)
    shown = torch.hypot(across[:, None], across) < radii[..., None]
    images = torch.where(shown, 80, 255).to(torch.uint8)[:, None].repeat(1, 3, 1, 1)
    inside = (points.norm(dim=2) < radii).float()
    cameras = torch.tensor(CAMERA).repeat(count, 1)
    ones = torch.ones(count, POINTS)
    return Batch(images, points, inside, ones, cameras, torch.ones(count, BINS))


def two_losses(spec, precision):
    torch.manual_seed(0)  # efficientnets drop layers at random
    module = OccupancyModule(build_network(spec, seed=0), settings(), lambda: 0.5).train()
    optimizer = torch.optim.AdamW(module.parameters(), lr=1e-4)
    batch, losses = balls_seen(), []
    for _ in range(2):
        optimizer.zero_grad()
        with mixed(precision, CPU):
            loss = module.loss(batch)
        module.backward(loss)
        optimizer.step()
        losses.append(loss.item())
    return losses


QUICK = ("onet-small", "onet-aligned")


@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=[] if n in QUICK else [pytest.mark.slow]) for n in MODELS]
)
def test_steps_in_bfloat16_on_varied_photos_have_the_losses_of_float32(name):
    found, expected = (two_losses(MODELS[name], precision) for precision in ("bf16", "32"))

    assert found[0] == pytest.approx(expected[0], rel=0.01)
    assert found[1] == pytest.approx(expected[1], rel=0.1)


def test_a_batch_is_prepared_in_float32_whatever_the_network_computes_in():
    network = build_network(MODELS["onet-aligned"], seed=0)
    module = OccupancyModule(network, settings(), lambda: 0.5)
    batch = balls_seen()

    plain = module.inputs(batch)
    with mixed("bf16", CPU):
        found = module.inputs(batch)

    assert found[0].dtype == found[1].dtype == torch.float32
    assert torch.equal(found[0], plain[0])
    assert torch.equal(found[1], plain[1])


def test_cameras_and_places_are_told_in_float32_under_bfloat16():
    network = build_network(MODELS["onet-aligned"], seed=0).eval()
    images = torch.rand(2, 3, 112, 112, generator=torch.Generator().manual_seed(1))
    heard = []
    network.encoder.camera.register_forward_hook(lambda *call: heard.append(call[2].dtype))
    points = torch.rand(2, 40, 3) - 0.5

    with torch.no_grad(), mixed("bf16", CPU):
        code = network.encode(images)
        found = network.decode(points, code)
    with torch.no_grad():
        expected = network.decode(points, code)

    assert heard == [torch.float32]
    assert network.camera(code).dtype == torch.float32
    torch.testing.assert_close(found.float(), expected, rtol=0.05, atol=0.05)


@pytest.mark.parametrize("precision", ["bf16", "16"])
def test_a_run_in_half_precision_learns_from_varied_photos(balls, tmp_path, precision):
    config = settings(precision=precision, lr=3e-3)

    result = train_network(
        balls, tmp_path / "run", build_network(TINY, seed=0), config, hardware=Hardware("cpu")
    )

    assert result.steps == 2
    assert result.checkpoint.is_file()


def test_a_dry_run_is_in_the_precision_asked_for(balls, tmp_path):
    kept = {}
    for precision in ("32", "bf16"):
        network, seen = build_network(TINY, seed=0), set()
        network.encoder.stem[0].register_forward_hook(lambda *call, s=seen: s.add(call[2].dtype))
        picture = tmp_path / "batch.png"
        facts = dry_run.measure_dry_run(
            balls, network, settings(precision=precision), picture, device="cpu"
        )
        kept[precision] = facts.activation_bytes
        assert facts.precision == precision
        assert (torch.bfloat16 in seen) == (precision == "bf16")
        assert (torch.float32 in seen) == (precision == "32")

    assert kept["bf16"] != kept["32"]


def test_products_are_rounded_to_tf32_on_cuda_in_float32_only():
    cuda, before = torch.device("cuda"), torch.get_float32_matmul_precision()

    for precision, device in (("32", CPU), ("bf16", cuda), ("16", cuda), ("bf16", CPU)):
        assert not takes_tf32(precision, device)
        with float32_products(precision, device):
            assert torch.get_float32_matmul_precision() == before
    with float32_products("32", cuda):
        assert torch.get_float32_matmul_precision() == "high"
    assert torch.get_float32_matmul_precision() == before


@pytest.mark.parametrize(
    ("single", "half", "faster"), [(1.0, 0.5, "bf16"), (1.0, 0.97, "32"), (1.0, 2.0, "32")]
)
def test_bfloat16_is_taken_where_it_is_clearly_faster(single, half, faster):
    found = PrecisionTrial(single, half)

    assert found.faster == faster
    assert str(found).endswith(f"--precision {faster}")


def test_a_trial_of_precisions_leaves_the_network_as_it_is(balls):
    network = build_network(TINY, seed=0)
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    config = settings(precision="auto")

    found = try_precisions(ShapeData(balls, config), network, config, CPU)

    assert min(found.float32, found.bfloat16) > 0
    assert all(torch.equal(before[name], tensor) for name, tensor in network.state_dict().items())


@pytest.mark.slow
def test_a_precision_is_tried_once_and_resumed_as_it_was(balls, tmp_path, monkeypatch):
    notes, found = [], PrecisionTrial(2.0, 1.0)
    monkeypatch.setattr(run, "try_precisions", lambda *given: found)

    def train(**more):
        network = build_network(TINY, seed=0)
        settled = settings(precision="auto", augment="none")
        train_network(
            balls,
            tmp_path / "run",
            network,
            settled,
            hardware=Hardware("cpu"),
            events=RunEvents(note=notes.append),
            **more,
        )
        return json.loads((tmp_path / "run/config.json").read_text())["training"]["precision"]

    assert train() == "bf16"
    assert notes.count(str(found)) == 1
    found = PrecisionTrial(1.0, 2.0)
    assert train(start="resumed") == "bf16"
    assert str(found) not in notes


def test_what_is_not_auto_needs_no_trial():
    config = settings(precision="32")

    assert settle_precision(config, lambda: pytest.fail("tried")) is config


def test_a_run_that_does_not_say_its_precision_is_refused(tmp_path):
    with pytest.raises(CheckpointError, match="the precision of the run"):
        trial.read_precision(tmp_path / "config.json")


def test_several_processes_have_to_be_told_the_precision(balls, tmp_path):
    network = build_network(TINY, seed=0)

    with pytest.raises(InvalidOptionError, match="only a single process") as error:
        train_network(
            balls,
            tmp_path / "run",
            network,
            settings(precision="auto"),
            hardware=Hardware("cpu", 2),
        )

    assert "bf16" in error.value.hint
