"""The paper's recipe: which settings it is, and that a step of it is a plain one."""

import tomllib

import pytest
import torch
from torch import nn
from torch.nn import functional as F
from typer.main import get_command
from typer.testing import CliRunner

from onet_cli.app import app
from onet_cli.models.checkpoint import load_checkpoint
from onet_cli.models.network import build_network
from onet_cli.models.spec import ModelSpec
from onet_cli.shapes.photo import resize_images
from onet_cli.training.config import Budget, Hardware, TrainingConfig
from onet_cli.training.data import ShapeData
from onet_cli.training.recipes import RECIPES
from onet_cli.training.run import train_network

SMALL = (
    "--image-size",
    32,
    "--code-dim",
    8,
    "--hidden-dim",
    8,
    "--workers",
    0,
    "--no-calibrate",
    "--mesh-every",
    0,
    "-q",
)
PAPER = {
    "recipe": "paper",
    "batch-size": 64,
    "points": 2048,
    "sampling": "uniform",
    "near": 0.0,
    "label-smoothing": 0.0,
    "augment": "none",
    "lr": 1e-4,
    "schedule": "constant",
    "beta2": 0.999,
    "weight-decay": 0.0,
    "clip": 0.0,
    "ema": 0.0,
    "precision": "32",
    "val-every": 2000,
}


def run(*arguments):
    result = CliRunner().invoke(app, ["train", *map(str, arguments)])
    assert result.exit_code == 0, result.output


def written(run):
    return tomllib.loads((run / "config.toml").read_text())


def test_every_setting_of_a_recipe_is_an_option():
    options = {option.name for option in get_command(app).commands["train"].params}

    for recipe in RECIPES.values():
        assert recipe.keys() <= options


def test_the_recipe_of_the_paper_sets_the_options_that_are_not_given(balls, tmp_path):
    given = ("--batch-size", 4, "--points", 64, "--max-steps", 1)

    run(balls, "-o", tmp_path / "run", "--recipe", "paper", *given, *SMALL)

    options = written(tmp_path / "run")
    assert {name: options[name] for name in PAPER} == PAPER | {"batch-size": 4, "points": 64}
    assert options["model"] == "onet"
    info = load_checkpoint(tmp_path / "run", "cpu").info
    assert (info.spec.encoder, info.spec.decoder) == ("resnet18", "cbn")
    assert info.training["recipe"] == "paper"


@pytest.mark.parametrize("first", ["recipe", "config"])
def test_a_file_of_options_wins_over_the_recipe_and_may_name_it(balls, tmp_path, first):
    path = tmp_path / "given.toml"
    path.write_text("batch-size = 3\npoints = 16\nlr = 2e-3\nmax-steps = 1\nencoder = 'convnet'\n")
    both = [("--recipe", "paper"), ("--config", path)]
    both = both if first == "recipe" else both[::-1]

    run(balls, "-o", tmp_path / "run", *both[0], *both[1], "--lr", 3e-3, *SMALL)
    path.write_text(path.read_text() + "recipe = 'paper'\n")
    run(balls, "-o", tmp_path / "named", "--config", path, *SMALL)

    options = written(tmp_path / "run")
    assert (options["batch-size"], options["lr"], options["ema"]) == (3, 3e-3, 0.0)
    options = written(tmp_path / "named")
    assert (options["recipe"], options["lr"], options["schedule"]) == ("paper", 2e-3, "constant")


def test_our_recipe_is_what_the_options_say_themselves():
    assert RECIPES["ours"] == {}
    assert TrainingConfig(Budget(steps=1)).schedule == "cosine"


class Norm(nn.Module):
    def __init__(self, code_dim, width):
        super().__init__()
        self.gamma, self.beta = nn.Conv1d(code_dim, width, 1), nn.Conv1d(code_dim, width, 1)
        self.bn = nn.BatchNorm1d(width, affine=False)

    def forward(self, x, code):
        return self.gamma(code) * self.bn(x) + self.beta(code)


class Block(nn.Module):
    def __init__(self, code_dim, width):
        super().__init__()
        self.bn_0, self.bn_1 = Norm(code_dim, width), Norm(code_dim, width)
        self.fc_0, self.fc_1 = nn.Conv1d(width, width, 1), nn.Conv1d(width, width, 1)

    def forward(self, x, code):
        return x + self.fc_1(F.relu(self.bn_1(self.fc_0(F.relu(self.bn_0(x, code))), code)))


class PlainDecoder(nn.Module):
    """The paper's, points as (B, C, T), module by module."""

    def __init__(self, code_dim, width):
        super().__init__()
        self.fc_p, self.fc_out = nn.Conv1d(3, width, 1), nn.Conv1d(width, 1, 1)
        self.blocks = nn.ModuleList(Block(code_dim, width) for _ in range(5))
        self.bn = Norm(code_dim, width)

    def forward(self, points, code):
        x, code = self.fc_p(points.transpose(1, 2)), code[..., None]
        for block in self.blocks:
            x = block(x, code)
        return self.fc_out(F.relu(self.bn(x, code))).squeeze(1)


def test_steps_of_the_recipe_are_those_of_a_plain_loop(balls, tmp_path):
    spec = ModelSpec("tiny", "simple-conv", "cbn", code_dim=8, hidden_dim=16, image_size=64)
    recipe = RECIPES["paper"]
    known = TrainingConfig.__dataclass_fields__.keys()
    settings = TrainingConfig(
        Budget(steps=3),
        **{name: value for name, value in recipe.items() if name in known}
        | {"batch_size": 4, "points": 256, "val_every": 3, "workers": 0, "mesh_every": 0},
    )
    network = build_network(spec, seed=0)
    twin = build_network(spec, seed=0)
    plain = PlainDecoder(8, 16)
    own = plain.state_dict()
    plain.load_state_dict(
        {name: tensor.view(own[name].shape) for name, tensor in twin.decoder.state_dict().items()}
    )
    # The plain one clips nothing, decays nothing, averages nothing.
    optimizer = torch.optim.Adam([*twin.encoder.parameters(), *plain.parameters()], lr=1e-4)
    shapes = ShapeData(balls, settings)
    draws = iter(shapes.draws())
    for _ in range(3):
        samples = [shapes.training[next(draws)] for _ in range(4)]
        images, points, inside, *_ = (torch.stack(parts) for parts in zip(*samples, strict=True))
        logits = plain(points, twin.encode(resize_images(images, 64)))
        losses = F.binary_cross_entropy_with_logits(logits, inside, reduction="none")
        optimizer.zero_grad()
        losses.sum(dim=1).mean().backward()
        optimizer.step()

    train_network(balls, tmp_path / "run", network, settings, hardware=Hardware("cpu"))

    for name, tensor in network.decoder.state_dict().items():
        if name.endswith(("fc_p.bias", "fc_0.bias", "fc_1.bias", "running_mean")):
            continue  # norms remove these biases: Adam makes large what their gradients round to
        expected = plain.state_dict()[name].view(tensor.shape)
        torch.testing.assert_close(tensor, expected, rtol=1e-4, atol=2e-6, msg=name)
    for name, tensor in network.encoder.state_dict().items():
        torch.testing.assert_close(tensor, twin.encoder.state_dict()[name], rtol=1e-4, atol=2e-6)
