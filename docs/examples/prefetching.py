"""Items fetched ahead by threads while the ones before them are used.

Needs nothing else: pip install perflab
"""

from perflab.patterns.prefetching import Prefetcher, PrefetchingSettings


def fetch(start: int, stop: int) -> list[int]:
    """Fetch items by number; here they are made."""
    return [number * number for number in range(start, stop)]


settings = PrefetchingSettings(process_count=1000, batch_size=50, workers=2)
with Prefetcher(fetch, settings) as ahead:
    print(sum(ahead))  # 332833500
