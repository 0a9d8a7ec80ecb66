import pickle

from onet_cli.errors import OnetError, SourceError, UnknownNameError


def test_an_error_keeps_its_hint_on_the_way_between_processes():
    error = pickle.loads(pickle.dumps(SourceError("a.npz is torn", hint="fetch it again")))

    assert isinstance(error, SourceError)
    assert str(error) == "a.npz is torn"
    assert error.hint == "fetch it again"


def test_an_unknown_name_hints_at_the_nearest():
    error = UnknownNameError.among("encoder", "resnet81", ["resnet18", "convnet"])

    assert str(error) == "no encoder is named 'resnet81'"
    assert error.hint == "did you mean 'resnet18'?"


def test_a_name_like_no_other_lists_what_there_is():
    error = UnknownNameError.among("split", "qqq", ["val", "test"])

    assert error.hint == "choose one of: test, val"
    assert isinstance(error, OnetError)
