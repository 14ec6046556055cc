"""The process of the keeper: it ends processes, removes folders and runs last commands.

All of it is done once its parent is gone.

Run as a script. Each line of its input is an order, answered by one line when it is obeyed. At the
end of the input, which comes even when the parent is killed, everything that was kept and not
dropped is ended and removed. It imports little, so that it is there in some milliseconds.

Each order begins with a number of its own, with which its answer begins too; then follow::

    folder NUMBER ENDING PATIENCE fresh|there PATH    (PATH in hexadecimal: it may hold anything)
    process NUMBER PID MARK|- STARTED                 (STARTED as `start_time` tells it)
    command NUMBER ARGUMENTS INPUT        (both in hexadecimal; NUL characters end arguments)
    begin NUMBER                          (a command gets its input now)
    drop NUMBER
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import sys
import time

KEPT, TAKEN = "kept", "taken"
MARK = "PERFLAB_FORKED_FROM"
"""In the environment of a process whose forks end with it."""
NO_MARK = "-"

_PATIENCE = 10.0
_LOOK_SECONDS = 0.02
_SEGMENT_PATIENCE = 4.0
_SEGMENT_LINE = 6
"""Of a PostgreSQL's postmaster.pid, from 0."""
_START_FIELD = 19
"""Of /proc/PID/stat, counted from behind the name, which may hold blanks and parentheses."""


class ProcessHandle:
    """One process, and never another that got its number later.

    On Linux this is a pidfd. Where there is none, the number counts together with the start time.
    """

    def __init__(self, pid: int, started: str | None) -> None:
        self._pid = pid
        self._started = started
        self._pidfd: int | None = None
        with contextlib.suppress(AttributeError, OSError):
            self._pidfd = os.pidfd_open(pid)
        # Asked after the pidfd was opened: if it is the same process now, the pidfd is its own.
        self._never = started is None or start_time(pid) != started

    @property
    def ended(self) -> bool:
        """Whether the process has ended, reaped or not."""
        if self._never:
            return True
        if self._pidfd is not None:
            watch = select.poll()
            watch.register(self._pidfd, select.POLLIN)
            return bool(watch.poll(0))
        return start_time(self._pid) != self._started

    def send(self, number: int) -> None:
        """Send a signal; nothing happens where the process has ended."""
        if self.ended:
            return
        with contextlib.suppress(ProcessLookupError):
            if self._pidfd is not None:
                signal.pidfd_send_signal(self._pidfd, number)
            else:
                os.kill(self._pid, number)

    def close(self) -> None:
        """Let go of the pidfd."""
        if self._pidfd is not None:
            os.close(self._pidfd)
            self._pidfd = None
            self._never = True


class Kept:
    """A folder, and the processes that end before it is removed."""

    def __init__(self, folder: str, ending: int, patience: float) -> None:
        self._folder = folder
        self._ending = ending
        self._patience = patience
        self._processes: list[ProcessHandle] = []
        self._killed = False
        self._marks: set[str] = set()

    def add(self, pid: int, started: str | None, mark: str = NO_MARK) -> None:
        """Keep one more process."""
        for process in self._processes:
            if process.ended:
                process.close()
        self._processes = [process for process in self._processes if not process.ended]
        self._processes.append(ProcessHandle(pid, started))
        self._marks |= {mark} - {NO_MARK}

    def close(self) -> None:
        """Let go of the processes."""
        for process in self._processes:
            process.close()

    def begin(self) -> None:
        """Ask the processes to end."""
        if self._ending:
            self._send(self._ending)

    def proceed(self, waited: float) -> bool:
        """Kill what has not ended in time; return whether all has, and the folder is removed."""
        if any(not process.ended for process in self._processes):
            if waited >= self._patience and not self._killed:
                self._killed = True
                self._send(signal.SIGKILL)
            return False
        if end_forked(self._marks):
            return False
        if waited < _SEGMENT_PATIENCE and not free_segment(self._folder):
            return False
        return remove(self._folder)

    def _send(self, number: int) -> None:
        for process in self._processes:
            process.send(number)
            # One that was stopped would only act on it when it goes on.
            process.send(signal.SIGCONT)


class Command:
    """A process that waits for its input, and gets it at the end; it is ended where it is dropped.

    It is started at once, so that it has nothing left to load when its time comes.
    """

    def __init__(self, arguments: list[str], words: bytes) -> None:
        import subprocess  # seldom needed

        self._words = words
        self._process = subprocess.Popen(  # noqa: S603  (a command of the parent's)
            arguments,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def close(self) -> None:
        """End it, which has done nothing yet."""
        self._process.kill()
        self._give(b"")
        self._process.wait()

    def begin(self) -> None:
        """Let it do what it is there for."""
        self._give(self._words)

    def proceed(self, _waited: float) -> bool:
        """Return whether it is done; where it takes longer, it goes on by itself."""
        return self._process.poll() is not None

    def _give(self, words: bytes) -> None:
        assert self._process.stdin is not None  # noqa: S101  (it is a pipe)
        with contextlib.suppress(OSError):
            self._process.stdin.write(words)
            self._process.stdin.close()


def start_time(pid: int) -> str | None:
    """Return when a process started, as the system writes it; none where it has ended."""
    if sys.platform == "linux":
        try:
            with open(f"/proc/{pid}/stat", errors="replace") as file:  # noqa: PTH123
                stat = file.read()
        except OSError:
            return None
        state, *fields = stat.rpartition(")")[2].split()
        return None if state in "ZX" else fields[_START_FIELD - 1]
    import subprocess  # takes longer than all the rest

    ps = ["/bin/ps", "-o", "state=,lstart=", "-p", str(pid)]
    said = subprocess.run(ps, capture_output=True, text=True, check=False).stdout  # noqa: S603
    state, _, started = said.strip().partition(" ")
    return None if not started or state.startswith("Z") else " ".join(started.split())


def end_forked(marks: set[str]) -> bool:
    """Kill processes that were forked from one with a mark; return whether there were any.

    A fork has its parent's environment at the start, as the system shows it, whatever it does to
    its own. The one with the mark takes it out of what its other children are started with, so
    that no program that it runs has it. Linux alone shows that.
    """
    entries = {f"{MARK}={mark}".encode() for mark in marks}
    found = False
    for name in os.listdir("/proc") if marks and os.path.isdir("/proc") else ():  # noqa: PTH112, PTH208
        if not name.isdecimal() or not _environment(name) & entries:
            continue
        process = ProcessHandle(int(name), start_time(int(name)))
        # Asked again: the number may have become another's before there was a handle.
        if _environment(name) & entries and not process.ended:
            process.send(signal.SIGKILL)
            found = True
        process.close()
    return found


def _environment(pid: str) -> set[bytes]:
    return set(_bytes(f"/proc/{pid}/environ").split(b"\0"))


def free_segment(folder: str) -> bool:
    """Free what a killed PostgreSQL in a folder left in the system's shared memory.

    Beside its folder a server has one segment of System V's, a few bytes that say that it is
    alive; whose they are stands in ``postmaster.pid``. Linux alone tells who made a segment.

    Returns:
        False while processes of that server, which end by themselves, are still attached to it.
    """
    said = _text(f"{folder}/data/postmaster.pid").splitlines()
    known = said[_SEGMENT_LINE].split() if len(said) > _SEGMENT_LINE else []
    if len(known) != len(("key", "number")):
        return True
    rows = [line.split() for line in _text("/proc/sysvipc/shm").splitlines()]
    for key, number, _, _, made_by, _, attached, *_ in rows:
        if [key, number, made_by] == [*known, said[0].strip()]:
            if attached != "0":
                return False
            import ctypes  # not needed before the end, and seldom then

            ctypes.CDLL(None).shmctl(int(number), 0, None)  # 0: IPC_RMID
    return True


def _text(path: str) -> str:
    return _bytes(path).decode(errors="replace")


def _bytes(path: str) -> bytes:
    try:
        with open(path, "rb") as file:  # noqa: PTH123
            return file.read()
    except OSError:
        return b""


def remove(folder: str) -> bool:
    """Remove a folder; return whether it is gone."""
    import shutil  # not needed before the end

    with contextlib.suppress(OSError):
        shutil.rmtree(folder)
    return not os.path.lexists(folder)


def main() -> None:
    """Obey orders until the input ends, then end and remove what is kept."""
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    kept: dict[str, Kept | Command] = {}
    # A parent that is killed may leave half a line, which was never answered.
    for line in sys.stdin.buffer:
        if not line.endswith(b"\n"):
            break
        order, *words = line.decode().split()
        answer = f"{order} {_obey(words, kept)}\n"
        # It may be gone by now; its input then ends too.
        with contextlib.suppress(OSError):
            os.write(sys.stdout.fileno(), answer.encode())
    _end(list(kept.values()))


def _obey(words: list[str], kept: dict[str, Kept | Command]) -> str:
    order, number, *rest = words
    if order == "folder":
        ending, patience, state, path = rest
        folder = os.fsdecode(bytes.fromhex(path))
        if state == "fresh" and os.path.lexists(folder):
            return TAKEN
        kept[number] = Kept(folder, int(ending), float(patience))
    elif order == "process":
        folder_kept = kept[number]
        assert isinstance(folder_kept, Kept)  # noqa: S101  (a command has no processes)
        folder_kept.add(int(rest[0]), " ".join(rest[2:]) or None, rest[1])
    elif order == "command":
        arguments = [os.fsdecode(each) for each in bytes.fromhex(rest[0]).split(b"\0")]
        kept[number] = Command(arguments, bytes.fromhex(rest[1]))
    elif number in kept:
        left = kept.pop(number)
        left.begin() if order == "begin" else left.close()
    return KEPT


def _end(left: list[Kept | Command]) -> None:
    began = time.monotonic()
    for each in left:
        each.begin()
    while left and (waited := time.monotonic() - began) < _PATIENCE:
        left = [each for each in left if not each.proceed(waited)]
        if left:
            time.sleep(_LOOK_SECONDS)


if __name__ == "__main__":
    main()
