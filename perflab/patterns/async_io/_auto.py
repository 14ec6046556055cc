"""`GradientLimit`: a concurrency limit that finds itself by the latency it causes."""

from __future__ import annotations

import math
import statistics

from perflab.patterns.async_io.settings import AUTO_TOLERANCE

WINDOW_SECONDS = 0.1
_FEWEST_SAMPLES = 8
_SMOOTHING = 0.5
_STEEPEST = 0.5
_BACK_OFF = 0.9
_PROBE_SECONDS = 10.0
_FIRST_PROBE_SECONDS = 1.0
_SHORTEST_PROBE = 0.5
_PROBE_TURNS = 10.0
_START_GROWTH = 1.5


class GradientLimit:
    """The gradient algorithm of Netflix's concurrency-limits (``GradientLimit.java``, 2018).

    After each window the limit becomes ``limit * gradient + sqrt(limit)``, where the gradient is
    the latency with nothing queued, by that of the window, within 0.5 and 1: beyond the server's
    capacity latency grows with the limit, and the limit settles where what queues there is about
    its square root. Latencies are medians, so that single stalls do not count; the one with
    nothing queued is the least of any window, measured anew at a low limit after 1 s and then
    every 10 s (the probe). Before the first sign of queueing the limit grows by half a window, as
    TCP's slow start does. A window in which the server had too much to do (429, 503, timeouts)
    lowers it by a tenth.

    Args:
        start: The first limit.
        most: The highest limit.
        now: The time in seconds.

    Attributes:
        limit: What holds now.
        no_load_seconds: The latency with nothing queued; NaN before it is known.
    """

    def __init__(self, start: int, most: int, now: float) -> None:
        self.limit = min(start, most)
        self.most = most
        self.no_load_seconds = math.nan
        self._estimate = float(self.limit)
        self._samples: list[float] = []
        self._highest = 0
        self._overloads = 0
        self._window_end = now + WINDOW_SECONDS
        self._begun_after = now
        self._probe_at = now + _FIRST_PROBE_SECONDS
        self._probing = False
        self._probe_until = 0.0
        self._known = math.nan
        self._starting = True

    def note(self, begun: float, now: float, in_flight: int, *, overload: bool, ok: bool) -> bool:
        """Take note of a try that is over; return whether the limit has changed.

        Args:
            begun: When it was sent.
            now: When it ended.
            in_flight: How many were in flight, itself included.
            overload: Whether it says that the server has too much to do.
            ok: Whether it was answered, so that its latency counts.
        """
        if self._probing and now >= self._probe_until:
            return self._give_up_probe(now)
        if begun < self._begun_after:
            return False  # it was sent under an earlier limit
        self._highest = max(self._highest, in_flight)
        if overload:
            self._overloads += 1
        elif ok:
            self._samples.append(now - begun)
        seen = len(self._samples) + self._overloads
        if now < self._window_end or seen < _FEWEST_SAMPLES:
            return False
        before = self.limit
        self._close_window(now)
        return self.limit != before

    def _close_window(self, now: float) -> None:
        if self._overloads * 10 > len(self._samples):
            self._starting = False
            self._estimate = max(1.0, self._estimate * _BACK_OFF)
        elif self._samples:
            self._move(statistics.median(self._samples))
        if self._probing:
            self._probing = False
            self._probe_at = now + _PROBE_SECONDS
            self.limit = self._rounded()
        elif now >= self._probe_at:
            self._probing = True
            self._known = self.no_load_seconds
            self._probe_until = now + max(_SHORTEST_PROBE, _PROBE_TURNS * self._known)
            self.no_load_seconds = math.nan
            self.limit = max(1, math.isqrt(round(self._estimate)))
        else:
            self.limit = self._rounded()
        self._begin_window(now)

    def _give_up_probe(self, now: float) -> bool:
        """Go back to the limit before: stalled requests hold the few places of the probe."""
        self.no_load_seconds = self._known
        self._begin_window(now)
        self._probing = False
        self._probe_at = now + _PROBE_SECONDS
        before, self.limit = self.limit, self._rounded()
        return self.limit != before

    def _begin_window(self, now: float) -> None:
        self._samples.clear()
        self._highest = self._overloads = 0
        self._begun_after = now
        self._window_end = now + WINDOW_SECONDS

    def _move(self, latency: float) -> None:
        if math.isnan(self.no_load_seconds) or latency < self.no_load_seconds:
            self.no_load_seconds = latency
        if self._probing or self._highest < self.limit / 2:
            return  # what is not used tells nothing of a higher limit
        gradient = min(1.0, max(_STEEPEST, AUTO_TOLERANCE * self.no_load_seconds / latency))
        if self._starting and gradient >= 1.0:
            wanted = self._estimate * _START_GROWTH
            self._estimate = min(float(self.most), wanted)
            return
        self._starting = False
        wanted = self._estimate * gradient + math.sqrt(self._estimate)
        self._estimate += _SMOOTHING * (wanted - self._estimate)
        self._estimate = min(float(self.most), max(1.0, self._estimate))

    def _rounded(self) -> int:
        return max(1, min(self.most, round(self._estimate)))
