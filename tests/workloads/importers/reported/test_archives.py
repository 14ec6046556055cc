"""Archives of public reports: several members, padding, what follows, what is not read."""

import bz2
import gzip
import lzma

import pyarrow as pa
import pytest
from reported import MOMENTS, check_requests, table, url

from perflab.errors import BadInputError
from perflab.workloads import read_trace

TEXT = table("time,url", lambda i: (MOMENTS[i], url(i))).encode()
HALVES = TEXT[:150], TEXT[150:]
SKIPPED = b"\x50\x2a\x4d\x18\x04\0\0\0abcd"


def zstd(content):
    return pa.compress(content, codec="zstd", asbytes=True)


WHOLE = {
    "intel/isa-l#143": (".gz", b"".join(map(gzip.compress, HALVES))),
    "PostHog/posthog#90036": (
        ".gz",
        b"".join(gzip.compress(line) for line in TEXT.splitlines(keepends=True)),
    ),
    "oven-sh/bun#31522, padding": (".gz", gzip.compress(TEXT) + bytes(512)),
    "madler/zlib#984": (
        ".gz",
        gzip.compress(HALVES[0]) + gzip.compress(b"") + gzip.compress(HALVES[1]),
    ),
    "bzip2 manual, concatenated": (".bz2", b"".join(map(bz2.compress, HALVES))),
    "xz file format, stream padding": (
        ".xz",
        lzma.compress(HALVES[0]) + bytes(4) + lzma.compress(HALVES[1]) + bytes(8),
    ),
    "facebook/zstd, pzstd": (".zst", SKIPPED + zstd(HALVES[0]) + SKIPPED + zstd(HALVES[1])),
}


@pytest.mark.parametrize("source", WHOLE)
def test_all_members_are_read(source, write):
    ending, content = WHOLE[source]
    assert check_requests(read_trace(write(f"t.csv{ending}", content))) == 0


REFUSED = {
    "tstack/lnav#785": (gzip.compress(TEXT) + b"garbage", "something else follows"),
    "a download cut off": (gzip.compress(TEXT)[:-20], "cut off or damaged"),
    "LZMA SDK, .lzma": (lzma.compress(TEXT, format=lzma.FORMAT_ALONE), "old lzma.* unpack it"),
    "packed twice": (gzip.compress(gzip.compress(TEXT)), "within another archive.* unpack it"),
    "facebook/zstd, cut off": (zstd(TEXT)[:-5], "cut off or damaged"),
}


@pytest.mark.parametrize("source", REFUSED)
def test_what_is_not_whole_or_known_is_refused(source, write):
    content, words = REFUSED[source]
    with pytest.raises(BadInputError, match=words):
        read_trace(write("t.csv.gz", content))
