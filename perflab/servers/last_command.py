"""`LastCommand`: what is done when this process is gone, or cannot do it itself.

The keeper starts its process at once, so that nothing is left to load when its time comes: a
machine may be short of memory by then, or the files of perflab replaced.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

from perflab.servers.keeper import post


class LastCommand:
    """What is done when this process is gone, however it went, unless it was dropped before.

    The command is started at once and waits for its input, which it gets at the end, or when it is
    to begin; where it is dropped, it is ended. What it reads may be a secret: it goes through pipes
    alone.

    A process that was forked from this one neither drops nor begins it: it is its parent's.

    Args:
        arguments: The program and its arguments, without NUL characters.
        words: Its input.

    Raises:
        BadInputError: If no process can be started.
    """

    def __init__(self, arguments: Sequence[str], words: bytes) -> None:
        self._owner = os.getpid()
        joined = b"\0".join(os.fsencode(each) for each in arguments)
        self._number = post().keep_command(f"{joined.hex()} {words.hex()}")

    def drop(self) -> None:
        """Let it end without having done anything."""
        if os.getpid() == self._owner:
            post().drop(self._number)

    def begin(self) -> None:
        """Let it be done now, whatever becomes of this process.

        Raises:
            BadInputError: If no process can be started, where the keeper was killed.
        """
        if os.getpid() == self._owner:
            post().begin(self._number)
