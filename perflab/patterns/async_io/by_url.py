"""`ByUrl`: what became of a run's requests to each URL, for the report."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from perflab.bench.records import Records
from perflab.errors import shown
from perflab.errors.addresses import redact
from perflab.patterns.async_io._request import Failure, Request, Result

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

MOST_NAMED = 20
_MOST_TIMES = 1_000_000
_LONGEST = 200
_QUANTILES = {"latency_seconds_p50": 0.5, "latency_seconds_p95": 0.95}


class ByUrl:
    """Counts results by their URL; added to by one thread, read by any once that has ended.

    Args:
        targets: The requests of the run, which are made in turn.
    """

    def __init__(self, targets: Sequence[Request]) -> None:
        self._targets = targets
        self._counts = array("q", [0]) * len(targets)
        self._failures: Counter[tuple[int, Failure]] = Counter()
        self._times = Records(_MOST_TIMES, "If")

    def add(self, target: int, result: Result, seconds: float) -> None:
        """Note a result.

        Args:
            target: Which of the requests it is of.
            result: What became of it.
            seconds: Its latency, which counts where it was answered or timed out.
        """
        self._counts[target] += 1
        if result.failure is not None:
            self._failures[target, result.failure] += 1
        if result.failure in (None, Failure.TIMEOUT):
            self._times.add(target, seconds)

    def most_requested(self, most: int = MOST_NAMED, without: str = "") -> list[dict[str, object]]:
        """Return the URLs with the most requests, those most often first.

        Each has its ``url``, as it may be shown, its ``requests``, its ``failures`` by kind, and
        the quantiles of its latency, which are None where nothing was answered: exact, over the
        first million answers of the run. URLs that differ in their query alone are one.

        Args:
            most: How many of them.
            without: The origin that is left out of their names.
        """
        groups: dict[str, list[int]] = {}
        for number, (target, count) in enumerate(zip(self._targets, self._counts, strict=True)):
            if count:
                groups.setdefault(_name(target, without), []).append(number)
        counts = {name: sum(self._counts[n] for n in found) for name, found in groups.items()}
        ranked = sorted(groups, key=lambda name: -counts[name])[:most]
        times = self._times.columns(ordered=False)
        return [
            {
                "url": name,
                "requests": counts[name],
                "failures": self._failures_of(set(groups[name])),
                **_quantiles(groups[name], *times),
            }
            for name in ranked
        ]

    def _failures_of(self, numbers: set[int]) -> Mapping[str, int]:
        found: Counter[str] = Counter()
        for (number, failure), count in self._failures.items():
            if number in numbers:
                found[failure.value] += count
        return dict(found.most_common())


def _name(target: Request, without: str) -> str:
    address = shown(redact(str(target.url))).removeprefix(without)
    short = address if len(address) <= _LONGEST else f"{address[:_LONGEST]}…"
    return short if target.method == "GET" else f"{target.method} {short}"


def _quantiles(
    numbers: Sequence[int], of: npt.NDArray[np.float64], seconds: npt.NDArray[np.float64]
) -> dict[str, float | None]:
    import numpy as np

    found = seconds[np.isin(of, numbers)]
    if not len(found):
        return dict.fromkeys(_QUANTILES)
    values = np.quantile(found, list(_QUANTILES.values()), method="inverted_cdf")
    return dict(zip(_QUANTILES, map(float, values), strict=True))
