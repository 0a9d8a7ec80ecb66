import pickle
import zipfile

import pytest

from onet_cli.archives import files as files_module
from onet_cli.archives.files import FolderFiles, RecordingFiles, ZipFiles

CONTENT = {
    "chair/a.obj": b"one",
    "chair/Wood Grain.JPG": b"two",
    "b.obj": b"three",
    ".hidden/c.obj": b"no",
    "__MACOSX/chair/a.obj": b"no",
}


@pytest.fixture(params=["folder", "zip"])
def files(request, tmp_path):
    if request.param == "zip":
        with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
            for name, data in CONTENT.items():
                archive.writestr(name, data)
        return ZipFiles(tmp_path / "a.zip")
    (tmp_path / "outside.obj").write_bytes(b"secret")
    for name, data in CONTENT.items():
        path = tmp_path / "set" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return FolderFiles(tmp_path / "set")


def test_files_are_listed_and_read_hidden_ones_left_out(files):
    assert files.names() == ["b.obj", "chair/Wood Grain.JPG", "chair/a.obj"]
    assert files.read("chair/a.obj") == b"one"
    assert files.read("chair/../b.obj") == b"three"
    assert files.refused() == []


def test_a_name_that_differs_in_capitals_is_found(files):
    assert files.read("Chair/wood grain.jpg") == b"two"


@pytest.mark.parametrize(
    "name", ["../outside.obj", "/etc/passwd", "x/../../outside.obj", "chair", "no.obj"]
)
def test_what_is_not_inside_cannot_be_read(files, name):
    with pytest.raises(FileNotFoundError):
        files.read(name)


def test_files_travel_to_another_process_as_a_path(files):
    files.read("b.obj")

    packed = pickle.dumps(files)

    assert len(packed) < 500
    assert pickle.loads(packed).read("b.obj") == b"three"


def test_members_that_lead_out_of_a_zip_are_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for name in ("../evil.obj", "/root.obj", "c/../../up.obj", "C:\\x.obj", "d\\good.obj"):
            archive.writestr(zipfile.ZipInfo(name), b"x")

    files = ZipFiles(tmp_path / "a.zip")

    assert files.names() == ["d/good.obj"]
    assert files.refused() == ["../evil.obj", "/root.obj", "C:\\x.obj", "c/../../up.obj"]
    assert files.read("d/good.obj") == b"x"


def test_a_damaged_member_is_named(tmp_path):
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.obj", b"0123456789" * 10)
    path.write_bytes(path.read_bytes().replace(b"0123456789", b"9876543210", 1))

    with pytest.raises(OSError, match=r"a\.obj is damaged"):
        ZipFiles(path).read("a.obj")


def test_a_zip_that_was_replaced_is_read_anew(tmp_path):
    for data in (b"old", b"newer"):
        with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
            archive.writestr("a.obj", data)
        assert ZipFiles(tmp_path / "a.zip").read("a.obj") == data


def test_a_file_too_large_is_refused_before_it_is_read(files, monkeypatch):
    monkeypatch.setattr(files_module, "MAX_BYTES", 4)

    with pytest.raises(OSError, match="the limit is 4 bytes"):
        files.read("b.obj")


def test_links_are_followed_and_circles_end(tmp_path):
    (tmp_path / "far").mkdir()
    (tmp_path / "far" / "a.obj").write_bytes(b"a")
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "chair").symlink_to(tmp_path / "far")
    (tmp_path / "far" / "back").symlink_to(tmp_path / "set")

    assert FolderFiles(tmp_path / "set").names() == ["chair/a.obj"]


def test_what_was_read_is_hashed_names_and_bytes(files):
    digests = set()
    for names in (["b.obj"], ["b.obj", "chair/a.obj"], ["chair/a.obj", "b.obj"]):
        recording = RecordingFiles(files)
        for name in names:
            recording.read(name)
        digests.add(recording.digest.hexdigest())
    assert len(digests) == 3


def test_a_name_whose_encoding_is_not_told_is_found_as_it_was_meant(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("wood_xxx.png", b"wood")
    data = (tmp_path / "a.zip").read_bytes().replace(b"wood_xxx", "wood_é_".encode())
    (tmp_path / "a.zip").write_bytes(data)

    assert ZipFiles(tmp_path / "a.zip").read("wood_é_.png") == b"wood"


def test_a_member_that_unpacks_to_far_more_than_its_size_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("m.obj", bytes(2**26 + 1))
        archive.writestr("n.obj", bytes(2**20))
    files = ZipFiles(tmp_path / "a.zip")

    with pytest.raises(OSError, match="of very little"):
        files.read("m.obj")
    assert len(files.read("n.obj")) == 2**20


def test_a_member_whose_name_is_in_another_encoding_than_it_says_is_damaged(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("\u00e9.obj", b"v 0 0 0\n")
    data = (tmp_path / "a.zip").read_bytes()
    (tmp_path / "a.zip").write_bytes(data.replace("\u00e9".encode(), b"\xc3\x28", 1))
    files = ZipFiles(tmp_path / "a.zip")

    with pytest.raises(OSError, match="is damaged"):
        files.read(files.names()[0])
