"""Advice in words: the numbers that decided, first settings, and what is predicted at them."""

from __future__ import annotations

from perflab.bench.registry import load_bench
from perflab.instrumentation.catalog import METRICS, metric
from perflab.tuning.advice.first_settings import written
from perflab.tuning.advice.result import Advice, Suggestion
from perflab.units import grouped, in_words

_FACTS: tuple[tuple[str, str, str], ...] = (
    ("repeats", "share of requests that repeat", "ratio"),
    ("scan_share", "share of requests for a key that comes once", "ratio"),
    ("keys", "keys requested (working set)", ""),
    ("working_set_bytes", "bytes of the working set", "bytes"),
    ("reuse_distance_mean", "reuse distance, mean (keys)", ""),
    ("writes", "share of requests that change or remove data", "ratio"),
    ("source_seconds", "time of the source, mean", "seconds"),
    ("rate", "requests per second, mean", "1/s"),
    ("busiest_second", "requests in the busiest second", ""),
    ("concurrency_mean", "served at once, mean", ""),
    ("concurrency_peak", "served at once, at most", ""),
    ("data_bytes", "size of the data", "bytes"),
    ("memory", "free memory", "bytes"),
)
_MOST_PREDICTED = 4


def fact_rows(advice: Advice) -> list[tuple[str, str]]:
    """Return a label and a value for each number of the file that advice looks at."""
    rows = []
    for key, label, unit in _FACTS:
        value = advice.facts.get(key)
        if value is not None:
            whole = not unit and value == round(value)
            text = grouped(round(value)) if whole else in_words(value, unit)
            rows.append((label, text))
    return rows


def settings_words(suggestion: Suggestion) -> str:
    """Return first settings as they are typed, such as ``max_cache_size=3800``."""
    bench = load_bench(suggestion["pattern"])
    return ", ".join(
        f"{key}={written(bench, key, value)}" for key, value in suggestion["settings"].items()
    )


def predicted_words(suggestion: Suggestion) -> str:
    """Return the metrics that matter most at the first settings; empty where none are known."""
    bench = load_bench(suggestion["pattern"])
    found = suggestion["metrics"]
    names = dict.fromkeys((bench.tuning.objective.metric, *bench.display.headline))
    known = [name for name in names if found.get(name) is not None and name in METRICS]
    parts = [f"{metric(name).plain} {metric(name).format(found[name])}" for name in known]
    return ", ".join(parts[:_MOST_PREDICTED])
