"""The names under which people write key, time, size, TTL and backend time of a request."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

# Of blocks, the last are the sectors of a disk.
IDS = ("id", "object", "obj_id", "object_id", "row", "lbn", "lba")
# In order of preference: the URL that was asked for before the one it was rewritten to, and any
# URL before an id, which is often the request's own.
KEYS = (
    *("key", "cache_key", "object_key", "obj_key", "url", "request_url", "request_uri"),
    *("uri", "path", "uri_path", "request_path", *IDS),
)
TIMES = (
    *("time", "timestamp", "ts", "@timestamp", "time_iso8601", "time_local", "msec", "datetime"),
    *("date_time", "start_time", "starttime", "request_time_iso8601", "event_time"),
)
SIZES = (
    *("size", "bytes", "body_bytes_sent", "bytes_sent", "response_size", "object_size"),
    *("obj_size", "content_length", "response_bytes"),
)
TTLS = ("ttl", "ttl_seconds", "max_age", "expires_in")
# What a server waited for the one behind it before what it took in all; in many logs ``backend``
# is the name of that one.
BACKENDS = (
    *("backend_seconds", "backend_time", "upstream_response_time", "target_processing_time"),
    *("request_time", "duration", "elapsed", "took", "latency", "backend"),
)
# What a request does, in tables and, within another field, in JSON.
OPERATIONS = (
    *("op", "operation", "command", "cmd", "method", "verb", "request_method", "http_method"),
    *("op_type", "opcode", "cs-method", "request.method", "http.request.method"),
    *("httpRequest.requestMethod", "ClientRequestMethod"),
)
# These may as well be of the object.
LOOSE_OPERATIONS = ("action", "event", "event_type", "type", "request_type", "rw")
# What the server answered, where requests have a method.
STATUSES = (
    *("status", "status_code", "http_status", "http_status_code", "response_status"),
    *("response_status_code", "response_code", "sc-status", "response.status"),
    *("response.status_code", "http.response.status_code", "res.status_code"),
    *("httpRequest.status", "DownstreamStatus", "EdgeResponseStatus"),
)
# Of requests to a server, in the order in which they are looked for.
STARTS = ("start", *TIMES, "started", "start_date", "begin")
ENDS = ("end", "end_time", "endtime", "finish", "finished", "stop")
DURATIONS = (
    *("duration", "elapsed", "response_time", "latency", "service_time", "took", "request_time"),
    "processing_time",
)
# Those of which the program that writes them fixes the unit.
NAMED_UNITS = dict.fromkeys(
    ("backend", "backend_seconds", "upstream_response_time", "request_time"), "s"
) | {"target_processing_time": "s"}

# A line of a request with method and version, which nginx's formats put into one field.
REQUEST_LINE = "request"
# A date by API Gateway, and by others how long a request took.
REQUEST_TIME = "requestTime"
JSON_KEYS = (
    *KEYS[: KEYS.index("uri")],
    REQUEST_LINE,
    *KEYS[KEYS.index("uri") : -len(IDS)],
    *("request.uri", "request.path", "request.url", "RequestPath"),
    *("url.original", "url.path"),  # Elastic Common Schema
    *("http.target", "http.url", "url.full"),  # OpenTelemetry
    *("httpRequest.requestUrl", "requestURI"),
    *("ClientRequestURI", "cs-uri-stem"),  # Cloudflare's, and Azure App Service's
    *IDS,
)
JSON_TIMES = (
    *(*TIMES, "StartUTC", "requestReceivedTimestamp", "time.start", "EdgeStartTimestamp"),
    # Azure's, Log4j's, and API Gateway's.
    *("time_generated", "instant.epochSecond", "requestTimeEpoch", REQUEST_TIME),
)
JSON_SIZES = (
    *SIZES,
    *("http.response.body.bytes", "httpRequest.responseSize", "DownstreamContentSize"),
    *("response.bytes", "response.size", "EdgeResponseBytes", "response_length"),
    "sc-bytes",
)
# Each with the unit of its numbers.
JSON_BACKENDS = {
    "OriginDuration": "ns",  # Traefik's
    "event.duration": "ns",  # Elastic Common Schema
    "upstream_service_time": "ms",  # Envoy's, as is duration_ms
    **dict.fromkeys(("duration_ms", "latency_ms", "elapsed_ms", "took_ms"), "ms"),
    "responseTime": "ms",
    "OriginResponseDurationMs": "ms",  # Cloudflare's
    "httpRequest.latency": "s",
    "timings.wait": "ms",  # HAR
}
JSON_NAMES = {
    "key": JSON_KEYS,
    "time": JSON_TIMES,
    "size": JSON_SIZES,
    "ttl": TTLS,
    "backend": (*BACKENDS[:4], *JSON_BACKENDS, *BACKENDS[4:-1]),
}
# Of tables, which may be made of such objects; there a request is not parted, and a time of one is
# as often how long it took.
NAMES = {
    "key": tuple(name for name in JSON_KEYS if name != REQUEST_LINE),
    "time": tuple(name for name in JSON_TIMES if name != REQUEST_TIME),
    "size": JSON_SIZES,
    "ttl": TTLS,
    "backend": BACKENDS,
}

_UNIT_WORDS = {
    **dict.fromkeys(("s", "sec", "secs", "seconds"), "s"),
    **dict.fromkeys(("ms", "msec", "millis", "milliseconds"), "ms"),
    **dict.fromkeys(("us", "µs", "usec", "micros", "microseconds"), "us"),
    **dict.fromkeys(("ns", "nsec", "nanos", "nanoseconds"), "ns"),
}
_WITH_UNIT = ("time", "ttl", "backend", "start", "end", "duration")
# In brackets behind a name these are units that numbers are not read in.
_OTHER_UNITS = frozenset(
    (
        *("min", "mins", "minutes", "h", "hours", "d", "days", "ticks"),
        *("kb", "kib", "mb", "mib", "gb", "gib", "kilobytes", "megabytes", "bits", "kbit"),
    )
)
_IN_BRACKETS = re.compile(r"(.*?)\s*[(\[]\s*(\w+)\s*[)\]]")
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_PARTS = re.compile(r"[\s._-]+")


@lru_cache(maxsize=4096)
def plain_name(name: str) -> tuple[str, str | None]:
    """Return a column's name in lower case without comment sign and unit, and that unit.

    Of ``# timestamp (ms)``, ``timestamp_ms`` and ``timestampMs`` it is ``timestamp`` and ``ms``;
    of ``Request URI``, ``request.uri`` and ``requestUri`` it is ``request_uri``.
    """
    plain = name.strip().lstrip("#").strip()
    if plain.lower() in _EVERY:
        return plain.lower(), None
    found = _IN_BRACKETS.fullmatch(plain)
    snake = _PARTS.sub("_", _HUMP.sub("_", found[1] if found else plain)).lower()
    base, _, unit = (snake, "", found[2].lower()) if found else snake.rpartition("_")
    if base and unit in _UNIT_WORDS:
        return base, _UNIT_WORDS[unit]
    return (plain.lower() if unit in _OTHER_UNITS and found else snake), None


@lru_cache(maxsize=4096)
def spelled(name: str) -> str:
    """Return a name in lower case, without what parts its words: blanks, dots, ``_`` and ``-``."""
    return _PARTS.sub("", name.strip().lstrip("#")).lower()


def is_named(name: str, known: str, role: str) -> bool:
    """Return whether a column's name is one that people use for a role, however it is spelled."""
    base, unit = plain_name(name)
    if (unit is not None and role not in _WITH_UNIT) or base[:1] == "_":
        return False
    return spelled(base) == spelled(known)


def find_role(role: str, names: Sequence[str]) -> str | None:
    """Return the first of some columns that people use for a role; None if there is none.

    One called ``time_ms`` comes after all others.
    """
    vague = None
    for known in NAMES[role]:
        for name in names:
            if is_named(name, known, role):
                if not is_vague_time(name):
                    return name
                vague = vague or name
    return vague


def is_vague_time(name: str) -> bool:
    """Say whether a name is ``time`` with a unit, which is as often how long something took."""
    base, unit = plain_name(name)
    return base == "time" and unit is not None


_EVERY = frozenset(name for names in NAMES.values() for name in names)
