"""`RunView`: a run of a service: latency by stage over time, what happened, and all numbers."""

from __future__ import annotations

import html
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import ipywidgets as widgets

from perflab.bench.registry import load_bench
from perflab.bench.stage import Place
from perflab.charts.service import PartsOverTime, parts_picture, run_line
from perflab.charts.style import COLOURS, QUIET
from perflab.instrumentation.catalog import metric
from perflab.panels.explained import titled
from perflab.panels.glossary import meaning, meaning_of
from perflab.panels.service.drawing import Drawing
from perflab.panels.service.numbers import lines_of
from perflab.panels.status import hidden_line, show_line
from perflab.service import Service
from perflab.service.live.parts import DELAY, mean_parts, order_of
from perflab.service.prediction import DATABASE
from perflab.units import counted, in_words, percent

if TYPE_CHECKING:
    from perflab.service.live.result import ServiceRun
    from perflab.service.live.watching import RunSoFar

_WHOLE = (
    *("latency_seconds_mean", "latency_seconds_p50", "latency_seconds_p95"),
    *("latency_seconds_p99", "errors"),
)
_OF_PLACE = {
    Place.PROCESS: ("hit_rate_process",),
    Place.SHARED: ("hit_rate_shared",),
    Place.POOL: ("wait_seconds_mean",),
}
_OF_DATABASE = ("database_per_second", "service_seconds_mean")
_COLUMNS = ("predicted before", "refitted", "measured", "difference")
_DELAY, _DATABASE, _BACKEND = "Delay of threads", "Database", "Backend"
_EMPTY = (
    "No run yet. Run starts the workers as processes, before a Valkey (or Redis) and a PostgreSQL "
    "of perflab's own."
)
_NOTHING = "No result: the run was stopped before any request was done, or it failed."

_MOST_DELAY = 0.25
"""A larger share of the latency is said before all numbers."""


class RunView:
    """Shows the run that is going, or the last one.

    Attributes:
        parts: The picture of each stage's share of the latency over time.
        line: The picture of load, latency and failures over time; once the run is over.
        table: Predicted, refitted and measured for each stage and the whole; likewise.
    """

    def __init__(self) -> None:
        self.parts: Drawing[PartsOverTime] = Drawing(parts_picture)
        self.line: Drawing[ServiceRun] = Drawing(run_line)
        self.table = hidden_line("perflab-numbers")
        self._events = hidden_line("perflab-events")
        self._head = widgets.HTML(_said(_EMPTY))
        pictured = [*self.parts.pictured, *self.line.pictured]
        self.widget = widgets.VBox([self._head, *pictured, self._events, self.table])

    def begin(self) -> None:
        """Empty it, for a run that begins."""
        self.parts.show(None)
        self.line.show(None)
        for line in (self._events, self.table):
            show_line(line, "")
        self._head.value = _said("The run is starting.")

    def clear(self) -> None:
        """Show no run."""
        self.begin()
        self._head.value = _said(_EMPTY)

    def say_nothing(self) -> None:
        """Show that the last run has left nothing."""
        self.begin()
        self._head.value = _said(_NOTHING)

    def follow(self, service: Service, so_far: RunSoFar) -> None:
        """Show a run that is going."""
        shown = _over_time(service, so_far.ends, so_far.parts, so_far.predicted)
        self.parts.show(shown)
        lost = f", {counted(so_far.failures, 'failure')}" if so_far.failures else ""
        said = (
            f"{in_words(so_far.seconds, 'seconds')} of {in_words(so_far.whole, 'seconds')}: "
            f"{counted(so_far.requests, 'request')}{lost}. The table comes at the end."
        )
        self._head.value = _said(said)

    def show(self, run: ServiceRun) -> None:
        """Show a run that is over."""
        service = Service.from_mapping(run.settings)
        ends = run.windows["ends"]
        self.parts.show(_over_time(service, ends, run.parts, run.predicted_parts))
        self.line.show(run)
        what = f"with {run.scenario}" if run.scenario else "without a scenario"
        requests = counted(int(run.metrics["requests"]), "request")
        head = f"{requests} in {in_words(run.seconds, 'seconds')}, {what}."
        servers = [f"{name}: {about}" for name, about in run.servers.items()]
        remarks = lines_of([*servers, *run.remarks], "perflab-line")
        self._head.value = f"{_said(head)}{_trust(run)}"
        show_line(self.table, f"{run_table(run)}{remarks}")
        show_line(self._events, _events(run))


def _said(text: str) -> str:
    return f"<div class='perflab-line'>{html.escape(text)}</div>"


def _trust(run: ServiceRun) -> str:
    """Return what a reader must know before the numbers: where this machine itself was too slow."""
    mean = mean_parts(run.parts, run.windows["requests"])
    total = sum(mean.values())
    late = mean.get(DELAY, 0.0) / total if total > 0 else 0.0
    if late < _MOST_DELAY:
        return ""
    text = (
        f"{percent(late)} of the measured latency is delay of threads: this machine does not carry "
        "so many requests, and its latencies are not those of the service. Lower request_rate or "
        "the number of workers."
    )
    return f"<div class='perflab-line'><b>{html.escape(text)}</b></div>"


def run_table(run: ServiceRun) -> str:
    """Return predicted, refitted and measured for the whole and each stage, as HTML."""
    service = Service.from_mapping(run.settings)
    heads = "".join(f"<th scope='col'{titled(meaning(each))}>{each}</th>" for each in _COLUMNS)
    body = [_heading("Service"), *(_row(name, run) for name in _WHOLE)]
    means = [
        mean_parts(parts, run.windows["requests"])
        for parts in (run.predicted_parts, run.fitted_parts, run.parts)
    ]
    for name, title, metrics in _stages(service):
        body += [_heading(title), *(_row(each, run) for each in metrics)]
        if any(name in mean for mean in means):
            body.append(_adds([mean.get(name) for mean in means]))
            body.append(_shares(name, means))
    return (
        "<div class='perflab-scroll'><table class='perflab-table perflab-of-stages' "
        "aria-label='Predicted, refitted and measured'>"
        f"<thead><tr><td></td>{heads}</tr></thead><tbody>{''.join(body)}</tbody></table></div>"
    )


def _stages(service: Service) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Yield each part of the latency with its title and its own metrics."""
    yield DELAY, _DELAY, ()
    for stage in service.stages:
        title = load_bench(stage.bench).identity.title
        yield stage.bench, title, _OF_PLACE.get(stage.place, ())
    yield DATABASE, _BACKEND if service.pool is None else _DATABASE, _OF_DATABASE


def _heading(title: str) -> str:
    return (
        f"<tr><th scope='rowgroup' colspan='{len(_COLUMNS) + 1}' class='perflab-group'>"
        f"{html.escape(title)}</th></tr>"
    )


def _row(name: str, run: ServiceRun) -> str:
    info = metric(name)
    values = [found.get(name) for found in (run.predicted, run.fitted, run.metrics)]
    if values[-1] is None:
        return ""
    off = "" if values[0] is None else info.difference(values[0], values[-1])
    return _cells(info.label, meaning_of(info), [*(info.format(each) for each in values), off])


def _adds(values: list[float | None]) -> str:
    info = metric("latency_seconds_mean")
    off = ""
    if values[0] and values[-1] is not None:
        off = info.difference(values[0], values[-1])
    texts = ["" if each is None else info.format(each) for each in values]
    return _cells("adds on average", meaning("share of latency"), [*texts, off])


def _shares(name: str, means: list[dict[str, float]]) -> str:
    texts = []
    for mean in means:
        total = sum(mean.values())
        texts.append(percent(mean[name] / total) if name in mean and total > 0 else "")
    return _cells("share of latency", meaning("share of latency"), [*texts, ""])


def _cells(label: str, help_text: str, texts: list[str]) -> str:
    tds = "".join(f"<td>{html.escape(text) or '&ndash;'}</td>" for text in texts)
    return f"<tr><th scope='row'{titled(help_text)}>{html.escape(label)}</th>{tds}</tr>"


def _over_time(
    service: Service,
    ends: list[float],
    measured: Mapping[str, list[float]],
    predicted: Mapping[str, list[float]],
) -> PartsOverTime:
    """Return the parts with the names and colours that the chain has."""
    names = [stage.bench for stage in service.stages]
    titles = {name: load_bench(name).identity.title for name in names}
    known = {DELAY: _DELAY, **titles, DATABASE: _DATABASE}
    order = order_of(names)
    order = order if service.pool is not None else order[:-1]
    stages = {name: COLOURS[n % len(COLOURS)] for n, name in enumerate([*names, DATABASE])}
    colours = [stages.get(name, QUIET) for name in order]
    return PartsOverTime(ends, measured, predicted, {each: known[each] for each in order}, colours)


def _events(run: ServiceRun) -> str:
    if not run.events:
        return ""
    lines = "".join(
        f"<li><span class='perflab-unit'>{html.escape(in_words(event['seconds'], 'seconds'))}"
        f"</span> {html.escape(event['words'])}</li>"
        for event in run.events
    )
    return (
        f"<div class='perflab-line'><b{titled(meaning('event'))}>Events</b></div><ul>{lines}</ul>"
    )
