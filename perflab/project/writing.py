"""`text_of`: a new `perflab.toml`, with what was answered and comments that say the rest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import tomlkit

from perflab.bench.base import AnyBench
from perflab.settings.load import PRICES

_SECTIONS = """\
# What commands here take from this file; options and PERFLAB_SET_<KEY> overrule it.
# 'perflab check BASELINE.json' holds these settings against a baseline.
"""
_PROFILE = """\
# What is other in a profile, chosen by --profile staging:
# [profile.staging.settings]
# KEY = VALUE
"""


def text_of(
    bench: AnyBench,
    workload: str | None,
    reading: Mapping[str, object],
    settings: Mapping[str, object],
    limits: Sequence[str],
    max_worse: Mapping[str, str],
) -> str:
    """Return the file.

    Args:
        bench: Whose settings.
        workload: A file's path from the folder of the new file, or a name with parameters.
        reading: How it is read: `READING`'s words, and ``columns``.
        settings: Of the pattern and of the load.
        limits: What must hold.
        max_worse: By metric, how much worse than the baseline it may be.
    """
    made = tomlkit.document()
    for line in _SECTIONS.splitlines():
        made.add(tomlkit.comment(line.removeprefix("# ")))
    made.add(tomlkit.nl())
    made["bench"] = bench.identity.pattern
    if workload is not None:
        made["workload"] = workload
    made.update({key: value for key, value in reading.items() if key != "columns"})
    if limits:
        made["limits"] = list(limits)
    prices = {key: value for key, value in settings.items() if key in PRICES}
    plain = {key: value for key, value in settings.items() if key not in PRICES}
    tables = (
        ("columns", reading.get("columns")),
        ("settings", plain),
        ("prices", prices),
        ("max_worse", max_worse),
    )
    for name, values in tables:
        if isinstance(values, Mapping) and (values or name == "settings"):
            table = tomlkit.table()
            for key, value in values.items():
                table.add(key, "none" if value is None else value)
                if name in ("settings", "prices"):
                    table[key].comment(bench.info(key).meaning.partition(";")[0].rstrip("."))
            made.add(name, table)
    made.add(tomlkit.nl())
    for line in _PROFILE.splitlines():
        made.add(tomlkit.comment(line.removeprefix("# ")))
    return tomlkit.dumps(made)
