"""The Redis cache ready to paste: for perflab, redis-py, the server itself and Kailash."""

from __future__ import annotations

from perflab.bench.exporting import arguments, comments, heading, literal, threads
from perflab.bench.parts import Export
from perflab.patterns.redis_cache.settings import RedisCacheSettings
from perflab.settings import LoadSettings

PERFLAB = '''\
{heading}
# maxmemory and its policy are the server's: they stand in redis.conf.
import os

from perflab.patterns.redis_cache import RedisCache, RedisCacheSettings

# The address may hold a password, so it stands in the environment and not here.
cache = RedisCache(
    RedisCacheSettings(
{arguments}
    ),
    url=os.environ.get("REDIS_URL", "redis://localhost:6379/0"),
{signing}\
)


def load(key: str) -> str:
    """Return what belongs to a key; put your own lookup here."""
    return f"value of {{key}}"


'''

SIGNING = '    signing_key=os.environ["CACHE_SIGNING_KEY"].encode(),\n'

PROGRAM = '''\
def lookup(key: str) -> str:
    """Answer from Redis, or load and store; without Redis, load."""
    return cache.get_or_load(key, lambda: load(key))


if __name__ == "__main__":
    lookup("a")
    lookup("a")
    print(cache.stats())
'''

NODE = '''\
def lookup(key: str) -> dict:
    """Answer from Redis, or load and store; without Redis, load."""
    return {"value": cache.get_or_load(key, lambda: load(key))}


node = PythonCodeNode.from_function(lookup, name="lookup")
builder = WorkflowBuilder()
builder.add_node_instance(node, "lookup")
workflow = builder.build()


def run(key: str) -> str:
    """Execute the workflow for one key."""
    with LocalRuntime() as runtime:
        results, _ = runtime.execute(workflow, parameters={"lookup": {"key": key}})
    return results["lookup"]["result"]["value"]


if __name__ == "__main__":
    run("a")
    run("a")
    print(cache.stats())
'''

KAILASH_IMPORTS = """\
from kailash.nodes.code import PythonCodeNode
from kailash.runtime.local import LocalRuntime
from kailash.workflow.builder import WorkflowBuilder

"""

REDIS_PY = '''\
{heading}
{remarks}\
{imports}
from redis.backoff import ExponentialWithJitterBackoff
{cache_import}\
from redis.retry import Retry

{constants}

# The address may hold a password, so it stands in the environment and not here.
client = redis.Redis.from_url(
    os.environ.get("REDIS_URL", "redis://localhost:6379/0"),
    socket_connect_timeout={timeout},
    socket_timeout={timeout},
    retry=Retry(ExponentialWithJitterBackoff(base=0.01, cap=0.1), {retries}),
{client_cache}\
)


{codec}


def load(key: str) -> str:
    """Return what belongs to a key; put your own lookup here."""
    return f"value of {{key}}"


def lookup(key: str) -> str:
    """Answer from Redis, or load and store; without Redis, load."""
    name = f"{{NAMESPACE}}:{{key}}"
    try:
        held = client.get(name)
    except redis.RedisError:
        return load(key)
    if held is not None:
        # Unreadable values are loaded again.
        with contextlib.suppress(ValueError):
            return decode(held)
    value = load(key)
    # The value is right, though Redis may not be able to keep it.
    with contextlib.suppress(redis.RedisError, TypeError, ValueError, OverflowError):
        client.set(name, encode(value){lifetime})
    return value


if __name__ == "__main__":
    lookup("a")
    print(lookup("a"))
'''

LIFETIME = ", px=max(1, round(1000 * TTL_SECONDS * (1 - TTL_JITTER * random.random())))"

PLAIN = '''\
def encode(value: str) -> bytes:
    """Return a value as bytes."""
    return {dumps}(value){encoded}


def decode(held: bytes) -> str:
    """Return the value of what encode made; ValueError for anything else."""
    return {loads}(held)'''

SIGNED = '''\
def signature(text: bytes) -> bytes:
    """Return what only those who have the key can make of these bytes."""
    return hmac.digest(SIGNING_KEY, text, "sha256")


def encode(value: str) -> bytes:
    """Return a value as bytes with their signature before them."""
    text = pickle.dumps(value)
    return signature(text) + text


def decode(held: bytes) -> str:
    """Return the value of what encode made; ValueError for anything else.

    Bytes that others have written are never unpickled: pickle can run code.
    """
    given, text = held[:32], held[32:]
    if not hmac.compare_digest(given, signature(text)):
        raise ValueError("not signed with our key")
    return pickle.loads(text)'''

REDIS_CONF = """\
{heading}
{remarks}\
maxmemory {maxmemory}
maxmemory-policy {policy}
maxmemory-samples {samples}
"""

_ADDRESS = ("redis_host", "redis_port")
_ALWAYS = ("cache_namespace", "ttl_seconds", "ttl_jitter", "timeout", "serializer")


def redis_cache_exports(
    settings: RedisCacheSettings, load: LoadSettings, workload: str
) -> tuple[Export, ...]:
    """Return the settings as three complete programs and as lines of ``redis.conf``.

    The programs take the server's address from ``REDIS_URL``, and for pickle the signing key from
    ``CACHE_SIGNING_KEY``.
    """
    first = heading(workload, threads(load))
    head = PERFLAB.format(
        heading=first,
        arguments=arguments(settings, always=_ALWAYS, never=_ADDRESS),
        signing=SIGNING if settings.serializer == "pickle" else "",
    )
    node = head.replace("import os\n\n", f"import os\n\n{KAILASH_IMPORTS}", 1)
    return (
        Export("perflab", "python", head + PROGRAM),
        Export("redis-py", "python", _redis_py(settings, first)),
        Export("redis.conf", "conf", _redis_conf(settings, first)),
        Export("Kailash workflow", "python", node + NODE),
    )


def _redis_py(settings: RedisCacheSettings, first: str) -> str:
    constants = [f"NAMESPACE = {literal(settings.cache_namespace)}"]
    modules = {"contextlib", "os"}
    if settings.ttl_seconds is not None:
        constants.append(f"TTL_SECONDS = {settings.ttl_seconds!r}")
        constants.append(f"TTL_JITTER = {settings.ttl_jitter!r}")
        modules.add("random")
    if settings.serializer == "pickle":
        constants.append('SIGNING_KEY = os.environ["CACHE_SIGNING_KEY"].encode()')
        modules |= {"hmac", "pickle"}
    if settings.serializer == "json":
        modules.add("json")
    imports = [f"import {module}" for module in sorted(modules)]
    outside = ["msgpack", "redis"] if settings.serializer == "msgpack" else ["redis"]
    keeps = settings.client_cache_size is not None
    return REDIS_PY.format(
        heading=first,
        remarks=comments(_remarks(settings)),
        imports="\n".join([*imports, "", *(f"import {module}" for module in outside)]),
        cache_import="from redis.cache import CacheConfig\n" if keeps else "",
        constants="\n".join(constants),
        timeout=repr(settings.timeout),
        retries=settings.retries,
        client_cache=(
            "    protocol=3,\n"
            f"    cache_config=CacheConfig(max_size={settings.client_cache_size}),\n"
            if keeps
            else ""
        ),
        codec=_codec(settings.serializer),
        lifetime="" if settings.ttl_seconds is None else LIFETIME,
    )


def _codec(serializer: str) -> str:
    if serializer == "pickle":
        return SIGNED
    if serializer == "json":
        return PLAIN.format(dumps="json.dumps", encoded=".encode()", loads="json.loads")
    return PLAIN.format(dumps="msgpack.packb", encoded="", loads="msgpack.unpackb")


def _remarks(settings: RedisCacheSettings) -> list[str]:
    """Say what redis-py alone does not do, so that nobody counts on it."""
    remarks = [
        "There is no breaker here: while Redis is down, each call waits for the timeout, "
        f"{settings.retries + 1} times."
        if settings.retries
        else "There is no breaker here: while Redis is down, each call waits for the timeout."
    ]
    if settings.stampede != "off":
        remarks.append("Callers that miss the same key at once all load it; perflab loads it once.")
    if settings.stale_seconds is not None:
        remarks.append("Expired entries are never served: stale_seconds is left out.")
    if settings.negative_ttl_seconds is not None:
        remarks.append("Negative results are not cached: negative_ttl_seconds is left out.")
    if settings.client_cache_size is not None:
        remarks.append(
            "A cache in the client needs a Redis of 7.4 or newer, reached by TCP; with others,"
        )
        remarks.append("redis-py refuses to connect, and every call loads.")
    return remarks


def _redis_conf(settings: RedisCacheSettings, first: str) -> str:
    remarks = ["maxmemory counts the server's own memory too, about 1 MB when it is empty."]
    if settings.maxmemory is None:
        remarks = ["0 means no limit: the server takes what the machine has."]
    if settings.maxmemory_policy == "noeviction":
        remarks.append("When it is full, writes are refused: new values are not kept.")
    elif settings.maxmemory_policy.startswith("volatile") and settings.ttl_seconds is None:
        remarks.append("volatile policies evict only entries with a TTL, and these have none.")
    return REDIS_CONF.format(
        heading=first,
        remarks=comments(remarks),
        maxmemory=settings.maxmemory or 0,
        policy=settings.maxmemory_policy,
        samples=settings.maxmemory_samples,
    )
