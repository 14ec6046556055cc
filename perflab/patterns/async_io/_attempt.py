"""One try of a request over aiohttp: its answer, or why it failed."""

from __future__ import annotations

import asyncio
import datetime as dt
import os
import re
from email.utils import parsedate_to_datetime

import aiohttp
from aiohttp import hdrs, http_exceptions
from yarl import URL

from perflab.errors.addresses import without_secrets
from perflab.errors.foreign_text import foreign_text
from perflab.patterns.async_io._body import BodyError, CutBodyError, read_body
from perflab.patterns.async_io._request import Failure, Request
from perflab.units import counted

_OF_ASYNCIO = "Connect call failed"
"""What asyncio says in place of the reason."""
_THROTTLED = 429
_UNAVAILABLE = 503
_ANSWERS_FROM = 100
_ERRORS_FROM = 400
_SERVER_ERRORS_FROM = 500
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


class Attempt:
    """What one try gave.

    Attributes:
        status: The answer's status; None where there was none.
        body: The whole body; empty where it failed.
        content_type: Of the body.
        failure: Why it failed; None where it did not.
        detail: The failure in words.
        location: Where the answer redirects to; None where it does not.
        retry_after: Seconds that the server asked to wait; None where it did not ask.
        throttled_seconds: How long it waited for the client's own limits.
        sent: Requests that it took; more than one where redirects were followed.
    """

    __slots__ = (
        "body",
        "content_type",
        "detail",
        "failure",
        "location",
        "retry_after",
        "sent",
        "status",
        "throttled_seconds",
    )

    def __init__(self) -> None:
        self.status: int | None = None
        self.body = b""
        self.content_type = ""
        self.failure: Failure | None = None
        self.detail = ""
        self.location: str | None = None
        self.retry_after: float | None = None
        self.throttled_seconds = 0.0
        self.sent = 1

    def fail(self, failure: Failure, detail: str) -> None:
        """Note why it failed."""
        self.failure = failure
        self.detail = foreign_text(without_secrets(detail))

    @property
    def is_overload(self) -> bool:
        """Say whether the server has too much to do."""
        return self.status == _UNAVAILABLE or self.failure in (
            Failure.TIMEOUT,
            Failure.THROTTLED,
            Failure.CONNECT,
        )


async def attempt(
    session: aiohttp.ClientSession,
    request: Request,
    url: URL,
    timeout: aiohttp.ClientTimeout,  # noqa: ASYNC109  (aiohttp's own, over connecting and reading)
    max_body_bytes: int,
) -> Attempt:
    """Send a request once and read its answer, a redirect too; only a cancellation is raised."""
    done = Attempt()
    try:
        async with session.request(
            request.method,
            url,
            headers=request.headers,
            data=request.body,
            timeout=timeout,
            allow_redirects=False,
        ) as response:
            done.status = response.status
            headers = response.headers
            if response.status in _REDIRECTS:
                done.location = headers.get(hdrs.LOCATION)
            done.content_type = headers.get(hdrs.CONTENT_TYPE, "")
            is_error = not _ANSWERS_FROM <= response.status < _ERRORS_FROM
            if is_error:
                done.fail(_kind_of(response.status), f"{response.status} {response.reason or ''}")
                done.retry_after = retry_after(headers.get(hdrs.RETRY_AFTER))
            try:
                body = await read_body(response, request.method, max_body_bytes)
            except BodyError:
                response.close()
                if not is_error:
                    raise
                body = b""
            if body is None:
                done.fail(
                    Failure.TOO_LARGE, f"the body has more than {counted(max_body_bytes, 'byte')}"
                )
                response.close()
                return done
            done.body = body
    except Exception as error:  # noqa: BLE001  (what aiohttp makes of any answer is open)
        done.body = b""
        done.fail(failure_of(error), _words_for(error))
    return done


class BrokenConnectionError(aiohttp.ClientConnectionError):
    """A connection broke before the answer was there."""


async def send_once(
    request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    """Pass a request on, a middleware of aiohttp, so that it reaches the server once.

    aiohttp sends an idempotent request again by itself where the connection broke
    (RFC 9112, section 9.3.1); an error that it does not know is handed on at once.
    """
    try:
        return await handler(request)
    except aiohttp.ClientConnectorError:
        raise
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        raise BrokenConnectionError(str(error)) from error


def _words_for(error: Exception) -> str:
    """Return what went wrong; where nothing listens, in the system's words, not in aiohttp's."""
    if isinstance(error, aiohttp.ClientResponseError) and error.message:
        return error.message  # without the status 400 that aiohttp makes up
    if isinstance(error, TimeoutError) and not isinstance(error, aiohttp.ClientError):
        return "the timeout was over before the whole answer was there"
    if isinstance(error, aiohttp.ClientConnectorError):
        number, reason = error.os_error.errno, error.os_error.strerror
        if number and (reason or "").startswith(_OF_ASYNCIO):
            reason = os.strerror(number)
        if reason:
            return f"cannot connect to {error.host}:{error.port} ({reason})"
    return str(error) or type(error).__name__


def failure_of(error: BaseException) -> Failure:
    """Return the kind of an error of aiohttp or of the system."""
    for kinds, failure in _KINDS:
        if isinstance(error, kinds):
            return failure
    return Failure.DISCONNECTED


_KINDS: tuple[tuple[tuple[type[BaseException], ...], Failure], ...] = (
    ((asyncio.TimeoutError, TimeoutError), Failure.TIMEOUT),
    ((aiohttp.ClientConnectorDNSError,), Failure.DNS),
    ((aiohttp.ClientConnectorError,), Failure.CONNECT),
    ((aiohttp.TooManyRedirects,), Failure.REDIRECTS),
    ((aiohttp.InvalidURL,), Failure.INVALID_URL),
    ((aiohttp.ClientPayloadError, CutBodyError), Failure.INCOMPLETE),
    ((aiohttp.ServerDisconnectedError, aiohttp.ClientOSError), Failure.DISCONNECTED),
    ((aiohttp.ClientResponseError, http_exceptions.HttpProcessingError), Failure.BAD_RESPONSE),
    ((aiohttp.ClientError, OSError), Failure.DISCONNECTED),
    ((Exception,), Failure.BAD_RESPONSE),
)


def _kind_of(status: int) -> Failure:
    if status == _THROTTLED:
        return Failure.THROTTLED
    if status < _ANSWERS_FROM:  # HTTP knows none
        return Failure.BAD_RESPONSE
    return Failure.SERVER_ERROR if status >= _SERVER_ERRORS_FROM else Failure.CLIENT_ERROR


_SECONDS = re.compile("[0-9]{1,20}")
_MOST_SECONDS = 10_000 * 366 * 86_400
"""Seconds of all years that a date can name; a larger number is a mistake of the server."""
_LONGEST_VALUE = 100


def retry_after(value: str | None) -> float | None:
    """Return the seconds of a Retry-After: a number, or a date (RFC 9110, section 10.2.3).

    What is neither counts as not sent: a sign, a fraction, digits that are not ASCII, a number
    beyond 10,000 years. A date that has passed is 0 s.
    """
    if value is None or len(value) > _LONGEST_VALUE or not value.isascii():
        return None
    text = value.strip(" \t")
    if _SECONDS.fullmatch(text):
        seconds = float(text)
        return seconds if seconds <= _MOST_SECONDS else None
    try:
        moment = parsedate_to_datetime(text)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=dt.UTC)
        return max(0.0, (moment - dt.datetime.now(dt.UTC)).total_seconds())
    except (ValueError, OverflowError, TypeError, LookupError, AttributeError):
        return None
