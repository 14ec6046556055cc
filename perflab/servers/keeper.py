"""A small process that ends a server when the process that started it is gone, however it went.

Run as a script, with the folder to remove and the number of the signal that ends the server. It
reads lines from its standard input: ``pid N`` names the server, ``done`` says that all is cleaned
up already. At the end of its input, which comes even when its parent is killed, it cleans up
itself. It imports nothing but the standard library, so that it is there in some milliseconds.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

_PATIENCE = 3.0


class Keeper:
    """The parent's side: starts the process and tells it what to end.

    Args:
        folder: What is removed at the end.
        ending: The signal that ends the server at once.
    """

    def __init__(self, folder: Path, ending: signal.Signals = signal.SIGKILL) -> None:
        self._folder = folder
        self._process = subprocess.Popen(  # noqa: S603  (this very file)
            [sys.executable, "-I", "-S", __file__, str(folder), str(int(ending))],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
            text=True,
        )

    def keep(self, pid: int) -> None:
        """Name the server's process, anew after each restart."""
        self._tell(f"pid {pid}")

    def release(self) -> None:
        """Say that the server is gone, and remove the folder."""
        shutil.rmtree(self._folder, ignore_errors=True)
        self._tell("done")
        with contextlib.suppress(OSError):
            assert self._process.stdin is not None  # noqa: S101  (it is a pipe)
            self._process.stdin.close()
        self._process.wait()

    def _tell(self, line: str) -> None:
        assert self._process.stdin is not None  # noqa: S101  (it is a pipe)
        with contextlib.suppress(OSError, ValueError):
            self._process.stdin.write(line + "\n")
            self._process.stdin.flush()


def end(pid: int, ending: int) -> None:
    """End a process and wait until it is gone, at most some seconds."""
    until = time.monotonic() + _PATIENCE
    number = ending
    while pid and time.monotonic() < until:
        try:
            os.kill(pid, signal.SIGCONT)
            os.kill(pid, number)
        except ProcessLookupError:
            return
        time.sleep(0.02)
        if time.monotonic() > until - _PATIENCE / 2:
            number = signal.SIGKILL


def main() -> None:
    """Wait for the end of the input, then end the server and remove its folder."""
    folder, ending = sys.argv[1], int(sys.argv[2])
    pid = 0
    for line in sys.stdin:
        word, _, value = line.strip().partition(" ")
        if word == "done":
            return
        pid = int(value)
    end(pid, ending)
    shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
