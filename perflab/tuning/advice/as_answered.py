"""`as_answered`: a workload with the rate, the times and the sizes that somebody answered."""

from __future__ import annotations

import dataclasses
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from perflab.bench.questions import Answers
from perflab.units import in_words, times
from perflab.workloads.describe.traces import summary
from perflab.workloads.kinds.arrivals import Arrivals
from perflab.workloads.kinds.trace import Trace

Floats = npt.NDArray[np.float64]

_KEYS = ("rate", "source_seconds", "value_bytes")
_MOST_BYTES = 2**61
"""All answers together; no memory has room for a part of it either."""


class Answered(NamedTuple):
    """A workload in which answers count before what its file tells.

    Attributes:
        trace: The requests by key, if it has keys.
        arrivals: When requests come, if that is known.
        notes: What was changed, a sentence each.
        sized: Whether each request has the answered size.
        served: Whether the times of the backend are scaled to the answered mean.
    """

    trace: Trace | None
    arrivals: Arrivals | None
    notes: tuple[str, ...] = ()
    sized: bool = False
    served: bool = False


def as_answered(trace: Trace | None, arrivals: Arrivals | None, answers: Answers) -> Answered:
    """Return a workload as it would be with what was answered.

    Requests keep their order and bursts at another rate, and times of the backend their spread
    at another mean; an answered size is that of each request.

    Args:
        trace: The requests by key, if there are keys.
        arrivals: When requests come, if that is known.
        answers: By the key of the question.
    """
    rate, seconds, size = (_number(answers, key) for key in _KEYS)
    notes, sized, served = [], False, False
    if trace is not None and trace.times is not None and rate is not None:
        later = _at_rate(trace, trace.times, rate)
        trace = dataclasses.replace(trace, times=later, check=False)
    if arrivals is not None and rate is not None:
        often = times(rate / arrivals.rate)
        notes.append(f"at {in_words(rate, '1/s')}, requests come {often} as often")
        arrivals = arrivals.at_rate(rate)
    if trace is not None and size is not None:
        notes.append(f"each answer takes {in_words(size, 'bytes')}")
        sized, each = True, min(size, _MOST_BYTES // len(trace))
        trace = dataclasses.replace(trace, sizes=np.full(len(trace), round(each), np.int64))
    if trace is not None and seconds is not None and trace.backend_seconds is not None:
        known = _scaled(trace.backend_seconds, seconds)
        trace = dataclasses.replace(trace, backend_seconds=known, check=False)
    if arrivals is not None and seconds is not None and arrivals.durations is not None:
        notes.append(f"times of the source are scaled to a mean of {in_words(seconds, 'seconds')}")
        served, durations = True, _scaled(arrivals.durations, seconds)
        arrivals = dataclasses.replace(arrivals, durations=durations, check=False)
    return Answered(trace, arrivals, tuple(f"as answered, {each}" for each in notes), sized, served)


def _number(answers: Answers, key: str) -> float | None:
    value = answers.get(key)
    return None if value is None or isinstance(value, str) else float(value)


def _at_rate(trace: Trace, moments: Floats, rate: float) -> Floats:
    """Return the moments at which requests come where those for all keys have another rate."""
    found = summary(trace)
    own = found["estimated_requests_per_second"] or found["requests_per_second"] or 0.0
    return moments[0] + (moments - moments[0]) * float(own / rate) if own else moments


def _scaled(seconds: Floats, mean: float) -> Floats:
    """Return times with another mean; those that are not known stay so."""
    known = np.isfinite(seconds)
    now = float(seconds[known].mean()) if known.any() else 0.0
    return seconds * (mean / now) if now > 0 else np.where(known, mean, seconds)
