"""`read_body`: the body of an answer, unpacked, whole, and no larger than it may be."""

from __future__ import annotations

import zlib
from typing import Protocol

import aiohttp
from aiohttp.hdrs import CONTENT_ENCODING, CONTENT_LENGTH

UNPACKED = "gzip, deflate"
"""The encodings that are requested, since these are unpacked here."""
_NOT_UNPACKED = frozenset({"br", "zstd", "compress", "x-compress"})
_KNOWN = _NOT_UNPACKED | {"gzip", "x-gzip", "deflate"}
_BODILESS = frozenset({204, 304})
_GZIP = 16 + zlib.MAX_WBITS
_BEGINS_GZIP = b"\x1f"
_METHOD, _DEFLATE = 0x0F, 8


class BodyError(Exception):
    """A body is damaged, or packed in a way that is not unpacked here."""


class CutBodyError(BodyError):
    """A packed body ends before its end."""


class Unpacker(Protocol):
    """What unpacks a body part by part."""

    def unpack(self, part: bytes, most: int) -> bytes:
        """Return the next bytes, at most about so many; more may stay behind."""

    def check_end(self) -> None:
        """Look whether the packed data is whole.

        Raises:
            CutBodyError: If it is not.
        """


async def read_body(response: aiohttp.ClientResponse, method: str, most: int) -> bytes | None:
    """Return the body of an answer; None where it has more than `most` bytes unpacked.

    An answer to HEAD has none, and neither has one of status 204 or 304, whatever its headers say
    (RFC 9110, section 6.4.1). Of a body that is too large no more is read.

    Raises:
        BodyError: If it is damaged, ends early, or cannot be unpacked.
    """
    if method == "HEAD" or response.status in _BODILESS:
        return b""
    headers = response.headers
    unpacker = _unpacker(headers[CONTENT_ENCODING]) if CONTENT_ENCODING in headers else None
    if unpacker is None:
        length = headers.get(CONTENT_LENGTH, "")
        if length.isascii() and length.isdigit():
            return await response.read() if int(length) <= most else None
    parts, size = [], 0
    async for part in response.content.iter_any():
        found = part if unpacker is None else unpacker.unpack(part, most + 1 - size)
        size += len(found)
        if size > most:
            return None
        parts.append(found)
    if unpacker is not None:
        unpacker.check_end()
    return b"".join(parts)


class _ZlibUnpacker:
    """Unpacks gzip, of several members too, and deflate with or without its header."""

    def __init__(self, *, gzip: bool) -> None:
        self._gzip = gzip
        self._begun = self._over = False
        self._stream = zlib.decompressobj(_GZIP)

    def unpack(self, part: bytes, most: int) -> bytes:
        found: list[bytes] = []
        size = 0
        while part and not self._over and size < most:
            if not self._begun:
                self._begin(part)
            try:
                found.append(self._stream.decompress(part, most - size))
            except zlib.error as error:
                raise BodyError(f"the packed body is damaged ({error})") from None
            size += len(found[-1])
            part = self._stream.unconsumed_tail
            if self._stream.eof:
                part = self._stream.unused_data
                self._begun = False
                # What comes after the last member is no content, as for gzip itself.
                self._over = bool(part) and not (self._gzip and part.startswith(_BEGINS_GZIP))
        return b"".join(found)

    def check_end(self) -> None:
        if self._begun:
            raise CutBodyError("the packed body ends before its end")

    def _begin(self, part: bytes) -> None:
        """Begin with a member; deflate comes without a header from some servers."""
        bits = _GZIP
        if not self._gzip:
            bits = zlib.MAX_WBITS if part[0] & _METHOD == _DEFLATE else -zlib.MAX_WBITS
        self._stream = zlib.decompressobj(bits)
        self._begun = True


def _unpacker(encoding: str) -> Unpacker | None:
    """Return what unpacks an encoding; None where the body is taken as it is.

    Raises:
        BodyError: If it is a packing that is known and not unpacked here.
    """
    names = [name for one in encoding.lower().split(",") if (name := one.strip()) != "identity"]
    name = names[0] if len(names) == 1 else ", ".join(names)
    if len(names) > 1 and not _KNOWN.isdisjoint(names):
        raise BodyError(f"the body is packed as {name}, which was not requested")
    if name in ("gzip", "x-gzip"):
        return _ZlibUnpacker(gzip=True)
    if name == "deflate":
        return _ZlibUnpacker(gzip=False)
    if name in _NOT_UNPACKED:
        raise BodyError(f"the body is packed as {name}, which was not requested")
    return None
