import pytest
import torch

from onet_cli.errors import InvalidOptionError
from onet_cli.evaluation import pool
from onet_cli.evaluation.pool import SHARING, usual_workers


def test_a_cpu_is_shared_by_a_process_for_each_core(monkeypatch):
    monkeypatch.setattr(pool, "available_cores", lambda: 24)

    assert usual_workers("cpu") == 24


@pytest.mark.parametrize("name", ["auto", "cuda", "mps"])
@pytest.mark.parametrize(("cores", "expected"), [(24, SHARING), (2, 2)])
def test_a_gpu_is_shared_by_few(monkeypatch, name, cores, expected):
    kind = "cuda" if name == "auto" else name
    monkeypatch.setattr(pool, "resolve_device", lambda given: torch.device(kind))
    monkeypatch.setattr(pool, "available_cores", lambda: cores)

    assert usual_workers(name) == expected


def test_a_device_that_is_not_there_is_said_at_once():
    with pytest.raises(InvalidOptionError, match="no device is called"):
        usual_workers("abacus")
