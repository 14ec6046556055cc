"""`Redirects`: where an answer leads to, and whether a request may follow."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping

from yarl import URL

from perflab.patterns.async_io._attempt import Attempt
from perflab.patterns.async_io._exact_url import exact_redirect, exact_url
from perflab.patterns.async_io._request import Failure, Request

MOST = 10
_TO_GET = frozenset({301, 302})
_SEE_OTHER = 303
_READING = frozenset({"GET", "HEAD"})
_SAFE = frozenset(
    {
        "accept",
        "accept-charset",
        "accept-encoding",
        "accept-language",
        "cache-control",
        "dnt",
        "pragma",
        "range",
        "user-agent",
    }
)
"""Headers that say what is wanted, and nothing of who wants it."""
_OF_BODY = frozenset({"content-length", "content-type", "content-encoding", "transfer-encoding"})


def origin(url: URL) -> tuple[str, str, int | None]:
    """Return scheme, host and port of a URL: what one server is told from another by."""
    return url.scheme, (url.raw_host or "").lower(), url.port


class Redirects:
    """Follows redirects within one server, and to others only where they were named.

    A redirect to another scheme, host or port, or to an address with a user in it, fails with the
    status of the answer: nobody has agreed to ask that server, and headers may hold what is meant
    for the first one only. One to what is not of the web (``file:``, ``ftp:``, ``javascript:``,
    ``data:``) or not a valid URL fails as `invalid_url`.

    Args:
        origins: Other servers that a request without a body may be led to; of its headers only
            those go along that are known to be safe, such as Accept and User-Agent.
    """

    def __init__(self, origins: Collection[str] = ()) -> None:
        self._origins = frozenset(origin(exact_url(text)) for text in origins)

    def next(self, request: Request, url: URL, done: Attempt) -> tuple[Request, URL] | None:
        """Return what is to be sent next; None where the answer stands, or has been failed."""
        if done.location is None:
            return None
        there = _target(url, done.location)
        if there is None:
            text = f"{done.status}: redirects to what is not a valid URL of http or https"
            done.fail(Failure.INVALID_URL, text)
            return None
        moved = _moved(request, done.status)
        plain = there.user is None and there.password is None
        if plain and origin(there) == origin(url):
            return moved, there.with_user(url.user).with_password(url.password)
        if plain and origin(there) in self._origins and moved.method in _READING:
            return dataclasses.replace(moved, headers=_safe(moved.headers), body=None), there
        done.fail(
            Failure.REDIRECTS,
            f"{done.status}: redirects to {there.origin()}"
            + (", another server" if plain else " with a user in the address")
            + ", which is not followed; name that URL itself to ask it",
        )
        return None


def _target(url: URL, location: str) -> URL | None:
    """Return where a redirect leads; None where that is no server of the web."""
    try:
        return exact_redirect(url, location)
    except ValueError:
        return None


def _safe(headers: Mapping[str, str] | None) -> dict[str, str]:
    """Return the headers that may go to another server: of the rest any may be a secret."""
    return {name: value for name, value in (headers or {}).items() if name.lower() in _SAFE}


def _moved(request: Request, status: int | None) -> Request:
    """Return the request with the method that the status asks for (RFC 9110, section 15.4)."""
    becomes_get = (status == _SEE_OTHER and request.method != "HEAD") or (
        status in _TO_GET and request.method == "POST"
    )
    if not becomes_get:
        return request
    headers = {k: v for k, v in (request.headers or {}).items() if k.lower() not in _OF_BODY}
    return dataclasses.replace(request, method="GET", headers=headers, body=None)
