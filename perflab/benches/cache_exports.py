"""The cache's settings ready to paste: for perflab, for cachetools and for a Kailash workflow."""

from __future__ import annotations

import json
import re
from pathlib import PurePath

from perflab.benches.base import Export
from perflab.settings import WHAT_IF_POLICIES, CacheSettings, LoadSettings

PERFLAB = '''\
{heading}
from perflab.patterns.cache import Cache
from perflab.settings import CacheSettings

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
        super().__setitem__(key, value)
        while len(self) > MAX_ENTRIES:
            self.popitem()


def size_of(value: str) -> int:
    """Return the bytes that a value takes; count them as suits your values."""
    return sys.getsizeof(value)


'''

KAILASH = '''\
{heading}
from kailash.nodes.code import PythonCodeNode
from kailash.runtime.local import LocalRuntime
from kailash.workflow.builder import WorkflowBuilder

from perflab.patterns.cache import Cache
from perflab.settings import CacheSettings

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
    """Answer from the cache, or load and remember."""
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


def cache_exports(settings: CacheSettings, load: LoadSettings, workload: str) -> tuple[Export, ...]:
    """Return the settings as three complete programs, each with a ``load(key)`` to replace.

    A policy that needs the future has no implementation, so for it there is none.
    """
    if settings.policy in WHAT_IF_POLICIES:
        return ()
    heading = _heading(load, workload)
    arguments = _arguments(settings)
    return (
        Export("perflab", "python", PERFLAB.format(heading=heading, arguments=arguments)),
        Export("cachetools", "python", _cachetools(settings, heading)),
        Export("Kailash workflow", "python", KAILASH.format(heading=heading, arguments=arguments)),
    )


def _heading(load: LoadSettings, workload: str) -> str:
    """Return a comment on one line, whatever characters the workload's name has."""
    is_path = re.match(r"\w+:\w+=", workload) is None
    name = PurePath(workload.replace("\\", "/")).name if is_path else workload
    shown = "".join(letter if letter.isprintable() else "?" for letter in name)
    threads = "1 thread" if load.concurrency == 1 else f"{load.concurrency} threads"
    return f"# Chosen with perflab for the workload {shown}, {threads}."


def _arguments(settings: CacheSettings) -> str:
    values = settings.model_dump()
    always = ("max_cache_size", "policy")
    return "\n".join(
        f"        {key}={json.dumps(values[key])},"
        for key, info in settings.infos().items()
        if key in always or values[key] != info.default
    )


def _cachetools(settings: CacheSettings, heading: str) -> str:
    base = "FIFOCache" if settings.policy == "fifo" else "LRUCache"
    if settings.ttl_seconds is not None:
        base = "TTLCache"
    bytes_bound = settings.max_bytes is not None
    arguments = [f"maxsize={settings.max_bytes if bytes_bound else settings.max_cache_size}"]
    if settings.ttl_seconds is not None:
        arguments.append(f"ttl={settings.ttl_seconds!r}")
    if bytes_bound:
        arguments.append("getsizeof=size_of")
    definitions = BOTH_BOUNDS.format(base=base, max_entries=settings.max_cache_size)
    return CACHETOOLS.format(
        heading=heading,
        imports="import sys\nimport threading" if bytes_bound else "import threading",
        remarks="".join(f"# {remark}\n" for remark in _remarks(settings)),
        base=base,
        definitions=definitions if bytes_bound else "",
        construction=f"{'BoundedCache' if bytes_bound else base}({', '.join(arguments)})",
        unit="bytes" if bytes_bound else "entries",
    )


def _remarks(settings: CacheSettings) -> list[str]:
    """Say where cachetools has no equivalent and what stands in for it."""
    remarks = []
    nearest = "TTLCache, which evicts the least recently used" if settings.ttl_seconds else "LRU"
    if settings.policy == "sieve":
        remarks.append(f"cachetools has no SIEVE: this is the nearest, {nearest}.")
    if settings.policy == "fifo" and settings.ttl_seconds is not None:
        remarks.append(f"cachetools has no FIFO with a TTL: this is the nearest, {nearest}.")
    if remarks:
        remarks.append("Its hit rate differs from what perflab said of your policy; predict lru.")
    if settings.negative_ttl_seconds is not None:
        remarks.append("cachetools does not remember errors: negative_ttl_seconds is left out.")
    return remarks
