"""What commands say while they work, and that it fits a terminal of 80 columns."""

import io
import re
import sys

import pytest
import torch
from rich.console import Console

from onet_cli.commands import consoles, report
from onet_cli.models.processor import has_bfloat16_units
from onet_cli.training.precision import slow_precision
from onet_cli.training.status import TrainingStatus

WIDE = TrainingStatus(
    step=300_000,
    spent=0.999,
    seconds=359_000.0,
    loss=0.1234,
    rate=1e-3,
    samples_per_second=12_345,
    data_wait=1.0,
)


@pytest.fixture
def clock():
    """The time that the terminal knows, in seconds."""
    return [0.0]


@pytest.fixture
def terminal(monkeypatch, clock):
    """Text that reaches a terminal of 80 columns on stderr."""
    screen = io.StringIO()
    console = Console(
        file=screen, force_terminal=True, width=80, color_system=None, get_time=lambda: clock[0]
    )
    monkeypatch.setattr(consoles, "notes", console)
    return screen


def lines_of(screen):
    """What was drawn, without the escapes that move the cursor."""
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", screen.getvalue())
    return text.replace("\r", "\n").splitlines()


def test_the_bar_of_a_long_training_fits_80_columns(terminal):
    with report.training_report() as listen:
        listen(TrainingStatus(1, 0.1, 1.0, 0.1, 1e-3, 10.0, iou=0.3456))
        listen(WIDE)

    bars = [line for line in lines_of(terminal) if "wait 100%" in line]
    assert bars
    assert all("IoU 0.346" in line and "…" not in line for line in bars)
    assert all(len(line.rstrip()) <= 80 for line in bars)


def test_a_bar_for_many_photos_fits_80_columns(terminal):
    with report.progress_bar("photos") as advance:
        advance(99_999, 100_000)

    bars = [line for line in lines_of(terminal) if "99999/100000" in line]
    assert bars
    assert all(len(line.rstrip()) <= 80 and "…" not in line for line in bars)


def test_a_bar_with_rate_fits_80_columns_and_shows_rate_time_spent_and_time_left(terminal, clock):
    with report.progress_bar("photos", rate=True) as advance:
        for seconds, done in ((35_980.0, 89_950), (35_990.0, 89_975), (36_000.0, 90_000)):
            clock[0] = seconds
            advance(done, 100_000)

    bars = [line.split() for line in lines_of(terminal) if "90000/100000" in line]
    assert bars
    assert all(bar[-4:] == ["90000/100000", "150/min", "10:00:00", "1:06:40"] for bar in bars)
    assert max(len(line.rstrip()) for line in lines_of(terminal)) <= 80


def test_a_bar_shows_no_rate_unless_it_is_asked_for(terminal, clock):
    with report.progress_bar("photos") as advance:
        advance(0, 10)
        clock[0] = 60.0
        advance(5, 10)

    assert "5/10" in terminal.getvalue()
    assert "/min" not in terminal.getvalue()


class Screen(io.StringIO):
    """A terminal that draws over its last line."""

    def isatty(self):
        return True

    @property
    def last_line(self):
        cells: list[str] = []
        for part in self.getvalue().split("\r"):
            cells[: len(part)] = part
        return "".join(cells).rstrip()


def test_a_status_line_is_shown_and_leaves_nothing_behind(monkeypatch):
    screen = Screen()
    monkeypatch.setattr("sys.stderr", screen)

    with report.status_line("reconstructing " + 100 * "x") as erase:
        shown = screen.last_line
        erase()
        erased = screen.last_line
        screen.write("note")

    assert shown.startswith("reconstructing x")
    assert len(shown) < 80
    assert erased == ""
    assert screen.last_line == "note"


def test_no_status_line_reaches_a_pipe_or_a_quiet_terminal(monkeypatch, capsys):
    with report.status_line("reconstructing"):
        pass
    monkeypatch.setattr("sys.stderr", Screen())
    with report.status_line("reconstructing", quiet=True):
        assert sys.stderr.getvalue() == ""

    assert capsys.readouterr().err == ""


def test_lines_on_stdout_stay_there_while_a_bar_is_drawn(terminal, capsys):
    with report.progress_bar("photos") as advance:
        report.say("chair.jpg -> chair.obj")
        advance(1, 2)

    assert capsys.readouterr().out == "chair.jpg -> chair.obj\n"
    assert "chair.obj" not in terminal.getvalue()


@pytest.mark.parametrize(
    ("facts", "has"),
    [
        ("processor: 0\nflags\t\t: fpu avx2 avx512f avx512_bf16\n", True),
        ("flags\t\t: fpu avx2 avx512f\n", False),
        ("Features\t: fp asimd bf16\n", True),
        ("nothing of the kind\n", None),
    ],
)
def test_units_for_bfloat16_are_read_from_what_linux_says(facts, has, tmp_path):
    (tmp_path / "cpuinfo").write_text(facts)

    assert has_bfloat16_units(tmp_path / "cpuinfo") is has
    assert has_bfloat16_units(tmp_path / "missing") is None


def test_emulated_half_precision_is_warned_of(monkeypatch):
    monkeypatch.setattr("onet_cli.training.precision.has_bfloat16_units", lambda: False)
    cpu, gpu = torch.device("cpu"), torch.device("cuda")

    warned = slow_precision("bf16", cpu)

    assert warned is not None
    assert "--precision bf16 is emulated" in warned
    assert "--precision 32" in warned
    assert slow_precision("32", cpu) is slow_precision("bf16", gpu) is None
    monkeypatch.setattr("onet_cli.training.precision.has_bfloat16_units", lambda: True)
    assert slow_precision("bf16", cpu) is None
