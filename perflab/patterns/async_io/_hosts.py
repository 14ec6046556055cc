"""`Hosts`: how many requests go to each host, and until when a host wants none."""

from __future__ import annotations

from collections import deque
from typing import Protocol

from yarl import URL

from perflab.patterns.async_io._request import Request

_MOST_HOSTS = 10_000


class Waiting(Protocol):
    """Who is told that a request that was put aside may be sent."""

    def freed(self, request: Request, host: Host) -> None:
        """Send the request; its place at the host is taken."""

    def forsaken(self, request: Request) -> None:
        """Count the request, which will not be sent."""


class Host:
    """What is known of one host.

    Attributes:
        taken: Places taken: requests that were given out and are not over.
        aside: Requests that found no place.
        not_before: On the loop's clock: when it wants requests again.
        drops: Whether it has closed a connection where an answer was due.
    """

    __slots__ = ("aside", "drops", "not_before", "taken")

    def __init__(self) -> None:
        self.taken = 0
        self.aside: deque[tuple[Waiting, Request]] = deque()
        self.not_before = 0.0
        self.drops = False


class Hosts:
    """The hosts of a fetcher; those at which nothing happens are forgotten when they are many.

    Attributes:
        most: Places at each; None for as many as there are slots.
    """

    def __init__(self, most: int | None) -> None:
        self.most = most
        self._hosts: dict[tuple[str | None, int | None], Host] = {}

    def of(self, url: URL) -> Host:
        """Return the host of a URL."""
        key = (url.raw_host, url.port)
        host = self._hosts.get(key)
        if host is None:
            if len(self._hosts) >= _MOST_HOSTS:
                self._forget()
            host = self._hosts[key] = Host()
        return host

    def take(self, host: Host) -> bool:
        """Take a place at a host, if one is free."""
        if self.most is not None and host.taken >= self.most:
            return False
        host.taken += 1
        return True

    def give_back(self, host: Host) -> None:
        """Give a place back; the next request that was put aside gets it."""
        host.taken -= 1
        self._hand_on(host)

    def resize(self, most: int | None) -> None:
        """Have other limits from now on."""
        self.most = most
        for host in list(self._hosts.values()):
            self._hand_on(host)

    def forsake(self, run: Waiting) -> None:
        """Let go of what a run has put aside."""
        for host in self._hosts.values():
            if any(waiting is run for waiting, _ in host.aside):
                kept = [pair for pair in host.aside if pair[0] is not run]
                gone = [request for waiting, request in host.aside if waiting is run]
                host.aside = deque(kept)
                for request in gone:
                    run.forsaken(request)

    def _hand_on(self, host: Host) -> None:
        while host.aside and self.take(host):
            run, request = host.aside.popleft()
            run.freed(request, host)

    def _forget(self) -> None:
        idle = [k for k, h in self._hosts.items() if not h.taken and not h.aside]
        for key in idle[: _MOST_HOSTS // 2]:
            del self._hosts[key]
