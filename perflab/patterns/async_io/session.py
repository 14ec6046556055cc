"""The live side of the async I/O bench: real requests over sockets to a real server."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from perflab.bench.session import Session
from perflab.errors import BadInputError
from perflab.patterns.async_io._async_io import AsyncFetcher
from perflab.patterns.async_io._urls import origin_of
from perflab.patterns.async_io.load import Budget, EventLoopLoad, targets_of
from perflab.patterns.async_io.settings import AsyncIORunSettings, AsyncIOSettings
from perflab.patterns.async_io.targets import targets
from perflab.servers.consent import contact
from perflab.servers.http.server import HttpServer
from perflab.settings import HttpServerSettings, LoadSettings
from perflab.units import counted

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    import numpy.typing as npt

    from perflab.bench.pace import Pace

_OWN_PAGES = 100
_OWN_ITEMS = 3
_KINDS = {
    "timeouts": ("timeout",),
    "connect_errors": ("dns", "connect", "disconnected", "incomplete"),
}


class AsyncIOSession(Session[AsyncIORunSettings]):
    """A fetcher on an event loop of its own, before perflab's server or the user's."""

    def __init__(self, settings: AsyncIORunSettings) -> None:
        self._settings = settings
        self._server: HttpServer | None = None
        self._origins: set[str] = set()
        self._budget: Budget | None = None
        if settings.urls is None:
            self._server = HttpServer(_server_part(settings))
            self._targets = targets_of(
                [
                    f"{self._server.url}/items?start={page * _OWN_ITEMS}&count={_OWN_ITEMS}"
                    for page in range(_OWN_PAGES)
                ]
            )
        else:
            self._targets = targets(settings.urls)
            self._origins = {origin_of(target.url) for target in self._targets}
            for origin in self._origins:
                contact(origin)
            self._budget = Budget(settings.most_requests)
        self._load: EventLoopLoad | None = None

    def request(self, index: int, due: float) -> NoReturn:
        """Make no request: the event loop does."""
        raise NotImplementedError

    def spend(self, requests: int) -> None:
        """Count what the calibration before this run has sent."""
        if self._budget is not None:
            self._budget.sent += requests

    def own_load(self, pace: Pace, _load: LoadSettings, limit: int | None) -> EventLoopLoad:
        """Return the event loop that drives the fetcher."""
        budget = self._budget
        closed = self._settings.load_model == "closed"
        self._load = EventLoopLoad(
            lambda: AsyncFetcher(
                self._client_part(self._settings),
                origins=self._origins,
                spend=None if budget is None else budget.take,
            ),
            self._targets,
            pace,
            limit,
            closed=closed,
            budget=budget,
        )
        return self._load

    def apply(self, settings: AsyncIORunSettings, _load: LoadSettings) -> None:
        """Change client, load and server in place.

        Raises:
            BadInputError: If other URLs would be requested.
        """
        if settings.urls != self._settings.urls:
            raise BadInputError("cannot change while it runs; stop and start again", "urls")
        if self._server is not None:
            self._server.set(**_server_part(settings).model_dump())
        if self._load is not None:
            closed = settings.load_model == "closed"
            self._load.adjust(self._client_part(settings), closed=closed)
        self._settings = settings

    def under_way(self) -> Callable[[], bool] | None:
        """Return what says whether a request that is in flight now still is."""
        return None if self._load is None else self._load.under_way()

    def counters(self) -> dict[str, float]:
        """Return the fetcher's statistics, and the server's levels where it is ours."""
        fetcher = self._load.fetcher if self._load is not None else None
        stats = fetcher.stats() if fetcher is not None else {}
        found = {
            # Those in flight when a run is stopped are no errors.
            "errors": float(stats.get("failed", 0) - stats.get("failed_cancelled", 0)),
            "retries": float(stats.get("retries", 0)),
            "tries": float(stats.get("tries", 0)),
            "in_flight": float(stats.get("in_flight", 0)),
            "limit": float(stats.get("limit", self._settings.max_concurrent)),
        }
        found["sent"] = float(self._budget.sent if self._budget is not None else 0)
        found["throttled"] = float(self._load.throttled if self._load is not None else 0)
        waited = self._load.throttled_seconds if self._load is not None else 0.0
        found["throttled_seconds_total"] = waited
        for name, kinds in _KINDS.items():
            found[name] = float(sum(stats.get(f"failed_{kind}", 0) for kind in kinds))
        if self._server is not None:
            counts = self._server.counts()
            found["server_busy"] = float(counts.get("busy", 0))
            found["server_waiting"] = float(counts.get("waiting", 0))
        return found

    def records(self) -> dict[str, npt.NDArray[np.float64]]:
        """Return when each request was due, how long it took and waited, and how it ended."""
        if self._load is None or not len(self._load.records):
            return {}
        due, service, outcomes, throttled = self._load.records.columns(ordered=True)
        return {
            "arrival_seconds": due - due[0],
            "service_seconds": service,
            "outcomes": outcomes,
            "throttled_seconds": throttled,
        }

    def by_url(self) -> list[dict[str, object]]:
        """Return the URLs requested most; those of perflab's own server by their paths."""
        if self._load is None:
            return []
        own = self._server.url if self._server is not None else ""
        return self._load.by_url.most_requested(without=own)

    def problem(self) -> str | None:
        """Return how the first request failed, if one did."""
        first = self._load.first_failure if self._load is not None else None
        return None if first is None else f"the server: {first}"

    def about(self) -> dict[str, str]:
        """Return which server is asked."""
        if self._server is not None:
            return {"HTTP server": f"{self._server.version}, perflab's own on loopback"}
        return {"HTTP server": f"the user's own, {counted(len(self._targets), 'URL')}"}

    def server_up(self) -> bool | None:
        """Say whether the server's process lives; None for the user's own."""
        return None if self._server is None else self._server.pid is not None

    def act(self, name: str) -> None:
        """Kill or restart the server.

        Raises:
            BadInputError: If the server is the user's own.
        """
        if self._server is None:
            raise BadInputError(
                "this server is not perflab's, so it is left alone; leave urls empty to try that "
                "on one of perflab's",
                name,
            )
        if name == "kill":
            self._server.kill()
        else:
            self._server.restart()

    def close(self) -> None:
        """End the server where it is ours."""
        if self._server is not None:
            self._server.close()

    def _client_part(self, settings: AsyncIORunSettings) -> AsyncIOSettings:
        """Return the client's settings, with the cap on the rate where the server is not ours."""
        values = {key: getattr(settings, key) for key in AsyncIOSettings.model_fields}
        if self._server is None:
            rate = settings.rate_limit or settings.most_rate
            values["rate_limit"] = min(rate, settings.most_rate)
        return AsyncIOSettings.read(values)


def _server_part(settings: AsyncIORunSettings) -> HttpServerSettings:
    return HttpServerSettings.read(
        {key: getattr(settings, key) for key in HttpServerSettings.model_fields}
    )
