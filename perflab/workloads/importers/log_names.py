"""The log formats that have a name, in nginx's words, and which of them a file is of."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from perflab.errors import BadInputError, nearest
from perflab.workloads.importers.log_format import LogFormat
from perflab.workloads.importers.log_words import parse_log_format

COMBINED = (
    '$host $ident $user [$time_local] "$request" $status $body_bytes_sent "$referer" "$agent"'
)
_BODY = '"$request" $status $body_bytes_sent'
_INGRESS = (
    f'[$time_local] {_BODY} "$referer" "$agent" $request_length $request_time [$upstream_name]'
)
_UPSTREAM = "$upstream_addr $upstream_response_length $upstream_response_time $rest"
_ELB = (
    "$time_iso8601 $elb $client $backend $request_processing_time $target_processing_time "
    "$response_processing_time"
)
_STARTS = {
    # Istio says more of the connection before the bytes than Envoy does by itself.
    "istio": (
        '[$time_iso8601] "$request" $status $flags $details $termination "$failure" '
        "$bytes_received $body_bytes_sent $duration_ms $upstream_service_time $rest"
    ),
    "envoy": (
        '[$time_iso8601] "$request" $status $flags $bytes_received $body_bytes_sent '
        "$duration_ms $rest"
    ),
    "alb": (
        f'$type {_ELB} $status $backend_status $bytes_received $body_bytes_sent "$request" "$agent"'
    ),
    "elb": (f'{_ELB} $status $backend_status $bytes_received $body_bytes_sent "$request" "$agent"'),
    "s3": (
        "$owner $bucket [$time_local] $client $requester $request_id $operation $object "
        '"$request" $status $error $body_bytes_sent $object_size $total_ms $backend_ms $rest'
    ),
    "haproxy": (
        "$client [$time_local] $frontend $backend $request_ms/$queue_ms/$connect_ms/$backend_ms/"
        "$total_ms $status $body_bytes_sent "
        '$request_cookie $response_cookie $state $connections $queues $captured"$request"'
    ),
    "squid": (
        "$msec  $elapsed $client $result/$status $body_bytes_sent $request_method $request_uri "
        "$user $rest"
    ),
    "uvicorn": 'INFO:  $client - "$request" $status',
    "python-logging": '$date_time $logger"$request" $status',
    "nginx-proxy-manager": (
        '[$time_local] $cache $upstream $status - $request_method $scheme $host "$request_uri" '
        "[Client $client] [Length $body_bytes_sent] $rest"
    ),
    "vhost": f"$server_name $remote_addr $ident $user [$time_local] {_BODY} $rest",
    "ingress-nginx": f"$remote_addr - $user {_INGRESS} [$alternative_name] {_UPSTREAM}",
    # Up to that version; before it there was no alternative.
    "ingress-nginx-0.29": (
        f"$remote_addr - [$real_ip] - $user {_INGRESS} [$alternative_name] {_UPSTREAM}"
    ),
    "ingress-nginx-0.24": f"$remote_addr - [$real_ip] - $user {_INGRESS} {_UPSTREAM}",
    "traefik": f'{COMBINED} $requests "$router" "$url" ${{duration_ms}}ms',
    "combinedio": f"{COMBINED} $request_length $bytes_sent",
    "combined": COMBINED,
}
# Those of which the beginning is that of the combined log.
ALIASES = {
    **dict.fromkeys(("common", "clf", "gunicorn", "nginx"), "combined"),
    **dict.fromkeys(("apache", "httpd"), "combined"),
    "vhost_combined": "vhost",
    "nlb": "alb",
    "ingress": "ingress-nginx",
}
W3C_NAMES = ("w3c", "iis", "cloudfront")
JSON_NAMES = ("caddy",)
LOGFMT_NAMES = ("logfmt", "heroku")
NAMES = (*_STARTS, *ALIASES, *W3C_NAMES, *JSON_NAMES, *LOGFMT_NAMES)
# What the importer of access logs reads; a log whose form the user named is the first.
LOGS = ("log", *_STARTS, *ALIASES, "w3c")
# A line of these cannot be one of another.
_DETECTED = (
    "istio",
    "envoy",
    "alb",
    "elb",
    "s3",
    "haproxy",
    "squid",
    "uvicorn",
    "nginx-proxy-manager",
    "python-logging",
)
# Of a line of the combined log with a date before it, this one knows less.
VAGUEST = "python-logging"
# The combined log with more behind it that cannot be of another; each has a backend's time.
_LONGER = ("ingress-nginx", "ingress-nginx-0.29", "ingress-nginx-0.24", "traefik")
_MOST = 0.8
_STRICT = ("istio", "uvicorn")
_BYTES = ("body_bytes_sent", "duration_ms")


@lru_cache(maxsize=64)
def named_format(text: str) -> LogFormat:
    """Return the form of a name, or of a server's own words.

    Raises:
        BadInputError: If it is neither.
    """
    plain = text.strip().lower()
    name = ALIASES.get(plain, plain)
    if name in _STARTS:
        return parse_log_format(_STARTS[name], f"of the {name} log format")
    if "$" not in text and "%" not in text:
        said = f"unknown log format {text!r}{nearest(plain, NAMES)}"
        raise BadInputError(f"{said}; or write it as nginx's log_format has it", "log_format")
    return parse_log_format(text)


def check_log_format(text: str) -> None:
    """Check that a text is the name of a format, or a server's own words for one.

    Raises:
        BadInputError: If it is neither.
    """
    if text.strip().lower() not in (*W3C_NAMES, *JSON_NAMES, *LOGFMT_NAMES):
        named_format(text)


def detect_log(lines: Sequence[bytes]) -> str | None:
    """Return the name of the format that most lines are of, where it is unmistakable."""
    for name in _DETECTED:
        form = named_format(name)
        wanted = [field for field in (form.time, "status", form.target or "request") if field]
        if name in _STRICT:
            # What parts it from others stands before the bytes, or is that the client has no blank.
            wanted += [field for field in _BYTES if field in form.fields]
            count = count_matches(lines, [form.regex(wanted, tolerant=False)])
        else:
            # The quick expression takes anything for a time.
            count = count_matches(lines, [form.regex(wanted, tolerant=True)])
        if lines and count >= _MOST * len(lines):
            return name
    return None


def detect_longer(lines: Sequence[bytes], count: int) -> str | None:
    """Return the name of the format with the combined log's beginning that most lines are of.

    Args:
        lines: Some of which are of the combined log, as far as that reaches.
        count: How many of them.
    """
    # What the quick expression of one knows may be read by the tolerant one of another.
    for tolerant in (False, True):
        for name in _LONGER:
            form = named_format(name)
            wanted = [field for field in (form.time, "status", form.backend, "request") if field]
            known = count_matches(lines, [form.regex(wanted, tolerant=tolerant)])
            if known >= max(_MOST * count, 1):
                return name
    return None


def matching(lines: Sequence[bytes], form: LogFormat, wanted: Sequence[str]) -> int:
    """Return how many lines are of a form as far as the wanted fields reach."""
    regexes = [form.regex(wanted, tolerant=tolerant) for tolerant in (False, True)]
    return count_matches(lines, regexes)


def count_matches(lines: Sequence[bytes], regexes: Sequence[str]) -> int:
    """Return how many lines one of some expressions knows, in a time that their length bounds."""
    array = pa.array(lines, pa.binary())
    known = np.zeros(len(lines), np.bool_)
    for regex in regexes:
        known |= pc.match_substring_regex(array, regex).to_numpy(zero_copy_only=False)
    return int(np.count_nonzero(known))
