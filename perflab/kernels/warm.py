"""Compile every kernel ahead, so that a first slider move does not wait for it."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
from numba.core import event

from perflab.kernels.chain.chain import chain
from perflab.kernels.chain.flights import Links
from perflab.kernels.chain.window_counts import window_counts
from perflab.kernels.counts import POLICIES, Requests, policy_counts, policy_flags, policy_hits
from perflab.kernels.curves.lru_bytes import lru_byte_distances
from perflab.kernels.curves.lru_curve import lru_curve, lru_curve_and_distances, lru_curve_up_to
from perflab.kernels.curves.lru_lifetimes import DatedRequests, lru_departures, lru_with_ttl
from perflab.kernels.curves.lru_operations import lru_curve_with, lru_references
from perflab.kernels.curves.working_set import working_set
from perflab.kernels.ids import GrowingIds, bounded_ids, dense_ids
from perflab.kernels.misses import misses_of
from perflab.kernels.operations import next_gets, resolved, settled
from perflab.kernels.policies.read_ahead import lru_read_ahead
from perflab.kernels.policies.redis_eviction import redis_eviction
from perflab.kernels.queueing.in_flight import in_flight
from perflab.kernels.queueing.joiners import joiners
from perflab.kernels.queueing.order import order_of
from perflab.kernels.queueing.pools import pooled_waits
from perflab.kernels.queueing.prefetch import prefetch
from perflab.kernels.queueing.shared_loads import shared_loads
from perflab.kernels.queueing.waits import queue_waits
from perflab.kernels.reuse import by_key, chunk_reuse, previous_and_next
from perflab.kernels.sampling.keys import by_count, key_counts, requests_of
from perflab.kernels.sampling.quantiles import quantiles_of, values_at
from perflab.kernels.sampling.thinning import thinned
from perflab.kernels.texts.json_spans import json_spans
from perflab.kernels.texts.logfmt_spans import logfmt_spans
from perflab.kernels.texts.span_values import moments_at, numbers_at, texts_at
from perflab.kernels.texts.spans import names_of

Compiled = Callable[[int, int, str], object]

_IDS = np.zeros(2, np.int32)
_PREVIOUS = np.array([-1, 0], np.int32)
_NEXT = np.array([1, 2], np.int32)
_REQUESTS = Requests(_IDS, 1, _PREVIOUS, _NEXT)
_TIMES, _SIZES = np.zeros(2), np.zeros(2, np.int64)
_NEVER = np.full(2, 2, np.int32)
_CODES = np.array([1, 4], np.uint8)
_DATED = DatedRequests(1, _IDS, _IDS, _TIMES, _TIMES, _SIZES, _TIMES)
_CALLS: dict[str, Callable[[], object]] = {
    "dense_ids": lambda: (dense_ids(_IDS), dense_ids(_NEXT[::-1]), dense_ids(_SIZES - 1)),
    "bounded_ids": lambda: bounded_ids(_IDS),
    "previous_and_next": lambda: previous_and_next(_IDS, 1),
    "lru_curve": lambda: lru_curve(_PREVIOUS),
    "lru_curve_and_distances": lambda: lru_curve_and_distances(_PREVIOUS),
    "lru_curve_up_to": lambda: lru_curve_up_to(_PREVIOUS, 1),
    "by_key": lambda: by_key(_IDS, 1),
    "lru_departures": lambda: lru_departures(_PREVIOUS, _NEXT, 1),
    "lru_with_ttl": lambda: lru_with_ttl(_DATED, lru_departures(_PREVIOUS, _NEXT, 1), 1),
    "lru_byte_distances": lambda: lru_byte_distances(_PREVIOUS, _IDS),
    "lru_curve_with": lambda: lru_curve_with(_IDS, 1, _CODES),
    "lru_references": lambda: lru_references(_IDS, 1, _CODES),
    "settled": lambda: settled(_IDS, 1, _CODES),
    "next_gets": lambda: next_gets(_IDS, 1, _CODES),
    "resolved": lambda: resolved(_IDS, 1, _CODES, _SIZES, _TIMES),
    "working_set": lambda: working_set(_IDS, 1, _IDS, 1.0, _IDS),
    "queue_waits": lambda: queue_waits(_IDS, _IDS, 1),
    "order_of": lambda: order_of(_TIMES),
    "pooled_waits": lambda: pooled_waits(_IDS, _IDS, _IDS, 1, 1),
    "in_flight": lambda: in_flight(_IDS, _IDS, 1),
    "chunk_reuse": lambda: (chunk_reuse(_IDS, 1, 1), chunk_reuse(_IDS.astype(np.int64), 1, 1)),
    "lru_read_ahead": lambda: lru_read_ahead(_IDS, 1, 1, 0),
    "joiners": lambda: joiners(_NEXT, 1.0, 1),
    "shared_loads": lambda: shared_loads(_IDS, 1, 1, 1, _TIMES, _TIMES),
    "prefetch": lambda: prefetch(_IDS, _IDS, _IDS, 1, 1),
    "redis_eviction": lambda: redis_eviction(_IDS, 1, "lru", 1, (1,)),
    "growing_ids": lambda: GrowingIds().add(_IDS),
    "key_counts": lambda: key_counts(_IDS, 1),
    "by_count": lambda: by_count(_IDS),
    "requests_of": lambda: requests_of(_IDS, (1,)),
    "thinned": lambda: thinned(_IDS, (0,), (0, 2), ((0.5,),)),
    "quantiles_of": lambda: quantiles_of(_IDS, (0.5,)),
    "values_at": lambda: values_at(_TIMES, (0, 1), _TIMES),
    "misses_of": lambda: misses_of(_TIMES > 0, _TIMES, _TIMES),
    "policy_flags": lambda: policy_flags("lru", _REQUESTS, 1),
    **{f"{policy}_hits": partial(policy_hits, policy, _REQUESTS, 1) for policy in POLICIES},
    **{
        f"{policy}_counts": partial(policy_counts, policy, _IDS, 1, 1)
        for policy, loops in POLICIES.items()
        if loops.bounded is not None
    },
}

_CALLS_WITH_OPERATIONS: dict[str, Callable[[], object]] = {
    "redis_eviction_operations": lambda: redis_eviction(_IDS, 1, "lru", 1, (1,), operations=_CODES),
    "working_set_operations": lambda: working_set(_IDS, 1, _IDS, 1.0, _IDS, operations=_CODES),
    "opt_hits_operations": partial(policy_hits, "opt", Requests(_IDS, 1, None, _NEVER, _CODES), 1),
    **{
        f"{policy}_hits_operations": partial(policy_counts, policy, _IDS, 1, 1, operations=_CODES)
        for policy, loops in POLICIES.items()
        if loops.operated is not None
    },
    **{
        f"{policy}_counts_operations": partial(
            policy_counts, policy, _IDS, 1, 1, max_bytes=1, operations=_CODES
        )
        for policy, loops in POLICIES.items()
        if loops.bounded is not None
    },
}
_TEXT, _NAMES = np.frombuffer(b"a=1\n", np.uint8), names_of([("a",)])[0]
_ENDS, _FLAGS = np.array([0, 4], np.int32), np.zeros(1, np.bool_)
_CALLS_OF_TEXTS: dict[str, Callable[[], object]] = {
    "json_spans": lambda: json_spans(_TEXT, _ENDS, _NAMES),
    "logfmt_spans": lambda: logfmt_spans(_TEXT, _ENDS, _NAMES, 0),
    "numbers_at": lambda: numbers_at(_TEXT, _ENDS[:1], _ENDS[1:]),
    "moments_at": lambda: moments_at(_TEXT, _ENDS[:1], _ENDS[1:]),
    "texts_at": lambda: texts_at(_TEXT, _ENDS[:1], _ENDS[1:], _FLAGS, _FLAGS),
}

_CALLS_OF_SERVICES: dict[str, Callable[[], object]] = {
    "chain": lambda: chain(_TIMES, _IDS, 1, _IDS, 1, _TIMES, Links()),
    "chain_with_stations": lambda: chain(
        *(_TIMES, _IDS, 1, _IDS, 1, _TIMES, Links(call_limit=1)), call_seconds=_TIMES
    ),
    "window_counts": lambda: window_counts(
        _TIMES, chain(_TIMES, _IDS, 1, _IDS, 1, _TIMES, Links()), _PREVIOUS
    ),
}

KERNELS = tuple(_CALLS)
"""What any workload may need."""
WITH_OPERATIONS = tuple(_CALLS_WITH_OPERATIONS)
"""What traces with operations need beside: loops of their own, so that the others stay as fast."""
OF_TEXTS = tuple(_CALLS_OF_TEXTS)
"""What reads long logs; compiled by the first of them."""
OF_SERVICES = tuple(_CALLS_OF_SERVICES)
"""What plays scenarios through a whole service; compiled by the first of them."""
_EVERY = {**_CALLS, **_CALLS_WITH_OPERATIONS, **_CALLS_OF_TEXTS, **_CALLS_OF_SERVICES}


def compile_all(
    progress: Compiled | None = None, names: Sequence[str] = KERNELS, processes: int = 2
) -> None:
    """Compile kernels, or load them from numba's cache; safe to call from any thread.

    Numba compiles one function at a time in a process. As soon as one was not in the cache, a
    second process begins at the other end, and what it stores there is found when they meet.

    Args:
        progress: Called with (done, total, name) before each kernel, and once with
            (total, total, "") after the last.
        names: Which of `KERNELS`, `WITH_OPERATIONS`, `OF_TEXTS` and `OF_SERVICES`.
        processes: At the most so many compile, this one and none or one more; one where this
            machine has a single processor.
    """
    alone = min(processes, os.cpu_count() or 1) < 2
    with contextlib.ExitStack() as helped:
        compiled = helped.enter_context(event.install_recorder("numba:compile"))
        for done, name in enumerate(names):
            if progress is not None:
                progress(done, len(names), name)
            _EVERY[name]()
            if compiled.buffer and not alone:
                alone = True
                with contextlib.suppress(OSError):
                    helped.enter_context(_compile_apart(names[:done:-1]))
    if progress is not None:
        progress(len(names), len(names), "")


def _compile_apart(names: Sequence[str]) -> subprocess.Popen[bytes]:
    # Modules are found where this process finds them, but for the working folder, whose files may
    # have a library's name: it is not asked first, and comes last where this package is in it.
    path = [*(entry for entry in sys.path if entry), str(Path(__file__).absolute().parents[2])]
    code = (
        f"import sys; sys.path[:] = {path!r}\n"
        f"from {__name__} import compile_all; compile_all(names={[*names]!r}, processes=1)"
    )
    nowhere = subprocess.DEVNULL
    return subprocess.Popen(  # noqa: S603  (this very module)
        [sys.executable, "-P", "-c", code], stdin=nowhere, stdout=nowhere, stderr=nowhere
    )
