"""What accesses are like: how many rows they ask for, and how often the next one."""

from __future__ import annotations

from typing import Any

import numpy as np

from perflab.units import counted, grouped, percent
from perflab.workloads.describe.once import found_once
from perflab.workloads.kinds.accesses import Accesses

DENSE = 100


def summary(accesses: Accesses) -> dict[str, Any]:
    """Return requests, rows, distinct rows, and how many requests ask for the next row."""
    return {
        "name": accesses.name,
        "fingerprint": accesses.fingerprint,
        "requests": len(accesses),
        "rows": accesses.n_rows,
        **_numbers(accesses),
    }


def facts(accesses: Accesses) -> list[str]:
    """Return requests, rows and how sequential they are, a few words each."""
    found = _numbers(accesses)
    said = [
        counted(len(accesses), "request"),
        f"{grouped(found['distinct_rows'])} of {counted(accesses.n_rows, 'row')}",
    ]
    if found["next_row_share"] is not None:
        said.append(f"{percent(found['next_row_share'])} ask for the next row")
    return said


@found_once
def _numbers(accesses: Accesses) -> dict[str, Any]:
    steps = np.diff(accesses.rows[:10_000_000].astype(np.int64, copy=False))
    if accesses.n_rows <= DENSE * len(accesses):
        seen = np.zeros(accesses.n_rows, bool)
        seen[accesses.rows] = True
        distinct = int(np.count_nonzero(seen))
    else:  # rows far apart, of which a table would be larger than memory
        distinct = len(np.unique(accesses.rows))
    return {
        "distinct_rows": distinct,
        "next_row_share": float(np.mean(steps == 1)) if len(steps) else None,
    }
