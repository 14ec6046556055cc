"""Keys as hashes: which are in a sample, and the number that stands for one in a recording."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import blake2b
from typing import Any
from zlib import crc32

# A key is in the sample where its place, below 2^32, lies below the limit: rate times 2^32.
PLACES = 1 << 32
# 2^32 divided by the golden ratio; spreads what CRC leaves in patterns.
SPREAD = 0x9E3779B1
MASK = PLACES - 1
PLACE_SHIFT = 31
# The number of what is done to all keys: of a place that is in every sample.
EVERY_KEY = 0
_MOST_BYTES = 1 << 62


def key_bytes(key: Any) -> bytes:
    """Return a key of Redis as bytes: as redis-py sends it, so that a text and bytes are one."""
    kind = type(key)
    if kind is str:
        try:
            data: bytes = key.encode()  # without arguments it is quickest
        except UnicodeEncodeError:
            data = key.encode("utf-8", "surrogatepass")
        return data
    if kind is bytes:
        return key  # type: ignore[no-any-return]
    if kind is memoryview:
        return bytes(key)
    try:
        return repr(key).encode("utf-8", "surrogatepass")
    except Exception:  # noqa: BLE001 - redis-py refuses whatever it is, and a recorder nothing
        return b""


def place_of(data: bytes) -> int:
    """Return where a key lies among `PLACES`, the same in every process."""
    return crc32(data) * SPREAD & MASK


def key_number(data: bytes, place: int, secret: bytes = b"") -> int:
    """Return the number of a key: its place in the upper 32 bits of 63, then 31 bits of a hash.

    So that a recording can be thinned to a lower rate by its numbers alone.
    """
    digest = blake2b(data, digest_size=4, key=secret).digest()
    return place << PLACE_SHIFT | int.from_bytes(digest) >> 1


def size_of(value: object) -> int | None:
    """Return the bytes of a value that has a plain size: bytes, a text, an array; else None."""
    if isinstance(value, str):
        return len(value) if value.isascii() else len(value.encode("utf-8", "surrogatepass"))
    if isinstance(value, (bytes, bytearray)):
        return len(value)
    size = getattr(value, "nbytes", None)
    return size if isinstance(size, int) else None


def known_size(size: Callable[[Any], Any], value: object) -> int | None:
    """Return the bytes that a user's function gives; None where it fails, or gives no number."""
    try:
        found = size(value)
        if type(found) is not int:
            found = None if found is None else int(found)
    except Exception:  # noqa: BLE001 - a recorder stops no service
        return None
    return found if found is not None and 0 <= found < _MOST_BYTES else None
