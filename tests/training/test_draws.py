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
