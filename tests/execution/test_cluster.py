import os
import signal
import sys

import pytest

from onet_cli.errors import InvalidOptionError, OnetError
from onet_cli.execution import cluster as cluster_module
from onet_cli.execution import worker
from onet_cli.execution.run import map_unordered
from onet_cli.execution.work import Place
from tests.execution.clusters import cluster, converted, differing, in_threads

pytest.importorskip("distributed")


class Doubling:
    """Doubles numbers; ends the process where the number is a deadly one."""

    def __init__(self, deadly=()):
        self.deadly = deadly

    def start(self):
        return self.double

    def double(self, number):
        if number in self.deadly:
            os.kill(os.getpid(), signal.SIGKILL)
        if number < 0:
            raise OnetError("below zero", hint="give more")
        return number, 2 * number

    def lost(self, number, seconds):
        return number, None


@pytest.fixture
def threads(monkeypatch):
    """The address of a scheduler whose two workers are threads of this process."""
    monkeypatch.setattr(worker, "_expendable", False)
    monkeypatch.setattr(cluster_module, "_started", None)
    with in_threads(2, 1) as local:
        yield local.scheduler_address


def test_every_task_has_one_result_whatever_the_number_of_chunks(threads):
    results = list(map_unordered(Doubling(), range(50), Place(cluster=threads)))

    assert sorted(results) == [(number, 2 * number) for number in range(50)]


def test_an_error_of_a_worker_keeps_its_hint(threads):
    with pytest.raises(OnetError, match="below zero") as caught:
        list(map_unordered(Doubling(), [1, -1, 2], Place(cluster=threads)))

    assert caught.value.hint == "give more"


def test_a_worker_of_another_version_is_refused(threads, monkeypatch):
    check = cluster_module._check
    monkeypatch.setattr(
        cluster_module, "_check", lambda run: check(cluster_module.Run("", "0.0.0", run.folder))
    )

    with pytest.raises(OnetError, match=r"not 0\.0\.0"):
        list(map_unordered(Doubling(), [1], Place(cluster=threads)))


def test_a_worker_that_does_not_see_the_folder_is_named(threads, monkeypatch):
    check = cluster_module._check
    monkeypatch.setattr(
        cluster_module,
        "_check",
        lambda run: check(cluster_module.Run("", run.version, "/there/is/none")),
    )

    with pytest.raises(OnetError, match="does not see /there/is/none"):
        list(map_unordered(Doubling(), [1], Place(cluster=threads)))


def test_a_worker_with_several_threads_is_refused():
    with in_threads(1, 3) as local, pytest.raises(OnetError, match="has 3 threads"):
        list(map_unordered(Doubling(), [1], Place(cluster=local.scheduler_address)))


def test_an_address_that_is_none_is_refused():
    with pytest.raises(InvalidOptionError, match="no Dask scheduler answers at nowhere"):
        list(map_unordered(Doubling(), [1], Place(cluster="nowhere://1:2")))


def test_a_missing_dask_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)

    with pytest.raises(InvalidOptionError, match="not installed") as caught:
        list(map_unordered(Doubling(), [1], Place(cluster="local")))
    assert "onet-cli[cluster]" in caught.value.hint


def test_without_tasks_no_scheduler_is_asked():
    assert list(map_unordered(Doubling(), [], Place(cluster="nowhere://1:2"))) == []


@pytest.mark.slow
def test_a_task_that_kills_its_workers_is_lost_and_the_others_are_done(tmp_path):
    with cluster(tmp_path) as address:
        results = dict(map_unordered(Doubling({13}), range(24), Place(cluster=address)))

    assert results == {number: 2 * number for number in range(24)} | {13: None}


@pytest.mark.slow
def test_a_cluster_of_this_machine_starts_and_ends_with_the_command(tmp_path):
    found = converted(tmp_path / "far", cluster="local", workers=2)

    assert differing(found, converted(tmp_path / "near", workers=0)) == []
