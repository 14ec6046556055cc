"""The caching bench over a workload's own time: live keys and bytes by TTL."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from perflab.bench.model import Histories
from perflab.bench.over_time import OverTime
from perflab.bench.parts import TimeChart
from perflab.patterns.cache.charts import OVER_TIME
from perflab.patterns.cache.settings import CacheSettings
from perflab.settings import LoadSettings

if TYPE_CHECKING:
    from perflab.modelling.history import History
    from perflab.workloads.kinds.trace import Trace


def _charts_for(workload: Trace, load: LoadSettings) -> tuple[TimeChart, ...]:
    """Return live keys where requests have times, and live bytes where they have sizes too."""
    if workload.times is None and load.request_rate is None:
        return ()
    return OVER_TIME if workload.sizes is not None else OVER_TIME[:1]


def _values(workload: Trace, settings: CacheSettings, load: LoadSettings) -> list[float | None]:
    """Return the present TTL, two shorter ones and two longer ones."""
    from perflab.patterns.cache.axes import seconds_of, ttls_around

    return ttls_around(settings.ttl_seconds, seconds_of(workload, load.request_rate))


def _words(settings: CacheSettings, present: History) -> Sequence[str]:
    """Return how much lives at once at the present TTL, and if the cache holds it."""
    from perflab.patterns.cache.words import working_set_words

    return working_set_words(settings, present)


def _histories(workload: Trace) -> Histories:
    """Return what counts the live keys of a workload."""
    from perflab.patterns.cache.model.working_set_histories import ReplayedHistories

    return ReplayedHistories(workload)


WORKING_SET: OverTime[CacheSettings, Trace] = OverTime(
    charts=OVER_TIME,
    charts_for=_charts_for,
    values=_values,
    histories=_histories,
    words=_words,
    note="The hit rate is that of a cache that evicts nothing.",
)
