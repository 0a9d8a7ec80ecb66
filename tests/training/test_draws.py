from itertools import islice

from onet_cli.training.draws import Draws


def test_every_pass_draws_every_shape_once_in_a_new_order():
    draws = list(islice(Draws(size=10, seed=3), 30))

    passes = [[index for index, number in draws if number == k] for k in range(3)]
    assert all(sorted(indices) == list(range(10)) for indices in passes)
    assert passes[0] != passes[1] != passes[2]


def test_a_resumed_stream_continues_the_one_that_was_cut():
    whole = list(islice(Draws(size=7, seed=1), 40))

    resumed = list(islice(Draws(size=7, seed=1, start=17), 23))

    assert resumed == whole[17:]


def test_ranks_share_the_stream_between_them():
    whole = list(islice(Draws(size=5, seed=2), 20))

    ranks = [list(islice(Draws(size=5, seed=2, rank=r, ranks=2), 10)) for r in range(2)]

    assert ranks[0] == whole[0::2]
    assert ranks[1] == whole[1::2]


def test_a_second_set_gets_its_share_of_any_stretch_and_passes_of_its_own():
    draws = list(islice(Draws(size=10, seed=3, extra=4, share=0.4), 100))

    second = [(index - 10, number) for index, number in draws if index >= 10]
    for start in range(0, 100, 5):
        assert sum(index >= 10 for index, _ in draws[start : start + 5]) == 2
    passes = [[index for index, number in second if number == k] for k in range(10)]
    assert all(sorted(indices) == [0, 1, 2, 3] for indices in passes)
    first = [draw for draw in draws if draw[0] < 10]
    assert first == list(islice(Draws(size=10, seed=3), 60))


def test_a_resumed_stream_of_two_sets_continues_the_one_that_was_cut():
    whole = list(islice(Draws(size=7, seed=1, extra=5, share=0.3), 60))

    resumed = list(islice(Draws(size=7, seed=1, start=23, extra=5, share=0.3), 37))

    assert resumed == whole[23:]
