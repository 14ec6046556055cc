"""Details of runs: percentiles to p99.9, failures by kind, the keys and URLs requested most."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from perflab.bench import AnyBench
from perflab.instrumentation.catalog import METRICS, MetricInfo
from perflab.lab.run import Run
from perflab.reports.blocks import Cell, Column, Table, Tone
from perflab.reports.report_scope import AnyResult
from perflab.reports.tables import NOT_KNOWN
from perflab.units import grouped, percent

QUANTILES = ("p50", "p95", "p99", "p999")
_HEADS = {"p50": "p50", "p95": "p95", "p99": "p99", "p999": "p99.9"}
_QUANTILE = re.compile(rf"^(.+)_({'|'.join(QUANTILES)})$")
_FAILURES = frozenset(
    {
        *("errors", "timeouts", "retries", "refused", "rejected", "lost"),
        *("throttled", "fallbacks"),
    }
)
_MOST_KEY = 120
_MOST_KEYS = 20


def percentiles_table(bench: AnyBench, runs: Sequence[tuple[str, Run]]) -> Table | None:
    """Return p50 to p99.9 of each kind of time, as measured, predicted and refitted."""
    kinds = _kinds_of_time(bench)
    several = len(runs) > 1
    rows = []
    for label, run in runs:
        sources = {
            "measured": run.since_change or run.metrics,
            "predicted": run.predicted,
            "refitted": run.fitted,
        }
        for kind, infos in kinds.items():
            for source, values in sources.items():
                found = {q: values.get(info.name) for q, info in infos.items()}
                if all(value is None for value in found.values()):
                    continue
                of = f"{label}, " if several else ""
                cells = [Cell(f"{of}{kind}, {source}", f"{of}{kind}, {source}")]
                cells += [_cell(infos.get(q), found.get(q)) for q in QUANTILES]
                rows.append(tuple(cells))
    columns = (
        Column("time", "Time"),
        *(Column(q, _HEADS[q], numeric=True) for q in QUANTILES),
    )
    return Table("percentiles", "Percentiles", columns, tuple(rows)) if rows else None


def _kinds_of_time(bench: AnyBench) -> dict[str, dict[str, MetricInfo]]:
    """Return by kind of time, such as latency, the metric of each of its quantiles."""
    found: dict[str, dict[str, MetricInfo]] = {}
    for name, info in bench.known_metrics().items():
        match = _QUANTILE.match(name)
        if match is not None and info.unit == "seconds":
            kind = info.label.rpartition(",")[0] or match[1]
            found.setdefault(kind, {})[match[2]] = info
    return found


def failures_table(bench: AnyBench, runs: Sequence[tuple[str, Run]]) -> Table | None:
    """Return how many of each kind of failure there were, and their share of the requests."""
    infos = [
        info
        for name, info in bench.known_metrics().items()
        if _FAILURES & set(name.split("_"))
        and info.unit not in ("ratio", "seconds")
        and any(run.metrics.get(name) is not None for _, run in runs)
    ]
    if not infos:
        return None
    several = len(runs) > 1
    columns = [Column("kind", "Kind")]
    for label, _ in runs:
        key = label.replace(" ", "_")
        columns += [
            Column(f"{key}_count", label.capitalize() if several else "Count", numeric=True),
            Column(f"{key}_share", "Of requests", numeric=True),
        ]
    rows = []
    for info in infos:
        cells = [Cell(info.label, info.name)]
        for _, run in runs:
            cells += _count_and_share(info, run.metrics)
        rows.append(tuple(cells))
    return Table("failures", "Failures by kind", tuple(columns), tuple(rows))


def _count_and_share(info: MetricInfo, metrics: Mapping[str, float]) -> tuple[Cell, Cell]:
    count, requests = metrics.get(info.name), metrics.get("requests")
    if count is None:
        return NOT_KNOWN, NOT_KNOWN
    share = NOT_KNOWN
    if requests and info.unit in ("requests", "tries"):
        share = Cell(percent(count / requests), count / requests)
    return Cell(info.format(count), count, "worse" if count > 0 else ""), share


def requests_tables(results: Sequence[AnyResult]) -> list[Table]:
    """Return the keys or URLs that are requested most of each workload, where results tell them."""
    named: dict[str, AnyResult] = {}
    for result in results:
        named.setdefault(str(result.workload.get("fingerprint")), result)
    tables = []
    for number, result in enumerate(named.values(), 1):
        name = "requests" if len(named) == 1 else f"requests-{number}"
        table = _requests_table(result, name)
        tables += [] if table is None else [table]
    return tables


def urls_tables(runs: Sequence[tuple[str, Run]]) -> list[Table]:
    """Return, of each run that tells them, its URLs: requests, failures by kind and times."""
    return [
        _urls_table(run, "urls" if len(runs) == 1 else f"urls-{number}", label, len(runs) > 1)
        for number, (label, run) in enumerate(runs, 1)
        if run.by_url
    ]


def _urls_table(run: Run, name: str, label: str, several: bool) -> Table:
    rows = []
    for each in run.by_url[:_MOST_KEYS]:
        failures = each.get("failures") or {}
        failed = sum(failures.values())
        kinds = ", ".join(f"{grouped(n)} {kind.replace('_', ' ')}" for kind, n in failures.items())
        requests = each["requests"]
        tone: Tone = "worse" if failed else ""
        rows.append(
            (
                Cell(each["url"], each["url"]),
                Cell(grouped(requests), requests),
                Cell(grouped(failed), failed, tone),
                Cell(kinds or "none", kinds),
                _cell(METRICS["latency_seconds_p50"], each.get("latency_seconds_p50")),
                _cell(METRICS["latency_seconds_p95"], each.get("latency_seconds_p95")),
            )
        )
    columns = (
        Column("url", "URL"),
        Column("requests", "Requests", numeric=True),
        Column("failed", "Failed", numeric=True),
        Column("failures", "By kind"),
        Column("latency_seconds_p50", "p50", numeric=True),
        Column("latency_seconds_p95", "p95", numeric=True),
    )
    title = f"The {len(rows)} URLs requested most" if len(rows) > 1 else "The URL requested"
    note = (
        "All requests of the run, its warm-up included; queries are left out, and so are "
        "latencies of failures other than timeouts. 'perflab report --no-keys' leaves the table "
        "out."
    )
    if several:
        title = f"{title}, {label}"
    return Table(name, title, columns, tuple(rows), note, folded=len(rows) > _OPEN_ROWS)


def _requests_table(result: AnyResult, name: str) -> Table | None:
    summary = result.workload.get("summary") or {}
    most = summary.get("most_requested")
    if not most:
        return None
    total = summary.get("requests")
    rows = []
    for each in most[:_MOST_KEYS]:
        key, count = each["key"], each["requests"]
        short = key if len(key) <= _MOST_KEY else f"{key[:_MOST_KEY]}…"
        share = Cell(percent(count / total), count / total) if total else NOT_KNOWN
        rows.append((Cell(short, short), Cell(grouped(count), count), share))
    columns = (
        Column("key", "Key"),
        Column("requests", "Requests", numeric=True),
        Column("share", "Share", numeric=True),
    )
    title = f"The {len(rows)} keys requested most" if len(rows) > 1 else "The key requested most"
    note = "'perflab report --no-keys' leaves them out, should they be private."
    return Table(name, title, columns, tuple(rows), note, folded=len(rows) > _OPEN_ROWS)


_OPEN_ROWS = 5


def _cell(info: MetricInfo | None, value: float | None) -> Cell:
    if info is None or value is None or info.name not in METRICS:
        return NOT_KNOWN
    return Cell(info.format(value), value)
