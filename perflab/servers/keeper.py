"""What ends servers and removes folders when the process that made them is gone, however it went.

One small process per process of ours does it, started when there is something to keep. It hears of
a folder before that is made, and of a process before that does anything, so that there is no moment
at which a SIGKILL leaves either.
"""

from __future__ import annotations

import atexit
import contextlib
import itertools
import os
import secrets
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Self

from perflab.errors import BadInputError
from perflab.files.whole import make_scratch_folders_by
from perflab.servers.keeper_process import (
    NO_MARK,
    TAKEN,
    end_forked,
    free_segment,
    remove,
    start_time,
)

_PROGRAM = str(Path(__file__).with_name("keeper_process.py"))
_TRIES = 100
_REMOVALS = 3
_USED_SECONDS = 2.0
_LOOK_SECONDS = 0.02
_WAIT_FOR_A_WORD = 'read -r word && exec "$@"'


class Keeper:
    """A folder and the processes that belong to it, ended and removed with this process.

    A process that was forked from this one keeps nothing: what is kept is its parent's.

    Args:
        folder: What is removed at the end; it may be there already, or be made later.
        ending: The signal that ends its processes; 0 for none, where they end by themselves.
        patience: After how many seconds they are killed, if that was not enough.
        fresh: Whether nothing of that name may be there yet.

    Raises:
        BadInputError: If no process can be started.
        FileExistsError: If it was to be a new folder, and something of that name is there.
    """

    def __init__(
        self,
        folder: Path,
        ending: int = signal.SIGKILL,
        patience: float = 1.5,
        *,
        fresh: bool = False,
    ) -> None:
        self.folder = folder.absolute()
        self._owner = os.getpid()
        self._released = False
        self._marks: set[str] = set()
        words = f"{int(ending)} {patience}", os.fsencode(self.folder).hex()
        self._number = post().keep(*words, fresh=fresh)

    @classmethod
    def of_new_folder(
        cls,
        prefix: str,
        ending: int = signal.SIGKILL,
        patience: float = 1.5,
        *,
        inside: str | os.PathLike[str] | None = None,
    ) -> Self:
        """Make a folder of mode 0700 with a new name, kept before it is there.

        Raises:
            BadInputError: If it cannot be made, or no process be started.
        """
        parent = Path(inside or tempfile.gettempdir())
        for _ in range(_TRIES):
            folder = parent / f"{prefix}{secrets.token_hex(4)}"
            try:
                kept = cls(folder, ending, patience, fresh=True)
            except FileExistsError:
                continue
            try:
                folder.mkdir(mode=0o700)
            except OSError as error:
                kept.release()
                raise BadInputError(
                    f"a folder cannot be made there ({error.strerror}); set TMPDIR to one that "
                    "can be written",
                    str(parent),
                ) from error
            return kept
        raise BadInputError("no name for a new folder is free there", str(parent))

    def keep(self, pid: int, mark: str = NO_MARK) -> None:
        """Keep a process of ours, which is not waited for before this returns.

        Args:
            pid: Its number.
            mark: What stands as `MARK` in its environment, if its forks are to end with it.

        Raises:
            BadInputError: If the folder was released meanwhile; the process must not go on then.
        """
        if self._released or os.getpid() != self._owner:
            raise BadInputError("is closed; nothing is started in it any more", str(self.folder))
        self._marks |= {mark} - {NO_MARK}
        post().keep_process(self._number, pid, mark)

    def start(self, command: Sequence[str], **options: Any) -> subprocess.Popen[bytes]:
        """Start a process that does nothing before it is kept; its input is a pipe of ours.

        A shell waits on that pipe for a word, and only then becomes the program. Where this
        process is killed before, the word never comes.

        Args:
            command: The program and its arguments.
            options: Of `subprocess.Popen`.

        Raises:
            BadInputError: If the folder was released meanwhile, or no process can be started.
        """
        try:
            process = subprocess.Popen(  # noqa: S603  (a fixed shell command and our own words)
                ["/bin/sh", "-c", _WAIT_FOR_A_WORD, "sh", *command],
                stdin=subprocess.PIPE,
                start_new_session=True,
                **options,
            )
        except OSError as error:
            raise _no_process(error) from None
        assert process.stdin is not None  # noqa: S101  (it is a pipe)
        try:
            self.keep(process.pid)
        except BaseException:
            process.kill()
            process.wait()
            process.stdin.close()
            raise
        with contextlib.suppress(BrokenPipeError):
            os.write(process.stdin.fileno(), b"start\n")
        return process

    def release(self) -> None:
        """Remove the folder, whose processes have ended, and keep nothing more.

        What was forked from them, where they bear a mark, is ended.
        """
        if self._released or os.getpid() != self._owner:
            return
        self._released = True
        until = time.monotonic() + _USED_SECONDS
        while self._is_used() and time.monotonic() < until:
            time.sleep(_LOOK_SECONDS)
        for _ in range(_REMOVALS):
            if remove(str(self.folder)):
                break
        post().drop(self._number)

    def _is_used(self) -> bool:
        return end_forked(self._marks) or not free_segment(str(self.folder))


@contextlib.contextmanager
def kept_folder(prefix: str, inside: str | os.PathLike[str] | None = None) -> Iterator[Path]:
    """Give a new folder that is removed at the end of the block, or of this process.

    Raises:
        BadInputError: If it cannot be made.
    """
    keeper = Keeper.of_new_folder(prefix, inside=inside)
    try:
        yield keeper.folder
    finally:
        keeper.release()


@contextlib.contextmanager
def _kept_scratch(prefix: str, inside: Path | None) -> Iterator[Path]:
    if inside is not None and inside.resolve().is_relative_to(_covered[0]):
        scratch = Path(tempfile.mkdtemp(prefix=prefix, dir=inside))
        try:
            yield scratch
        finally:
            remove(str(scratch))
        return
    try:
        keeper = Keeper.of_new_folder(prefix, inside=inside)
    except BadInputError as error:
        # What writes a file has its own words for a place where that cannot be done.
        raise (error.__cause__ if isinstance(error.__cause__, OSError) else error) from None
    try:
        yield keeper.folder
    finally:
        keeper.release()


def keep_scratch_folders(covered: str | None = None) -> None:
    """Keep the scratch folders of files that are being written, from now on in this process.

    Args:
        covered: A folder in which nothing needs that, since another process removes it as a whole.
    """
    if covered is not None:
        _covered[0] = Path(covered).resolve()
    make_scratch_folders_by(_kept_scratch)


_covered = [Path("/dev/null")]


class _Post:
    """The way to the keeper's process, and what it was told, should another have to take over."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._numbers = itertools.count()
        self._orders = itertools.count()
        self._told: dict[int, list[str]] = {}
        self._process: subprocess.Popen[bytes] | None = None

    def keep(self, how: str, path: str, *, fresh: bool) -> int:
        """Keep a folder and return its number.

        Raises:
            FileExistsError: If it was to be a new one, and is there.
        """
        with self._lock:
            number = next(self._numbers)
            state = "fresh" if fresh else "there"
            answer = self._ask(f"folder {number} {how} {state} {path}")
            if answer == TAKEN:
                raise FileExistsError(path)
            # Another keeper is told of a folder that is there by then.
            self._told[number] = [f"folder {number} {how} there {path}"]
            return number

    def keep_command(self, words: str) -> int:
        """Keep a command and return its number."""
        with self._lock:
            number = next(self._numbers)
            order = f"command {number} {words}"
            self._ask(order)
            self._told[number] = [order]
            return number

    def keep_process(self, number: int, pid: int, mark: str) -> None:
        """Keep a process that belongs to a folder; those before it have ended."""
        with self._lock:
            if number not in self._told:
                raise BadInputError("was closed meanwhile; nothing is started in it", "folder")
            order = f"process {number} {pid} {mark} {start_time(pid) or ''}"
            self._ask(order)
            self._told[number] = [self._told[number][0], order]

    def begin(self, number: int) -> None:
        """Let a command do now what it is there for, and forget it."""
        with self._lock:
            if number in self._told:
                self._ask(f"begin {number}")
                del self._told[number]

    def drop(self, number: int) -> None:
        """Forget one folder or command."""
        with self._lock:
            self._told.pop(number, None)
            if self._process is not None:
                self._exchange(f"drop {number}")

    def end(self) -> None:
        """End the keeper's process, unless something is kept: it then does what it is there for."""
        with self._lock:
            if not self._told:
                self._end()

    def leave(self) -> None:
        """Close the pipes in a process that was forked, so that they end with its parent."""
        if self._process is not None:
            for pipe in (self._process.stdin, self._process.stdout):
                if pipe is not None:
                    with contextlib.suppress(OSError):
                        pipe.close()

    def _ask(self, order: str) -> str:
        answer = "" if self._process is None else self._exchange(order)
        if not answer:
            # The first order, or somebody has killed the keeper.
            self._begin()
            answer = self._exchange(order)
        if not answer:
            raise BadInputError("ends at once; is this machine short of memory?", "keeper")
        return answer

    def _exchange(self, order: str) -> str:
        """Return the answer to an order; empty where the keeper has ended."""
        assert self._process is not None  # noqa: S101  (begun by the caller)
        assert self._process.stdin is not None  # noqa: S101  (it is a pipe)
        assert self._process.stdout is not None  # noqa: S101  (it is a pipe)
        number = str(next(self._orders))
        try:
            self._process.stdin.write(f"{number} {order}\n".encode())
            # An interrupt may have left the answer to an earlier order unread.
            for line in self._process.stdout:
                answered, _, answer = line.decode().strip().partition(" ")
                if answered == number:
                    return answer
        except OSError:
            pass
        return ""

    def _begin(self) -> None:
        if self._process is not None:
            self._end()
        try:
            self._process = subprocess.Popen(  # noqa: S603  (this package's own script)
                [sys.executable, "-I", "-S", _PROGRAM],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                bufsize=0,
                cwd="/",
                start_new_session=True,
            )
        except OSError as error:
            self._process = None
            raise _no_process(error) from None
        for orders in list(self._told.values()):
            for order in orders:
                self._exchange(order)

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()
        process.wait()


def _no_process(error: OSError) -> BadInputError:
    return BadInputError(
        f"no further process can be started ({error.strerror}); end some, or raise the limit",
        "processes",
    )


_posts: list[_Post] = [_Post()]


def post() -> _Post:
    """Return the way to this process's keeper."""
    return _posts[0]


def _leave_to_parent() -> None:
    """Keep nothing in a forked process, and let the keeper see the end of its parent."""
    _posts[0].leave()
    _posts[0] = _Post()


os.register_at_fork(after_in_child=_leave_to_parent)
atexit.register(lambda: post().end())
