"""The client threads of a run: how many there are, and what it means where all are busy."""

from __future__ import annotations

from collections.abc import Sequence

from perflab.bench.session import Measured
from perflab.patterns.connection_pool.settings import ConnectionPoolSettings
from perflab.settings import LoadSettings
from perflab.units import counted, in_words, percent

_FEWEST, _MOST = 64, 512
_LATE_SECONDS = 0.001
_LATE_SHARE = 0.1
"""Asking later than both, of the mean wait, is told: less is the wake-up of a thread."""


def thread_count(settings: ConnectionPoolSettings, load: LoadSettings) -> int:
    """Return enough clients that an arrival rarely waits for one of them."""
    if load.concurrency > 1:
        return load.concurrency
    return min(_MOST, max(_FEWEST, 2 * settings.max_connections))


def late_clients(settings: ConnectionPoolSettings, measured: Measured) -> Sequence[str]:
    """Return that requests asked the pool late, as all clients were busy, if so.

    A wait counts from when a request was due. The timeout of a checkout counts from when the pool
    is asked, so that such a wait may be longer.
    """
    late, wait = measured.distributions.get("late"), measured.distributions.get("wait")
    if late is None or wait is None or not wait.count:
        return ()
    if late.mean < max(_LATE_SECONDS, _LATE_SHARE * wait.mean):
        return ()
    threads = thread_count(settings, measured.load)
    busy = f"as all {counted(threads, 'client thread')} were busy"
    told = f"requests asked the pool {in_words(late.mean, 'seconds')} late on average, {busy}"
    share = f"that is {percent(min(1.0, late.mean / wait.mean))} of the mean wait"
    if max(wait.mean, wait.quantile(0.95)) > settings.timeout:
        share += f", which the timeout of {in_words(settings.timeout, 'seconds')} does not count"
    advice = "set a lower load" if threads >= _MOST else "set a higher concurrency, or a lower load"
    return (f"{told}: {share}; {advice}",)
