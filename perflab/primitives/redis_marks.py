"""How the keys that a cache of ours writes in Redis are told from everybody else's."""

from __future__ import annotations

ENTRY_MAGIC = 0xCA
"""The first byte of every entry; no text in UTF-8 has it before an ASCII letter or a digit."""

ENTRY_LEAST_BYTES = 20
"""The bytes of an entry's header and check, without its value."""

LOCK_BYTES = 16
"""The bytes of a lock's token; a lock always has a time to live."""


def glob_of(text: str) -> str:
    """Return the pattern of SCAN that matches a text itself, whatever letters it has."""
    return "".join(f"\\{letter}" if letter in "*?[]^\\" else letter for letter in text)


def is_entry(first: bytes, length: int) -> bool:
    """Say whether a string is an entry of ours.

    Args:
        first: Its first byte, or more.
        length: How long it is.
    """
    return first[:1] == bytes((ENTRY_MAGIC,)) and length >= ENTRY_LEAST_BYTES


def is_lock(length: int, ttl_milliseconds: int) -> bool:
    """Say whether a string is a lock of ours."""
    return length == LOCK_BYTES and ttl_milliseconds > 0
