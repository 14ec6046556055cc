"""What a user must know to read predictions of a cache."""

from __future__ import annotations

from perflab.patterns.cache.settings import CacheSettings
from perflab.settings import LoadSettings
from perflab.units import counted, format_quantity
from perflab.workloads.kinds.trace import Trace


def cache_remarks(
    trace: Trace, settings: CacheSettings, load: LoadSettings, most_held: int
) -> tuple[str, ...]:
    """Return which settings have no effect on a trace, or less than they seem to.

    Args:
        trace: The workload.
        settings: The cache's.
        load: The load's.
        most_held: The bytes of as many entries as `max_cache_size` lets it hold, about.
    """
    said = []
    timed = trace.times is not None or load.request_rate is not None
    if not timed and (settings.ttl_seconds is not None or trace.ttls is not None):
        said.append(
            "ttl_seconds has no effect: the trace has no times and request_rate is none; "
            "set request_rate to date its requests"
        )
    size, most, keys = settings.max_cache_size, settings.max_bytes, trace.n_keys
    if most is not None and trace.sizes is None:
        said.append("max_bytes has no effect: the trace has no sizes")
    elif most is not None and size < keys and most_held < most:
        said.append(
            f"max_cache_size bounds before max_bytes does: {counted(size, 'entry')}, about "
            f"{format_quantity(most_held, 'bytes')}; raise it to bound by bytes"
        )
    if size >= keys and most is None:
        every = f"all {counted(keys, 'key')}" if keys > 1 else "the only key"
        said.append(f"the cache holds {every} of the trace")
    return tuple(said)
