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

    from perflab.servers.redis.applying import Application, Change, Plan, Watched
    from perflab.tuning.shipping.apply import Limit

_EXAMPLES = """\b
Examples:
  perflab apply best.json --to redis://cache.example:6379
  perflab apply best.json --to redis://cache.example:6379 --watch 'hit_rate>=0.8 for 10s'
  perflab apply best.json --to redis://cache.example:6379 --watch 'evictions<=100' --seconds 5m
  perflab apply --undo
"""
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
    from perflab.tuning.shipping.apply import limits_of

    for_seconds = parse_seconds(seconds or "60s", "--seconds")
    limits = limits_of(watch or (), for_seconds)
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
        _set(application, plan, limits, for_seconds, force=force, as_json=as_json, show=show)
    finally:
        application.close()


def _wanted(file: Path, only: Sequence[str]) -> dict[str, str]:
    """Return the parameters of a result by their names; what to know of it is said."""
    from perflab.tuning.exports import shipped
    from perflab.tuning.shipping.apply import parameters_of

    found = shipped(file)
    if found.warning:
        tell(f"note: {found.warning}")
    return parameters_of(found, str(file), only)


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
    from perflab.tuning.shipping.words import value_in_words

    return value_in_words(change.name, change.before), value_in_words(change.name, change.after)


def _set(
    application: Application,
    plan: Plan,
    limits: Sequence[Limit],
    seconds: float,
    *,
    force: bool,
    as_json: bool,
    show: bool | None,
) -> None:
    """Set what was agreed to and watch it, and say what became of it.

    Raises:
        BrokenLimitError: If a limit broke.
    """
    from perflab.errors import BrokenLimitError
    from perflab.tuning.shipping.apply import set_and_watch
    from perflab.tuning.shipping.words import given_back, why_broken

    try:
        with progress("watching", " s", show) as bar:

            def report(elapsed: float, _: Mapping[str, float]) -> None:
                if bar is not None:
                    bar(min(round(elapsed), round(seconds)), round(seconds))

            done = set_and_watch(application, plan, limits, seconds, report, force=force)
    except BaseException as error:
        for note in getattr(error, "__notes__", ()):
            tell(note)
        raise
    if done.watched is None:
        _end(plan, "applied", f"set; {_BACK}", as_json=as_json)
        return
    if done.back is None:
        for text in done.watched.unmeasured:
            tell(f"note: {text!r} could not be watched: there was nothing to measure it by")
        said = f"set{_which_held(limits, done.watched)}; {_BACK}"
        _end(plan, "applied", said, done.watched, as_json=as_json)
        return
    if as_json:
        say_json(_document(plan, "given back", done.watched))
    raise BrokenLimitError(given_back(why_broken(done.watched), done.back), plan.address)


def _which_held(limits: Sequence[Limit], found: Watched) -> str:
    """Return which limits held, where nothing was measured of some."""
    never = len(found.unmeasured)
    if not never:
        return ", and all limits held"
    return ", and the limits that could be watched held" if never < len(limits) else ""


def _undo(url: str, source: str, *, force: bool, as_json: bool) -> None:
    from perflab.errors import BrokenLimitError
    from perflab.servers.addresses import redis_address
    from perflab.servers.redis.applying import Parameters, latest, undo
    from perflab.tuning.shipping.words import left_alone

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
        raise BrokenLimitError("; ".join(map(left_alone, found.others)), entry.address)


def _old_values(changes: Iterable[Change]) -> list[tuple[str, str]]:
    return [(each.name, _both(each)[0]) for each in changes]


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
        "unmeasured": [] if found is None else list(found.unmeasured),
    }
