"""What stands between the cache and its server: breaker, retries, and counting."""

from __future__ import annotations

from redis.exceptions import (
    AskError,
    AuthenticationError,
    AuthorizationError,
    BusyLoadingError,
    ClusterCrossSlotError,
    MovedError,
    ResponseError,
)

from perflab.errors import BadInputError
from perflab.instrumentation import AtomicCounter, Counters, Event, EventKind, Hook
from perflab.patterns.redis_cache._replies import server_error
from perflab.patterns.redis_cache._steps import Ask, Command, Pause, Steps
from perflab.patterns.redis_cache.settings import RedisCacheSettings
from perflab.primitives.breaker import Breaker
from perflab.primitives.loggers import pattern_logger
from perflab.primitives.retry import Backoff

NO_CLUSTER = (
    "a Redis Cluster is not supported, since a lock and a batch need several keys of one server; "
    "name a server that is not part of one, or a client of Sentinel"
)
_REFUSALS = (ResponseError, AuthenticationError, AuthorizationError, BusyLoadingError)
_OF_A_CLUSTER = (AskError, MovedError, ClusterCrossSlotError)
_BACKOFF = Backoff(base=0.01, cap=0.1)
log = pattern_logger("redis_cache")


class AwayError(Exception):
    """The server cannot be asked now; never reaches a caller."""


class Guard:
    """Asks the server where the breaker allows it, and tells the hook what happened.

    An error of the connection is tried again after a short wait drawn at random; a refusal
    (OOM, LOADING, NOAUTH and other error replies) is not, since it would be the same. Retries
    are counted here, once per command: redis-py's own would be tried for connecting inside of
    those for the command, so that a caller would wait for their product.
    """

    def __init__(self, settings: RedisCacheSettings, hook: Hook | None) -> None:
        self.breaker = Breaker(settings.breaker_failures, settings.breaker_seconds)
        self.retries = settings.retries
        self.hook = hook
        self.counters = Counters()
        self.hits = AtomicCounter()
        self.errors = AtomicCounter()
        self._has_all_keys = False

    def report(
        self, kind: EventKind, key: object, seconds: float = 0.0, detail: object = None
    ) -> None:
        """Count an event and hand it to the hook."""
        event = Event(kind, key, seconds=seconds, detail=detail)
        self.counters(event)
        if self.hook is not None:
            self.hook(event)

    def ask(self, key: object, *commands: Command, error: Exception | None = None) -> Steps:
        """Return the replies to commands; begins with the error of a first try, if there was one.

        Raises:
            AwayError: If the server is left alone, did not answer, or refused.
            BadInputError: If it says that it is part of a cluster, when it is first requested
                several keys.
        """
        failures = 0
        while True:
            if error is None:
                if not self.breaker.allows():
                    raise AwayError
                try:
                    replies = yield Ask(commands)
                except Exception as problem:  # noqa: BLE001  (no failure reaches a caller)
                    error = server_error(problem)
                else:
                    self.succeed(key)
                    self._has_all_keys = self._has_all_keys or _are_several(commands)
                    return replies
            if isinstance(error, _OF_A_CLUSTER) and (yield from self._is_cluster()):
                raise BadInputError(f"is part of a cluster; {NO_CLUSTER}", "server") from error
            failures += 1
            if not self._may_retry(key, error, failures):
                raise AwayError from error
            self.report(EventKind.RETRY, key, detail=error)
            error = None
            yield Pause(_BACKOFF.seconds(failures))

    def succeed(self, key: object) -> None:
        """Take note that the server answered."""
        if self.breaker.succeed():
            log.info("the server answers again: the breaker is closed")
            self.report(EventKind.BREAKER_CLOSED, key)

    def _is_cluster(self) -> Steps:
        """Say whether the server is part of a cluster; it may also only answer as if it were.

        One that has answered for several keys is not: a service that has used it is not stopped
        when its server is replaced.
        """
        if self._has_all_keys:
            return False
        try:
            (about,) = yield Ask((("INFO", "cluster"),))
        except Exception:  # noqa: BLE001  (what it did not say it is not)
            return False
        return isinstance(about, dict) and about.get("cluster_enabled") == 1

    def _may_retry(self, key: object, error: Exception, failures: int) -> bool:
        if "client-side caching" in str(error):
            raise BadInputError(
                "redis-py keeps entries in the client only with a Redis of 7.4 or newer (a Valkey "
                "is none); set it to none, or name such a server",
                "client_cache_size",
            ) from error
        next(self.errors)
        refused = isinstance(error, _REFUSALS)
        if refused:
            self.report(EventKind.REFUSED, key, detail=error)
        if isinstance(error, ResponseError) and not isinstance(error, _REFUSALS[1:]):
            # It answers, so it is there: a full memory refuses writes and still serves reads.
            self.succeed(key)
        elif self.breaker.fail():
            log.warning("the breaker opens for %.3g s: %s", self.breaker.seconds, error)
            self.report(EventKind.BREAKER_OPENED, key, detail=error)
        return not refused and failures <= self.retries and self.breaker.is_closed


def _are_several(commands: tuple[Command, ...]) -> bool:
    """Return whether commands were of several keys, which a cluster mostly refuses."""
    return any(command[0] == "MGET" and len(command) > 2 for command in commands)
