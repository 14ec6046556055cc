"""Messages about a PostgreSQL that cannot be used: its address without secrets, and the reason."""

from __future__ import annotations

from perflab.errors import BadInputError
from perflab.errors.addresses import HIDDEN
from perflab.errors.foreign_text import foreign_text
from perflab.servers.addresses import redact
from perflab.servers.postgres.address import PostgresAddress
from perflab.units import in_words

VARIABLE = "PERFLAB_POSTGRES_URL"
ASK_SECONDS = 5


def shown_conninfo(conninfo: str) -> str:
    """Return an address as it may be shown, also one in words such as ``host=db dbname=shop``."""
    shown = redact(conninfo)
    if shown != HIDDEN:
        return shown
    try:
        return PostgresAddress.of(conninfo).text
    except BadInputError:
        return shown


def explain(error: Exception, source: str = VARIABLE) -> str:
    """Return why a server cannot be used, and what to do; libpq's own words may hold its address.

    Args:
        error: What came of connecting.
        source: Where the address was named.
    """
    text = foreign_text(error)
    if "has not answered for" in text:
        return f"let perflab in and {text}; look at its load and its disk, or restart it"
    if "expected authentication request" in text or "invalid response" in text:
        return "answers, but is not a PostgreSQL server; is the port right?"
    if "password" in text or "authentication" in text:
        return f"refuses user or password; correct {source}"
    if "does not exist" in text:
        what = "role" if "role " in text else "database"
        return f"answers, but has no such {what}; correct {source}"
    if "timeout expired" in text:
        return (
            f"did not answer as a PostgreSQL does within {in_words(ASK_SECONDS, 'seconds')}; are "
            f"host and port of {source} right?"
        )
    return f"cannot be reached ({_reason(text)}); start it, or correct {source}"


_REASONS = (
    ("refused", "connection refused"),
    ("could not translate host name", "unknown host"),
    ("failed to resolve host", "unknown host"),
    ("no such file", "there is no such socket"),
    ("definition of service", "there is no such service"),
    ("permission denied", "permission denied"),
    ("too many", "it has too many connections"),
    ("no pg_hba.conf entry", "its pg_hba.conf does not let this user in"),
    ("starting up", "it is starting up"),
    ("shutting down", "it is shutting down"),
    ("ssl", "no TLS connection"),
    ("timeout", "no answer in time"),
    ("unreachable", "the host cannot be reached"),
    ("no route", "the host cannot be reached"),
)


def _reason(said: str) -> str:
    """Return why a server cannot be reached, in our own words: libpq's may hold its address."""
    lower = said.lower()
    return next((words for mark, words in _REASONS if mark in lower), "it failed")
