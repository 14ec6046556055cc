"""What servers answer when all is well, and what a hostile one may begin with."""

from __future__ import annotations

import gzip
import struct
import zlib

from scripted import NEXT

from perflab.patterns.redis_cache._envelope import Envelope


def bulk(data: bytes | None) -> bytes:
    """Return a bulk string of RESP."""
    return b"$-1\r\n" if data is None else b"$%d\r\n%b\r\n" % (len(data), data)


def array(*parts: bytes) -> bytes:
    """Return an array of RESP."""
    return b"*%d\r\n%b" % (len(parts), b"".join(parts))


def value_of(key: str) -> object:
    """Return what the loader of the targets brings."""
    return {"key": key, "rows": [1, 2.5, None], "pair": (1, (key, 2))}


def entry(key: str, serializer: str = "json", fresh_until: float = 0.0) -> bytes:
    """Return an entry as the cache writes it."""
    value = {"key": key} if serializer == "json" else value_of(key)
    name = f"perflab:k:{key}"
    return Envelope(serializer).seal(name, value, fresh_until, 0.01, nothing=False)


OK = b"+OK\r\n"
A, B = entry("a", "msgpack"), entry("b", "msgpack")
STALE = entry("a", "msgpack", 1.0)
NOBODY = b"\0" * 16

FOUND = NEXT.join(
    [
        bulk(A),  # get_or_load, a hit
        bulk(A),  # get
        array(bulk(A), bulk(B)),  # get_many
        array(bulk(A), bulk(None)),  # get_or_load_many
        OK,  # and writes what was missing
        OK + b":0\r\n",  # set
        b":1\r\n:0\r\n",  # delete
        OK + OK + b":0\r\n:0\r\n",  # set_many
        array(bulk(b"0"), array(bulk(b"perflab:k:a"), bulk(b"perflab:k:b"))),  # clear
        b":2\r\n",
        array(bulk(b"0"), array()),
    ]
)
MISSED = NEXT.join(
    [
        bulk(None),
        OK + array(bulk(NOBODY), bulk(None)),  # the lock is another's
        b"$-1\r\n" + array(bulk(NOBODY), bulk(A)),  # who has loaded it meanwhile
        bulk(STALE),
        array(bulk(None), bulk(STALE)),
        array(bulk(None), bulk(None)),
        OK + OK,
        b"-OOM command not allowed when used memory > 'maxmemory'.\r\n:0\r\n",
        b"-NOAUTH Authentication required.\r\n",
        b"-MOVED 3999 127.0.0.1:6381\r\n",
        b"-LOADING Redis is loading the dataset in memory\r\n",
    ]
)
DEEP = NEXT.join([b"*1\r\n" * 9000, b"*2147483647\r\n", b"$2147483647\r\n", b"$9999999999\r\nx"])
RESP3 = NEXT.join(
    [
        b"%1\r\n+a\r\n+b\r\n",
        b">2\r\n+invalidate\r\n*1\r\n+a\r\n",
        b"_\r\n",
        b"#t\r\n",
        b",1.5\r\n",
        b"(3492890328409238509324850943850943825024385\r\n",
        b"=7\r\ntxt:abc\r\n",
        b"~1\r\n+a\r\n",
    ]
)
BANNERS = [
    b"SSH-2.0-OpenSSH_9.6\r\n",
    b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n",
    b"\x15\x03\x01\x00\x02\x02\x46",
    b"\x1b]0;owned\x07\r\n",
    b"",
    b"-ERR \x1b[31mred\x1b[0m password=theirs redis://u:theirs@h \xff\xfe\r\n",
]

INFO = (
    b"# Server\r\nredis_version:7.2.4\r\nserver_name:valkey\r\nvalkey_version:9.0.1\r\n"
    b"redis_mode:standalone\r\nos:Linux 6.1 x86_64\r\nprocess_id:7\r\nrun_id:abc\r\n"
    b"uptime_in_seconds:5\r\n# Memory\r\nused_memory:1052672\r\nused_memory_human:1.00M\r\n"
    b"maxmemory:67108864\r\nmaxmemory_policy:allkeys-lru\r\n# Stats\r\n"
    b"keyspace_hits:10\r\nkeyspace_misses:3\r\nevicted_keys:1\r\nexpired_keys:2\r\n"
    b"# Keyspace\r\ndb0:keys=2,expires=1,avg_ttl=3600000\r\n"
)
ASKED = NEXT.join(
    [bulk(INFO), bulk(INFO), b":2\r\n", bulk(INFO), b":2\r\n", bulk(b"k"), b":88\r\n", OK]
)


def http(status: bytes, headers: list[bytes], body: bytes = b"", *, length: bool = True) -> bytes:
    """Return an answer of HTTP."""
    lines = [b"HTTP/1.1 " + status, *headers]
    if length:
        lines.append(b"Content-Length: %d" % len(body))
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


JSON = b'[{"id":1,"name":"a"},{"id":2,"name":"\xc3\xa9"}]'
CHUNKS = b"5\r\nhello\r\n6;name=v\r\n world\r\n0\r\nX-Sum: 1\r\n\r\n"
CHUNKED = http(b"200 OK", [b"Transfer-Encoding: chunked"], CHUNKS, length=False)
BOMB = gzip.compress(b"\0" * 4_000_000, mtime=0)
HTTP = [
    http(b"200 OK", [b"Content-Type: application/json"], JSON),
    NEXT.join([http(b"200 OK", [], b"one"), http(b"200 OK", [b"Connection: close"], b"two")]),
    CHUNKED,
    http(b"200 OK", [b"Content-Encoding: gzip"], gzip.compress(JSON, mtime=0)),
    http(b"200 OK", [b"Content-Encoding: deflate"], zlib.compress(JSON)),
    http(b"200 OK", [b"Content-Encoding: gzip"], BOMB),
    http(b"200 OK", [b"Content-Encoding: br"], b"\x0b\x02\x80hello\x03"),
    http(b"200 OK", [b"Content-Encoding: zstd"], b"\x28\xb5\x2f\xfd\x04\x00"),
    NEXT.join([http(b"302 Found", [b"Location: /next"]), http(b"200 OK", [], b"there")]),
    NEXT.join([http(b"302 Found", [b"Location: /next"])] * 12),
    NEXT.join([http(b"429 Too Many", [b"Retry-After: 0"]), http(b"200 OK", [], b"now")]),
    http(b"503 Busy", [b"Retry-After: Wed, 21 Oct 2015 07:28:00 GMT"], b"later"),
    http(b"500 \x1b[31mred\r", [b"X-A: \x00\xff"], b"error"),
    http(b"204 No Content", [], length=False),
    b"HTTP/1.1 100 Continue\r\n\r\n" + http(b"200 OK", [b"Set-Cookie: a=b"], b"x"),
    b"HTTP/1.0 200 OK\r\n\r\nuntil the end",
    http(b"200 OK", [b"X-%d: y" % n for n in range(200)], b"x"),
    http(b"200 OK", [b"X: " + b"a" * 3000], b"x"),
    b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000000000000\r\n\r\nx",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\nx",
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n\x81\x05hello",
]


def message(kind: bytes, body: bytes = b"") -> bytes:
    """Return a message of PostgreSQL's protocol."""
    return kind + struct.pack(">i", len(body) + 4) + body


def status(name: bytes, value: bytes) -> bytes:
    """Return what the server says of one of its parameters."""
    return message(b"S", name + b"\0" + value + b"\0")


def row(*columns: bytes) -> bytes:
    """Return a row of text."""
    parts = b"".join(struct.pack(">i", len(column)) + column for column in columns)
    return message(b"D", struct.pack(">h", len(columns)) + parts)


def heading(*names: bytes) -> bytes:
    """Return the description of rows of text."""
    parts = b"".join(name + b"\0" + struct.pack(">ihihih", 0, 0, 25, -1, -1, 0) for name in names)
    return message(b"T", struct.pack(">h", len(names)) + parts)


def problem(text: bytes, code: bytes = b"28P01") -> bytes:
    """Return an error."""
    return message(b"E", b"SFATAL\0VFATAL\0C" + code + b"\0M" + text + b"\0\0")


READY = message(b"Z", b"I")
HELLO = (
    message(b"R", struct.pack(">i", 0))
    + status(b"server_version", b"18.1")
    + status(b"server_encoding", b"UTF8")
    + status(b"client_encoding", b"UTF8")
    + status(b"standard_conforming_strings", b"on")
    + message(b"K", struct.pack(">ii", 7, 8))
    + READY
)
SHOWN = heading(b"server_version") + row(b"18.1 (Debian)") + message(b"C", b"SHOW\0") + READY
BEGUN = message(b"C", b"BEGIN\0") + message(b"Z", b"T")
PREPARED = message(b"1") + message(b"2")
PLANE = (
    PREPARED
    + heading(b"tailnum", b"year")
    + row(b"N10156", b"2004")
    + message(b"C", b"SELECT 1\0")
    + READY
)
POSTGRES = [
    NEXT.join([HELLO, SHOWN, SHOWN, SHOWN]),
    NEXT.join([HELLO, BEGUN, SHOWN, message(b"C", b"COMMIT\0") + READY]),
    NEXT.join([HELLO, PLANE, PLANE, PLANE]),
    NEXT.join([b"N", HELLO, PLANE]),
    NEXT.join([message(b"R", struct.pack(">i", 3)), problem(b"password authentication failed")]),
    NEXT.join([message(b"R", struct.pack(">i", 10) + b"SCRAM-SHA-256\0\0"), HELLO]),
    NEXT.join([problem(b"\x1b[31mred\x1b[0m\nredis password=theirs \xff", b"XX000")]),
    NEXT.join([HELLO, message(b"N", b"SNOTICE\0Mhello\x1b[2J\0\0") + PLANE]),
    NEXT.join([HELLO, problem(b'relation "x" does not exist', b"42P01") + READY, PLANE]),
    NEXT.join([HELLO, b"D\x7f\xff\xff\xff" + b"\0" * 50, PLANE]),
    NEXT.join([HELLO, heading(b"a", b"b") + row(b"1") + row(b"1", b"2", b"3") + READY]),
]

SEEDS = {
    "redis_cache": [FOUND, MISSED, DEEP, RESP3, *BANNERS],
    "redis_cache_async": [FOUND, MISSED, DEEP, RESP3, *BANNERS],
    "redis_server": [ASKED, FOUND, DEEP, RESP3, *BANNERS],
    "redis_entry": [
        A, STALE, entry("a", "json"),
        b"\xc1", b"\x91" * 3000, b"\xc7\x04\x01" * 800,
        b"\xdd\xff\xff\xff\xff", b"\xdf\xff\xff\xff\xff",
        b"[" * 3000, b'{"a":' * 900, b"9" * 5000, b"\xd6\xff\xff\xff\xff\xff",
    ],
    "http": [*HTTP, *BANNERS],
    "postgres_server": [*POSTGRES, *BANNERS],
    "postgres_pool": [*POSTGRES, *BANNERS],
}  # fmt: skip
