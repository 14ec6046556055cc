"""What a service asks of its cache, recorded; `perflab predict cache --workload requests` reads it.

Needs nothing else: pip install 'perflab[record]'
"""

import functools

from perflab import record


@functools.lru_cache(maxsize=100)
def product(number: int) -> int:
    """Load a product."""
    return number * 10


recorded = record(product, "requests")
with recorded.recording as recording:
    for visit in range(1000):
        recorded(visit % 50)
print(recording.stats()["requests"])  # 1000
