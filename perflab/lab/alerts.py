"""Alerts: a threshold on a metric that must hold for a time before it fires."""

from __future__ import annotations

import dataclasses
import operator
import re
import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from perflab.bench.base import AnyBench
from perflab.errors import BadInputError, nearest
from perflab.instrumentation.catalog import metric
from perflab.units import parse_quantity

_OPERATORS: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_PATTERN = re.compile(r"^\s*(\w+)\s*(<=|>=|<|>)\s*(\S+)(?:\s+for\s+(\S+))?\s*$")


@dataclasses.dataclass(frozen=True, slots=True)
class Condition:
    """A comparison of a metric with a number, such as ``memory_bytes<=512MiB``."""

    metric: str
    comparison: str
    value: float

    def holds(self, value: float) -> bool:
        """Say whether a value of the metric meets it."""
        return _OPERATORS[self.comparison](value, self.value)

    def __str__(self) -> str:
        return f"{self.metric}{self.comparison}{metric(self.metric).format(self.value)}"


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
        BadInputError: If the text is not a condition or names no metric.
    """
    match = _PATTERN.match(text)
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
        return Condition(name, comparison, _quantity(written, info.unit, text))
    if info.unit != "ratio":
        raise BadInputError(f"{name} is not a share, so it has no %", text)
    return Condition(name, comparison, _quantity(written[:-1], "", text) / 100)


def _quantity(written: str, unit: str, text: str) -> float:
    try:
        return parse_quantity(written, unit)
    except BadInputError as error:
        raise BadInputError(error.message, text) from None


def check_alerts(bench: AnyBench, alerts: Iterable[Alert]) -> None:
    """Refuse alerts that could never fire.

    Raises:
        BadInputError: With the first one on a metric that is another pattern's.
    """
    known = bench.known_metrics()
    for alert in alerts:
        name = alert.condition.metric
        if name not in known:
            text = f"{bench.identity.pattern} has no metric {name!r}{nearest(name, known)}"
            raise BadInputError(text, alert.text)


class AlertWatch:
    """Watches the rows of a run and says when alerts fire, and when they are over.

    One thread looks at rows while others add alerts, remove them and ask.
    """

    def __init__(self, alerts: tuple[Alert, ...] = ()) -> None:
        self._lock = threading.Lock()
        self.alerts: list[Alert] = []
        self._since: dict[str, float] = {}
        self._fired: dict[str, dict[str, Any]] = {}
        self._measured: set[str] = set()
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

    def look(self, seconds: float, metrics: Mapping[str, float]) -> list[dict[str, Any]]:
        """Look at a row of a run and return the alerts that fire just now."""
        with self._lock:
            fired = (self._look(alert, seconds, metrics) for alert in self.alerts)
            return [each for each in fired if each is not None]

    @property
    def blind(self) -> list[Alert]:
        """The alerts on metrics that no row has had: they could not fire."""
        with self._lock:
            return [each for each in self.alerts if each.condition.metric not in self._measured]

    def report(self) -> list[dict[str, Any]]:
        """Return every alert: fired with time and value, or not."""
        with self._lock:
            return [
                self._fired.get(alert.text)
                or {
                    "alert": alert.text,
                    "metric": alert.condition.metric,
                    "fired": False,
                    "seconds": None,
                    "value": None,
                }
                for alert in self.alerts
            ]

    def renew(self) -> None:
        """Have a lock of its own in a forked process, where nobody frees one that was held."""
        self._lock = threading.Lock()

    def _look(
        self, alert: Alert, seconds: float, metrics: Mapping[str, float]
    ) -> dict[str, Any] | None:
        """Return the alert as it fires just now, if it does."""
        name = alert.condition.metric
        value = metrics.get(name)
        if value is not None:
            self._measured.add(name)
        if value is None or not alert.condition.holds(value):
            self._since.pop(alert.text, None)
            return None
        since = self._since.setdefault(alert.text, seconds)
        if seconds - since < alert.seconds or alert.text in self._fired:
            return None
        fired = {
            "alert": alert.text,
            "metric": name,
            "fired": True,
            "seconds": seconds,
            "value": value,
        }
        self._fired[alert.text] = fired
        return fired
