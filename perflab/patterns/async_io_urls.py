"""`read_urls`: one URL, or those of a file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from perflab.patterns.async_io_request import Request
from perflab.settings import BadInputError

_SCHEMES = ("http://", "https://")


def read_urls(urls: str | None) -> Iterator[Request]:
    """Yield what the setting `urls` names: a URL, a file of one URL a line, or a HAR file.

    A file of lines is read as it is used; empty lines and those that begin with # are passed over.

    Raises:
        BadInputError: If it names nothing, or a file that cannot be read; with file and line.
    """
    if not urls:
        raise BadInputError("names nothing to fetch; give URLs, or set it", "urls")
    if urls.startswith(_SCHEMES):
        return iter((Request(urls),))
    path = Path(urls)
    if not path.is_file():
        raise BadInputError("is neither a URL of http or https nor a file of URLs", urls)
    return _of_har(path) if path.suffix.lower() == ".har" else _of_lines(path)


def _of_lines(path: Path) -> Iterator[Request]:
    with path.open(encoding="utf-8-sig", errors="replace") as file:
        for number, line in enumerate(file, 1):
            url = line.strip()
            if not url or url.startswith("#"):
                continue
            if not url.startswith(_SCHEMES):
                raise BadInputError(f"{url[:80]!r} is no URL of http or https", f"{path}:{number}")
            yield Request(url)


def _of_har(path: Path) -> Iterator[Request]:
    import orjson

    try:
        entries: Any = orjson.loads(path.read_bytes())["log"]["entries"]
        asked = [entry["request"] for entry in entries]
        pairs = [(str(request["method"]).upper(), str(request["url"])) for request in asked]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BadInputError(f"is no HAR file ({error}); save it anew", str(path)) from None
    # Only what changes nothing is asked again: a recording may hold orders and payments.
    yield from (
        Request(url, method)
        for method, url in pairs
        if method in ("GET", "HEAD") and url.startswith(_SCHEMES)
    )
