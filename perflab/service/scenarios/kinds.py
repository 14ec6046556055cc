"""The scenarios that perflab knows, and how they are read."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

from perflab.bench.stage import Place
from perflab.errors import BadInputError, nearest
from perflab.kernels.chain.flights import Happening
from perflab.service.scenarios.base import Happenings, Scenario, seconds_setting
from perflab.service.scenarios.requests import crawled, multiplied, renamed
from perflab.service.scenarios.together import Together
from perflab.settings import setting
from perflab.units import grouped
from perflab.workloads.registry.named import read_parameters

if TYPE_CHECKING:
    from perflab.service.incoming import Incoming


_NOTHING_LOST = (
    "the workers have no caches of their own, so that a restart loses nothing; the time in which "
    "a worker opens its connections is not counted"
)


class _Lasting(Scenario):
    """A scenario whose cause lasts."""

    overlaps: ClassVar[bool] = False

    seconds: float = seconds_setting(10.0, "How long it lasts.")

    def ends(self, came: Incoming) -> float:
        """Return when its cause is over, in seconds."""
        return self.begins(came) + self.seconds


class RedisDown(_Lasting):
    """Redis dies, and comes back empty."""

    name: ClassVar[str] = "redis-down"
    title: ClassVar[str] = "Redis dies and comes back empty"

    def check(self, places: Collection[Place]) -> tuple[str, ...]:
        """Refuse a service without a cache that all workers share."""
        if Place.SHARED not in places:
            text = "the service has no Redis cache, so that none can die; add the stage redis_cache"
            raise BadInputError(text, self.name)
        return ()

    def happenings(self, came: Incoming) -> Happenings:
        """Return its end and its return."""
        begins = self.begins(came)
        return [
            (begins, Happening.REMOTE_DOWN, 0.0),
            (begins + self.seconds, Happening.REMOTE_UP, 0.0),
        ]


class Deploy(Scenario):
    """A deploy restarts the workers one after another, each with a cold cache."""

    name: ClassVar[str] = "deploy"
    title: ClassVar[str] = "A deploy restarts the workers"

    def check(self, places: Collection[Place]) -> tuple[str, ...]:
        """Say where a restart loses nothing."""
        return () if Place.PROCESS in places else (_NOTHING_LOST,)

    gap: float = seconds_setting(5.0, "From the restart of one worker to that of the next one.")

    def ends(self, came: Incoming) -> float:
        """Return when the last worker restarts, in seconds."""
        return self.begins(came) + self.gap * (came.processes - 1)

    def happenings(self, came: Incoming) -> Happenings:
        """Return the restart of each worker."""
        begins = self.begins(came)
        return [
            (begins + self.gap * worker, Happening.RESTART, float(worker))
            for worker in range(came.processes)
        ]


class Traffic(_Lasting):
    """There is several times the traffic for a while."""

    name: ClassVar[str] = "traffic"
    title: ClassVar[str] = "More traffic"

    times: float = setting(
        3.0, "How many times as much traffic.", unit="times", low=1.0, high=1000, span=(1, 10)
    )

    def arriving(self, came: Incoming) -> Incoming:
        """Return the requests, those of the time several times."""
        return multiplied(came, self.begins(came), self.seconds, self.times)


class SlowDatabase(_Lasting):
    """The database takes several times as long for a while."""

    name: ClassVar[str] = "slow-database"
    title: ClassVar[str] = "The database is slower"

    times: float = setting(
        3.0, "How many times as long it takes.", unit="times", low=1.0, high=1000, span=(1, 10)
    )

    def check(self, places: Collection[Place]) -> tuple[str, ...]:
        """Refuse a service behind whose calls there is no database."""
        if Place.CALL in places and Place.POOL not in places:
            text = "the service asks no database, but a server that it calls: play slow-call"
            raise BadInputError(text, self.name)
        return ()

    def happenings(self, came: Incoming) -> Happenings:
        """Return when it becomes slower and when it is as before."""
        begins = self.begins(came)
        return [
            (begins, Happening.SLOWER, self.times),
            (begins + self.seconds, Happening.SLOWER, 1.0),
        ]


class SlowCall(_Lasting):
    """The server that is called takes several times as long for a while."""

    name: ClassVar[str] = "slow-call"
    title: ClassVar[str] = "The called server is slower"

    times: float = setting(
        3.0, "How many times as long it takes.", unit="times", low=1.0, high=1000, span=(1, 10)
    )

    def check(self, places: Collection[Place]) -> tuple[str, ...]:
        """Refuse a service that calls nothing."""
        if Place.CALL not in places:
            text = "the service makes no outgoing calls; add the stage async_io with role call"
            raise BadInputError(text, self.name)
        return ()

    def happenings(self, came: Incoming) -> Happenings:
        """Return when it becomes slower and when it is as before."""
        begins = self.begins(came)
        return [
            (begins, Happening.CALL_SLOWER, self.times),
            (begins + self.seconds, Happening.CALL_SLOWER, 1.0),
        ]


class KeyVersion(Scenario):
    """The version in the names of keys changes, so that no cache holds any of them."""

    name: ClassVar[str] = "key-version"
    title: ClassVar[str] = "The version of the cache key changes"
    order: ClassVar[int] = 2

    def check(self, places: Collection[Place]) -> tuple[str, ...]:
        """Refuse a service without a cache."""
        if not {Place.PROCESS, Place.SHARED} & set(places):
            raise BadInputError("the service has no cache, so that keys have no version", self.name)
        return ()

    def arriving(self, came: Incoming) -> Incoming:
        """Return the requests, with other keys from then on."""
        return renamed(came, self.begins(came))


class Crawler(_Lasting):
    """A crawler asks for keys that nobody else asks for, each once."""

    name: ClassVar[str] = "crawler"
    title: ClassVar[str] = "A crawler scans"
    overlaps: ClassVar[bool] = True
    order: ClassVar[int] = 1

    rate: float = setting(
        100.0,
        "Requests per second of the crawler.",
        unit="requests/s",
        low=0.001,
        high=1e6,
        span=(1, 10_000),
        scale="log",
    )

    def arriving(self, came: Incoming) -> Incoming:
        """Return the requests, the crawler's among them."""
        return crawled(came, self.begins(came), self.seconds, self.rate)


SCENARIOS: dict[str, type[Scenario]] = {
    kind.name: kind
    for kind in (RedisDown, Deploy, Traffic, SlowDatabase, SlowCall, KeyVersion, Crawler)
}
_MOST = 100
_AND = re.compile(r"\s*\+\s*(?=[a-zA-Z])")
"""What joins scenarios; the sign of an exponent stands before a digit."""


def read_scenario(
    spec: str | Sequence[str] | Scenario | Together, named: Mapping[str, str] | None = None
) -> Scenario | Together:
    """Return a scenario, or several together.

    Args:
        spec: Its name with parameters, such as ``redis-down:at=60,seconds=10``; several are joined
            by ``+``, or in a list.
        named: Scenarios that a file names.

    Raises:
        BadInputError: If there is no such scenario, a parameter is not valid, or two cannot happen
            together.
    """
    if isinstance(spec, (Scenario, Together)):
        return spec
    texts = [spec] if isinstance(spec, str) else spec
    if not isinstance(texts, (list, tuple)) or not all(isinstance(each, str) for each in texts):
        text = f"must be a text such as redis-down:seconds=10, not {type(spec).__name__}"
        raise BadInputError(text, "scenario")
    parts = [part for text in texts for part in _AND.split(text.strip())]
    if len(parts) > _MOST:
        text = f"{grouped(len(parts))} scenarios; at most {_MOST} happen together"
        raise BadInputError(text, "scenario")
    found: list[Scenario] = []
    for part in parts:
        known = read_scenario(named[part]) if named and part in named else _read(part, named)
        found += known.parts if isinstance(known, Together) else [known]
    return found[0] if len(found) == 1 else Together(tuple(found))


def _read(spec: str, named: Mapping[str, str] | None) -> Scenario:
    """Return the one scenario that a text names."""
    name, _, rest = (part.strip() for part in spec.partition(":"))
    kind = SCENARIOS.get(name)
    if kind is None and named and name in named:
        raise BadInputError("has its values in the file; name it without any", spec)
    if kind is None:
        known = [*SCENARIOS, *(named or ())]
        raise BadInputError(f"no such scenario{nearest(name, known)}", name or "scenario")
    try:
        return kind.read(read_parameters(rest))
    except BadInputError as error:
        raise BadInputError(str(error), spec) from None


def check_named(values: Mapping[str, object]) -> None:
    """Look at the scenarios that a file names.

    Args:
        values: By name, what `read_scenario` takes.

    Raises:
        BadInputError: If a name is that of a kind or holds a sign that joins, or one is not right.
    """
    for name, spec in values.items():
        where = f"service.scenarios.{name}"
        if name in SCENARIOS:
            raise BadInputError("is the name of a kind of scenario; take another name", where)
        if any(sign in name for sign in ":+,="):
            raise BadInputError("has a sign that parts scenarios; leave : + , = out", where)
        if not isinstance(spec, str):
            raise BadInputError("must be a text such as redis-down:seconds=10", where)
        try:
            read_scenario(spec)
        except BadInputError as error:
            raise BadInputError(str(error), where) from None
