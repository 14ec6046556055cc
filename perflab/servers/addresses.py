"""Which server an address of Redis means, and how an address may be shown."""

from __future__ import annotations

import re
from typing import Any

from perflab.errors import BadInputError
from perflab.errors.addresses import HIDDEN, redact, without_secrets
from perflab.settings.addresses import is_host

__all__ = [
    "HIDDEN",
    "VARIABLE",
    "names_server",
    "redact",
    "redis_address",
    "redis_url",
    "without_secrets",
]

VARIABLE = "PERFLAB_REDIS_URL"

_FORM = "write redis://user:PASSWORD@host:6379/0, special characters percent-encoded"
_DATABASE = re.compile(r"/?\d*")
_MOST_PORT = 65_535
_ALLOWED = ("db", "host", "port", "path", "username", "password", "protocol", "client_name",
            "socket_timeout", "socket_connect_timeout", "socket_keepalive",
            "health_check_interval", "retry_on_timeout")  # fmt: skip
_OF_THE_CLIENT = ("decode_responses", "encoding", "max_connections")
"""What services have in their addresses and would change what a run reads or how much it may ask;
any other name may be a part of a password."""


def _is_allowed(parameter: str, *, secure: bool) -> bool:
    return parameter in _ALLOWED or (secure and parameter.startswith("ssl_"))


def names_server(url: str) -> bool:
    """Say whether an address names a host, a socket or a database, and not a scheme alone.

    Clients take the rest from their defaults, so that ``redis://`` means a server of this machine
    which nobody named.
    """
    scheme, mark, rest = url.partition("://")
    if not mark:
        return bool(url.strip())
    place, _, query = rest.partition("?")
    if re.search(r"(?:^|&)(?:host|hostaddr|path|service)=[^&]", query):
        return True
    host, _, path = place.rpartition("@")[2].partition("/")
    if scheme.lower() in ("redis", "rediss"):
        return bool(host.strip())
    return bool(host.strip() or path.strip())


def redis_url(host: str, port: int) -> str:
    """Return the address of a server that is named by host and port.

    Raises:
        BadInputError: If the host is not a name or a number.
    """
    if not is_host(host):
        raise BadInputError(
            "must be the name or number of a host, without a port, user or password; put a whole "
            "address into PERFLAB_REDIS_URL",
            "redis_host",
        )
    return f"redis://[{host}]:{port}" if ":" in host else f"redis://{host}:{port}"


def redis_address(url: str, source: str = VARIABLE) -> str:
    """Return what a URL resolves to, without user and password: ``redis://host:6379/0``.

    Whatever the client takes from the query is in it: ``?db=``, ``?host=``, ``?path=``. A host
    stays the name that it is: one that DNS leads to another machine later is still the same.

    Args:
        url: What ``redis.Redis.from_url`` takes.
        source: Where it was given, for an error.

    Raises:
        BadInputError: If it is not an address of Redis.
    """
    from urllib.parse import parse_qs, urlsplit

    from redis.connection import parse_url

    wrong = BadInputError(f"is not a valid address of a Redis server; {_FORM}", source)
    try:
        found: dict[str, Any] = parse_url(url)  # type: ignore[no-untyped-call]
        parts = urlsplit(url)
        secure = parts.scheme.lower() == "rediss"
        unknown = [name for name in parse_qs(parts.query) if not _is_allowed(name, secure=secure)]
        database = int(found.get("db", 0))
        port = int(found.get("port", 6379))
    except (ValueError, TypeError, AttributeError):
        raise wrong from None
    if unknown:
        named = f"{unknown[0]} " if unknown[0] in _OF_THE_CLIENT else ""
        raise BadInputError(
            f"has a query parameter {named}that a run cannot use; allowed: "
            f"{', '.join(_ALLOWED)}, and with rediss:// those that begin with ssl_",
            source,
        )
    scheme = parts.scheme.lower()
    if scheme == "unix":
        path = str(found.get("path", ""))
        if not path.startswith("/") or "@" in path or not path.isprintable() or database < 0:
            raise wrong
        return f"unix://{path}?db={database}"
    host = str(found.get("host", "localhost")).lower()
    if (
        not is_host(host)
        or not 0 < port <= _MOST_PORT
        or database < 0
        or not _DATABASE.fullmatch(parts.path)
    ):
        raise wrong
    return f"{redis_url(host, port).replace('redis', scheme, 1)}/{database}"
