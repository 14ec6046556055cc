"""What a trace is like, in numbers, and what would mislead whoever tunes on it."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from perflab.errors import shown
from perflab.errors.addresses import without_secrets
from perflab.units import counted, grouped, in_words, percent, rounded
from perflab.workloads.describe.once import found_once
from perflab.workloads.describe.rates import longest_gap_share, rate_facts
from perflab.workloads.describe.reuse import reuse_quantiles
from perflab.workloads.kinds.trace import Trace
from perflab.workloads.kinds.workload import KEY_DOUBT

SHORT = 10_000
ONE_HIT_SHARE = 0.9
SURE_COUNT = 10
SURE_RANKS = 5
GAP_SHARE = 0.5
# Below, loading numba takes longer; above, NumPy copies all ids to 64 bits.
NUMBA_PAYS_FROM = 4_000_000
SLOPE_POINTS = 200
MOST_NAMED = 20
LONGEST_KEY = 200


@found_once
def summary(trace: Trace) -> dict[str, Any]:
    """Return requests, keys, reuse, skew, time and bytes of a trace, by name and unit.

    Values that the trace cannot tell are None: a duration without times, bytes without sizes.
    ``operations`` counts rows by what they do, where they are not all reads; all else is of the
    reads. Distances and counts of a sample are those of the sample; what it lets expect of all
    keys stands beside, and is None where the trace holds all of them, or knows it.
    """
    whole, trace = trace, _reads(trace)
    counts = key_counts(trace)
    duration = None if trace.times is None else float(trace.times[-1] - trace.times[0])
    return {
        "name": trace.name,
        "fingerprint": whole.fingerprint,
        "requests": len(trace),
        "operations": _operations(whole),
        "distinct_keys": len(counts),
        "one_hit_wonders": int(np.count_nonzero(counts == 1)),
        "skew": skew(counts),
        **reuse_quantiles(trace),
        "duration_seconds": duration,
        "requests_per_second": len(trace) / duration if duration else None,
        **rate_facts(trace.times),
        "total_bytes": None if trace.sizes is None else int(trace.sizes.sum()),
        "distinct_bytes": None if trace.sizes is None else _distinct_bytes(trace),
        "has_times": trace.times is not None,
        "has_sizes": trace.sizes is not None,
        "has_ttls": trace.ttls is not None,
        **_backend_facts(trace),
        "sample_rate": trace.sample_rate,
        "all_requests": trace.all_requests,
        **_estimates(trace, len(counts), duration),
        "most_requested": most_requested(trace),
    }


def most_requested(trace: Trace, most: int = MOST_NAMED) -> list[dict[str, Any]]:
    """Return the keys with the most requests, as ``key`` and ``requests``, most often first.

    Keys with as many requests are in the order in which they came first. A long key is cut.
    """
    counts = _count(trace)
    first = np.argpartition(counts, -most)[-most:] if len(counts) > most else np.arange(len(counts))
    least = counts[first].min()
    # All that are equal to the last one, so that which of them is named is not chance.
    candidates = np.flatnonzero(counts >= max(least, 1))
    order = candidates[np.argsort(-counts[candidates], kind="stable")][:most]
    return [{"key": _named_key(trace, int(n)), "requests": int(counts[n])} for n in order]


def _named_key(trace: Trace, number: int) -> str:
    key = str(number if trace.keys is None else trace.keys[number])
    return without_secrets(shown(key if len(key) <= LONGEST_KEY else f"{key[:LONGEST_KEY]}…"))


def facts(trace: Trace) -> list[str]:
    """Return requests, keys, how often those come, and times, a few words each."""
    operations, trace = _operations(trace) or {}, _reads(trace)
    counts = key_counts(trace)
    others = [f"{name} {grouped(count)}" for name, count in operations.items() if name != "get"]
    said = [counted(len(trace), "read" if others else "request")]
    if others:
        said.append(f"other operations: {', '.join(others)}")
    said.append(counted(len(counts), "distinct key"))
    once = int(np.count_nonzero(counts == 1))
    if once:
        said.append(f"{percent(once / len(counts))} of them asked once")
    slope = skew(counts)
    if slope is not None:
        said.append(f"skew {rounded(slope)}")
    if trace.sample_rate < 1:
        keys = round(len(counts) / trace.sample_rate)
        said.append(f"a sample of {percent(trace.sample_rate)} of the keys")
        about = "" if trace.all_requests is None else "about "
        said.append(f"in all {_requests_of_all(trace)} requests for {about}{counted(keys, 'key')}")
    backend = _backend_facts(trace)
    if backend["backend_seconds_mean"] is not None:
        mean = in_words(backend["backend_seconds_mean"], "seconds")
        said.append(f"backend times of {percent(backend['backend_known_share'])}, mean {mean}")
    if trace.times is None:
        return [*said, "without times"]
    span = float(trace.times[-1] - trace.times[0])
    return [*said, f"with times over {in_words(span, 'seconds')}"]


def key_counts(trace: Trace) -> npt.NDArray[np.int64]:
    """Return how often each key is requested, most often first; keys never requested left out."""
    counts = _count(trace)
    return np.sort(counts[counts > 0])[::-1]


def _count(trace: Trace) -> npt.NDArray[np.int64]:
    """Return the requests of each id."""
    if len(trace) < NUMBA_PAYS_FROM:
        return np.bincount(trace.ids, minlength=1)
    from perflab.kernels.sampling.keys import key_counts as count_keys  # loads numba

    return count_keys(trace.ids, trace.n_keys).astype(np.int64)


def skew(counts: npt.NDArray[np.int64]) -> float | None:
    """Return the Zipf exponent: the falling slope of log count over log rank.

    Least squares over ranks spread evenly on the log scale, down to keys of 10 requests, since
    the order of rarer keys is chance. None where fewer than 5 keys have as many.

    Args:
        counts: Requests a key, most often first.
    """
    sure = int(np.count_nonzero(counts >= SURE_COUNT))
    if sure < SURE_RANKS:
        return None
    ranks = np.unique(np.geomspace(1, sure, SLOPE_POINTS).astype(np.int64))
    slope = np.polyfit(np.log(ranks), np.log(counts[ranks - 1]), 1)[0]
    return round(max(0.0, -float(slope)), 3)


def remarks(trace: Trace) -> list[str]:
    """Return what would mislead whoever tunes on this trace, a sentence each; mostly none."""
    trace = _reads(trace)
    requests = len(trace)
    counts = key_counts(trace)
    once = int(np.count_nonzero(counts == 1))
    said = []
    if requests < SHORT:
        said.append(
            f"only {counted(requests, 'request')}: most hits and misses are those of a cache that "
            f"is still filling; {grouped(SHORT)} or more say what a steady cache does"
        )
    doubted = any(note.endswith(KEY_DOUBT) for note in trace.notes)
    if len(counts) == requests and not doubted:
        said.append("no key comes twice: no cache of any size has a hit")
    elif len(counts) == 1 and not doubted:
        said.append("all requests are for one key: any cache hits all but the first")
    elif ONE_HIT_SHARE * len(counts) < once < requests:
        best = 1 - len(counts) / requests
        said.append(
            f"{percent(once / len(counts))} of the keys come once: the hit rate cannot exceed "
            f"{percent(best)}"
        )
    if trace.times is not None and requests > 1 and trace.times[-1] == trace.times[0]:
        said.append("all requests have the same time: a TTL has no effect on them")
    gap = longest_gap_share(trace.times)
    if gap > GAP_SHARE and requests > SURE_COUNT:
        said.append(
            f"one gap covers {percent(gap)} of the trace: rates and TTLs across it are misleading; "
            "split the trace there"
        )
    if trace.sample_rate < 1:
        chance = "whether the keys requested most are in it is chance, which the error counts in"
        if trace.all_requests is not None:
            chance = "as those are known, it matters little whether the most popular keys are in it"
        said.append(
            f"it holds {percent(trace.sample_rate)} of the keys: what-if answers and settings are "
            f"of all of them, in all {_requests_of_all(trace)} requests; {chance}"
        )
    return said


def _reads(trace: Trace) -> Trace:
    """Return the reads of a trace; a window may hold none, and is itself then."""
    return trace.reads_only() if trace.reads else trace


def _operations(trace: Trace) -> dict[str, int] | None:
    if trace.operations is None:
        return None
    return {code.name.lower(): count for code, count in trace.operation_counts.items()}


def _requests_of_all(trace: Trace) -> str:
    about = "about " if trace.all_requests is None else ""
    return f"{about}{grouped(trace.requests_of_all)}"


def _estimates(trace: Trace, keys: int, duration: float | None) -> dict[str, Any]:
    """Return requests, keys, pace and bytes of the whole that a sample of its keys tells of."""
    names = ("requests", "distinct_keys", "requests_per_second", "distinct_bytes")
    if trace.sample_rate >= 1:
        return dict.fromkeys(f"estimated_{name}" for name in names)
    requests = trace.requests_of_all
    sized = None if trace.sizes is None else round(_distinct_bytes(trace) / trace.sample_rate)
    rate = requests / duration if duration else None
    told = None if trace.all_requests is not None else requests
    values = (told, round(keys / trace.sample_rate), rate, sized)
    return {f"estimated_{name}": value for name, value in zip(names, values, strict=True)}


def _backend_facts(trace: Trace) -> dict[str, Any]:
    """Return the mean of the backend's times, and of how many of the requests one is known."""
    seconds = trace.backend_seconds
    known = 0 if seconds is None else int(np.count_nonzero(~np.isnan(seconds)))
    if seconds is None or not known:
        return {"backend_seconds_mean": None, "backend_known_share": None}
    mean = float(np.nansum(seconds)) / known
    return {"backend_seconds_mean": mean, "backend_known_share": known / len(trace)}


def _distinct_bytes(trace: Trace) -> int:
    assert trace.sizes is not None  # noqa: S101 - the caller has looked
    last = np.zeros(trace.n_keys, np.int64)
    last[trace.ids] = trace.sizes
    return int(last.sum())
