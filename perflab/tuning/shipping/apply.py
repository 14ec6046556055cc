"""`apply`: parameters of a result on a user's running Redis, watched, and given back."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Literal

from perflab.errors import BadInputError, nearest
from perflab.errors.extras import naming_extra
from perflab.lab.alerts import Alert, parse_alert
from perflab.lab.result import Result
from perflab.servers.redis.applying import (
    WATCHED,
    Application,
    Change,
    Entry,
    GivenBack,
    Parameters,
    Plan,
    Watched,
    undo,
    watch,
)
from perflab.tuning.exports import Shipped, shipped
from perflab.tuning.shipping.words import given_back, why_broken
from perflab.units import in_words

FORMAT = "redis.conf"
"""The export whose values are the server's parameters."""
VARIABLE = "PERFLAB_REDIS_URL"
_INTERRUPTED = "interrupted"
Report = Callable[[float, Mapping[str, float]], None]


@dataclasses.dataclass(frozen=True, slots=True)
class Limit:
    """An alert read the other way: what must hold, and for how long it may not."""

    alert: Alert

    @property
    def text(self) -> str:
        """As the user wrote it."""
        return self.alert.text

    @property
    def metric(self) -> str:
        """The metric's name."""
        return self.alert.condition.metric

    @property
    def seconds(self) -> float:
        """For how long it may be broken."""
        return self.alert.seconds

    def holds(self, value: float) -> bool:
        """Say whether a value keeps it."""
        return self.alert.condition.holds(value)


@dataclasses.dataclass(frozen=True, slots=True)
class Applied:
    """What came of parameters that were to be set.

    Attributes:
        outcome: ``nothing`` where the server had these values, ``applied``, or ``given back``
            where a limit broke.
        address: Which server, without a password.
        changes: What was set.
        broken: The limit that broke; empty where none did, ``no answer`` where the server was
            silent.
        metrics: The last values of the watch.
        unmeasured: The limits whose metric had no value at any time.
    """

    outcome: Literal["nothing", "applied", "given back"]
    address: str
    changes: tuple[Change, ...]
    broken: str = ""
    metrics: Mapping[str, float] = dataclasses.field(default_factory=dict)
    unmeasured: tuple[str, ...] = ()
    _url: str = ""
    _entry: Entry | None = None

    def undo(self, *, force: bool = False) -> tuple[Change, ...]:
        """Give the old values back, and return those that somebody else has changed since.

        They are left alone unless `force` is set.

        Raises:
            BadInputError: If nothing is set, or the server cannot be reached or refuses.
        """
        if self._entry is None or not self._entry.path.exists():
            raise BadInputError("nothing is set that was not given back", self.address)
        parameters = Parameters(self._url, "to")
        try:
            return undo(parameters, self._entry, force=force).others
        finally:
            parameters.close()


@dataclasses.dataclass(frozen=True, slots=True)
class Applying:
    """Parameters that a result would set on a server; nothing is set yet.

    Attributes:
        plan: What differs from now, and what a reader must know.
    """

    plan: Plan
    _url: str
    _source: str

    @property
    def changes(self) -> tuple[Change, ...]:
        """What would be set: ``name``, ``before`` and ``after``."""
        return self.plan.changes

    @property
    def notes(self) -> tuple[str, ...]:
        """What to know before."""
        return self.plan.notes

    def set(
        self, watch: str | Iterable[str] = (), seconds: float = 60.0, *, force: bool = False
    ) -> Applied:
        """Set them, watch the server, and give the old values back where a limit breaks.

        The old values are on the disk before anything is set. They are given back too where this
        is interrupted, or the process is killed, during the watch.

        Args:
            watch: Limits to keep, such as ``hit_rate>=0.8 for 10s``; without one nothing is
                watched.
            seconds: For how long.
            force: Whether a limit of memory below what is in use may be set, which evicts entries.

        Raises:
            BadInputError: If the server has other values than in `changes` by now, cannot be
                reached or refuses one; if a limit is wrong, or may be broken for as long as it is
                watched; if entries would be evicted.
        """
        limits = limits_of([watch] if isinstance(watch, str) else watch, seconds)
        application = Application(self._url, self._source)
        try:
            if not self.plan.changes:
                application.check_current(self.plan)
                return Applied("nothing", self.plan.address, ())
            done = set_and_watch(application, self.plan, limits, seconds, force=force)
            return done.applied(self.plan, self._url)
        finally:
            application.close()


@naming_extra("redis")
def apply(
    source: Result | str | Path, to: str | None = None, *, only: Iterable[str] = ()
) -> Applying:
    """Return what a result would set on a running Redis or Valkey; its ``set()`` sets it.

    Args:
        source: A recommendation, run or prediction of one point of ``redis_cache``, or its file.
        to: The server, such as ``redis://user:PASSWORD@host:6379``; that of PERFLAB_REDIS_URL if
            not given.
        only: The parameters to set; all where none is named.

    Raises:
        BadInputError: If it is not such a result, or the server cannot be reached or refuses INFO
            or CONFIG GET.
    """
    url = to or os.environ.get(VARIABLE, "")
    if not url:
        raise BadInputError("name the server", "to")
    wanted = parameters_of(shipped(source), str(source), only)
    origin = "to" if to else VARIABLE
    application = Application(url, origin)
    try:
        return Applying(application.plan(wanted), url, origin)
    finally:
        application.close()


@dataclasses.dataclass(frozen=True, slots=True)
class Done:
    """What became of parameters that were set.

    Attributes:
        entry: What was written down.
        watched: The end of the watch; None where there was none.
        back: What was given back; None where nothing was.
    """

    entry: Entry
    watched: Watched | None = None
    back: GivenBack | None = None

    def applied(self, plan: Plan, url: str) -> Applied:
        """Return it with what `undo` needs."""
        found, broken = self.watched, self.watched.broken if self.watched else None
        return Applied(
            "applied" if self.back is None else "given back",
            plan.address,
            plan.changes,
            "" if broken is None else broken.limit or "no answer",
            {} if found is None else dict(found.metrics),
            () if found is None else found.unmeasured,
            url,
            self.entry,
        )


def set_and_watch(
    application: Application,
    plan: Plan,
    limits: Sequence[Limit],
    seconds: float,
    report: Report | None = None,
    *,
    force: bool = False,
) -> Done:
    """Set what is planned and watch; give the old values back where a limit or the watch breaks.

    Raises:
        BadInputError: If the plan does not hold any more, the server refuses one, or the old values
            could not be given back.
        BaseException: What ended the watch, such as Ctrl-C, with a note of what became of the old
            values.
    """
    entry = application.start(plan, force=force)
    if not limits:
        application.keep()
        return Done(entry)
    try:
        found = watch(application.parameters, limits, seconds, report)
    except BaseException as error:
        is_interrupt = isinstance(error, KeyboardInterrupt)
        why = _INTERRUPTED if is_interrupt else f"the watch failed ({type(error).__name__})"
        error.add_note(given_back(why, _give_back(application, why)))
        raise
    if found.broken is None:
        application.keep()
        return Done(entry, found)
    return Done(entry, found, _give_back(application, why_broken(found)))


def limits_of(texts: Iterable[str], seconds: float) -> list[Limit]:
    """Return limits to keep, such as ``hit_rate>=0.8 for 10s``.

    Args:
        texts: They, as the user wrote them.
        seconds: For how long they are watched.

    Raises:
        BadInputError: If one is not a limit, its metric is not watched, or no watch of that length
            can find it broken.
    """
    limits = [Limit(parse_alert(text)) for text in texts]
    for limit in limits:
        name = limit.metric
        if name not in WATCHED:
            raise BadInputError(f"{name} is not watched{nearest(name, WATCHED)}", limit.text)
        if limit.seconds >= seconds:
            least, most = (in_words(each, "seconds") for each in (limit.seconds, seconds))
            told = f"may be broken for {least}, and is watched for {most} only; watch for longer"
            raise BadInputError(told, limit.text)
    return limits


def parameters_of(found: Shipped, place: str, only: Iterable[str] = ()) -> dict[str, str]:
    """Return the parameters of a result by their names.

    Raises:
        BadInputError: If its pattern sets none, or a name is unknown.
    """
    values = next((each.values for each in found.exports if each.name == FORMAT), {})
    if not values:
        raise BadInputError(
            f"{found.bench.identity.pattern} sets no parameters of a Redis; take a result of "
            "redis_cache",
            place,
        )
    names = list(only)
    for name in names:
        if name not in values:
            raise BadInputError(f"there is no {name!r}; known: {', '.join(values)}", "--only")
    return {name: str(value) for name, value in values.items() if not names or name in names}


def _give_back(application: Application, why: str) -> GivenBack:
    """Give the old values back; an error says why that was to be, and what is left to do."""
    try:
        return application.give_back()
    except BadInputError as error:
        raise BadInputError(
            f"{why}; the old values could not be given back ({error.message}). "
            f"{application.next_step}",
            error.place,
        ) from None
