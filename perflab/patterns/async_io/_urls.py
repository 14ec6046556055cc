"""`read_urls`: one URL, or those of a file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from yarl import URL

from perflab.errors import BadInputError
from perflab.errors.addresses import HIDDEN, shown_address
from perflab.patterns.async_io._exact_url import exact_url
from perflab.patterns.async_io._request import Request
from perflab.primitives.lenient_json import load_json
from perflab.primitives.regular_file import refuse_special

_SCHEMES = ("http://", "https://")
_WIDE = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
# A URL that is longer is none that a server takes; a HAR of a day in a browser is smaller.
_MOST_LINE = 1 << 20
_MOST_HAR = 1 << 29
_NOT_UTF8 = re.compile("[\udc80-\udcff]")


def read_urls(urls: str | None) -> Iterator[Request]:
    """Yield what the setting `urls` names: a URL, a file of one URL a line, or a HAR file.

    A file of lines is read as it is used; empty lines and those that begin with # are passed over.
    Bytes that are not UTF-8 are percent-encoded, as browsers send them.

    Raises:
        BadInputError: If it names nothing, or a file that cannot be read; with file and line.
    """
    if not urls:
        raise BadInputError("names nothing to fetch; give URLs, or set it", "urls")
    if _is_of_the_web(urls):
        return iter((Request(_checked(urls, "urls")),))
    path = Path(urls)
    refuse_special(path, shown_address(urls))
    if not _is_file(path):
        raise BadInputError(
            "is neither a URL of http or https nor a file of URLs", shown_address(urls)
        )
    return _of_har(path) if path.suffix.lower() == ".har" else _of_lines(path)


def _is_of_the_web(url: str) -> bool:
    return url[: len(_SCHEMES[-1])].lower().startswith(_SCHEMES)


def _of_lines(path: Path) -> Iterator[Request]:
    for number, line in enumerate(_lines(path), 1):
        url = line.strip()
        if not url or url.startswith("#"):
            continue
        if not _is_of_the_web(url):
            text = f"{shown_address(url)[:80]!r} is not a URL of http or https"
            raise BadInputError(text, f"{path}:{number}")
        if len(line) > _MOST_LINE:
            raise BadInputError("the URL is longer than 1 MiB", f"{path}:{number}")
        url = _NOT_UTF8.sub(lambda byte: f"%{ord(byte[0]) - 0xDC00:02X}", url)
        yield Request(_checked(url, f"{path}:{number}"))


def _lines(path: Path) -> Iterator[str]:
    try:
        with path.open("rb") as file:
            encoding = _WIDE.get(file.read(2), "utf-8-sig")
        stray = "surrogateescape" if encoding == "utf-8-sig" else "replace"
        with path.open(encoding=encoding, errors=stray) as text:
            while line := text.readline(_MOST_LINE + 1):
                yield line
    except OSError as error:
        raise BadInputError(f"cannot be read ({error.strerror})", str(path)) from None


def _of_har(path: Path) -> Iterator[Request]:
    try:
        with path.open("rb") as file:
            content = file.read(_MOST_HAR + 1).removeprefix(b"\xef\xbb\xbf")
    except OSError as error:
        raise BadInputError(f"cannot be read ({error.strerror})", str(path)) from None
    if len(content) > _MOST_HAR:
        text = f"is larger than {_MOST_HAR >> 20} MiB, the most that is read whole"
        raise BadInputError(f"{text}; list its URLs in a text file, one per line", str(path))
    try:
        entries: Any = load_json(content)["log"]["entries"]
        asked = [entry["request"] for entry in entries]
        pairs = [(str(request["method"]).upper(), str(request["url"])) for request in asked]
    except (ValueError, LookupError, TypeError, RecursionError) as error:
        reason = f"no {error}" if isinstance(error, KeyError) else type(error).__name__
        raise BadInputError(f"is not a HAR file ({reason}); save it again", str(path)) from None
    # Only what changes nothing is asked again: a recording may hold orders and payments.
    yield from (
        Request(_checked(url, f"{path}: entry {number}"), method)
        for number, (method, url) in enumerate(pairs, 1)
        if method in ("GET", "HEAD") and _is_of_the_web(url)
    )


def origin_of(url: str | URL) -> str:
    """Return the server of a URL: scheme, host and port, such as ``https://example.org``.

    Raises:
        ValueError: If it names none.
    """
    return str(exact_url(url).origin())


def _checked(url: str, place: str) -> str:
    """Return a URL after a look at whether it names a server and is whole."""
    if HIDDEN in url.partition("?")[0] or url.endswith(f"?{HIDDEN}"):
        raise BadInputError("has parts that were hidden in a result; give the whole URL", place)
    try:
        exact_url(url)
    except ValueError:
        raise BadInputError(f"{shown_address(url)[:80]!r} is not a valid URL", place) from None
    return url


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False
