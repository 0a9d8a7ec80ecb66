"""How batches are brought to the device: by how many processes, through which memory."""

from types import SimpleNamespace

import pytest
import torch

from onet_cli.training import config as settings
from onet_cli.training.config import Budget, TrainingConfig, usual_workers
from onet_cli.training.data import ShapeData

pytestmark = pytest.mark.filterwarnings("ignore:This DataLoader will create")


def loaders(balls, device, workers):
    config = TrainingConfig(Budget(steps=1), batch_size=4, points=16, workers=workers)
    shapes = ShapeData(balls, config)
    place = SimpleNamespace(root_device=torch.device(device))
    shapes.trainer = SimpleNamespace(world_size=1, global_rank=0, global_step=0, strategy=place)
    return shapes.train_dataloader(), shapes.val_dataloader()


def test_batches_for_a_gpu_go_through_memory_that_it_can_read(balls):
    assert all(loader.pin_memory for loader in loaders(balls, "cuda:0", 6))
    assert not any(loader.pin_memory for loader in loaders(balls, "cpu", 6))


@pytest.mark.parametrize(
    ("device", "workers", "expected"),
    [("cuda:0", 6, (6, 4)), ("cuda:0", 2, (2, 2)), ("cuda:0", 0, (0, 0)), ("cpu", 6, (6, 0))],
)
def test_validation_has_loader_processes_on_a_gpu_only(balls, device, workers, expected):
    assert tuple(loader.num_workers for loader in loaders(balls, device, workers)) == expected


@pytest.mark.parametrize(
    ("device", "processes", "cores", "expected"),
    [
        ("cpu", 1, 16, 1),
        ("cuda", 1, 16, 8),
        ("cuda", 1, 4, 4),
        ("cuda", 4, 16, 4),
        ("cuda", 8, 4, 1),
    ],
)
def test_loader_processes_are_chosen_by_device_and_cores(
    monkeypatch, device, processes, cores, expected
):
    monkeypatch.setattr(settings, "available_cores", lambda: cores)

    assert usual_workers(device, processes) == expected
