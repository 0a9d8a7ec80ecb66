import pytest

from onet_cli.errors import InvalidOptionError
from onet_cli.training.config import Budget, TrainingConfig, parse_duration


@pytest.mark.parametrize(
    ("text", "seconds"), [("90s", 90), ("25m", 1500), ("1h30m", 5400), ("2d", 172800), ("0.5m", 30)]
)
def test_a_duration_is_read_in_its_units(text, seconds):
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "90", "m", "1h 30m", "-5m", "1y", "5m!"])
def test_what_is_no_duration_is_refused(text):
    with pytest.raises(InvalidOptionError, match="is not a duration"):
        parse_duration(text)


def test_the_first_limit_to_be_reached_decides_what_is_spent():
    budget = Budget(steps=100, epochs=2, seconds=50.0)

    assert budget.spent(step=10, steps_per_epoch=100, seconds=5) == pytest.approx(0.1)
    assert budget.spent(step=10, steps_per_epoch=100, seconds=40) == pytest.approx(0.8)
    assert budget.spent(step=10, steps_per_epoch=6, seconds=5) == pytest.approx(10 / 12)
    assert budget.spent(step=500, steps_per_epoch=100, seconds=5) == 1


def test_a_run_without_an_end_is_refused():
    with pytest.raises(InvalidOptionError, match="never end"):
        TrainingConfig(budget=Budget())


@pytest.mark.parametrize("limit", [{"steps": 0}, {"epochs": -1}, {"seconds": 0.0}])
def test_a_run_of_no_length_is_refused(limit):
    with pytest.raises(InvalidOptionError, match="must be positive"):
        Budget(**limit)


@pytest.mark.parametrize("setting", [{"batch_size": 0}, {"points": 0}, {"lr": 0.0}, {"lr": 2}])
def test_settings_that_cannot_work_are_refused(setting):
    with pytest.raises(InvalidOptionError):
        TrainingConfig(budget=Budget(steps=1), **setting)
