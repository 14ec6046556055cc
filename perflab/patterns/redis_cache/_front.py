"""What the threaded and the asyncio cache have in common besides their logic."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from perflab.errors import BadInputError
from perflab.instrumentation import Hook
from perflab.patterns.redis_cache._clients import OF_THE_CLIENT, check_client
from perflab.patterns.redis_cache._keys import lock_lifetime
from perflab.patterns.redis_cache._logic import Logic
from perflab.patterns.redis_cache.settings import RedisCacheSettings
from perflab.primitives.breaker import BreakerState

_COUNTED = (
    "misses",
    "loads",
    "load_errors",
    "load_seconds_total",
    "fallbacks",
    "corrupt",
    "values_refused",
    "refused",
    "retries",
    "stale_hits",
    "breaker_openings",
)


class Front:
    """Settings, statistics and the breaker's state; the rest differs between the twins."""

    _open_client: Callable[[str | None, RedisCacheSettings], Any]
    _is_awaited: bool

    def __init__(
        self,
        settings: RedisCacheSettings | None,
        client: Any,
        url: str | None,
        hook: Hook | None,
        signing_key: bytes | None,
        lock_seconds: float,
    ) -> None:
        chosen = _checked(settings) or RedisCacheSettings()
        seconds = lock_lifetime(lock_seconds)
        self._logic = self._make_logic(chosen, hook, signing_key, seconds)
        self._url = url
        self._owns_client = client is None
        if client is None:
            client = self._open_client(url, chosen)
        else:
            check_client(client, awaited=self._is_awaited)
        self._client = client

    def _make_logic(
        self,
        settings: RedisCacheSettings,
        hook: Hook | None,
        signing_key: bytes | None,
        lock_seconds: float,
    ) -> Logic:
        return Logic(settings, hook, signing_key, lock_seconds)

    @property
    def settings(self) -> RedisCacheSettings:
        """The settings in force."""
        return self._logic.settings

    @property
    def breaker_state(self) -> BreakerState:
        """`closed`, `open` (the loader serves) or `half-open` (one caller tries the server)."""
        return self._logic.guard.breaker.state

    def apply(self, settings: RedisCacheSettings | None = None, **overrides: object) -> None:
        """Change settings while the cache is in use; what is there keeps its lifetime.

        Memory and policy are the server's, and set there. A client that the user gave keeps its
        own address and timeouts.

        Raises:
            BadInputError: If a setting is unknown or out of bounds, or no server is named.
        """
        before = self._logic.settings
        chosen = (_checked(settings) or before).change(**overrides)
        self._logic.apply(chosen)
        if self._owns_client and any(
            getattr(before, key) != getattr(chosen, key) for key in OF_THE_CLIENT
        ):
            # The old client's connections close once whoever uses them has let go of them.
            self._client = self._open_client(self._url, chosen)

    def stats(self) -> dict[str, int | float]:
        """Return flat counters that only grow.

        ``hits + misses`` is the number of lookups; `stale_hits` are among the hits, `fallbacks`
        (the loader served because the server did not) among the misses. `coalesced` waited for
        another caller's load. `errors` are tries of the server that failed, `refused` those
        among them that it answered with an error, such as OOM, LOADING or NOAUTH.
        `values_refused` are values that the serializer cannot write, and that were not kept.
        """
        guard = self._logic.guard
        counted = guard.counters.snapshot()
        return {
            "hits": guard.hits.read(),
            **{name: counted[name] for name in _COUNTED},
            "coalesced": counted["waits"],
            "errors": guard.errors.read(),
        }

    def __repr__(self) -> str:
        settings = self._logic.settings
        return f"{type(self).__name__}({settings.cache_namespace!r}, breaker {self.breaker_state})"


def _checked(settings: object) -> RedisCacheSettings | None:
    if settings is None or isinstance(settings, RedisCacheSettings):
        return settings
    text = f"must be RedisCacheSettings, not {type(settings).__qualname__}"
    raise BadInputError(f"{text}; pass an address as url=, a client as client=", "settings")
