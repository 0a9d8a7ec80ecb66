import pytest

from onet_cli.commands.config_file import read_options, write_options
from onet_cli.errors import InvalidOptionError, UnknownNameError


def test_written_options_are_read_back(tmp_path):
    path = tmp_path / "config.toml"
    options = {"model": "onet", "max_time": '1h "so"', "lr": 3e-4, "points": 7, "flag": True}

    write_options(path, options | {"init": None, "data": tmp_path, "resume": True}, "a run")

    assert read_options(path, {*options, "data"}) == options | {"data": str(tmp_path)}


def test_an_unknown_key_is_refused_with_the_nearest_name(tmp_path):
    path = tmp_path / "config.toml"
    path.write_text("max-stepz = 3\n")

    with pytest.raises(UnknownNameError, match="max-stepz") as caught:
        read_options(path, {"max_steps", "max_time"})
    assert "max_steps" in caught.value.hint


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("model = [1, 2]", "must be a string"),
        ("[train]\nmodel = 1", "train"),
        ("model =", "not valid TOML"),
        ("model = " + "[" * 100_000, "not valid TOML"),
        ("model = " + "[" * 300 + "]" * 300, "must be a string"),
    ],
)
def test_what_is_no_table_of_plain_values_is_refused(tmp_path, text, reason):
    path = tmp_path / "config.toml"
    path.write_text(text)

    with pytest.raises((InvalidOptionError, UnknownNameError), match=reason):
        read_options(path, {"model"})


@pytest.mark.parametrize("key", ["a" + ".a" * 50_000 + " = 1", "[a" + " . a" * 50_000 + "]"])
def test_a_key_of_many_parts_is_refused_before_it_is_parsed(tmp_path, key):
    path = tmp_path / "c.toml"
    path.write_text(key)

    with pytest.raises(InvalidOptionError, match="a key has more than 256 parts"):
        read_options(path, {"a"})


def test_a_missing_file_is_said_to_be(tmp_path):
    with pytest.raises(InvalidOptionError, match="No such file"):
        read_options(tmp_path / "none.toml", set())
