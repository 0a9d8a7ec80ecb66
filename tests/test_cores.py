import os

import pytest

from onet_cli import cores


def test_cores_are_those_of_the_affinity():
    if not hasattr(os, "sched_setaffinity"):
        pytest.skip("needs sched_setaffinity")
    own = os.sched_getaffinity(0)
    try:
        os.sched_setaffinity(0, {min(own)})
        assert cores.available_cores() == 1
    finally:
        os.sched_setaffinity(0, own)
    assert 1 <= cores.available_cores() <= len(own)


@pytest.mark.parametrize(
    ("own", "limits", "granted"),
    [
        ("0::/a/b", {"": "max 100000", "a": "300000 100000", "a/b": "max 100000"}, 3),
        ("0::/a/b", {"a": "400000 100000", "a/b": "150000 100000"}, 2),
        ("0::/", {"": "50000 100000"}, 1),
        ("0::/not/seen/from/here", {"": "200000 100000"}, 2),
        ("0::/a", {"a": "max 100000"}, None),
        ("0::/a", {"a": "nonsense"}, None),
        ("12:cpu:/a", {"a": "100000 100000"}, None),
        ("", {}, None),
    ],
    ids=["parent", "least", "half", "container", "max", "nonsense", "version 1", "none"],
)
def test_time_granted_to_control_groups_limits_cores(tmp_path, own, limits, granted):
    (tmp_path / "own").write_text(own)
    for group, limit in limits.items():
        place = tmp_path / "groups" / group
        place.mkdir(parents=True, exist_ok=True)
        (place / "cpu.max").write_text(f"{limit}\n")

    assert cores._granted_cores(tmp_path / "own", tmp_path / "groups") == granted
