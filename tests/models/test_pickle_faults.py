"""Files of `torch.save` that are small and mean to fill the memory: refused, and read in part."""

import io
import zipfile

import pytest
import torch

from onet_cli.errors import CheckpointError
from onet_cli.models.weights import read_plain_pickle


def saved(path, content, packed=False):
    stream = io.BytesIO()
    torch.save(content, stream)
    method = zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED
    with zipfile.ZipFile(stream) as archive, zipfile.ZipFile(path, "w", method) as target:
        for name in archive.namelist():
            target.writestr(name, archive.read(name))
    return path


def test_a_tensor_of_one_number_repeated_by_its_strides_is_refused(tmp_path):
    wide = torch.ones(1).expand(200_000, 200_000)

    with pytest.raises(CheckpointError, match="larger than the file"):
        read_plain_pickle(saved(tmp_path / "a.pt", {"model": {"w": wide}}))


def test_many_tensors_that_share_their_numbers_are_refused(tmp_path):
    one = torch.ones(10_000)

    with pytest.raises(CheckpointError, match="larger than the file"):
        read_plain_pickle(saved(tmp_path / "a.pt", {"model": {str(n): one for n in range(99)}}))


def test_a_packed_file_is_refused_before_it_is_unpacked(tmp_path):
    path = saved(tmp_path / "a.pt", {"model": {"w": torch.zeros(10**6)}}, packed=True)

    with pytest.raises(CheckpointError, match="is not read"):
        read_plain_pickle(path)


def test_a_dictionary_that_holds_itself_is_read(tmp_path):
    content = {"w": torch.ones(3)}
    content["self"] = content

    assert torch.equal(read_plain_pickle(saved(tmp_path / "a.pt", content))["w"], torch.ones(3))


@pytest.mark.parametrize("old", [False, True])
def test_what_torch_writes_is_read(tmp_path, old):
    state = {"w": torch.arange(6.0).reshape(2, 3), "t": torch.ones((4, 4)).T}
    torch.save({"model": state}, tmp_path / "a.pt", _use_new_zipfile_serialization=not old)

    found = read_plain_pickle(tmp_path / "a.pt")["model"]

    assert torch.equal(found["w"], state["w"])
