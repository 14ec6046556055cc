"""Words for what keeps a user's Redis from being used."""

from __future__ import annotations

import re

import redis

from perflab.errors.foreign_text import foreign_text
from perflab.servers.addresses import VARIABLE
from perflab.units import in_words


def explain(error: redis.RedisError, source: str, patience: float) -> str:
    """Return why a server cannot be used, and what to do.

    Args:
        error: What the client raised.
        source: Where the server was named.
        patience: How long its answer was waited for, in seconds.
    """
    if isinstance(error, redis.AuthenticationError):
        return (
            f"asks for another password or user; put it into {VARIABLE}, as in "
            "redis://user:PASSWORD@host:6379"
        )
    if isinstance(error, redis.exceptions.NoPermissionError):
        return (
            "does not let this user run INFO, which tells its version and its room; grant it: "
            "ACL SETUSER <user> +info"
        )
    if isinstance(error, redis.TimeoutError):
        waited = in_words(patience, "seconds")
        return f"did not answer within {waited}; is the address of {source} right?"
    if isinstance(error, redis.exceptions.InvalidResponse):
        return "answers, but is not a Redis server; is the port right?"
    said = foreign_text(error)
    if "closed by server" in said:
        return "hangs up at once, so it may be no Redis; is the port right?"
    return f"cannot be used ({_reason(said)}); start it, or correct {source}"


_REASONS = (
    ("refused", "connection refused"),
    ("name or service not known", "unknown host"),
    ("nodename nor servname", "unknown host"),
    ("name resolution", "the host's name could not be resolved"),
    ("getaddrinfo", "unknown host"),
    ("no such file", "there is no such socket"),
    ("permission denied", "permission denied"),
    ("timeout", "no answer in time"),
    ("timed out", "no answer in time"),
    ("unreachable", "the host cannot be reached"),
    ("no route", "the host cannot be reached"),
    ("reset by peer", "the connection was reset"),
    ("certificate", "its certificate is not trusted"),
    ("ssl", "no TLS connection"),
    ("loading", "it is still loading its data"),
    ("noauth", "it asks for a password"),
    ("noperm", "this user may not ask it"),
    ("max number of clients", "it has too many clients"),
    ("masterdown", "its primary is down"),
    ("invalid db index", "it has no database of that number"),
    ("db index is out of range", "it has no database of that number"),
)


_UNKNOWN = re.compile(r"unknown (?:sub)?command [`'\"]?(\w{1,30})\b")


def unknown_command(said: str) -> str | None:
    """Return the command that a server's reply says it does not have: renamed, or of a later one.

    What a server says of the command's arguments may be a password, and is left out.
    """
    found = _UNKNOWN.search(said)
    return found[1].upper() if found else None


def _reason(said: str) -> str:
    """Return why a server cannot be used, in our own words: the client's may hold its address."""
    command = unknown_command(said)
    if command is not None:
        return f"it does not know the command {command}"
    lower = said.lower()
    return next((words for mark, words in _REASONS if mark in lower), "it failed")
