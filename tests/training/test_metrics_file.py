"""RUN/metrics.csv of an earlier part of a run, damaged."""

import pytest

from onet_cli.training.metrics_file import COLUMNS, MetricsFile


@pytest.mark.parametrize("damage", [b"\xff\xfe\0", b'"' + b"x" * 200_000, b"9" * 5000 + b",1\n"])
def test_damaged_rows_of_an_earlier_part_are_dropped(tmp_path, damage):
    path = tmp_path / "metrics.csv"
    path.write_bytes(",".join(COLUMNS).encode() + b"\n1" + b",0" * 9 + b"\n" + damage)

    MetricsFile(path, step=5)

    kept = path.read_text().splitlines()
    assert kept[0] == ",".join(COLUMNS)
    assert len(kept) <= 2
