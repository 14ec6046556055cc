from __future__ import annotations

import bz2
import gzip
import json
import lzma
import zlib

import pyarrow as pa
import pytest

from perflab.errors import BadInputError
from perflab.workloads import read_trace
from perflab.workloads.importers import unpack
from perflab.workloads.read import read_arrivals

MIB = 1 << 20
BOMBS = {
    ".gz": lambda piece, times: gzip.compress(piece) * times,
    ".bz2": lambda piece, times: bz2.compress(piece) * times,
    ".xz": lambda piece, times: lzma.compress(piece) * times,
    ".zst": lambda piece, times: pa.compress(piece, codec="zstd", asbytes=True) * times,
}
READERS = {
    "text": (read_trace, b"k\n"),
    "csv": (read_trace, b"key\nk\n"),
    "combined": (read_trace, b"k\n"),
    "json": (read_trace, b"{}\n"),
    "har": (read_trace, b"  "),
    "oracle": (read_trace, b"\0\0"),
    "int64le": (read_trace, b"\0\0"),
    "twitter": (read_trace, b"0,k,5,0,1,get,0\n"),
    "redis_monitor": (read_trace, b'1.0 [0 h] "get" "k"\n'),
    "durations": (read_arrivals, b"start\n1\n"),
}


@pytest.fixture
def small(monkeypatch):
    """Bounds of a megabyte in place of those of 64, so that small bombs will do."""
    monkeypatch.setattr("perflab.workloads.importers.unpack.ALWAYS_ALLOWED", MIB)
    monkeypatch.setattr("perflab.workloads.importers.unpack.MOST_RATIO", 20)


@pytest.mark.parametrize("kind", READERS)
@pytest.mark.parametrize("suffix", BOMBS)
def test_an_archive_that_unpacks_to_far_more_is_refused(kind, suffix, write, small):
    read, piece = READERS[kind]
    packed = BOMBS[suffix](piece * (MIB // len(piece)), 24)
    if len(packed) * 20 > 24 * MIB:
        pytest.skip("packed too little to be a bomb")
    with pytest.raises(BadInputError, match="over 20 times its size"):
        read(write(f"a{suffix}", packed), format=kind)


def test_what_packs_well_is_read(write, packer):
    path = write(f"k.txt{packer[0]}", packer[1](b"k\n" * MIB))
    assert len(read_trace(path)) == MIB


def test_a_document_larger_than_memory_allows_is_refused(write, monkeypatch):
    monkeypatch.setattr("perflab.workloads.importers.source.most_whole", lambda times: 1000)
    har = json.dumps({"log": {"entries": [{"a": "b" * 2000}]}})
    for read in (read_trace, read_arrivals):
        with pytest.raises(BadInputError, match="longer than 1,000 bytes"):
            read(write("a.har", har))


def test_reading_stops_before_the_memory_is_full(write, monkeypatch):
    monkeypatch.setattr("perflab.workloads.importers.reader.free_memory", lambda: 0)
    monkeypatch.setattr("perflab.workloads.importers.reader.CHECKED_EVERY", 100)
    with pytest.raises(BadInputError, match="fills the memory"):
        read_trace(write("k.txt", "key\n" * 100))


def test_an_xz_that_demands_a_large_dictionary_is_refused(write):
    packed = bytearray(lzma.compress(b"a\nb\n"))
    # The size of the dictionary is one byte of the block's head, which a checksum guards.
    head = bytearray(packed[12:24])
    head[4] = 37  # 1.5 GiB
    head[8:12] = zlib.crc32(bytes(head[:8])).to_bytes(4, "little")
    packed[12:24] = head
    with pytest.raises(BadInputError, match="256 MiB of memory"):
        read_trace(write("k.txt.xz", bytes(packed)))


def test_a_zstd_that_demands_a_large_window_is_refused(write):
    # A frame's head: magic, no size and no checksum said, a window of 2 GiB; then an empty block.
    frame = b"\x28\xb5\x2f\xfd" + bytes([0x00, (31 - 10) << 3]) + b"\x01\x00\x00"
    with pytest.raises(BadInputError, match="of memory"):
        read_trace(write("k.txt.zst", frame))


def test_xz_streams_with_padding_between_them_are_all_read(write, keys_of):
    packed = lzma.compress(b"a\n") + bytes(8) + lzma.compress(b"b\n") + bytes(12)
    assert keys_of(read_trace(write("k.txt.xz", packed))) == ["a", "b"]


def test_what_goes_on_behind_an_xz_stream_is_damaged(write):
    packed = lzma.compress(b"a\n") + b"rubbish"
    with pytest.raises(BadInputError, match="cut off or damaged"):
        read_trace(write("k.txt.xz", packed))


def test_the_bounds_leave_real_archives_alone():
    assert unpack.ALWAYS_ALLOWED >= 64 * MIB
    assert unpack.MOST_RATIO >= 100
