"""From the rows of a run that is over to its result."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from perflab.bench.base import AnyBench
from perflab.errors import BadInputError
from perflab.lab.calibration import Calibration
from perflab.lab.documents import AboutWorkload, ReadingOptions, Summary, UrlCount
from perflab.lab.environment import environment
from perflab.lab.history_in_words import replay_notes
from perflab.lab.job import Ended
from perflab.lab.rows import Rows
from perflab.lab.run import Run
from perflab.settings import LoadSettings, Settings
from perflab.units import counted, in_words
from perflab.workloads.kinds.workload import Workload
from perflab.workloads.registry.kinds import describe

BRIEF_SECONDS = 0.5
THROUGH = "workload through"
_RENEWED = ("the next prediction is from the costs that this run has measured",)


def run_result(
    rows: Rows,
    calibration: Calibration,
    *,
    loop: bool,
    told: Ended,
    about: Mapping[str, str],
    renewed: bool = False,
    left: str | None = None,
) -> Run:
    """Return the result of a run that is over.

    The predictions are over the same requests as what was measured since the last change.

    Args:
        rows: What was measured.
        calibration: The costs that were known before.
        loop: Whether the workload began again at its end.
        told: What its child said at its end: why it ended; the first error of a request, if any
            failed, else what is wrong with the workload; and what the session recorded of each
            request, for the prediction from the run itself.
        about: What to know of the servers behind.
        renewed: Whether the calibration was renewed by it.
        left: What the run has left on a server of the user's, if so.
    """
    start = rows.changed or rows.warm
    costs = rows.own_costs(start)
    remarks = rows.model.predict(rows.settings, rows.load).remarks
    errors = int(rows.measured(None).get("errors", 0))
    notice = rows.bench.live.notice(rows.settings, rows.load)
    counted = f"{_requests(errors)} failed; first: " if errors else ""
    failed = (f"{counted}{told.note}",) if told.note else ()
    return Run(
        pattern=rows.bench.identity.pattern,
        workload=workload_summary(rows.workload),
        settings=plain_settings(rows.settings, rows.load),
        metrics=rows.measured(rows.warm),
        snapshots=rows.rows.copy(),
        changes=tuple(rows.changes),
        followed=rows.following.follows,
        since_change=rows.measured(start),
        predicted=rows.predict(calibration.costs, start),
        fitted=rows.predict({**costs, **told.records}, start),
        alerts=tuple(rows.watch.report()),
        calibration=calibration.to_dict(),
        costs=costs,
        histories=histories_around(rows.bench, rows.workload, rows.settings, rows.load),
        environment={**environment(), **({"servers": dict(about)} if about else {})},
        by_url=tuple(cast("UrlCount", dict(each)) for each in told.by_url),
        ended=told.reason,
        loop=loop,
        doubts=() if errors else failed,
        notes=(
            *remarks,
            *failed,
            *_fallen(rows),
            *_blind(rows),
            *_brief(rows, told.reason),
            *_overtaken(rows),
            *rows.remarks(start),
            *replay_notes(rows, rows.measured(None)),
            *(_RENEWED if renewed else ()),
            *(text for text in (notice, left) if text),
        ),
    )


def _fallen(rows: Rows) -> tuple[str, ...]:
    """Return that counters went down as levels do, whose differences mean nothing."""
    pattern = rows.bench.identity.pattern
    return tuple(
        f"the counter {name!r} of {pattern} goes down, but is not declared as a level: "
        "metrics that are made of it are wrong for a part of the run"
        for name in rows.undeclared_levels
    )


def _blind(rows: Rows) -> tuple[str, ...]:
    """Return which alerts could not fire, since the run measured nothing to compare."""
    return tuple(
        f"the alert {alert.text!r} could not fire: the run measured no {alert.condition.metric}"
        for alert in rows.watch.blind
    )


def _brief(rows: Rows, ended: str) -> tuple[str, ...]:
    """Return that a run was over before what is a rate, or of the process, could be measured."""
    last = rows.rows.last
    seconds = last.seconds if last is not None else 0.0
    if ended != THROUGH or seconds >= BRIEF_SECONDS:
        return ()
    short = f"the workload was through in {in_words(seconds, 'seconds')}, too short to measure"
    return (
        f"{short} throughput, memory or high percentiles; set loop=on, or take a longer workload",
    )


def _overtaken(rows: Rows) -> tuple[str, ...]:
    """Return that with several threads the operations of a trace may have overtaken each other."""
    if getattr(rows.workload, "operations", None) is None or rows.load.concurrency == 1:
        return ()
    text = (
        f"{counted(rows.load.concurrency, 'thread')} replayed the trace: operations that were "
        "under way at once may have overtaken each other; with concurrency=1 all are in the "
        "recorded order"
    )
    return (text,)


def _requests(count: int) -> str:
    return counted(count, "request")


def plain_settings(settings: Settings, load: LoadSettings) -> dict[str, object]:
    """Return all settings as results keep them: a backend function by its name, no secrets."""
    return {**settings.shown(), **load.shown(), "backend": load.backend_name}


def all_settings(bench: AnyBench, values: Mapping[str, object]) -> dict[str, object]:
    """Return the settings of a result, those that an older perflab did not have at their defaults.

    Where they are of another perflab, and cannot be read, they are as they are.
    """
    try:
        return plain_settings(*bench.read(values))
    except BadInputError:
        return dict(values)


def workload_summary(workload: Workload) -> AboutWorkload:
    """Return a workload's name, source and options to make it again, fingerprint and notes."""
    return {
        "name": workload.name,
        "source": workload.source,
        "options": cast("ReadingOptions", dict(workload.options)),
        "fingerprint": workload.fingerprint,
        "summary": cast("Summary", describe(workload)),
        "notes": list(workload.notes),
    }


def histories_around(
    bench: AnyBench, workload: object, settings: Settings, load: LoadSettings
) -> tuple[dict[str, object], ...]:
    """Return a history for each line of the bench's charts over time, as plain values.

    Where the workload is large, they are from a part of it; nothing where there is no such chart.
    """
    over_time = bench.over_time
    if over_time is None or not over_time.charts_for(workload, load):
        return ()
    asked = over_time.histories(workload)
    values = over_time.values(workload, settings, load)
    return tuple(asked.preview(value, load).to_dict() for value in values)
