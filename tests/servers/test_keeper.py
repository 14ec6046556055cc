from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from processes import gone, until

from perflab.errors import BadInputError
from perflab.servers import keeper_process
from perflab.servers.keeper import Keeper, kept_folder
from perflab.servers.keeper_process import ProcessHandle, start_time

PARENT = """
import os, signal, subprocess, sys, time
from pathlib import Path
from perflab.servers.keeper import Keeper
kept = Keeper.of_new_folder("perflab-test-", inside=sys.argv[1])
(kept.folder / "file").write_text("x")
{more}
time.sleep(600)
"""
IGNORES_TERM = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)"
LAST_NUMBER = Path("/proc/sys/kernel/ns_last_pid")


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(["sleep", "600"]) as process:
        yield process
        process.kill()


def killed_parent(tmp_path: Path, more: str) -> list[int]:
    """Kill a process that keeps a folder, and return the numbers that it printed."""
    code = PARENT.format(more=more)
    command = [sys.executable, "-c", code, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        numbers = [int(word) for word in parent.stdout.readline().split()]
        parent.kill()
    return numbers


@pytest.mark.parametrize("before", ["", "process.send_signal(signal.SIGSTOP)"])
def test_a_killed_parent_leaves_no_process_and_no_folder(tmp_path, before):
    more = f"process = kept.start(['sleep', '600'])\n{before}\nprint(process.pid, flush=True)"
    (pid,) = killed_parent(tmp_path, more)
    until(lambda: gone(pid) and not list(tmp_path.iterdir()))


def test_a_process_that_ignores_the_signal_is_killed(tmp_path):
    more = (
        "kept = Keeper.of_new_folder('perflab-more-', signal.SIGTERM, 0.3, inside=sys.argv[1])\n"
        f"process = kept.start([sys.executable, '-c', {IGNORES_TERM!r}])\n"
        "time.sleep(1)\n"
        "print(process.pid, flush=True)"
    )
    (pid,) = killed_parent(tmp_path, more)
    until(lambda: gone(pid) and not list(tmp_path.iterdir()))


def test_a_forked_process_does_not_hold_up_the_end(tmp_path):
    more = (
        "process = kept.start(['sleep', '600'])\n"
        "forked = os.fork()\n"
        "if forked == 0:\n"
        "    kept.release()\n"
        "    time.sleep(600)\n"
        "print(process.pid, forked, flush=True)"
    )
    pid, forked = killed_parent(tmp_path, more)
    try:
        until(lambda: gone(pid) and not list(tmp_path.iterdir()))
        assert not gone(forked)
    finally:
        os.kill(forked, signal.SIGKILL)


def test_a_forked_process_removes_nothing_of_its_parents(tmp_path):
    with kept_folder("perflab-test-", tmp_path) as folder:
        if (forked := os.fork()) == 0:
            try:
                Keeper.of_new_folder("perflab-own-", inside=tmp_path).release()
            finally:
                os._exit(0)
        os.waitpid(forked, 0)
        assert folder.is_dir()
    assert not list(tmp_path.iterdir())


def test_another_keeper_takes_over_from_a_killed_one(tmp_path):
    more = (
        "process = kept.start(['sleep', '600'])\n"
        "import psutil\n"
        "one = [each for each in psutil.Process().children() if 'keeper_' in str(each.cmdline())]\n"
        "one[0].kill()\n"
        "other = Keeper.of_new_folder('perflab-more-', inside=sys.argv[1])\n"
        "print(process.pid, len(one), flush=True)"
    )
    pid, number = killed_parent(tmp_path, more)
    assert number == 1
    until(lambda: gone(pid) and not list(tmp_path.iterdir()))


def test_nothing_starts_in_what_is_released(tmp_path):
    kept = Keeper.of_new_folder("perflab-test-", inside=tmp_path)
    kept.release()
    with pytest.raises(BadInputError, match="nothing is started"):
        kept.start(["touch", str(tmp_path / "started")])
    assert not list(tmp_path.iterdir())


def test_a_process_does_nothing_before_it_is_kept(tmp_path, monkeypatch):
    kept = Keeper.of_new_folder("perflab-test-", inside=tmp_path)

    def dies(pid: int) -> None:
        time.sleep(0.2)
        raise KeyboardInterrupt(pid)

    monkeypatch.setattr(kept, "keep", dies)
    with pytest.raises(KeyboardInterrupt):
        kept.start(["touch", str(tmp_path / "started")])
    kept.release()
    assert not list(tmp_path.iterdir())


def test_a_name_that_is_taken_is_left_alone(tmp_path, monkeypatch):
    (tmp_path / "perflab-test-taken").mkdir()
    names = iter(["taken", "free"])
    monkeypatch.setattr(secrets, "token_hex", lambda _: next(names))
    with kept_folder("perflab-test-", tmp_path) as folder:
        assert folder.name == "perflab-test-free"
        assert folder.stat().st_mode & 0o777 == 0o700
    assert [each.name for each in tmp_path.iterdir()] == ["perflab-test-taken"]


@pytest.mark.parametrize(
    "name",
    ["with blanks ", "two\nlines", "quo'\"te", b"\xff\xfe".decode("utf-8", "surrogateescape")],
)
def test_a_folder_of_any_name_is_kept(tmp_path, name):
    try:
        (tmp_path / name).mkdir()
    except OSError:
        pytest.skip("this file system does not take the name")
    inside = f"os.path.join(sys.argv[1], {name!r})"
    killed_parent(tmp_path, f"Keeper.of_new_folder('x-', inside={inside})\nprint(1, flush=True)")
    until(lambda: not list((tmp_path / name).iterdir()))


def test_a_folder_that_cannot_be_made_is_one_clear_error(tmp_path):
    with pytest.raises(BadInputError, match="cannot be made there"):
        Keeper.of_new_folder("perflab-", inside=tmp_path / "missing")


def test_one_keeper_does_for_all_and_ends_with_its_parent(tmp_path):
    code = (
        "import sys, psutil\n"
        "from perflab.servers.keeper import Keeper\n"
        "for each in range(3):\n"
        "    first = Keeper.of_new_folder('a-', inside=sys.argv[1])\n"
        "    second = Keeper.of_new_folder('b-', inside=sys.argv[1])\n"
        "    first.release()\n"
        "    second.release()\n"
        "    second.release()\n"
        "print(*(each.pid for each in psutil.Process().children()), flush=True)\n"
    )
    command = [sys.executable, "-X", "dev", "-c", code, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    (keeper,) = done.stdout.split()
    assert gone(int(keeper))
    assert "ResourceWarning" not in done.stderr
    assert not list(tmp_path.iterdir())


def test_what_is_being_written_when_a_kill_comes_is_removed(tmp_path):
    more = (
        "from perflab.files import whole_path\n"
        "from perflab.servers.keeper import keep_scratch_folders\n"
        "keep_scratch_folders(covered=str(kept.folder))\n"
        "with whole_path(kept.folder / 'done') as scratch:\n"
        "    scratch.write_text('x')\n"
        "assert (kept.folder / 'done').read_text() == 'x'\n"
        "with whole_path(os.path.join(sys.argv[1], 'out')) as scratch:\n"
        "    scratch.write_text('half')\n"
        "    print(len(os.listdir(sys.argv[1])), flush=True)\n"
        "    time.sleep(600)"
    )
    assert killed_parent(tmp_path, more) == [2]
    until(lambda: not list(tmp_path.iterdir()))


def test_a_place_that_cannot_be_written_is_told_in_the_words_of_files(tmp_path):
    code = (
        "import sys\n"
        "from perflab.files import write_text\n"
        "from perflab.servers.keeper import keep_scratch_folders\n"
        "from perflab.errors import BadInputError\n"
        "keep_scratch_folders()\n"
        "try:\n"
        "    write_text('/proc/nothing/here', 'x')\n"
        "except BadInputError as error:\n"
        "    print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "cannot be written" in done.stdout
    assert "TMPDIR" not in done.stdout


@pytest.mark.parametrize("pidfd", [True, False])
def test_another_process_of_the_same_number_is_not_ended(sleeper, pidfd, monkeypatch):
    if not pidfd:
        monkeypatch.delattr(os, "pidfd_open", raising=False)
    other = ProcessHandle(sleeper.pid, "1")
    assert other.ended
    other.send(signal.SIGKILL)
    time.sleep(0.05)
    assert sleeper.poll() is None
    own = ProcessHandle(sleeper.pid, start_time(sleeper.pid))
    assert not own.ended
    own.send(signal.SIGKILL)
    assert sleeper.wait(30) == -signal.SIGKILL
    assert own.ended
    own.send(signal.SIGKILL)
    own.close()


def test_an_ended_process_that_nobody_waited_for_has_ended(sleeper):
    handle = ProcessHandle(sleeper.pid, start_time(sleeper.pid))
    os.kill(sleeper.pid, signal.SIGKILL)
    until(lambda: handle.ended)
    assert start_time(sleeper.pid) is None
    handle.close()


@pytest.mark.skipif(not os.access(LAST_NUMBER, os.W_OK), reason="sets the next process number")
@pytest.mark.parametrize("pidfd", [True, False])
def test_a_number_that_was_given_away_again_is_left_alone(pidfd, monkeypatch):
    if not pidfd:
        monkeypatch.delattr(os, "pidfd_open")
    first = subprocess.Popen(["sleep", "600"])
    kept = keeper_process.Kept("/nonexistent/perflab", signal.SIGKILL, 0.0)
    kept.add(first.pid, start_time(first.pid))
    first.kill()
    first.wait()
    time.sleep(0.05)  # start times are told to a hundredth of a second
    second = None
    for _ in range(200):
        LAST_NUMBER.write_text(str(first.pid - 1))
        tried = subprocess.Popen(["sleep", "600"])
        if tried.pid == first.pid:
            second = tried
            break
        tried.kill()
        tried.wait()
    if second is None:
        pytest.skip("the number was not given away again")
    kept.begin()
    assert kept.proceed(1.0)
    time.sleep(0.05)
    assert second.poll() is None
    second.kill()
    second.wait()
