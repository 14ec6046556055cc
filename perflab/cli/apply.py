"""`perflab apply`: parameters set on a running Redis, watched, and given back."""

from __future__ import annotations

import dataclasses
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from perflab.cli import completion
from perflab.cli.asking import confirmed
from perflab.cli.options import Json, ShowProgress, check_files, parse_seconds
from perflab.cli.output import progress, say, say_json, table, tell

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from perflab.lab.alerts import Alert
    from perflab.servers.redis.applying import Application, Change, Plan
    from perflab.servers.redis.applying.watch import Watched

_EXAMPLES = """\b
Examples:
  perflab apply best.json --to redis://cache.example:6379
  perflab apply best.json --to redis://cache.example:6379 --watch 'hit_rate>=0.8 for 10s'
  perflab apply best.json --to redis://cache.example:6379 --watch 'evictions<=100' --seconds 5m
  perflab apply --undo
"""
_FORMAT = "redis.conf"
_BACK = "'perflab apply --undo' gives the old values back"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        "apply",
        short_help="Set parameters on your running Redis, watch it, and undo.",
        epilog=_EXAMPLES,
    )(apply)


def apply(
    file: Annotated[
        Path | None,
        typer.Argument(
            metavar="FILE.json",
            help="What --out of tune, run or predict wrote, for redis_cache.",
            show_default=False,
        ),
    ] = None,
    to: Annotated[
        str | None,
        typer.Option(
            "--to",
            metavar="URL",
            help="The server, such as redis://user:PASSWORD@host:6379; the one of "
            "PERFLAB_REDIS_URL if not given.",
        ),
    ] = None,
    watch: Annotated[
        list[str] | None,
        typer.Option(
            "--watch",
            metavar="LIMIT",
            help="A limit to keep: 'hit_rate>=0.8 for 10s' is broken once it has not held for ten "
            "seconds. The old values are given back then. May be repeated.",
            autocompletion=completion.watched,
        ),
    ] = None,
    seconds: Annotated[
        str | None,
        typer.Option(metavar="N", help="How long to watch: 60s (as where not given), 10m."),
    ] = None,
    only: Annotated[
        list[str] | None,
        typer.Option("--only", metavar="NAME", help="Set this parameter alone; may be repeated."),
    ] = None,
    undo: Annotated[
        bool,
        typer.Option("--undo", help="Give back what was set last; of several servers, of --to."),
    ] = False,
    yes: Annotated[
        bool, typer.Option("--yes", help="Set the values shown without a question.")
    ] = False,
    force: Annotated[
        bool,
        typer.Option(
            "--force",
            help="Set a limit below what is in use, which evicts entries; with --undo, give back "
            "also what somebody else has changed since.",
        ),
    ] = False,
    as_json: Json = False,
    show: ShowProgress = None,
) -> None:
    """Set what a result recommends on a running Redis or Valkey, with the old values kept.

    The change is shown first, and made after you agree. Old values are written down before. Where
    a --watch limit breaks, at Ctrl-C, and where perflab is killed during the watch, they are given
    back; later, --undo does that.
    """
    url = to or os.environ.get("PERFLAB_REDIS_URL", "")
    source = "--to" if to else "PERFLAB_REDIS_URL"
    if undo:
        for option, value in (("FILE.json", file), ("--watch", watch), ("--only", only)):
            if value:
                raise typer.BadParameter("does not go with --undo", param_hint=option)
        _undo(url, source, force=force, as_json=as_json)
        return
    if file is None:
        raise typer.BadParameter("name a result, or --undo", param_hint="FILE.json")
    if not url:
        raise typer.BadParameter("name the server", param_hint="--to")
    if seconds is not None and not watch:
        raise typer.BadParameter("applies only to --watch", param_hint="--seconds")
    check_files([file])
    limits = [_limit(text) for text in watch or ()]
    for_seconds = parse_seconds(seconds or "60s", "--seconds")
    wanted = _wanted(file, only or ())
    from perflab.servers.redis.applying import Application

    application = Application(url, source)
    try:
        plan = application.plan(wanted)
        if not plan.changes:
            _end(
                plan,
                "nothing",
                "these values are set already; nothing was changed",
                as_json=as_json,
            )
            return
        _agree(plan, yes=yes, force=force, as_json=as_json)
        application.start(plan)
        _watch(application, plan, limits, for_seconds, as_json=as_json, show=show)
    finally:
        application.close()


@dataclasses.dataclass(frozen=True, slots=True)
class _Limit:
    """An alert read the other way: what must hold, and for how long it may not."""

    alert: Alert

    @property
    def text(self) -> str:
        return self.alert.text

    @property
    def metric(self) -> str:
        return self.alert.condition.metric

    @property
    def seconds(self) -> float:
        return self.alert.seconds

    def holds(self, value: float) -> bool:
        return self.alert.condition.holds(value)


def _limit(text: str) -> _Limit:
    from perflab.errors import BadInputError, nearest
    from perflab.lab.alerts import parse_alert
    from perflab.servers.redis.applying import WATCHED

    limit = _Limit(parse_alert(text))
    if limit.metric not in WATCHED:
        raise BadInputError(f"{limit.metric} is not watched{nearest(limit.metric, WATCHED)}", text)
    return limit


def _wanted(file: Path, only: Sequence[str]) -> dict[str, str]:
    """Return the parameters of a result by their names.

    Raises:
        BadInputError: If it is not a result of a pattern that sets any, or a name is unknown.
    """
    from perflab.errors import BadInputError
    from perflab.tuning.exports import shipped

    found = shipped(file)
    if found.warning:
        tell(f"note: {found.warning}")
    values = next((each.values for each in found.exports if each.name == _FORMAT), {})
    if not values:
        raise BadInputError(
            f"{found.bench.identity.pattern} sets no parameters of a Redis; take a result of "
            "redis_cache",
            str(file),
        )
    for name in only:
        if name not in values:
            raise BadInputError(f"there is no {name!r}; known: {', '.join(values)}", "--only")
    return {name: str(value) for name, value in values.items() if not only or name in only}


def _agree(plan: Plan, *, yes: bool, force: bool, as_json: bool) -> None:
    """Show what would change, and ask unless that was agreed to.

    Raises:
        BadInputError: If it would cost entries, or nobody agrees.
    """
    from perflab.errors import BadInputError
    from perflab.servers.consent import allow, is_allowed

    for line in _preview(plan).splitlines():
        (tell if as_json else say)(line)
    for note in plan.notes:
        tell(f"note: {note}")
    if not force:
        plan.check_room()
    if yes:
        allow(plan.server)
    if is_allowed(plan.server):
        return
    if not sys.stdin.isatty():
        raise BadInputError("nothing was set; agree with --yes", plan.address)
    if not confirmed(f"Set these on {plan.address}?"):
        raise BadInputError("nothing was set, since you did not agree", plan.address)
    allow(plan.server)


def _preview(plan: Plan) -> str:
    rows = [("parameter", "now", "then")]
    rows += [(each.name, *_both(each)) for each in plan.changes]
    return f"{plan.address}\n\n{table(rows, left=(0,))}\n"


def _both(change: Change) -> tuple[str, str]:
    return _words(change.name, change.before), _words(change.name, change.after)


def _words(name: str, value: str) -> str:
    from perflab.units import in_words

    if name != "maxmemory" or not value.isdecimal():
        return value
    return in_words(int(value), "bytes") if int(value) else "no limit"


def _watch(
    application: Application,
    plan: Plan,
    limits: Sequence[_Limit],
    seconds: float,
    *,
    as_json: bool,
    show: bool | None,
) -> None:
    """Watch what was set; give the old values back where a limit breaks or the user interrupts.

    Raises:
        BrokenLimitError: If a limit broke.
    """
    from perflab.servers.redis.applying import watch

    if not limits:
        application.keep()
        _end(plan, "applied", f"set; {_BACK}", as_json=as_json)
        return
    try:
        with progress("watching", " s", show) as bar:

            def report(elapsed: float, _: Mapping[str, float]) -> None:
                if bar is not None:
                    bar(round(elapsed), round(seconds))

            found = watch(application.parameters, limits, seconds, report)
    except KeyboardInterrupt:
        tell(_give_back(application, "interrupted"))
        raise
    if found.broken is None:
        application.keep()
        for text in found.unmeasured:
            tell(f"note: {text!r} could not be watched: there was nothing to measure it by")
        said = f"set, and all limits held; {_BACK}"
        _end(plan, "applied", said, found, as_json=as_json)
        return
    _broken(application, plan, found, as_json=as_json)


def _broken(application: Application, plan: Plan, found: Watched, *, as_json: bool) -> None:
    from perflab.errors import BrokenLimitError
    from perflab.instrumentation.catalog import metric

    assert found.broken is not None  # noqa: S101  (asked by the caller)
    if found.broken.value is None:
        why = "the server did not answer any more"
    else:
        value = metric(found.broken.metric).format(found.broken.value)
        why = f"{found.broken.limit!r} is broken: {found.broken.metric} was {value}"
    said = _give_back(application, why)
    if as_json:
        say_json(_document(plan, "given back", found))
    raise BrokenLimitError(said, plan.address)


def _give_back(application: Application, why: str) -> str:
    """Give the old values back and return what is said of it; an error says what is left to do."""
    from perflab.errors import BadInputError

    try:
        back = application.give_back()
    except BadInputError as error:
        raise BadInputError(
            f"{why}; the old values could not be given back ({error.message}). It is tried for two "
            "more minutes; after that, run 'perflab apply --undo'",
            error.place,
        ) from None
    left = "".join(f"; {_left_alone(each)}" for each in back.others)
    return f"{why}; the old values are back{left}"


def _left_alone(change: Change) -> str:
    ours, now = _both(change)
    return (
        f"{change.name} is {now} now and not {ours} as perflab set it, so somebody else changed it:"
        " it was left alone (--undo --force gives it back too)"
    )


def _undo(url: str, source: str, *, force: bool, as_json: bool) -> None:
    from perflab.errors import BrokenLimitError
    from perflab.servers.addresses import redis_address
    from perflab.servers.redis.applying import Parameters, latest, undo

    named = redis_address(url, source) if url else None
    entry = latest(named if source == "--to" else None)
    # The address that was written down has no password; the variable may have one for it.
    parameters = Parameters(*((url, source) if named == entry.address else (entry.address, "--to")))
    try:
        found = undo(parameters, entry, force=force)
    finally:
        parameters.close()
    rows = [("parameter", "given back"), *_old_values(found.given_back)]
    if as_json:
        changes = [dataclasses.asdict(each.reversed) for each in found.given_back]
        others = [dataclasses.asdict(each) for each in found.others]
        say_json({"server": entry.address, "given_back": changes, "changed_by_others": others})
    else:
        say(f"{entry.address}, set on {entry.date[:16].replace('T', ' ')} UTC\n\n{table(rows)}")
    if found.others:
        raise BrokenLimitError("; ".join(map(_left_alone, found.others)), entry.address)


def _old_values(changes: Iterable[Change]) -> list[tuple[str, str]]:
    return [(each.name, _words(each.name, each.before)) for each in changes]


def _end(
    plan: Plan, outcome: str, words: str, found: Watched | None = None, *, as_json: bool
) -> None:
    if as_json:
        say_json(_document(plan, outcome, found))
        return
    names = ", ".join(each.name for each in plan.changes)
    say(f"{names or plan.address}: {words}")


def _document(plan: Plan, outcome: str, found: Watched | None) -> dict[str, object]:
    broken = found.broken if found is not None else None
    return {
        "server": plan.address,
        "changes": [dataclasses.asdict(each) for each in plan.changes],
        "outcome": outcome,
        "broken": None if broken is None else broken.limit or "no answer",
        "metrics": {} if found is None else dict(found.metrics),
    }
