"""A summary by `pg_stat_statements`: calls and mean times, from which arrivals are drawn."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from perflab.errors import BadInputError
from perflab.units import counted, in_words
from perflab.workloads.importers.csv_heading import read_header
from perflab.workloads.importers.records import records
from perflab.workloads.importers.served import seconds_of
from perflab.workloads.importers.skipped import Skipped
from perflab.workloads.importers.source import Source
from perflab.workloads.kinds.arrivals import Arrivals

MEANS = ("mean_exec_time", "mean_time")
SPREADS = ("stddev_exec_time", "stddev_time")
MOST, LEAST, MOST_SPREAD = 1e12, 1e-6, 1e6
MOST_REQUESTS = 100_000
SEED = 0
ADVICE = (
    r"export it with \copy (select calls, mean_exec_time, stddev_exec_time, extract(epoch from "
    "now() - stats_since) as seconds from pg_stat_statements) to 'file.csv' csv header"
)


@dataclasses.dataclass(frozen=True, slots=True)
class _Statement:
    """One row: its calls a second, and mean and standard deviation of its seconds."""

    calls: int
    rate: float
    mean: float
    spread: float


def is_pg_stat_statements(names: Sequence[str]) -> bool:
    """Say whether these are columns of `pg_stat_statements`."""
    return "calls" in names and any(name in names for name in MEANS)


def read_pg_stat_statements(source: Source) -> Arrivals:
    """Draw Poisson arrivals at the statements' mean rates, with service times of their moments.

    The rate needs a column ``seconds`` (how long calls were counted), or ``stats_since``, which is
    taken up to the newest file time. A service time is lognormal with the mean and standard
    deviation of its statement. Statements that ran inside others (``toplevel``) are left out. A
    note says that all of it is drawn.

    Raises:
        BadInputError: If columns are missing, or most rows do not parse.
    """
    header, delimiter = read_header(source.head)
    names = [name.strip().lower() for name in header]
    if not is_pg_stat_statements(names) or not {"seconds", "stats_since"} & set(names):
        text = "has not the columns calls, mean_exec_time and seconds (or stats_since)"
        raise BadInputError(f"{text}; {ADVICE}", source.place)
    statements, inner = [], 0
    skipped = Skipped()
    rows = records(source, delimiter)
    next(rows, None)
    exported = source.path.stat().st_mtime
    total = 0
    for line, row in rows:
        total += 1
        try:
            values = dict(zip(names, row, strict=True))
            statement = _read_statement(values, exported)
        except (ValueError, OverflowError, KeyError):
            skipped.add(line, delimiter.join(row))
            continue
        # What ran inside another is in that one's time already, and no client requested it.
        if values.get("toplevel", "").strip().lower() in ("f", "false"):
            inner += statement.calls
        else:
            statements.append(statement)
    skipped.refuse_if_most(total, "rows of pg_stat_statements", ADVICE, source.place)
    statements = [each for each in statements if each.calls]
    if not statements:
        raise BadInputError(f"has no statement with calls; {ADVICE}", source.place)
    said = (
        f"left out: {counted(inner, 'call')} that ran inside other statements (toplevel is false)"
    )
    notes = (*skipped.notes(total, "rows"), *([said] if inner else []))
    return _draw(source.stem, statements, notes)


def _read_statement(values: Mapping[str, str], exported: float) -> _Statement:
    calls = int(values["calls"])
    mean = float(next(values[name] for name in MEANS if name in values)) / 1e3
    text = next((values[name] for name in SPREADS if values.get(name)), None)
    spread = mean if text is None else float(text) / 1e3
    if values.get("seconds"):
        seconds = float(values["seconds"])
    else:
        seconds = exported - seconds_of(values["stats_since"])
    known = all(0 <= number <= MOST for number in (calls, mean, spread))
    # Beyond that a lognormal time is nothing that anybody measured.
    if not known or not LEAST <= seconds <= MOST or spread > MOST_SPREAD * mean:
        raise ValueError(values)
    return _Statement(calls, calls / seconds, mean, spread)


def _draw(name: str, statements: Sequence[_Statement], notes: tuple[str, ...]) -> Arrivals:
    random = np.random.default_rng(SEED)
    rates = np.array([each.rate for each in statements])
    rate = float(rates.sum())
    calls = sum(each.calls for each in statements)
    requests = min(calls, MOST_REQUESTS)
    times = np.cumsum(random.standard_exponential(requests)) / rate
    which = random.choice(len(statements), requests, p=rates / rate)
    means = np.array([each.mean for each in statements])[which]
    spreads = np.array([each.spread for each in statements])[which]
    drawn = (
        f"drawn, not recorded: Poisson arrivals at {in_words(rate, '1/s')}, the mean rate of "
        f"{counted(calls, 'call')} of {counted(len(statements), 'statement')}, and lognormal "
        "service times of their means; bursts do not show"
    )
    return Arrivals(name, times, _lognormal(random, means, spreads), notes=(*notes, drawn))


def _lognormal(random: np.random.Generator, means: Any, spreads: Any) -> npt.NDArray[np.float64]:
    ratio = np.divide(spreads, means, out=np.zeros_like(means), where=means > 0)
    sigma = np.sqrt(np.log1p(ratio**2))
    return np.asarray(means * np.exp(sigma * random.standard_normal(len(means)) - sigma**2 / 2))
