"""`check_sendable`: whether HTTP can carry a request at all; asked before anything is sent."""

from __future__ import annotations

import re
from collections.abc import Mapping

from yarl import URL

from perflab.errors import BadInputError
from perflab.patterns.async_io._request import IDEMPOTENT, Request

_USUAL = IDEMPOTENT | {"POST", "PATCH"}
_TOKEN = re.compile(r"[-!#$%&'*+.^_`|~0-9A-Za-z]+")
"""What a method or the name of a header is made of (RFC 9110, section 5.6.2)."""
_NOT_OF_A_VALUE = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


def check_sendable(request: Request, url: URL, defaults: Mapping[str, str] | None) -> None:
    """Check the method, headers and body of a request.

    Args:
        request: What is to be sent.
        url: Its URL.
        defaults: The fetcher's own headers, checked already.

    Raises:
        TypeError: If one of them is of a type that cannot be sent.
        ValueError: If one of them holds what HTTP cannot carry.
    """
    method, headers, body = request.method, request.headers, request.body
    if method not in _USUAL and not (isinstance(method, str) and _TOKEN.fullmatch(method)):
        raise ValueError(f"{method!r} is not a method of HTTP")
    if headers is not None:
        _check_headers(headers)
    if body is not None and not isinstance(body, (bytes, bytearray, memoryview, str)):
        # What can be read only once, a file or a generator, would be empty in a second try.
        raise TypeError(f"the body must be bytes, not {type(body).__name__}")
    if url.raw_user is not None or url.raw_password is not None:
        names = [*(headers or ()), *(defaults or ())]
        if any(name.lower() == "authorization" for name in names):
            raise ValueError("the URL holds a user, and an Authorization header is set: give one")


def checked_headers(headers: Mapping[str, str] | None) -> Mapping[str, str] | None:
    """Return the headers of a fetcher.

    Raises:
        BadInputError: If they cannot be sent.
    """
    if headers is None:
        return None
    try:
        _check_headers(headers)
    except (TypeError, ValueError) as error:
        raise BadInputError(str(error), "headers") from None
    return headers


def _check_headers(headers: object) -> None:
    if not isinstance(headers, Mapping):
        raise TypeError(f"headers must be a mapping, not {type(headers).__name__}")
    for name, value in headers.items():
        if not isinstance(name, str) or not _TOKEN.fullmatch(name):
            raise ValueError(f"{name!r} is not a valid header name")
        # Not the value, which may be a secret.
        if not isinstance(value, str):
            raise TypeError(f"the header {name} must be a str, not {type(value).__name__}")
        if _NOT_OF_A_VALUE.search(value) or not _is_encodable(value):
            raise ValueError(f"the header {name} holds a control character or a lone surrogate")


def _is_encodable(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True
