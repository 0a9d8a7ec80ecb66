"""The average of the weights: where it lies, and that it is the same after a resumption."""

from types import SimpleNamespace

import lightning.pytorch as pl
import torch
from torch import nn

from onet_cli.training.averaging import Average, AveragedWeights

CPU = torch.device("cpu")


class Small(pl.LightningModule):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(3, 2)
        self.norm = nn.BatchNorm1d(2)


def moved(module, step):
    """Change all weights and buffers of `module` as a step might."""
    with torch.no_grad():
        for tensor in [*module.parameters(), *module.buffers()]:
            tensor += step if not tensor.is_floating_point() else 0.1 * step
    return module


def test_the_average_begins_where_the_trainer_puts_the_network():
    callback, module = AveragedWeights(0.9), Small()
    trainer = SimpleNamespace(strategy=SimpleNamespace(root_device=torch.device("meta")))

    callback.setup(trainer, module, "fit")

    average = callback._average_model
    assert {tensor.device.type for tensor in average.module.state_dict().values()} == {"meta"}
    assert {tensor.device.type for tensor in module.state_dict().values()} == {"cpu"}


def test_an_update_asks_no_device_for_a_number():
    with torch.device("meta"):
        module = Small()
    average = Average(module, 0.9, torch.device("meta"))

    for _ in range(3):
        average.update_parameters(module)  # any .item() of a meta tensor raises

    assert type(average.updates) is int
    assert average.updates == 3
    assert average.n_averaged.device == CPU


def test_the_memory_of_the_average_grows_with_the_updates():
    module = Small()
    average = Average(module, 0.5, CPU)
    expected = None

    for step in range(12):
        moved(module, step + 1)
        average.update_parameters(module)
        weight = module.layer.weight.detach()
        share = 1 - min(0.5, (1 + step) / (10 + step))
        expected = weight.clone() if step == 0 else expected + share * (weight - expected)

    torch.testing.assert_close(average.module.layer.weight.detach(), expected)
    assert torch.equal(average.module.norm.num_batches_tracked, module.norm.num_batches_tracked)


def test_an_average_goes_on_from_its_state_to_the_bit():
    module = Small()
    whole = Average(module, 0.99, CPU)
    for step in range(5):
        whole.update_parameters(moved(module, step))
    resumed = Average(Small(), 0.99, CPU)
    resumed.load_state_dict(whole.state_dict())

    for step in range(5, 9):
        moved(module, step)
        whole.update_parameters(module)
        resumed.update_parameters(module)

    assert resumed.updates == whole.updates == 9
    for name, tensor in whole.state_dict().items():
        assert torch.equal(resumed.state_dict()[name], tensor), name


def test_it_is_the_average_that_torch_makes_with_the_same_decays():
    module = Small()

    def average(averaged, current, updates):
        if averaged[0].is_floating_point():
            count = int(updates)
            torch._foreach_lerp_(averaged, current, 1 - min(0.9, (1 + count) / (10 + count)))
        else:
            torch._foreach_copy_(averaged, current)

    theirs = torch.optim.swa_utils.AveragedModel(module, multi_avg_fn=average, use_buffers=True)
    ours = Average(module, 0.9, CPU)
    for step in range(6):
        moved(module, step)
        theirs.update_parameters(module)
        ours.update_parameters(module)

    for name, tensor in theirs.state_dict().items():
        assert torch.equal(ours.state_dict()[name], tensor), name
