"""A cache whose counters and load times Prometheus scrapes.

Needs its client: pip install 'perflab[prometheus]'
"""

from prometheus_client import REGISTRY, generate_latest

from perflab.instrumentation.prometheus import PrometheusExport
from perflab.patterns.cache import Cache

export = PrometheusExport()
cache = Cache(max_cache_size=100, hook=export.hook("prices"))
export.watch("prices", cache.stats)

for number in (1, 2, 2):
    cache.get_or_load(number, lambda _: 7)

print(REGISTRY.get_sample_value("perflab_hits", {"name": "prices"}))  # 1
loads = {"name": "prices", "kind": "load_finished"}
print(REGISTRY.get_sample_value("perflab_events_total", loads))  # 2.0
print(REGISTRY.get_sample_value("perflab_event_seconds_count", loads))  # 2.0
print(b'perflab_misses{name="prices"} 2.0' in generate_latest())  # True
