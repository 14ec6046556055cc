"""What patterns count and how long it takes, as OpenTelemetry metrics (extra ``otel``)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from perflab.errors.extras import naming_extra
from perflab.instrumentation.events import Event
from perflab.instrumentation.hooks import Hook

with naming_extra("otel"):
    from opentelemetry.metrics import CallbackOptions, Meter, Observation, get_meter

Stats = Callable[[], Mapping[str, float]]


class OpenTelemetryExport:
    """The patterns of a process as instruments of a meter; make one per meter.

    `watch` costs the pattern nothing: its ``stats()`` are read when metrics are collected, and
    observed as the gauge ``perflab.stats`` with the attributes ``name`` and ``stat``. A `hook` is
    called at each event, and adds to the counter ``perflab.events`` and, for events that end
    something, to the histogram ``perflab.event.duration``, with the attributes ``name`` and
    ``kind``.

    Args:
        meter: Whose instruments are made; that of the global provider where not given.
    """

    def __init__(self, meter: Meter | None = None) -> None:
        meter = get_meter("perflab") if meter is None else meter
        self._watched: dict[str, Stats] = {}
        self._events = meter.create_counter("perflab.events", "{event}", "Events of a pattern.")
        self._seconds = meter.create_histogram(
            "perflab.event.duration", "s", "Duration of what an event ended."
        )
        meter.create_observable_gauge(
            "perflab.stats", [self._observe], description="Statistics of a pattern."
        )

    def hook(self, name: str) -> Hook:
        """Return a hook for a pattern, whose events are exported under a name."""

        def export(event: Event, /) -> None:
            attributes = {"name": name, "kind": str(event.kind)}
            self._events.add(1, attributes)
            if event.seconds:
                self._seconds.record(event.seconds, attributes)

        return export

    def watch(self, name: str, stats: Stats) -> None:
        """Export the statistics of a pattern under a name; a name's later pattern takes its place.

        Args:
            name: Such as ``prices``.
            stats: The pattern's ``stats`` method.
        """
        self._watched[name] = stats

    def _observe(self, options: CallbackOptions) -> Iterator[Observation]:
        del options
        for name, stats in list(self._watched.items()):
            for key, value in stats().items():
                yield Observation(value, {"name": name, "stat": key})
