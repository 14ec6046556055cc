"""What patterns count and how long it takes, for Prometheus (extra ``prometheus``)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from perflab.errors.extras import naming_extra
from perflab.instrumentation.events import Event
from perflab.instrumentation.hooks import Hook

with naming_extra("prometheus"):
    from prometheus_client import REGISTRY, CollectorRegistry, Counter, Histogram
    from prometheus_client.core import UnknownMetricFamily
    from prometheus_client.registry import Collector

Stats = Callable[[], Mapping[str, float]]

BUCKETS = (1e-5, 1e-4, 1e-3, 5e-3, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class PrometheusExport(Collector):
    """The patterns of a process in a registry of prometheus-client; make one per registry.

    `watch` costs the pattern nothing: its ``stats()`` are read at each scrape, and exported as
    ``perflab_<statistic>{name="..."}``. A `hook` is called at each event, and adds to
    ``perflab_events_total{name, kind}`` and, for events that end something, to the histogram
    ``perflab_event_seconds{name, kind}``.

    Args:
        registry: Where it registers; prometheus-client's own where not given.
        buckets: The upper bounds of the histogram, in seconds.
    """

    def __init__(
        self, registry: CollectorRegistry | None = None, buckets: Sequence[float] = BUCKETS
    ) -> None:
        registry = REGISTRY if registry is None else registry
        labels = ("name", "kind")
        self._watched: dict[str, Stats] = {}
        self._events = Counter("perflab_events", "Events of a pattern.", labels, registry=registry)
        self._seconds = Histogram(
            "perflab_event_seconds",
            "Duration of what an event ended.",
            labels,
            registry=registry,
            buckets=buckets,
        )
        registry.register(self)

    def hook(self, name: str) -> Hook:
        """Return a hook for a pattern, whose events are exported under a name."""

        def export(event: Event, /) -> None:
            self._events.labels(name, event.kind).inc()
            if event.seconds:
                self._seconds.labels(name, event.kind).observe(event.seconds)

        return export

    def watch(self, name: str, stats: Stats) -> None:
        """Export the statistics of a pattern under a name; a name's later pattern takes its place.

        Args:
            name: Such as ``prices``.
            stats: The pattern's ``stats`` method.
        """
        self._watched[name] = stats

    def describe(self) -> Iterable[UnknownMetricFamily]:
        """Return nothing: what there is to watch is known at each scrape."""
        return ()

    def collect(self) -> Iterable[UnknownMetricFamily]:
        """Return the statistics of all that is watched, as prometheus-client asks for them."""
        families: dict[str, UnknownMetricFamily] = {}
        for name, stats in list(self._watched.items()):
            for key, value in stats().items():
                if key not in families:
                    family = UnknownMetricFamily(f"perflab_{key}", key, labels=["name"])
                    families[key] = family
                families[key].add_metric([name], value)
        return families.values()
