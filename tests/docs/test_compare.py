import pytest

from tests.docs.compare import difference

LINE = "chair.jpg -> chair.glb  11 348 vertices, volume 0.02257, closed: yes, 0.2 s"


@pytest.mark.parametrize(
    "printed",
    [
        LINE,
        LINE.replace("0.2 s", "14.7 s"),
        LINE.replace("11 348", "11 400"),
        LINE.replace("0.02257", "0.0226"),
        LINE.replace(" -> ", "   ->\n"),
    ],
)
def test_times_small_differences_and_spaces_are_the_machines_own(printed):
    assert difference(LINE, printed, 0.02) is None


@pytest.mark.parametrize(
    "printed",
    [
        LINE.replace("11 348", "11 848"),
        LINE.replace("0.02257", "0.09705"),
        LINE.replace("yes", "no"),
        LINE + "; warning: it is in pieces",
        "",
    ],
)
def test_other_words_and_numbers_are_a_difference(printed):
    assert difference(LINE, printed, 0.02) is not None


def test_with_any_numbers_words_are_still_compared():
    assert difference("step 200  loss 0.12  closed", "step 7  loss 3.5  closed", 1e300) is None
    assert difference("12 scored", "12 failed", float("inf")) is not None


def test_a_line_of_three_dots_stands_for_any_lines():
    printed = "first\na\nb\nlast 7\n"

    assert difference("first\n...\nlast 7", printed, 0) is None
    assert difference("...\nb\n...", printed, 0) is None
    assert difference("...\nlast 8", printed, 0) is not None
    assert difference("a\n...", printed, 0) is not None


def test_hashes_rates_and_rounding_are_not_compared():
    shown = "5 samples/s  waiting 1%  checkpoint e0272e9802a1  code 7.2e-07"
    printed = "96 samples/s  waiting 40%  checkpoint 0123456789ab  code 1.9e-08"

    assert difference(shown, printed, 0) is None
