"""Alerts: a threshold on a metric that must hold for a time before it fires."""

from __future__ import annotations

import dataclasses
import operator
import re
import threading
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

from perflab.bench.base import AnyBench
from perflab.errors import BadInputError, nearest
from perflab.instrumentation.catalog import metric
from perflab.lab.documents import AlertReport
from perflab.units import exact, format_quantity, in_words, parse_quantity

if TYPE_CHECKING:
    from perflab.lab.run import Run

_OPERATORS: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
# A quantity may have blanks, as in 1 GB and 2 000.
_QUANTITY = r"(\S+(?:\s\d{3})*(?:\s+(?!for\b)[A-Za-zµ%]+)?)"
_PATTERN = re.compile(rf"^\s*(\w+)\s*(<=|>=|<|>)\s*{_QUANTITY}(?:\s+for\s+{_QUANTITY})?\s*$")
_LONGEST = 100
"""Characters of a condition."""
_TYPICAL = {"ratio": 0.8, "seconds": 0.02, "bytes": 512.0 * 2**20}
"""The bound of an example, by unit; of anything else it is a thousand."""


@dataclasses.dataclass(frozen=True, slots=True)
class Condition:
    """A comparison of a metric with a number, such as ``memory_bytes<=512MiB``.

    Attributes:
        metric: The metric's name.
        comparison: ``<``, ``<=``, ``>`` or ``>=``.
        value: The bound, in the metric's unit.
        written: The bound as the user wrote it, if one did.
    """

    metric: str
    comparison: str
    value: float
    written: str = dataclasses.field(default="", compare=False)

    def holds(self, value: float) -> bool:
        """Say whether a value of the metric meets it."""
        return _OPERATORS[self.comparison](value, self.value)

    def __str__(self) -> str:
        return f"{self.metric}{self.comparison}{self._bound()}"

    def _bound(self) -> str:
        """Return the bound in few digits where they are all it has, else as it was written."""
        info = metric(self.metric)
        short = info.format(self.value)
        try:
            same = parse_quantity(short.removesuffix("/s"), info.unit) == self.value
        except BadInputError:
            same = False
        return short if same else self.written or exact(self.value, info.unit)


@dataclasses.dataclass(frozen=True, slots=True)
class Alert:
    """A condition that fires once it has held for some seconds.

    Attributes:
        text: As the user wrote it.
        condition: What is watched for.
        seconds: How long it must hold.
    """

    text: str
    condition: Condition
    seconds: float


def parse_condition(text: str) -> Condition:
    """Read a condition such as ``hit_rate<0.8`` or ``latency_seconds_p99>20ms``.

    Raises:
        BadInputError: If the text is not a condition, names no metric, or has a bound that the
            metric cannot have.
    """
    if isinstance(text, str) and len(text) > _LONGEST:
        raise BadInputError(f"{text[:_LONGEST]!r} ... is too long for a condition")
    match = _PATTERN.match(text) if isinstance(text, str) else None
    if match is None or match.group(4):
        raise BadInputError(f"{text!r} is not a condition; write it like hit_rate>=0.8")
    return _condition(match, text)


def parse_alert(text: str) -> Alert:
    """Read an alert such as ``hit_rate<0.8 for 5s``; without ``for`` it fires at once.

    Raises:
        BadInputError: If the text is not an alert or names no metric.
    """
    match = _PATTERN.match(text)
    if match is None:
        raise BadInputError(f"{text!r} is not an alert; write it like 'hit_rate<0.8 for 5s'")
    seconds = _quantity(match.group(4), "seconds", text) if match.group(4) else 0.0
    if seconds < 0:
        raise BadInputError(f"{text!r}: the time it must hold cannot be negative")
    return Alert(" ".join(text.split()), _condition(match, text), seconds)


def _condition(match: re.Match[str], text: str) -> Condition:
    name, comparison, written = match.group(1), match.group(2), match.group(3)
    try:
        info = metric(name)
    except ValueError as error:
        raise BadInputError(str(error), text) from None
    if not written.endswith("%"):
        value = _quantity(written, info.unit, text)
    elif info.unit != "ratio":
        raise BadInputError(f"{name} is not a share, so it has no %", text)
    else:
        value = _quantity(written[:-1], "", text) / 100
    # One that cannot be reached is answered by what can; one that always holds says nothing.
    if value > 1 and info.unit == "ratio" and comparison.startswith("<"):
        raise BadInputError(f"{name} is a share, between 0 and 1; write it like 0.8 or 80%", text)
    if value < 0:
        raise BadInputError(f"{name} is never negative", text)
    return Condition(name, comparison, value, written)


def _quantity(written: str, unit: str, text: str) -> float:
    try:
        return parse_quantity(written, unit)
    except BadInputError as error:
        raise BadInputError(error.message, text) from None


def alert_for(bench: AnyBench, text: str) -> Alert:
    """Read an alert on a run of a bench.

    Raises:
        BadInputError: If the text is not an alert, or on a metric that a run of the bench does
            not measure; it names the nearest that it does.
    """
    match = _PATTERN.match(text)
    if match is None:
        raise BadInputError(f"{text!r} is not an alert; write it like {example_alert(bench)!r}")
    _check_name(bench, match.group(1), text)
    return parse_alert(text)


def example_alert(bench: AnyBench) -> str:
    """Return an alert that makes sense for a bench, on the metric that matters most to it."""
    measured = bench.measured_metrics()
    goal = bench.tuning.objective
    names = (goal.metric, *bench.display.headline, *measured)
    judged = (measured[name] for name in names if name in measured)
    info = next(info for info in judged if info.better != "neither")
    sign = "<" if info.better == "higher" else ">"
    typical = _TYPICAL.get(info.unit, 1_000.0)
    if info.unit == "ratio" and info.better == "lower":
        typical = 1 - typical
    bound = goal.target if info.name == goal.metric and goal.target is not None else typical
    written = format_quantity(bound, info.unit)
    return f"{info.name}{sign}{written} for 5s"


def check_alerts(bench: AnyBench, alerts: Iterable[Alert], seconds: float | None = None) -> None:
    """Refuse alerts that could never fire.

    Args:
        bench: Whose run they watch.
        alerts: They.
        seconds: How long the run takes at the most; none for until stopped.

    Raises:
        BadInputError: With the first one on a metric that a run of the bench does not measure, or
            that must hold for as long as the run takes.
    """
    for alert in alerts:
        _check_name(bench, alert.condition.metric, alert.text)
        if seconds is not None and alert.seconds >= seconds:
            least, most = (in_words(each, "seconds") for each in (alert.seconds, seconds))
            told = f"must hold for {least}, and the run lasts {most} only; run for longer"
            raise BadInputError(told, alert.text)


def _check_name(bench: AnyBench, name: str, alert: str) -> None:
    """Refuse a metric that a run does not measure.

    Raises:
        BadInputError: With the nearest that it does.
    """
    measured = bench.measured_metrics()
    if name in measured:
        return
    pattern = bench.identity.pattern
    wrong = f"{pattern} has no metric {name!r}"
    shown = {*bench.display.headline, *(info.name for info in bench.display.metric_infos)}
    if name in shown:
        wrong = f"a run of {pattern} does not measure {name!r}"
    raise BadInputError(f"{wrong}{nearest(name, measured)}", alert)


def why_unchecked(alert: AlertReport, run: Run) -> str:
    """Return why nobody knows whether an alert that did not fire would have; empty if it is known.

    A file of an older release does not tell for how long it was watched, but its rows do.
    """
    if str(alert.get("metric", "")) not in run.metrics:
        return "its metric was not measured"
    held = alert.get("held")
    if held is not None:
        lasted = f"held for {in_words(held, 'seconds')}" if held else "began to hold"
        return f"its condition {lasted} when the run ended"
    try:
        lasting = parse_alert(str(alert.get("alert", ""))).seconds
    except BadInputError:  # of a file that another release wrote
        return ""
    watched = alert.get("watched")
    (rows,) = run.snapshots.columns("seconds")
    if watched is None and len(rows):
        watched = float(rows[-1] - rows[0])
    if watched is None or lasting <= watched:
        return ""
    return f"watched for {in_words(watched, 'seconds')} only"


class AlertWatch:
    """Watches the rows of a run and says when alerts fire, and when they are over.

    One thread looks at rows while others add alerts, remove them and ask.
    """

    def __init__(self, alerts: tuple[Alert, ...] = ()) -> None:
        self._lock = threading.Lock()
        self.alerts: list[Alert] = []
        self._since: dict[str, float] = {}
        self._fired: dict[str, AlertReport] = {}
        self._measured: set[str] = set()
        # Of each alert, the first and the latest row that had its metric.
        self._watched: dict[str, tuple[float, float]] = {}
        for alert in alerts:
            self.add(alert)

    def add(self, alert: Alert) -> None:
        """Watch for another alert from now on."""
        with self._lock:
            if alert.text not in {known.text for known in self.alerts}:
                self.alerts = [*self.alerts, alert]

    def remove(self, text: str) -> None:
        """Watch for an alert no longer; what it has fired is forgotten."""
        with self._lock:
            self.alerts = [alert for alert in self.alerts if alert.text != text]
            self._fired.pop(text, None)
            self._since.pop(text, None)
            self._watched.pop(text, None)

    def look(self, seconds: float, metrics: Mapping[str, float]) -> list[AlertReport]:
        """Look at a row of a run and return the alerts that fire just now."""
        with self._lock:
            fired = (self._look(alert, seconds, metrics) for alert in self.alerts)
            return [each for each in fired if each is not None]

    @property
    def blind(self) -> list[Alert]:
        """The alerts on metrics that no row has had: they could not fire."""
        with self._lock:
            return [each for each in self.alerts if each.condition.metric not in self._measured]

    def report(self) -> list[AlertReport]:
        """Return every alert: fired with time and value, or for how long it was watched."""
        with self._lock:
            return [self._fired.get(alert.text) or self._quiet(alert) for alert in self.alerts]

    def renew(self) -> None:
        """Have a lock of its own in a forked process, where nobody frees one that was held."""
        self._lock = threading.Lock()

    def _look(
        self, alert: Alert, seconds: float, metrics: Mapping[str, float]
    ) -> AlertReport | None:
        """Return the alert as it fires just now, if it does."""
        name = alert.condition.metric
        value = metrics.get(name)
        if value is not None:
            self._measured.add(name)
            first, _ = self._watched.get(alert.text, (seconds, seconds))
            self._watched[alert.text] = first, seconds
        if value is None or not alert.condition.holds(value):
            self._since.pop(alert.text, None)
            return None
        since = self._since.setdefault(alert.text, seconds)
        if seconds - since < alert.seconds or alert.text in self._fired:
            return None
        fired: AlertReport = {
            "alert": alert.text,
            "metric": name,
            "fired": True,
            "seconds": seconds,
            "value": value,
        }
        self._fired[alert.text] = fired
        return fired

    def _quiet(self, alert: Alert) -> AlertReport:
        """Return an alert that has not fired."""
        first, last = self._watched.get(alert.text, (0.0, 0.0))
        found: AlertReport = {
            "alert": alert.text,
            "metric": alert.condition.metric,
            "fired": False,
            "seconds": None,
            "value": None,
            "watched": last - first,
        }
        since = self._since.get(alert.text)
        if since is not None:
            found["held"] = last - since
        return found
