import os
from pathlib import Path

import pytest

from onet_cli.errors import OnetError, StoreError
from onet_cli.files import (
    folders_searched_once,
    only_writer,
    open_alone,
    read_regular,
    remove_all_leftovers,
    remove_leftovers,
    require_place,
    whole_file,
    write_text,
)


def write_half(path, failure):
    with whole_file(path, StoreError) as temporary:
        temporary.write_text("half")
        raise failure


def test_a_file_appears_whole_and_its_folder_with_it(tmp_path):
    path = tmp_path / "new/folder/list.txt"

    with whole_file(path) as temporary:
        temporary.write_text("half")
        assert not path.exists()
        temporary.write_text("whole")

    assert path.read_text() == "whole"
    assert list(path.parent.iterdir()) == [path]


def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "list.txt"
    path.write_text("old")

    with pytest.raises(ValueError, match="torn"):
        write_half(path, ValueError("torn"))

    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_full_disk_is_an_error_of_the_kind_asked_for(tmp_path):
    path = tmp_path / "list.txt"

    with pytest.raises(StoreError, match=r"list.txt cannot be written: No space left"):
        write_half(path, OSError(28, "No space left on device"))

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("place", ["file/inside", "x" * 300])
def test_a_place_that_cannot_be_is_an_error(place, tmp_path):
    (tmp_path / "file").write_text("not a folder")

    with pytest.raises(OnetError, match="cannot be written"):
        write_text(tmp_path / place, "text")


def test_a_folder_or_a_device_is_never_replaced(tmp_path):
    for place in (tmp_path, Path("/dev/null")):
        with pytest.raises(OnetError, match="not a regular file"):
            write_text(place, "text")

    assert Path("/dev/null").is_char_device()


def test_a_link_stays_a_link(tmp_path):
    link, path = tmp_path / "link.txt", tmp_path / "list.txt"
    link.symlink_to(path)

    write_text(link, "text")

    assert link.is_symlink()
    assert path.read_text() == "text"


def test_a_folder_has_one_writer_at_a_time(tmp_path):
    with only_writer(tmp_path / "run"):
        with pytest.raises(OnetError, match="written by another"), only_writer(tmp_path / "run"):
            pass
        (tmp_path / "run" / "file").touch()

    with only_writer(tmp_path / "run"):
        pass
    assert (tmp_path / "run").is_dir()


def test_a_folder_that_stays_empty_is_not_left(tmp_path):
    with only_writer(tmp_path / "run"):
        pass

    assert not (tmp_path / "run").exists()


def test_a_planted_link_is_not_followed(tmp_path, monkeypatch):
    precious = tmp_path / "precious"
    precious.write_text("mine")
    monkeypatch.setattr("secrets.token_hex", lambda count: "0a1b2c3d")
    (tmp_path / ".list.txt.0a1b2c3d.tmp").symlink_to(precious)

    with pytest.raises(OnetError, match="cannot be written"):
        write_text(tmp_path / "list.txt", "text")

    assert precious.read_text() == "mine"


def test_a_link_to_itself_is_an_error(tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "link")

    with pytest.raises(OnetError, match="cannot be written"):
        write_text(tmp_path / "link", "text")


def test_reads_are_bounded(tmp_path):
    (tmp_path / "file").write_bytes(b"12345")

    assert read_regular(tmp_path / "file", 5) == b"12345"
    with pytest.raises(OSError, match="more than 4 bytes"):
        read_regular(tmp_path / "file", 4)


def abandon(target):
    """Leave what a process leaves that is killed while it writes `target`."""
    temporary = target.with_name(f".{target.name}.0123abcd.tmp")
    temporary.write_text("half")
    return temporary


def test_a_file_written_again_leaves_nothing_of_a_killed_process(tmp_path):
    abandon(tmp_path / "list.txt")
    other = abandon(tmp_path / "other.txt")

    write_text(tmp_path / "list.txt", "whole")

    assert sorted(tmp_path.iterdir()) == [other, tmp_path / "list.txt"]


def test_what_only_looks_like_a_leftover_stays(tmp_path):
    kept = [tmp_path / name for name in (".list.txt.tmp", ".list.txt.old.tmp", "list.0123abcd.tmp")]
    for path in kept:
        path.touch()
    link = tmp_path / ".list.txt.0123abcd.tmp"
    link.symlink_to(kept[0])

    remove_leftovers([tmp_path / "list.txt"])

    assert all(path.exists() for path in [*kept, link])


def test_what_a_killed_check_of_a_place_left_is_removed_by_the_next(tmp_path):
    left = tmp_path / ".m.onnx.0123abcd.tmp"  # of a name under which nothing is written later
    left.touch()

    require_place(tmp_path / "m.onnx")

    assert not list(tmp_path.iterdir())


def test_a_new_file_that_is_taken_for_a_leftover_is_made_again(tmp_path, monkeypatch):
    target, plain, removed = tmp_path / "list.txt", os.open, []

    def open_and_remove(path, flags, *mode):
        descriptor = plain(path, flags, *mode)
        if flags & os.O_EXCL and not removed:
            removed.append(path)
            remove_leftovers([target])  # by another process, before this one has locked it
        return descriptor

    monkeypatch.setattr(os, "open", open_and_remove)
    write_text(target, "whole")

    assert target.read_text() == "whole"
    assert not removed[0].exists()
    assert list(tmp_path.iterdir()) == [target]


def test_folders_are_searched_once_within_a_run(tmp_path, monkeypatch):
    scans, plain = [], os.scandir
    monkeypatch.setattr(os, "scandir", lambda folder: scans.append(folder) or plain(folder))
    abandon(tmp_path / "2.txt")

    with folders_searched_once():
        for number in range(4):
            require_place(tmp_path / f"{number}.txt")
            write_text(tmp_path / f"{number}.txt", "whole")
        abandon(tmp_path / "5.txt")
        assert remove_all_leftovers(tmp_path) == 1
    assert [Path(folder) for folder in scans] == [tmp_path, tmp_path]
    assert len(list(tmp_path.iterdir())) == 4

    abandon(tmp_path / "6.txt")
    write_text(tmp_path / "6.txt", "whole")
    assert len(list(tmp_path.iterdir())) == 5


def test_a_place_is_asked_for_without_a_trace(tmp_path):
    require_place(tmp_path / "new/folder/list.txt")

    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written_is_refused_at_once(tmp_path):
    (tmp_path / "file").touch()

    for place in (tmp_path / "file/list.txt", tmp_path, tmp_path / ("x" * 300)):
        with pytest.raises(StoreError, match="cannot be written"):
            require_place(place, StoreError)


def test_a_file_has_one_writer_at_a_time(tmp_path):
    path = tmp_path / "list.txt"
    path.write_text("what was there before")

    with open_alone(path) as file:
        file.write("mine")
        file.flush()
        with pytest.raises(OnetError, match="is being written by another process"):
            open_alone(path)

    assert path.read_text() == "mine"
    open_alone(path).close()
    assert path.read_text() == ""


def test_a_file_that_its_writer_has_removed_is_made_anew(tmp_path, monkeypatch):
    path, plain, opened = tmp_path / "list.txt", os.open, []

    def open_then_remove(place, flags, *mode):
        descriptor = plain(place, flags, *mode)
        if not opened:
            path.unlink()  # by the process that had it
        opened.append(descriptor)
        return descriptor

    monkeypatch.setattr(os, "open", open_then_remove)
    with open_alone(path) as file:
        file.write("mine")

    assert path.read_text() == "mine"
    assert len(opened) == 2
