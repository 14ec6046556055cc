import bz2
import gzip
import io
import lzma
import random

import pytest

from perflab.primitives.archives import ArchiveError, Unpacked, packed_as

PACKERS = {"gzip": gzip.compress, "xz": lzma.compress, "bzip2": bz2.compress}
RANDOM = random.Random(7)
TEXT = b"".join(b"%d,%030x\n" % (n, RANDOM.getrandbits(120)) for n in range(9_000))


def all_of(packed, content, size=50_000):
    unpacked = Unpacked(packed, io.BytesIO(content))
    parts = []
    try:
        while step := unpacked.read(size):
            parts.append(step)
    except ArchiveError as error:
        return b"".join(parts), str(error)
    return b"".join(parts), None


@pytest.mark.parametrize("packed", PACKERS)
@pytest.mark.parametrize("size", [1_000, 65_536, 10_000_000])
def test_all_streams_and_the_padding_between_are_read(packed, size):
    one = PACKERS[packed](TEXT)
    assert packed_as(one[:8]) == packed
    assert all_of(packed, one, size) == (TEXT, None)
    assert all_of(packed, one + one, size) == (TEXT * 2, None)
    assert all_of(packed, one + bytes(12) + one + bytes(700), size) == (TEXT * 2, None)


@pytest.mark.parametrize("packed", ["gzip", "xz"])
@pytest.mark.parametrize("cut", [1, 8, 3_000, 60_000])
def test_what_stands_before_a_cut_is_given_and_then_told(packed, cut):
    found, reason = all_of(packed, PACKERS[packed](TEXT)[:-cut])
    assert TEXT.startswith(found)
    assert len(TEXT) - len(found) <= 3 * cut + 1_000
    assert reason == "it ends before its end marker"


@pytest.mark.parametrize("packed", PACKERS)
def test_a_damaged_second_stream_is_told_and_the_first_is_kept(packed):
    one = PACKERS[packed](TEXT)
    second = bytearray(one)
    second[len(one) // 2 : len(one) // 2 + 4] = b"\xff\x00\xff\x00"
    found, reason = all_of(packed, one + bytes(second), 10_000)
    assert found.startswith(TEXT)
    assert reason is not None


@pytest.mark.parametrize("packed", PACKERS)
def test_garbage_behind_the_end_is_told_after_all_content(packed):
    found, reason = all_of(packed, PACKERS[packed](TEXT) + b"and more")
    assert (found, reason) == (TEXT, "something else follows its end")


def test_a_frame_to_be_skipped_begins_a_zstd_file():
    assert packed_as(b"\x50\x2a\x4d\x18\x04\x00\x00\x00") == "zstd"
    assert packed_as(b"plain,te") is None
