"""Connections to a PostgreSQL that give up on one that has taken a statement and never answers."""

from __future__ import annotations

import time
from collections.abc import Generator
from typing import Any

import psycopg

from perflab.units import in_words

SILENT_SECONDS = 60.0


class AnsweredConnection(psycopg.Connection):
    """A connection on which no statement waits for ever, whatever it is.

    `connect_timeout` covers the way to a server until it has let one in. From then on psycopg
    waits without a limit: for a server that has stopped, or a proxy that keeps the connection of
    a server that is gone. Here it is closed once nothing has come for `SILENT_SECONDS`.
    """

    def wait(self, gen: Generator[Any, Any, Any], *args: Any, **options: Any) -> Any:
        """Wait for what psycopg waits for.

        Raises:
            psycopg.OperationalError: If the server has been silent for too long.
        """
        try:
            return super().wait(_answered(gen), *args, **options)
        except SilentServerError:
            self.close()
            raise


class SilentServerError(psycopg.OperationalError):
    """A server has let one in and does not answer."""

    def __init__(self) -> None:
        super().__init__(f"has not answered for {in_words(SILENT_SECONDS, 'seconds')}")


def _answered(gen: Generator[Any, Any, Any]) -> Generator[Any, Any, Any]:
    """Pass on what psycopg's generator waits for, and look at how long nothing has come.

    It is sent what the socket is ready for; nothing, many times a second, while it is not.
    """
    heard = time.monotonic()
    ready = None
    while True:
        try:
            wanted = gen.send(ready)
        except StopIteration as end:
            return end.value
        ready = yield wanted
        now = time.monotonic()
        if ready:
            heard = now
        elif now - heard > SILENT_SECONDS:
            raise SilentServerError
