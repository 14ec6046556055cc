"""What is kept of a file whose place another takes, and what is written into instead."""

import os
import socket
import stat
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from perflab.errors import BadInputError
from perflab.files import expanded, whole_path, write_text
from perflab.files.places import unwritable


def mode_of(path):
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o664, 0o400])
def test_a_file_keeps_its_mode(mode, tmp_path):
    path = tmp_path / "private.json"
    path.write_text("old")
    path.chmod(mode)
    write_text(path, "new")
    assert path.read_text() == "new"
    assert mode_of(path) == mode


def test_a_new_file_follows_the_umask(tmp_path):
    before = os.umask(0o027)
    try:
        write_text(tmp_path / "new.json", "x")
    finally:
        os.umask(before)
    assert mode_of(tmp_path / "new.json") == 0o640


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_a_file_keeps_its_owner(tmp_path):
    path = tmp_path / "theirs.json"
    path.write_text("old")
    os.chown(path, 12345, 54321)
    path.chmod(0o640)
    write_text(path, "new")
    assert (path.stat().st_uid, path.stat().st_gid, mode_of(path)) == (12345, 54321, 0o640)


def test_a_link_stays_and_what_it_leads_to_is_written(tmp_path):
    (tmp_path / "there").mkdir()
    target = tmp_path / "there" / "target.json"
    target.write_text("old")
    link = tmp_path / "link.json"
    link.symlink_to("there/target.json")
    write_text(link, "new")
    assert link.readlink() == Path("there/target.json")
    assert target.read_text() == "new"
    assert [path.name for path in target.parent.iterdir()] == ["target.json"]


def test_a_link_to_nothing_gets_its_file(tmp_path):
    link = tmp_path / "link.json"
    link.symlink_to(tmp_path / "later" / "file.json")
    write_text(link, "new")
    assert link.is_symlink()
    assert (tmp_path / "later" / "file.json").read_text() == "new"


def test_the_other_name_of_a_file_keeps_the_old_content(tmp_path):
    path, twin = tmp_path / "a.json", tmp_path / "b.json"
    path.write_text("old")
    twin.hardlink_to(path)
    write_text(path, "new")
    assert (path.read_text(), twin.read_text()) == ("new", "old")


def test_a_pipe_is_written_into(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    heard = []
    reader = threading.Thread(target=lambda: heard.append(pipe.read_text()))
    reader.start()
    text = "x" * 300_000
    # The pipe has a reader once its opening has begun; until then it is refused at once.
    for _ in range(10_000):
        try:
            write_text(pipe, text)
            break
        except BadInputError:
            continue
    reader.join(60)
    assert heard == [text]
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_a_pipe_that_nobody_reads_is_refused_at_once(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(BadInputError, match="nobody reads; start its reader"):
        write_text(tmp_path / "pipe", "x")
    assert [path.name for path in tmp_path.iterdir()] == ["pipe"]


def test_a_socket_is_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("s")
        with pytest.raises(BadInputError, match="is a socket"):
            write_text("s", "x")
    assert stat.S_ISSOCK(os.lstat("s").st_mode)


def test_the_null_device_stays_one():
    write_text("/dev/null", "x")
    assert stat.S_ISCHR(Path("/dev/null").stat().st_mode)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="has no /dev/full")
def test_a_full_device_is_one_clear_error():
    with pytest.raises(BadInputError, match="No space left"):
        write_text("/dev/full", "x")


@pytest.mark.parametrize("name", ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"])
@pytest.mark.parametrize("to", ["pipe", "file"])
def test_standard_output_gets_it_among_the_rest(name, to, tmp_path):
    if name.startswith("/proc") and sys.platform != "linux":
        pytest.skip("has no /proc")
    code = (
        "import sys; from perflab.files import write_text\n"
        "print('before'); write_text(sys.argv[1], 'written\\n'); print('after')"
    )
    command = [sys.executable, "-c", code, name]
    if to == "pipe":
        said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    else:
        with (tmp_path / "out").open("w") as file:
            subprocess.run(command, stdout=file, check=True)
        said = (tmp_path / "out").read_text()
    assert said == "before\nwritten\nafter\n"
    assert {path.name for path in tmp_path.iterdir()} <= {"out"}


def test_a_new_file_never_takes_the_place_of_one(tmp_path):
    path = tmp_path / "new.json"
    path.write_text("mine")
    with pytest.raises(FileExistsError):
        write_text(path, "new", new=True)
    path.unlink()

    def write_while_another_comes():
        with whole_path(path, new=True) as scratch:
            scratch.write_text("new")
            path.write_text("mine")

    with pytest.raises(FileExistsError):
        write_while_another_comes()
    assert path.read_text() == "mine"
    assert [each.name for each in tmp_path.iterdir()] == ["new.json"]


def test_of_many_writers_of_new_files_each_gets_its_own(tmp_path):
    path, got = tmp_path / "new.json", []

    def write(text):
        try:
            write_text(path, text, new=True)
            got.append(text)
        except FileExistsError:
            pass

    writers = [threading.Thread(target=write, args=(str(n),)) for n in range(16)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert [path.read_text()] == got


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="has no /dev/full")
def test_a_full_disk_is_the_reason_whatever_numpy_calls_it():
    with (
        pytest.raises(OSError, match="requested and") as caught,
        Path("/dev/full").open("wb") as full,
    ):
        np.zeros(100_000).tofile(full)
    said = str(unwritable("out", caught.value))
    assert said == "out: cannot be written (no room for all of it); nothing was written"


@pytest.mark.parametrize(
    "error",
    [
        OSError(28, "Error writing bytes to file. Detail: [errno 28] No space left on device"),
        OSError("Error writing bytes to file. Detail: [errno 28] No space left on device"),
        OSError("No space left on device (os error 28)"),
    ],
)
def test_a_library_with_words_of_its_own_is_shown_in_the_systems(error):
    said = str(unwritable("out", error))
    assert said == "out: cannot be written (No space left on device); nothing was written"


def test_a_user_whom_nobody_knows_is_a_name_like_any_other():
    assert expanded("~nobody-has-this-name/in.csv") == Path("~nobody-has-this-name/in.csv")
    assert expanded("~/in.csv") == Path.home() / "in.csv"
