"""Threads of models without torch."""

from onet_cli.models.workers import PlainWorkers, usable_threads


def test_the_environment_sets_the_number_of_threads(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    assert (usable_threads(), PlainWorkers().threads) == (3, 3)

    monkeypatch.setenv("OMP_NUM_THREADS", "many")
    assert usable_threads() >= 1


def test_a_thread_of_a_pool_computes_alone(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    workers = PlainWorkers()

    with workers.pool(2) as pool:
        inside = list(pool.map(lambda _: workers.threads, range(4)))

    assert inside == [1, 1, 1, 1]
    assert workers.threads == 2
