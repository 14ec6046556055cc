"""A gate's conditions and settings in words, for each way to write them."""

from __future__ import annotations

from perflab.bench.registry import load_bench
from perflab.instrumentation.catalog import metric
from perflab.tuning.check.document import Check, Condition

HEADS = ("Metric", "Baseline", "Now", "Change", "99 % interval")


def row_of(condition: Condition) -> tuple[str, ...]:
    """Return metric, baseline, now, change and interval; empty where there is none."""
    info = metric(condition["metric"])
    before, after = condition["before"], condition["after"]
    return (
        info.label,
        "" if before is None else info.format(before),
        "" if after is None else info.format(after),
        condition["change"],
        condition["interval"],
    )


def settings_of(check: Check) -> list[tuple[str, str, str, str]]:
    """Return key, value in the baseline, value now and where that was given, where they differ."""
    bench = load_bench(check.pattern)
    return [
        (
            key,
            bench.info(key).title(check.before.get(key)),
            bench.info(key).title(check.settings.get(key)),
            str(check.sources.get(key, "")),
        )
        for key in check.changed
    ]
