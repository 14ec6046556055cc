"""A folder takes another's place whole, and only if all in that one is perflab's own."""

import stat
import threading
from pathlib import Path

import pytest

from perflab.errors import BadInputError
from perflab.files import folders, whole_folder


def ours(folder):
    return {path.name for path in folder.iterdir()} == {"a"}


def write(folder, text, allow=ours):
    with whole_folder(folder, allow) as scratch:
        (scratch / "a").write_text(text)


@pytest.fixture(params=["in one step", "in two"])
def swap(request, monkeypatch):
    if request.param == "in two":
        monkeypatch.setattr(folders, "exchange", lambda one, other: False)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_new_empty_and_own_folders_are_taken(swap, tmp_path):
    folder = tmp_path / "above" / "f"
    write(folder, "1")
    write(folder, "2")
    (tmp_path / "empty").mkdir()
    write(tmp_path / "empty", "3")
    assert [(folder / "a").read_text(), (tmp_path / "empty" / "a").read_text()] == ["2", "3"]
    assert names(tmp_path) == ["above", "empty"]
    assert names(folder.parent) == ["f"]


@pytest.mark.parametrize("allow", [ours, None])
def test_a_folder_of_somebody_else_stays(allow, swap, tmp_path):
    folder = tmp_path / "f"
    folder.mkdir()
    (folder / "thesis.txt").write_text("x")
    with pytest.raises(BadInputError, match="holds something else"):
        write(folder, "1", allow)
    assert names(folder) == ["thesis.txt"]
    assert names(tmp_path) == ["f"]


def test_a_file_that_comes_meanwhile_stays(swap, tmp_path):
    folder = tmp_path / "f"
    write(folder, "1")

    def write_while_one_comes():
        with whole_folder(folder, ours) as scratch:
            (scratch / "a").write_text("2")
            (folder / "thesis.txt").write_text("x")

    with pytest.raises(BadInputError, match="holds something else"):
        write_while_one_comes()
    assert names(folder) == ["a", "thesis.txt"]
    assert (folder / "a").read_text() == "1"
    assert names(tmp_path) == ["f"]


def test_a_file_that_comes_between_check_and_swap_stays(swap, tmp_path):
    folder = tmp_path / "f"
    write(folder, "1")
    seen = []

    def late(known):
        seen.append(known)
        return ours(known) and len(seen) < 2

    with pytest.raises(BadInputError, match="holds something else"):
        write(folder, "2", late)
    assert len(seen) == 2
    assert (folder / "a").read_text() == "1"
    assert names(tmp_path) == ["f"]


def test_a_link_to_a_folder_stays_and_the_folder_is_replaced(swap, tmp_path):
    write(tmp_path / "real", "1")
    (tmp_path / "real").chmod(0o700)
    (tmp_path / "link").symlink_to("real")
    write(tmp_path / "link", "2")
    assert (tmp_path / "link").readlink() == Path("real")
    assert (tmp_path / "real" / "a").read_text() == "2"
    assert stat.S_IMODE((tmp_path / "real").stat().st_mode) == 0o700


def test_a_block_that_fails_leaves_the_old_folder(swap, tmp_path):
    write(tmp_path / "f", "1")

    def fail():
        with whole_folder(tmp_path / "f", ours) as scratch:
            (scratch / "a").write_text("2")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert (tmp_path / "f" / "a").read_text() == "1"
    assert names(tmp_path) == ["f"]


def test_a_file_is_no_folder(tmp_path):
    (tmp_path / "f").write_text("x")
    with pytest.raises(BadInputError, match="is a file, not a folder"):
        write(tmp_path / "f", "1")


def test_readers_find_a_folder_at_every_moment(tmp_path):
    folder = tmp_path / "f"
    write(folder, "0")
    other = tmp_path / "g"
    write(other, "0")
    if not folders.exchange(folder, other):
        pytest.skip("the system cannot exchange two folders")
    missing, done = [], threading.Event()

    def read():
        while not done.is_set():
            if not folder.is_dir():
                missing.append(1)

    reader = threading.Thread(target=read)
    reader.start()
    for number in range(200):
        write(folder, str(number))
    done.set()
    reader.join()
    assert missing == []


@pytest.mark.parametrize("mode", [0o2775, 0o1777, 0o3770])
def test_a_folder_keeps_its_group_and_sticky_bits(mode, tmp_path):
    folder = tmp_path / "shared"
    folder.mkdir()
    folder.chmod(mode)
    with whole_folder(folder) as scratch:
        (scratch / "new").write_text("new")
    assert stat.S_IMODE(folder.stat().st_mode) == mode
