"""`exact_url`: a URL whose path and query are sent as they were written."""

from __future__ import annotations

import functools
import ipaddress
import re

from yarl import URL

_WEB = re.compile(r"(https?)://([^/?#]*)([^#]*)", re.IGNORECASE | re.DOTALL)
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):(.*)", re.DOTALL)
_AROUND = "".join(map(chr, range(0x21)))
"""What browsers cut off at both ends: controls and blanks."""
_DROPPED = str.maketrans("", "", "\t\r\n")
_OF_PATH = re.compile(r'[\x00-\x20\x7f-\U0010ffff"<>`{}^]')
_OF_QUERY = re.compile(r'[\x00-\x20\x7f-\U0010ffff"<>]')
"""What browsers percent-encode (WHATWG URL, section 1.3); all else is left alone."""
_HOST = re.compile(r"[!$&'()*+,.0-9;=A-Z_a-z~-]+")
_NUMBERS = re.compile(r"[0-9.]*[0-9]")
_MOST_LABEL, _MOST_HOST = 63, 253
_NO_WEB = "a URL starts with http:// or https:// and names a host"


def exact_url(text: str | URL) -> URL:
    """Return a URL that is requested byte for byte as it was written.

    Escapes keep their form (``%2F``, ``%28``, ``%2c``), and dots and an empty query stay, so that
    signed links hold. Only what a request line cannot carry is percent-encoded as browsers do it:
    blanks, controls, ``"<>`` and what is not ASCII. The host is lower case and in IDNA. A `URL` is
    taken as it is; one of text was requoted when it was made, but for ``encoded=True``.

    Raises:
        ValueError: If it is not a URL of http or https, or its host or port cannot be one.
    """
    if isinstance(text, URL):
        target = _checked(text).raw_path_qs
        if _OF_PATH.search(target) is None:
            return text
        return _built(text.scheme, text.raw_authority, target)
    if not isinstance(text, str):
        raise TypeError(f"a URL is text, not {type(text).__name__}")
    return _exact(text)


def exact_redirect(url: URL, location: str) -> URL:
    """Return where a Location leads from a URL (RFC 3986, section 5.2), as exactly as `exact_url`.

    Raises:
        ValueError: If that is not a URL of http or https.
    """
    location = _cleaned(location).partition("#")[0]
    if found := _SCHEME.match(location):
        scheme, rest = found[1].lower(), found[2]
        # Browsers take "http:/x" and "http:x" as relative to a URL of that scheme.
        if rest.startswith("//") or scheme != url.scheme:
            return exact_url(location)
        location = rest
    if location.startswith("//"):
        return exact_url(f"{url.scheme}:{location}")
    here, mark, query = url.raw_path_qs.partition("?")
    if not location:
        location = f"{here}{mark}{query}"
    elif location.startswith("?"):
        location = here + location
    elif not location.startswith("/"):
        path, mark, query = location.partition("?")
        location = _without_dots(f"{here.rpartition('/')[0]}/{path}") + mark + query
    return _built(url.scheme, url.with_user(None).raw_authority, location)


@functools.lru_cache(maxsize=512)
def _exact(text: str) -> URL:
    text = _cleaned(text)
    found = _WEB.match(text)
    if found is None:
        raise ValueError(_NO_WEB)
    scheme, authority, target = found.groups()
    scheme = scheme.lower()
    return _built(scheme, _authority(scheme, authority), target)


def _cleaned(text: str) -> str:
    """Return text without what browsers ignore in a URL."""
    return text.strip(_AROUND).translate(_DROPPED)


def _built(scheme: str, authority: str, target: str) -> URL:
    if not target.isascii() or _OF_PATH.search(target) is not None:
        path, mark, query = target.partition("?")
        target = _OF_PATH.sub(_encoded, path) + mark + _OF_QUERY.sub(_encoded, query)
    if not target.startswith("/"):
        target = f"/{target}"
    # As one part: a query that is empty would lose its question mark.
    return URL.build(scheme=scheme, authority=authority, path=target, encoded=True)


def _encoded(character: re.Match[str]) -> str:
    # Bytes of a header that are not UTF-8 came as surrogates.
    return "".join(f"%{byte:02X}" for byte in character[0].encode(errors="surrogateescape"))


def _without_dots(path: str) -> str:
    """Return a path without ``.`` and ``..`` (RFC 3986, section 5.2.4)."""
    parts: list[str] = []
    for part in path.split("/")[1:]:
        if part == "..":
            del parts[-1:]
        elif part != ".":
            parts.append(part)
    if path.endswith(("/.", "/..")):
        parts.append("")
    return "/" + "/".join(parts)


@functools.lru_cache(maxsize=4096)
def _authority(scheme: str, written: str) -> str:
    """Return user, host and port as they are used; the host in lower case and IDNA."""
    url = _checked(URL(f"{scheme}://{written}/"))
    return url.raw_authority


def _checked(url: URL) -> URL:
    """Return a URL after a look at its scheme and host.

    Raises:
        ValueError: If they cannot be those of a server.
    """
    host = url.raw_host
    if url.scheme not in ("http", "https") or not host:
        raise ValueError(_NO_WEB)
    _check_host(host)
    return url


@functools.lru_cache(maxsize=4096)
def _check_host(host: str) -> None:
    if ":" in host:  # IPv6, which yarl has parsed
        return
    if _HOST.fullmatch(host) is None:
        raise ValueError(f"{host!r} is not a valid host name")
    if _NUMBERS.fullmatch(host):
        # A short form, such as 127.1, is not the address that it looks like.
        try:
            ipaddress.IPv4Address(host)
        except ValueError:
            raise ValueError(f"{host!r} is not an IPv4 address of four numbers") from None
    labels = host.removesuffix(".").split(".")
    if len(host) > _MOST_HOST + 1 or not all(1 <= len(one) <= _MOST_LABEL for one in labels):
        raise ValueError(f"{host!r} is not a valid host name: a part is empty or too long")
