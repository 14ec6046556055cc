"""What stands in Redis under a key: a small header, a check, and the value's bytes."""

from __future__ import annotations

import hmac
import struct
from typing import Any, NamedTuple
from zlib import crc32

from perflab.errors import BadInputError
from perflab.patterns.redis_cache._serializers import BY_CODE, SERIALIZERS, Serializer, dump
from perflab.primitives.redis_marks import ENTRY_MAGIC

_VERSION = 2
_NOTHING = 1
_SIGNED = 2

_HEADER = struct.Struct("<BBBBdf")
"""Magic, version, serializer's code, flags, fresh until (Unix seconds, 0: as long as it is
there), seconds that its load took."""

ENTRY_NOW = bytes((ENTRY_MAGIC, _VERSION))
"""What an entry of this version begins with."""

_CHECK = struct.Struct("<I")
_HEAD_BYTES = _HEADER.size
_PLAIN_BYTES = _HEAD_BYTES + _CHECK.size
_SIGNED_BYTES = _HEAD_BYTES + 32
_LEAST_KEY_BYTES = 16


class CorruptEntryError(ValueError):
    """The bytes under a key are not an entry of ours, or not whole, or forged."""


class Entry(NamedTuple):
    """An entry as it was read.

    Attributes:
        value: The value; None where the loader found nothing.
        fresh_until: Unix seconds after which it is stale; 0 for as long as it is there.
        load_seconds: How long its load took.
        nothing: Whether it says that the loader found nothing.
    """

    value: Any
    fresh_until: float
    load_seconds: float
    nothing: bool


class Envelope:
    """Writes and reads entries; damage is found by CRC-32, or forgery by HMAC-SHA-256.

    With a signing key, every entry is signed with its name, and nothing unsigned is read.
    Without one, pickle is neither written nor read.

    Args:
        serializer: What new values are written with; msgpack and JSON are always read.
        signing_key: 16 bytes or more that only those who may write entries know.

    Raises:
        BadInputError: If pickle is requested without a signing key, or the key is too short.
    """

    def __init__(self, serializer: str, signing_key: bytes | None = None) -> None:
        if signing_key is not None and (
            not isinstance(signing_key, bytes) or len(signing_key) < _LEAST_KEY_BYTES
        ):
            raise BadInputError(
                f"a key of {_LEAST_KEY_BYTES} bytes or more is needed, such as "
                "secrets.token_bytes(32)",
                "signing_key",
            )
        self.serializer: Serializer = SERIALIZERS[serializer]
        if self.serializer.signed and signing_key is None:
            raise BadInputError(
                "pickle's bytes can run code, so they are signed; give a signing_key of your own, "
                "or use msgpack or json",
                "serializer",
            )
        self._signing_key = signing_key
        self._readable = {
            code: one.load
            for code, one in BY_CODE.items()
            if not one.signed or one is self.serializer
        }

    def seal(
        self, name: str, value: object, fresh_until: float, load_seconds: float, *, nothing: bool
    ) -> bytes:
        """Return an entry's bytes.

        Raises:
            UnwritableError: If the serializer cannot write such a value.
        """
        flags = _NOTHING * nothing | _SIGNED * (self._signing_key is not None)
        head = _HEADER.pack(
            ENTRY_MAGIC, _VERSION, self.serializer.code, flags, fresh_until, load_seconds
        )
        body = dump(self.serializer, name, value)
        if self._signing_key is None:
            return head + _CHECK.pack(_checksum(name, head, body)) + body
        return head + self._sign(self._signing_key, name, head, body) + body

    def open(self, name: str, data: bytes) -> Entry:
        """Return the entry that the bytes hold.

        Raises:
            CorruptEntryError: If they hold none, are not whole, or are not signed by us.
        """
        if len(data) < _PLAIN_BYTES:
            raise CorruptEntryError("not whole")
        magic, version, code, flags, fresh_until, load_seconds = _HEADER.unpack_from(data)
        if magic != ENTRY_MAGIC or version != _VERSION or code not in self._readable:
            raise CorruptEntryError("not an entry of this version, or not one to read")
        head = data[:_HEAD_BYTES]
        if self._signing_key is None:
            body = data[_PLAIN_BYTES:]
            if _CHECK.unpack_from(data, _HEAD_BYTES)[0] != _checksum(name, head, body):
                raise CorruptEntryError("the check does not hold")
        else:
            body = data[_SIGNED_BYTES:]
            signature = data[_HEAD_BYTES:_SIGNED_BYTES]
            expected = self._sign(self._signing_key, name, head, body)
            if not hmac.compare_digest(signature, expected):
                raise CorruptEntryError("the signature does not hold")
        try:
            value = self._readable[code](body)
        except Exception as error:  # what a deserializer may raise is open
            raise CorruptEntryError(f"{type(error).__name__}: {error}") from error
        return Entry(value, fresh_until, load_seconds, bool(flags & _NOTHING))

    def redated(self, name: str, data: bytes, fresh_until: float) -> tuple[bytes, bytes]:
        """Return what an entry's bytes begin with, and with what to replace that for a new end.

        Args:
            name: The entry's name in Redis.
            data: Its bytes, as `open` has read them.
            fresh_until: Unix seconds after which it is stale; 0 for as long as it is there.

        Returns:
            Header and check of the entry as it is, and as it would be: equally long.
        """
        fields = _HEADER.unpack_from(data)
        head = _HEADER.pack(*fields[:4], fresh_until, fields[5])
        if self._signing_key is None:
            body = data[_PLAIN_BYTES:]
            return data[:_PLAIN_BYTES], head + _CHECK.pack(_checksum(name, head, body))
        body = data[_SIGNED_BYTES:]
        return data[:_SIGNED_BYTES], head + self._sign(self._signing_key, name, head, body)

    @staticmethod
    def _sign(key: bytes, name: str, head: bytes, body: bytes) -> bytes:
        # The name is signed too, so that an entry cannot be moved under another key; its length
        # goes first, so that no part of it can pass for a part of the header.
        encoded = name.encode()
        return hmac.digest(key, b"%d:%b%b%b" % (len(encoded), encoded, head, body), "sha256")


def _checksum(name: str, head: bytes, body: bytes) -> int:
    # With the name, so that the reply to another command is not taken for this key's value.
    return crc32(body, crc32(head, crc32(name.encode())))
