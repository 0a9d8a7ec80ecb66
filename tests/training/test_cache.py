"""Truth: the samples that the files give."""

from dataclasses import replace
from itertools import islice

import numpy as np
import pytest
import torch

from onet_cli.errors import InvalidOptionError, StoreError
from onet_cli.models.network import build_network
from onet_cli.models.spec import ModelSpec
from onet_cli.shapes.shape import Views
from onet_cli.shapes.store import DatasetInfo, ShapeStore
from onet_cli.training import cache, run
from onet_cli.training.cache import CachedBatches, ShapeCache, check_room, plan_cache
from onet_cli.training.config import Budget, Hardware, TrainingConfig
from onet_cli.training.data import ShapeData
from onet_cli.training.dataset import OccupancyDataset
from onet_cli.training.draws import Draws
from onet_cli.training.run import local_device, train_network
from tests.training.conftest import ball, picture, same

TINY = ModelSpec("tiny", "convnet", "cbn", code_dim=16, hidden_dim=16, image_size=32)
CPU = torch.device("cpu")


def config(**settings):
    return TrainingConfig(
        Budget(steps=6), **{"batch_size": 4, "workers": 0, "mesh_every": 0} | settings
    )


def cached(data):
    return ShapeCache(data, plan_cache(data), CPU)


@pytest.mark.parametrize(
    "settings",
    [
        {"points": 300},
        {"points": 5000},
        {"points": 200, "sampling": "balanced"},
        {"points": 120, "near": 0.25},
        {"points": 64, "near": 1.0},
    ],
)
def test_a_cache_gives_the_samples_of_the_files_bit_for_bit(shells, settings):
    data = OccupancyDataset(shells, config(**settings), extra=shells)
    draws = [(0, 0), (5, 3), (2, 1), (3, 7)]

    batch = cached(data).batch(draws)

    for row, draw in enumerate(draws):
        assert same([part[row] for part in batch], data[draw])


def test_processes_find_the_same_symmetries(shells, monkeypatch):
    data = OccupancyDataset(shells, config(points=64), symmetry=True)
    draws = [(number, 0) for number in range(len(data.ids))]
    alone = cached(data).batch(draws).symmetry
    monkeypatch.setattr(cache, "FEWEST_FOR_PROCESSES", 1)
    monkeypatch.setattr(cache, "available_cores", lambda: 2)

    assert torch.equal(cached(data).batch(draws).symmetry, alone)
    assert torch.isfinite(alone).all()


def test_shapes_of_odd_sizes_lie_side_by_side(tmp_path):
    store = ShapeStore.create(tmp_path, DatasetInfo("odd", {}))
    shapes = []
    for number, rows in enumerate((4096 * 2 + 8, 24, 4096)):
        rng = np.random.default_rng(number)
        points = rng.uniform(-0.5, 0.5, (rows, 3)).astype(np.float16)
        labels = rng.random(rows) < 0.5
        shape = ball(f"b{number}", 0.2)
        samples = replace(shape.occupancy, points=points, occupancies=labels)
        views = Views(tuple(picture(0.1 * (k + 1), 30 * number) for k in range(number + 1)))
        shapes.append(replace(shape, occupancy=samples, views=views))
        store.write(shapes[-1], rng)
    store.set_split("train", [shape.id for shape in shapes])
    data = OccupancyDataset(tmp_path, config(points=40))
    draws = [(number, step) for step in range(8) for number in range(3)]

    batch = cached(data).batch(draws)

    for row, draw in enumerate(draws):
        assert same([part[row] for part in batch], data[draw])


def test_a_run_from_memory_ends_with_the_weights_of_one_from_files(balls, shells, tmp_path):
    def weights(name, **settings):
        train_network(
            balls,
            tmp_path / name,
            build_network(TINY, seed=0),
            config(points=64, augment="photo", val_every=6, **settings),
            extra=shells,
            hardware=Hardware("cpu"),
        )
        return torch.load(tmp_path / name / "last.ckpt", weights_only=True)["state_dict"]

    files, memory = weights("files"), weights("memory", cache="ram")

    assert all(torch.equal(files[name], memory[name]) for name in files)
    best = [(tmp_path / name / "best.safetensors").read_bytes() for name in ("files", "memory")]
    assert best[0] == best[1]


def test_batches_that_a_thread_makes_ahead_are_the_same(shells, monkeypatch):
    data = OccupancyDataset(shells, config(points=64))
    monkeypatch.setattr(torch.Tensor, "pin_memory", lambda tensor: tensor)  # that needs a GPU
    shapes = cached(data)

    plain, ahead = (
        islice(iter(CachedBatches(shapes, Draws(size=3, seed=1), 4, for_gpu)), 5)
        for for_gpu in (False, True)
    )

    for first, second in zip(plain, ahead, strict=True):
        assert same(first, second)


def test_an_error_of_the_thread_is_raised_where_the_batch_is_wanted(shells, monkeypatch):
    monkeypatch.setattr(torch.Tensor, "pin_memory", lambda tensor: tensor)
    shapes = cached(OccupancyDataset(shells, config(points=64)))
    monkeypatch.setattr(shapes, "batch", lambda draws: 1 / 0)

    with pytest.raises(ZeroDivisionError):
        next(iter(CachedBatches(shapes, Draws(size=3, seed=1), 4, for_gpu=True)))


def test_each_rank_asks_its_own_gpu_for_room(balls, monkeypatch):
    asked = []
    monkeypatch.setattr(cache, "free_memory", lambda device: asked.append(device) or 10**9)
    monkeypatch.setattr(run, "resolve_device", lambda name: torch.device(name))
    monkeypatch.setenv("LOCAL_RANK", "2")
    shapes = ShapeData(balls, config(points=64, cache="gpu"))

    shapes.plan_cache(local_device("cuda", processes=4), copies=4)

    assert asked == [CPU, torch.device("cuda", 2)]


def test_only_ranks_have_a_gpu_of_their_own(monkeypatch):
    monkeypatch.setattr(run, "resolve_device", lambda name: torch.device(name))

    assert local_device("cuda:1") == torch.device("cuda:1")
    assert local_device("cpu", processes=2) == CPU
    assert local_device("cuda", processes=2) == torch.device("cuda", 0), "not numbered yet"
    monkeypatch.setenv("SLURM_LOCALID", "3")
    assert local_device("cuda", processes=4) == torch.device("cuda", 3)


def test_the_size_is_known_beforehand(balls):
    plan = plan_cache(OccupancyDataset(balls, config()))

    assert plan.bytes == 6 * (2 * 3 * 32 * 32 + 4096 * 6 + 4096 // 8)


def test_a_set_that_does_not_fit_is_refused_with_both_sizes(balls, tmp_path, monkeypatch):
    monkeypatch.setattr(cache, "free_memory", lambda device: 123_000)
    settings = config(points=64, cache="ram")

    with pytest.raises(InvalidOptionError, match=r"needs 0\.00019 GB .* 0\.00012 GB are free"):
        train_network(
            balls, tmp_path / "run", build_network(TINY), settings, hardware=Hardware("cpu")
        )

    assert not (tmp_path / "run").exists()


def test_each_process_of_a_machine_needs_its_own_copy(balls, monkeypatch):
    plan = plan_cache(OccupancyDataset(balls, config()))
    monkeypatch.setattr(cache, "free_memory", lambda device: 2 * plan.bytes)

    check_room(plan, CPU, copies=2)
    with pytest.raises(InvalidOptionError, match="are free"):
        check_room(plan, CPU, copies=3)


def test_a_cache_on_a_gpu_needs_one(balls, tmp_path):
    settings = config(points=64, cache="gpu")

    with pytest.raises(InvalidOptionError, match="needs a CUDA device") as error:
        train_network(
            balls, tmp_path / "run", build_network(TINY), settings, hardware=Hardware("cpu")
        )

    assert "--cache ram" in error.value.hint


def test_pictures_of_two_sizes_are_refused(balls, tmp_path):
    store = ShapeStore.create(tmp_path, DatasetInfo("large", {}))
    large = ball("large", 0.3)
    wide = Views(tuple(picture(0.3, 0, size=48) for _ in range(2)))
    store.write(replace(large, views=wide), np.random.default_rng(0))
    store.set_split("train", [large.id])
    data = OccupancyDataset(balls, config(), extra=tmp_path)

    with pytest.raises(StoreError, match="ball/large are 48 x 48, those of other shapes 32 x 32"):
        cached(data)


def test_the_memory_of_this_machine_is_known_to_be_some():
    free = cache.free_memory(CPU)

    assert free is None or 0 < free < 2**60
