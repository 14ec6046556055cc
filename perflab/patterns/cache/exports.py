"""The cache's settings ready to paste: for perflab, for cachetools and for a Kailash workflow."""

from __future__ import annotations

from perflab.bench.exporting import arguments, comments, heading, threads
from perflab.bench.parts import Export
from perflab.patterns.cache.policies import CACHE_POLICIES, WHAT_IF_POLICIES
from perflab.patterns.cache.settings import CacheSettings
from perflab.settings import LoadSettings

PERFLAB = '''\
{heading}
from perflab.patterns.cache import Cache, CacheSettings

cache = Cache(
    CacheSettings(
{arguments}
    )
)


@cache
def load(key: str) -> str:
    """Return what belongs to a key; put your own lookup here."""
    return f"value of {{key}}"


if __name__ == "__main__":
    load("a")
    load("a")
    print(cache.stats())
'''

CACHETOOLS = '''\
{heading}
{remarks}\
{imports}

from cachetools import {base}, cached

{definitions}\
cache = {construction}


# The condition lets one caller load a missing key while the others wait for it;
# a lock alone would let every one of them load it.
@cached(cache, condition=threading.Condition())
def load(key: str) -> str:
    """Return what belongs to a key; put your own lookup here."""
    return f"value of {{key}}"


if __name__ == "__main__":
    load("a")
    load("a")
    print(f"{{cache.currsize}} of {{cache.maxsize}} {unit} in use")
'''

BOTH_BOUNDS = '''\
MAX_ENTRIES = {max_entries}


class BoundedCache({base}):
    """A {base} of at most `maxsize` bytes, and of at most MAX_ENTRIES entries."""

    def __setitem__(self, key, value):
        # Room is made first: afterwards, what came last might be the first to go.
        if key not in self and self.getsizeof(value) <= self.maxsize:
            while len(self) >= MAX_ENTRIES:
                self.popitem()
        super().__setitem__(key, value)


def size_of(value: str) -> int:
    """Return the bytes that a value takes; count them as suits your values."""
    return sys.getsizeof(value)


'''

KAILASH = '''\
{heading}
from kailash.nodes.code import PythonCodeNode
from kailash.runtime.local import LocalRuntime
from kailash.workflow.builder import WorkflowBuilder

from perflab.patterns.cache import Cache, CacheSettings

# It stands outside the node's function, so that it is kept from one execution to the next.
cache = Cache(
    CacheSettings(
{arguments}
    )
)


def load(key: str) -> str:
    """Return what belongs to a key; put your own lookup here."""
    return f"value of {{key}}"


def lookup(key: str) -> dict:
    """Answer from the cache, or load and store."""
    return {{"value": cache.get_or_load(key, load)}}


node = PythonCodeNode.from_function(lookup, name="lookup")
builder = WorkflowBuilder()
builder.add_node_instance(node, "lookup")
workflow = builder.build()


def run(key: str) -> str:
    """Execute the workflow for one key."""
    with LocalRuntime() as runtime:
        results, _ = runtime.execute(workflow, parameters={{"lookup": {{"key": key}}}})
    return results["lookup"]["result"]["value"]


if __name__ == "__main__":
    run("a")
    run("a")
    print(cache.stats())
'''


_CACHETOOLS = {"lru": "LRUCache", "fifo": "FIFOCache", "lfu": "LFUCache"}


def cache_exports(settings: CacheSettings, load: LoadSettings, workload: str) -> tuple[Export, ...]:
    """Return the settings as three complete programs, each with a ``load(key)`` to replace.

    A what-if policy has no implementation, so for it there is none.
    """
    if settings.policy in WHAT_IF_POLICIES:
        return ()
    first = heading(workload, threads(load))
    named = arguments(settings, always=("max_cache_size", "policy"))
    return (
        Export("perflab", "python", PERFLAB.format(heading=first, arguments=named)),
        Export("cachetools", "python", _cachetools(settings, first)),
        Export("Kailash workflow", "python", KAILASH.format(heading=first, arguments=named)),
    )


def _cachetools(settings: CacheSettings, first: str) -> str:
    base = _CACHETOOLS.get(settings.policy, "LRUCache")
    if settings.ttl_seconds is not None:
        base = "TTLCache"
    bytes_bound = settings.max_bytes is not None
    given = [f"maxsize={settings.max_bytes if bytes_bound else settings.max_cache_size}"]
    if settings.ttl_seconds is not None:
        given.append(f"ttl={settings.ttl_seconds!r}")
    if bytes_bound:
        given.append("getsizeof=size_of")
    definitions = BOTH_BOUNDS.format(base=base, max_entries=settings.max_cache_size)
    return CACHETOOLS.format(
        heading=first,
        imports="import sys\nimport threading" if bytes_bound else "import threading",
        remarks=comments(_remarks(settings)),
        base=base,
        definitions=definitions if bytes_bound else "",
        construction=f"{'BoundedCache' if bytes_bound else base}({', '.join(given)})",
        unit="bytes" if bytes_bound else "entries",
    )


def _remarks(settings: CacheSettings) -> list[str]:
    """Say where cachetools has no equivalent and what stands in for it."""
    remarks = []
    title = CACHE_POLICIES[settings.policy].title
    nearest = "this is the nearest, LRU"
    if settings.ttl_seconds is not None:
        title += " with a TTL" if settings.policy in _CACHETOOLS else ""
        nearest = "this is the nearest, TTLCache, which evicts the least recently used"
    if settings.policy not in _CACHETOOLS or (settings.policy != "lru" and settings.ttl_seconds):
        remarks.append(f"cachetools has no {title}: {nearest}.")
        remarks.append(
            "Its hit rate differs from the prediction for your policy; predict lru instead."
        )
    if settings.negative_ttl_seconds is not None:
        remarks.append("cachetools does not cache errors: negative_ttl_seconds is left out.")
    return remarks
