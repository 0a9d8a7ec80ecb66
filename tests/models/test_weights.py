"""Files of tensors."""

import torch
from safetensors import safe_open

from onet_cli.models.weights import read_header, read_tensors, write_tensors

TENSORS = {
    "wide": torch.arange(6.0).view(2, 3),
    "narrow": torch.tensor([1.5, -2.0], dtype=torch.float16),
    "count": torch.tensor(7),
}
HEADER = {name: f'text {name} äöü "quoted" \\ \n' for name in "zyxwvutsrq"}


def test_what_is_written_is_read_and_the_library_reads_it_too(tmp_path):
    path = tmp_path / "a.safetensors"
    write_tensors(path, TENSORS, HEADER)

    assert read_header(path) == HEADER
    found = read_tensors(path)
    assert found.keys() == TENSORS.keys()
    assert all(torch.equal(found[name], tensor) for name, tensor in TENSORS.items())
    with safe_open(path, framework="np") as file:
        assert file.get_tensor("narrow").tolist() == [1.5, -2.0]


def test_the_same_content_is_the_same_bytes(tmp_path):
    files = []
    for number in range(8):
        write_tensors(tmp_path / f"{number}", TENSORS, HEADER)
        files.append((tmp_path / f"{number}").read_bytes())
    assert len(set(files)) == 1
