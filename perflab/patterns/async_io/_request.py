"""`Request` and `Result`: what is requested, and what became of it."""

from __future__ import annotations

import base64
import dataclasses
from collections import Counter
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from yarl import URL

from perflab.errors.addresses import shown_with_query

IDEMPOTENT = frozenset({"GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"})
"""Methods that may be sent twice without harm (RFC 9110, section 9.2.2)."""


class Failure(StrEnum):
    """Why a request failed."""

    TIMEOUT = "timeout"
    DNS = "dns"
    CONNECT = "connect"
    DISCONNECTED = "disconnected"
    INCOMPLETE = "incomplete"
    BAD_RESPONSE = "bad_response"
    REDIRECTS = "redirects"
    TOO_LARGE = "too_large"
    INVALID_URL = "invalid_url"
    INVALID_REQUEST = "invalid_request"
    THROTTLED = "throttled"
    CLIENT_ERROR = "client_error"
    SERVER_ERROR = "server_error"
    CANCELLED = "cancelled"


NEVER_SENT = frozenset({Failure.DNS, Failure.CONNECT})
"""The server has not seen the request, so that even a POST may be sent again."""

PASSING = frozenset(
    {
        *NEVER_SENT,
        Failure.TIMEOUT,
        Failure.DISCONNECTED,
        Failure.INCOMPLETE,
        Failure.THROTTLED,
        Failure.SERVER_ERROR,
    }
)
"""What another try may mend."""


@dataclasses.dataclass(frozen=True, slots=True)
class Request:
    """One thing to ask for.

    Attributes:
        url: Of http or https.
        method: The method; it is sent in capitals.
        headers: Its own headers, beside those of the fetcher.
        body: What is sent, if anything.
        tag: The caller's own; it comes back with the result.
        idempotent: Whether it may be sent twice; None leaves it to the method.
    """

    url: str | URL
    method: str = "GET"
    headers: Mapping[str, str] | None = None
    body: bytes | None = None
    tag: Any = None
    idempotent: bool | None = None

    @property
    def is_safe_to_repeat(self) -> bool:
        """Say whether it may be sent twice without harm."""
        return self.method in IDEMPOTENT if self.idempotent is None else self.idempotent


@dataclasses.dataclass(slots=True)
class Result:
    """What became of a request.

    Attributes:
        request: What was requested.
        status: The status of the last answer; None where there was none.
        body: The body of the last answer; empty where it failed before its end.
        content_type: Of the body.
        failure: Why it failed; None where it did not.
        detail: The failure in words.
        tries: How often it was tried; a redirect that is followed belongs to its try.
        seconds: From taking it up to its end: all tries, and the waits between them. The
            fetcher's own limits are not in it.
        throttled_seconds: How long it waited for the fetcher's own limits beside: `rate_limit`,
            and `max_concurrent` where several fetches share it.
        sent: Requests that reached for the server: tries, and redirects that were followed.
    """

    request: Request
    status: int | None = None
    body: bytes = b""
    content_type: str = ""
    failure: Failure | None = None
    detail: str = ""
    tries: int = 1
    seconds: float = 0.0
    throttled_seconds: float = 0.0
    sent: int = 0

    @property
    def ok(self) -> bool:
        """Say whether it was answered with a status below 400, whole and in time."""
        return self.failure is None

    def json(self) -> Any:
        """Return the body as JSON.

        Raises:
            ValueError: If it is none.
        """
        import orjson

        return orjson.loads(self.body)

    def line(self) -> bytes:
        """Return it as a line of JSON: a body that is text as text, any other as Base64."""
        import orjson

        values: dict[str, object] = {
            "url": shown_with_query(str(self.request.url)),
            "method": self.request.method,
            "status": self.status,
            "seconds": round(self.seconds, 6),
            "tries": self.tries,
        }
        if self.throttled_seconds:
            values["throttled_seconds"] = round(self.throttled_seconds, 6)
        if self.failure is not None:
            values.update(failure=self.failure.value, detail=self.detail)
        if self.body:
            try:
                values["body"] = self.body.decode()
            except UnicodeDecodeError:
                values["body_base64"] = base64.b64encode(self.body).decode()
        return orjson.dumps(values, option=orjson.OPT_APPEND_NEWLINE)


def as_request(given: str | URL | Request) -> Request:
    """Return a request of what a caller may give, its method in capitals, as it is sent."""
    if not isinstance(given, Request):
        return Request(given)
    if isinstance(given.method, str) and not given.method.isupper():
        return dataclasses.replace(given, method=given.method.upper())
    return given


class FetchStats:
    """Counts that only grow; they belong to one event loop and may be read from anywhere.

    Attributes:
        requests: Taken from a source.
        done: Answered with a status below 400, whole and in time.
        tries: Requests sent, each retry and each redirect that was followed included.
        retries: Tries after the first.
        throttled_seconds_total: How long requests waited for the fetcher's own limits.
        bytes_read: Of the bodies of those that are done.
    """

    def __init__(self) -> None:
        self.requests = 0
        self.done = 0
        self.tries = 0
        self.retries = 0
        self.bytes_read = 0
        self.throttled_seconds_total = 0.0
        self._failed: Counter[Failure] = Counter()

    def add(self, result: Result) -> None:
        """Count a result."""
        if result.failure is None:
            self.done += 1
            self.bytes_read += len(result.body)
        else:
            self._failed[result.failure] += 1

    def snapshot(self) -> dict[str, int | float]:
        """Return all counters by name, with one for each kind of failure."""
        failed = {kind: self._failed[kind] for kind in Failure}
        return {
            "requests": self.requests,
            "done": self.done,
            "failed": sum(failed.values()),
            "tries": self.tries,
            "retries": self.retries,
            "bytes_read": self.bytes_read,
            "throttled_seconds_total": self.throttled_seconds_total,
            **{f"failed_{kind.value}": number for kind, number in failed.items()},
        }
