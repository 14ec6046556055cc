"""How far the axes of the caching bench go on a workload, and which TTLs stand beside one."""

from __future__ import annotations

import math

from perflab.modelling.trace_facts import facts_of
from perflab.workloads.kinds.passes import pass_seconds
from perflab.workloads.kinds.trace import Trace

_LONGEST = 10 * 365 * 86400.0
_TENS = (1, 2, 5)
_ANCHORS = (
    *(digit * 10.0**power for power in (-3, -2, -1) for digit in _TENS),
    *(digit * unit for unit in (1.0, 60.0) for digit in (1, 2, 5, 10, 15, 30)),
    *(hours * 3600.0 for hours in (1, 2, 6, 12, 24, 48, 96, 168, 336, 720, 2160, 4320, 8760)),
)
"""Times that people write."""
_APART = 4.0
_BESIDE = 2
_ALIKE = 1.7


def seconds_of(trace: Trace, rate: float | None) -> float:
    """Return how long a trace takes, by its times or else at a rate; infinite where nothing says.

    Args:
        trace: The workload.
        rate: Requests per second, where the trace has no times.
    """
    if trace.times is not None:
        return pass_seconds(trace.times)
    return math.inf if rate is None else len(trace) / rate


def lifetimes(trace: Trace) -> tuple[float, float]:
    """Return from a hundredth of the mean time between requests for a key to the whole trace."""
    assert trace.times is not None  # noqa: S101  (asked for traces with times)
    whole = max(pass_seconds(trace.times), 1.0)
    between = whole * trace.n_keys / max(len(trace), 1)
    return max(min(between / 100, whole / 1000), 0.001), min(whole, _LONGEST)


def capacities(trace: Trace) -> tuple[float, float]:
    """Return from a thousandth of all keys' bytes, or the largest entry's, up to all of them."""
    size_of = facts_of(trace).key_sizes(trace)
    most = max(round(int(size_of.sum()) / trace.sample_rate), 2)
    return float(max(1, most // 1000, int(size_of.max(initial=0)))), float(most)


def ttls_around(ttl: float | None, whole: float) -> list[float | None]:
    """Return a TTL with two shorter and two longer ones, about four times apart, none last.

    Args:
        ttl: The present one; none has shorter ones only.
        whole: Seconds that the trace takes; a TTL as long is as good as none.
    """
    if ttl is None:
        if math.isinf(whole):
            return [None]
        wanted = [whole / _APART**step for step in range(1, 2 * _BESIDE + 1)]
        found: set[float] = {_anchor(each) for each in wanted if each >= _ANCHORS[0]}
        return [*sorted(found), None]
    wanted = [ttl * _APART**step for step in range(-_BESIDE, _BESIDE + 1) if step]
    near = {_anchor(each) for each in wanted if each >= _ANCHORS[0]}
    apart = {each for each in near if not 1 / _ALIKE < each / ttl < _ALIKE and each < whole}
    beyond: list[float | None] = [None] if max(wanted) >= whole else []
    return [*sorted({*apart, ttl}), *beyond]


def round_up(size: int, unit: str = "") -> int:
    """Return a size of two digits that people would write, not below the given one.

    Args:
        size: Of anything.
        unit: One in ``bytes`` is written in KiB, MiB and so on, of which it has the digits.
    """
    factor: int = 1024 ** max(0, (size.bit_length() - 1) // 10) if unit == "bytes" else 1
    step: int = 10 ** max(0, len(str(size // factor)) - 2)
    if factor > 1 and size < 10 * factor:
        return math.ceil(math.ceil(size * 10 / factor) * factor / 10)
    return -(-size // (step * factor)) * step * factor


def _anchor(seconds: float) -> float:
    return min(_ANCHORS, key=lambda each: abs(math.log(each / seconds)))
