from __future__ import annotations

import errno
import os
import stat
import subprocess
import sys
import threading

import pytest

from perflab.errors import BadInputError
from perflab.files import whole_file, write_text


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def no_space(*args):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_file_and_its_folder_appear(tmp_path):
    path = tmp_path / "new" / "report.md"
    assert write_text(path, "größer") == path
    assert path.read_bytes() == "größer".encode()
    assert names(path.parent) == ["report.md"]


def test_bytes_are_written_as_they_are(tmp_path):
    with whole_file(tmp_path / "picture.png", "wb") as file:
        file.write(b"\x89PNG\r\n")
    assert (tmp_path / "picture.png").read_bytes() == b"\x89PNG\r\n"


def test_reader_never_sees_half_a_file(tmp_path):
    path = tmp_path / "report.md"
    write_text(path, "old")
    with whole_file(path) as file:
        file.write("ne")
        file.flush()
        assert path.read_text() == "old"
        file.write("w")
    assert path.read_text() == "new"


def test_others_may_read_it(tmp_path):
    path = write_text(tmp_path / "report.md", "x")
    assert stat.S_IMODE(path.stat().st_mode) == 0o644


@pytest.mark.parametrize("error", [ValueError("mine"), KeyboardInterrupt()])
def test_failing_block_keeps_the_old_file_and_its_own_error(tmp_path, error):
    path = write_text(tmp_path / "report.md", "old")

    def write_and_fail():
        with whole_file(path) as file:
            file.write("new")
            raise error

    with pytest.raises(type(error)):
        write_and_fail()
    assert path.read_text() == "old"
    assert names(tmp_path) == ["report.md"]


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_full_disk_keeps_the_old_file_and_leaves_nothing_beside_it(tmp_path, monkeypatch, step):
    path = write_text(tmp_path / "report.md", "old")
    monkeypatch.setattr(os, step, no_space)
    with pytest.raises(BadInputError) as caught:
        write_text(path, "new")
    why = "cannot be written (No space left on device); nothing was written"
    assert str(caught.value) == f"{path}: {why}"
    assert path.read_text() == "old"
    assert names(tmp_path) == ["report.md"]


def test_file_over_the_size_limit_keeps_the_old_file(tmp_path):
    path = write_text(tmp_path / "report.md", "old")
    code = (
        "import resource, signal, sys\n"
        "from perflab.files import write_text\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))\n"
        "write_text(sys.argv[1], 'x' * 1_000_000)\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code, path], capture_output=True, text=True, check=False
    )
    assert "BadInputError" in ended.stderr
    assert "cannot be written (File too large); nothing was written" in ended.stderr
    assert path.read_text() == "old"
    assert names(tmp_path) == ["report.md"]


def test_folder_is_no_file(tmp_path):
    with pytest.raises(BadInputError, match="is a folder; name a file"):
        write_text(tmp_path, "x")


def test_file_in_the_place_of_a_folder_is_refused(tmp_path):
    write_text(tmp_path / "plain", "x")
    with pytest.raises(BadInputError, match=r"report\.md: cannot be written \("):
        write_text(tmp_path / "plain" / "report.md", "x")


def test_last_of_two_writers_at_once_wins_whole(tmp_path):
    path = tmp_path / "report.md"
    texts = ["a" * 500_000, "b" * 500_000]
    writers = [threading.Thread(target=write_text, args=(path, text)) for text in texts]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert path.read_text() in texts
    assert names(tmp_path) == ["report.md"]
