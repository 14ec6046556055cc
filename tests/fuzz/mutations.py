"""Mutations of an input: of bytes, of numbers and words in it, of its lines, and with others."""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
import random
import re
import struct
from collections.abc import Callable, Sequence
from typing import Any

LONGEST = 1 << 16
NUMBER = re.compile(rb"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")
WORD = re.compile(rb"[A-Za-z_]{2,}")
NUMBERS = (
    b"0", b"-0", b"-1", b"1", b"255", b"256", b"65536", b"2147483647", b"2147483648",
    b"4294967296", b"9223372036854775807", b"9223372036854775808", b"-9223372036854775809",
    b"18446744073709551616", b"1e308", b"1e309", b"-1e400", b"1e-400", b"0.1", b"1e18", b"1e11",
    b"99999999999999999999999999", b"9" * 400, b"9" * 5000, b"nan", b"NaN", b"inf", b"-inf",
    b"Infinity", b"0x10", b"1_000", b"007", b"+5", b"1.", b".5", b"\xd9\xa1",
)  # fmt: skip
WORDS = (
    b"", b"\0", b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xef\xbb\xbf",
    b"\xff\xfe", b"\r", b"\n", b"\r\n", b"\n\n", b"\t", b"\v", b"\x1c", b"\xc2\x85",
    b"\xe2\x80\xa8", b" ", b'"', b'""', b"'", b"\\", b"\\x", b"\\xff", b"\\u0000", b"\\ud800",
    b"\\udfff", b",", b";", b"|", b":", b"[", b"]", b"{", b"}", b"{}", b"[]", b"null", b"true",
    b"false", b"-", b"[" * 2000, b'{"a":' * 500, b"time", b"key", b"size", b"ttl", b"start",
    b"0000-00-00", b"9999-12-31T23:59:59Z", b"0001-01-01", b"2024-02-30", b"24:00:00",
    b"+99:99", b"-0001-01-01T00:00:00", b"1969-12-31T23:59:59Z", b"\x1b]0;x\x07", b"=1+1",
    b"../", b"%zz", b"%", b"http://[::1", b"//", b"a" * 300, b"\x1f\x8b", b"PAR1", b"PK\x03\x04",
)  # fmt: skip
JSON_VALUES: tuple[Any, ...] = (
    *(None, True, 0, -1, 1, 10**30, 0.5, -0.5, 1e308, 1e-320, float("nan"), float("inf")),
    *("", "x", "1", "\ud800", "\0", "9" * 5000, "lru", "1h", "=1+1"),
    *([], {}, [[]], [1], ["a"], [None], {"a": 1}, {"": {}}),
)
PACKED = (gzip.compress, bz2.compress, lzma.compress)


def mutate(data: bytes, others: Sequence[bytes], rng: random.Random) -> bytes:
    """Return an input changed in one to four ways.

    Args:
        data: The input.
        others: Inputs of the same target, to take pieces of.
        rng: Where chance comes from.
    """
    for _ in range(rng.choice((1, 1, 1, 2, 2, 3, 4))):
        data = rng.choice(KINDS)(data, others, rng)[:LONGEST]
    return data


def _flip(data: bytes, others: Sequence[bytes], rng: random.Random) -> bytes:
    changed = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 5)) if changed else 0):
        at = rng.randrange(len(changed))
        changed[at] = rng.choice(
            (changed[at] ^ (1 << rng.randrange(8)), rng.randrange(256), 0, 255)
        )
    return bytes(changed)


def _cut(data: bytes, others: Sequence[bytes], rng: random.Random) -> bytes:
    start, end = _stretch(data, rng)
    return rng.choice((data[:start] + data[end:], data[:end], data[start:]))


def _double(data: bytes, others: Sequence[bytes], rng: random.Random) -> bytes:
    start, end = _stretch(data, rng)
    return data[:end] + data[start:end] * rng.choice((1, 2, 30)) + data[end:]


def _splice(data: bytes, others: Sequence[bytes], rng: random.Random) -> bytes:
    other = rng.choice(others)
    start, end = _stretch(other, rng)
    at, until = _stretch(data, rng)
    return data[:at] + other[start:end] + data[rng.choice((at, until)) :]


def _insert(data: bytes, others: Sequence[bytes], rng: random.Random) -> bytes:
    at, until = _stretch(data, rng)
    return data[:at] + rng.choice(rng.choice((WORDS, NUMBERS))) + data[rng.choice((at, until)) :]


def _number(data: bytes, others: Sequence[bytes], rng: random.Random) -> bytes:
    return _replaced(NUMBER, NUMBERS, data, rng)


def _word(data: bytes, others: Sequence[bytes], rng: random.Random) -> bytes:
    return _replaced(WORD, WORDS, data, rng)


def _line(data: bytes, others: Sequence[bytes], rng: random.Random) -> bytes:
    lines = data.split(b"\n")
    at, to = rng.randrange(len(lines)), rng.randrange(len(lines))
    done = rng.randrange(5)
    if done == 0:
        del lines[at]
    elif done == 1:
        lines[at], lines[to] = lines[to], lines[at]
    elif done == 2:
        lines[at:at] = [lines[to]] * rng.choice((1, 3, 100))
    elif done == 3:
        lines[at] = lines[at].replace(rng.choice((b",", b" ", b'"', b":")), rng.choice(WORDS))
    else:
        return rng.choice((b"\r", b"\r\n", b"\n\n", b"\n\r")).join(lines)
    return b"\n".join(lines)


def _packed_number(data: bytes, others: Sequence[bytes], rng: random.Random) -> bytes:
    kind = rng.choice(("<i", ">i", "<q", ">q", "<d", "<h", "<B"))
    values = {"d": (float("nan"), float("inf"), -1.0, 1e300), "B": (0, 127, 255)}
    ends = {"i": 2**31, "q": 2**63, "h": 2**15}
    end = ends.get(kind[1], 0)
    value = rng.choice(values.get(kind[1], (0, -1, 1, end - 1, -end)))
    piece = struct.pack(kind, value)
    at = rng.randrange(len(data) + 1)
    return data[:at] + piece + data[at + len(piece) :]


def _pack(data: bytes, others: Sequence[bytes], rng: random.Random) -> bytes:
    # Seldom, as it hides what is inside from the mutations that come after.
    return rng.choice(PACKED)(data) if rng.random() < 0.2 else data


def _json_value(data: bytes, others: Sequence[bytes], rng: random.Random) -> bytes:
    """Put a value of any kind in the place of one in JSON; of lines of JSON, in one line."""
    lines = data.split(b"\n") if data[:1] == b"{" and b"}\n{" in data else [data]
    at = rng.randrange(len(lines))
    try:
        whole = [json.loads(lines[at])]
    except (ValueError, RecursionError):
        return data
    places: list[tuple[Any, Any]] = []
    waiting: list[Any] = [whole]
    while waiting:
        held = waiting.pop()
        for key in list(held) if isinstance(held, dict) else range(len(held)):
            places.append((held, key))
            if isinstance(held[key], (dict, list)):
                waiting.append(held[key])
    held, key = rng.choice(places)
    if rng.random() < 0.2 and held is not whole:
        del held[key]
    else:
        held[key] = rng.choice(JSON_VALUES)
    return b"\n".join([*lines[:at], json.dumps(whole[0]).encode(), *lines[at + 1 :]])


KINDS: tuple[Callable[[bytes, Sequence[bytes], random.Random], bytes], ...] = (
    *(_flip, _cut, _double, _splice, _insert, _insert, _number, _number, _word, _line, _line),
    *(_packed_number, _pack, _json_value),
)


def _replaced(
    what: re.Pattern[bytes], by: Sequence[bytes], data: bytes, rng: random.Random
) -> bytes:
    found = list(what.finditer(data))
    if not found:
        return data
    for match in sorted(
        rng.sample(found, min(len(found), rng.choice((1, 1, 2)))),
        reverse=True,
        key=lambda each: each.start(),
    ):
        data = data[: match.start()] + rng.choice(by) + data[match.end() :]
    return data


def _stretch(data: bytes, rng: random.Random) -> tuple[int, int]:
    start = rng.randrange(len(data) + 1)
    return start, min(len(data), start + rng.choice((1, 2, 4, 8, 30, 200, len(data))))
