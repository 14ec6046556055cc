"""`perflab run`: the real pattern under a real load, beside its prediction."""

from __future__ import annotations

import signal
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from perflab.cli import completion
from perflab.cli.consent import agree
from perflab.cli.errors import BROKEN_LIMIT, INTERRUPTED
from perflab.cli.inputs import prepare_kernels, read_workload, reading_of
from perflab.cli.options import (
    Columns,
    Force,
    Format,
    Json,
    LogFormat,
    NoHeader,
    Out,
    Pattern,
    Separator,
    Set,
    ShowProgress,
    TimeUnit,
    Workload,
    Yes,
    parse_seconds,
)
from perflab.cli.output import (
    hand_over,
    notes,
    progress,
    table,
    tell,
    tell_interrupted,
    workload_line,
)
from perflab.cli.project import (
    Profile,
    Project,
    agree_to_backend,
    check_output_of,
    input_of,
    read_given,
)
from perflab.cli.service.reading import SERVICE, Asked, refuse_for_service
from perflab.cli.service.running import run_service
from perflab.units import in_words

if TYPE_CHECKING:
    from perflab.bench import AnyBench
    from perflab.lab.alerts import Alert
    from perflab.lab.live import LiveRun
    from perflab.lab.row import Row
    from perflab.lab.run import Run

_EXAMPLES = """\b
Examples:
  perflab run cache --set max_cache_size=2k --seconds 5
  perflab run cache --workload access.log --set ttl_seconds=10m --out run.json
  perflab run cache --set request_rate=2k --alert 'hit_rate<0.8 for 5s'
"""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        "run", short_help="Run the pattern; compare measured with predicted.", epilog=_EXAMPLES
    )(run)


def run(
    pattern: Pattern = None,
    workload: Workload = None,
    format_: Format = None,
    columns: Columns = None,
    log_format: LogFormat = None,
    time_unit: TimeUnit = None,
    separator: Separator = None,
    no_header: NoHeader = False,
    set_: Set = None,
    project: Project = None,
    profile: Profile = None,
    seconds: Annotated[
        str, typer.Option(metavar="N", help="Maximum duration: 10, 30s, 2m.")
    ] = "10",
    alert: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ALERT",
            autocompletion=completion.alerts,
            help="Tell when a metric crosses a value and holds there: 'hit_rate<0.8 for 5s'.",
        ),
    ] = None,
    fail_on_alert: Annotated[
        bool,
        typer.Option("--fail-on-alert", help="Exit with status 1 if an alert fired."),
    ] = False,
    scenario: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME[:at=5s,...]",
            help="With 'service': what really happens meanwhile: redis-down, deploy, traffic, "
            "slow-database, slow-call, key-version, crawler, or a name of the file; several happen "
            "together.",
            autocompletion=completion.scenarios,
        ),
    ] = None,
    out: Out = None,
    force: Force = False,
    as_json: Json = False,
    yes: Yes = False,
    show: ShowProgress = None,
) -> None:
    """Run a pattern for real and put what was measured beside what was predicted.

    A workload that is named goes through once, unless --set loop=on. Ctrl-C ends the run early,
    with what was measured until then and exit status 130.

    With 'service' in place of a pattern, run the service of a perflab.toml: its workers in
    processes, before servers of perflab's own.
    """
    if pattern == SERVICE:
        refuse_for_service({"--alert": alert, "--fail-on-alert": fail_on_alert, "--yes": yes})
        reading = reading_of(columns, log_format, time_unit, separator, no_header)
        source_ = (workload, format_, reading)
        asked = Asked(source_, set_, project, profile, out, show, as_json, force)
        if run_service(asked, scenario or (), parse_seconds(seconds, "--seconds")):
            raise typer.Exit(INTERRUPTED)
        return
    if scenario:
        raise typer.BadParameter("applies only to 'service'", param_hint="--scenario")
    if fail_on_alert and not alert:
        raise typer.BadParameter(
            "needs an alert; pass one with --alert", param_hint="--fail-on-alert"
        )
    from perflab.lab.outputs import check_outputs

    given = read_given(pattern, set_, project, profile)
    bench, settings = given.bench, given.settings
    reading = reading_of(columns, log_format, time_unit, separator, no_header)
    source = input_of(given, workload, format_, reading, yes=yes)
    check_output_of(out, source[0], given, force=force)
    checked, load = bench.read(settings)
    bench.live.check(checked, load)
    check_outputs(bench, checked, source[0], result=out, force=force)
    limit = parse_seconds(seconds, "--seconds")
    alerts = _read_alerts(bench, alert or (), limit)
    agree_to_backend(given, yes)
    agree(bench, settings, yes)
    loaded = read_workload(source[0], show, *source[1:], bench, settings)
    prepare_kernels(show, loaded)
    from perflab.lab.verbs import start_live

    live: LiveRun | None = None
    interrupted = False
    try:
        with _child_without_interrupts():
            live = start_live(
                bench.identity.pattern, loaded, settings, limit, alerts=alerts, force=force
            )
        result = _wait(live, limit, show)
    except KeyboardInterrupt:
        if live is None or not live.rows:
            raise KeyboardInterrupt(
                "interrupted before anything was measured; nothing was kept"
            ) from None
        interrupted = True
        result = live.stop()
    finally:
        if live is not None:
            live.close()
    hand_over(result, write_run, as_json=as_json, out=out, force=force)
    if interrupted:
        tell_interrupted(out)
        raise typer.Exit(INTERRUPTED)
    if fail_on_alert and any(found["fired"] for found in result.alerts):
        raise typer.Exit(BROKEN_LIMIT)


def write_run(result: Run) -> str:
    """Return a run as text for a terminal: measured beside predicted, alerts and notes."""
    from perflab.bench.registry import load_bench
    from perflab.instrumentation.catalog import metric
    from perflab.lab.bands import Bands
    from perflab.lab.history_in_words import FOLLOWED, NOT_FOLLOWED, is_changed, not_compared
    from perflab.units import counted

    bench = load_bench(result.pattern)
    measured = result.since_change or result.metrics
    bands, event = Bands.of_run(result), not_compared(bench, result.changes)
    heads = ("metric", "predicted before", "band", "refitted", "measured", "difference")
    rows = [heads]
    for name in bench.display.headline:
        info, real = metric(name), measured.get(name)
        if real is None:
            continue
        before, after = result.predicted.get(name), result.fitted.get(name)
        change = "" if before is None or event else info.difference(before, real)
        band = "" if before is None else bands.text(info, result.predicted)
        if before is not None and not event and bands.is_off(info, result.predicted, measured):
            change = f"{change}, beyond its band"
        shown = info.format(None) if before is None else bands.shown(info, result.predicted)
        told = (shown, band, info.format(after), info.format(real), change)
        rows.append((info.label, *told))
    last = result.snapshots.last
    seconds = last.seconds if last is not None else 0.0
    requests = int(result.metrics.get("requests", 0))
    took = metric("first_item_seconds").format(seconds)
    history = FOLLOWED if result.followed else NOT_FOLLOWED
    on = workload_line(result.workload, bench, (result.settings,))
    lines = [
        *_alerts(result, fired=True),
        *(f"Doubtful: {doubt}" for doubt in result.doubts),
        f"{bench.identity.title}, run on {on}",
        f"{counted(requests, 'request')} in {took}; ended: {result.ended}",
        "",
        *_which_is_off(result, bench),
        table(rows),
        "",
        *_alerts(result, fired=False),
        notes(
            (
                *result.workload.get("notes", ()),
                *((history,) if is_changed(result.changes) else ()),
                *(note for note in result.notes if note not in result.doubts),
                _provenance(result),
            )
        ),
    ]
    return "\n".join(lines)


def _read_alerts(bench: AnyBench, texts: Iterable[str], seconds: float) -> list[Alert]:
    """Return the alerts on a run of so many seconds.

    Raises:
        BadInputError: If one is not an alert, or could never fire.
    """
    from perflab.lab.alerts import alert_for, check_alerts

    alerts = [alert_for(bench, text) for text in texts]
    check_alerts(bench, alerts, seconds)
    return alerts


def _wait(live: LiveRun, seconds: float, show: bool | None) -> Run:
    """Wait for the end of a run, with a bar, and a line for each alert when it fires."""
    told: set[str] = set()
    with progress(live.bench.identity.pattern, " requests", show) as report:

        def tell_name() -> None:
            if "run" in live.about and "run" not in told:
                told.add("run")
                tell(f"run {live.about['run']}: all that it writes on your server has that name")

        def look(row: Row) -> None:
            tell_name()
            for alert in live.alerts:
                if alert["fired"] and alert["alert"] not in told:
                    told.add(alert["alert"])
                    tell(f"alert: {alert['alert']} at {in_words(alert['seconds'], 'seconds')}")
            if report is not None:
                share = max(row.seconds / seconds, 1e-6)
                report(row.requests, round(row.requests / min(share, 1)))

        result = live.wait(look)
        tell_name()  # a short run may be over before its first row is seen
        return result


@contextmanager
def _child_without_interrupts() -> Iterator[None]:
    """Start a child that Ctrl-C does not reach: a terminal sends it to children as well."""
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, blocked)


def _which_is_off(result: Run, bench: AnyBench) -> list[str]:
    """Return the sentence that says whether the model or the calibration is off, if any."""
    from perflab.lab.which_is_off import which_is_off_in

    said = which_is_off_in(result, bench)
    return [said, ""] if said else []


def _alerts(result: Run, *, fired: bool) -> list[str]:
    """Return a line for each alert that has fired, or for each that has not."""
    from perflab.instrumentation.catalog import metric
    from perflab.lab.alerts import why_unchecked

    lines = []
    for alert in result.alerts:
        if alert["fired"] != fired:
            continue
        if fired:
            value = metric(alert["metric"]).format(alert["value"])
            when = in_words(alert["seconds"], "seconds")
            lines.append(f"Alert: {alert['alert']} fired at {when} ({value})")
        else:
            why = why_unchecked(alert, result)
            said = f"was not checked: {why}" if why else "did not fire"
            lines.append(f"Alert: {alert['alert']} {said}")
    return lines


def _provenance(result: Run) -> str:
    from perflab.lab.calibration import Calibration

    source = Calibration.from_dict(result.calibration).describe()
    return f"predicted from {source}; refitted: predicted from what this run itself measured"
