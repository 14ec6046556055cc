"""Archives of several parts, one of them damaged: rows before it are kept, with a word for it."""

from __future__ import annotations

import bz2
import gzip
import lzma
import random

import pyarrow as pa
import pytest

from perflab.patterns.streaming.settings import BLOCK_ENGINES


def _zstd(data):
    return pa.Codec("zstd").compress(data, asbytes=True)


PACK = {"gz": gzip.compress, "xz": lzma.compress, "bz2": bz2.compress, "zst": _zstd}
NAMES = {"gz": "gzip", "xz": "xz", "bz2": "bzip2", "zst": "zstd"}
FIRST, SECOND = 900, 1400


def _parts(kind):
    dice = random.Random(kind)
    lines = [b"%d,w%d\n" % (n, dice.getrandbits(40)) for n in range(FIRST + SECOND)]
    pack = PACK[kind]
    return lines, pack(b"n,word\n" + b"".join(lines[:FIRST])), pack(b"".join(lines[FIRST:]))


@pytest.fixture
def read(tmp_path, stream, rows_of, rejected_of):
    def read(content, kind, engine="polars"):
        source, output = tmp_path / f"in.csv.{kind}", tmp_path / "out.jsonl"
        source.write_bytes(content)
        end = stream(source, output, engine)
        return rows_of(output), rejected_of(output), end.cut_off

    return read


def _as_rows(lines):
    return [
        {"n": int(line.split(b",")[0]), "word": line.split(b",")[1].strip().decode()}
        for line in lines
    ]


@pytest.mark.parametrize("engine", BLOCK_ENGINES)
@pytest.mark.parametrize("kind", PACK)
def test_part_whose_start_is_damaged_leaves_the_part_before(kind, engine, read):
    lines, first, second = _parts(kind)
    rows, rejected, damage = read(first + b"\x55\xaa" + second[2:], kind, engine)
    assert rows == _as_rows(lines[:FIRST])
    assert [line for line, _ in rejected] == [FIRST + 2]
    assert f"the {NAMES[kind]} archive" in damage


@pytest.mark.parametrize("kind", PACK)
@pytest.mark.parametrize("kept", [4, 0.4])
def test_part_that_is_cut_off_leaves_the_part_before(kind, kept, read):
    lines, first, second = _parts(kind)
    size = kept if kept > 1 else int(len(second) * kept)
    rows, rejected, damage = read(first + second[:size], kind)
    assert rows == _as_rows(lines[: len(rows)])
    assert len(rows) >= FIRST
    assert len(rejected) == 1
    assert "archive" in damage


@pytest.mark.parametrize("kind", ["gz", "xz"])
@pytest.mark.parametrize("parts", [1, 2])
def test_wrong_checksum_at_the_end_leaves_every_row_and_is_told(kind, parts, read):
    lines, first, second = _parts(kind)
    whole = bytearray(first + second if parts == 2 else first)
    whole[-7] ^= 0x10
    rows, rejected, damage = read(bytes(whole), kind)
    assert rows == _as_rows(lines if parts == 2 else lines[:FIRST])
    assert damage == f"the {NAMES[kind]} archive is damaged here (rows shortly before may be wrong)"
    assert [reason for _, reason in rejected] == [damage]


@pytest.mark.parametrize("kind", ["gz", "xz"])
def test_damage_within_a_part_leaves_the_rows_before_it(kind, read):
    lines, first, second = _parts(kind)
    whole = bytearray(first + second)
    at = len(first) + len(second) // 2
    whole[at : at + 40] = bytes(40)
    rows, _, damage = read(bytes(whole), kind)
    sure = FIRST + SECOND // 3
    assert rows[:sure] == _as_rows(lines[:sure])
    assert "is damaged here" in damage


@pytest.mark.parametrize("kind", ["gz", "xz", "bz2"])
def test_bytes_behind_the_end_lose_no_row(kind, read):
    lines, first, second = _parts(kind)
    rows, _, damage = read(first + second + b"tail", kind)
    assert rows == _as_rows(lines)
    assert damage == f"the {NAMES[kind]} archive ends here, but other bytes follow"


@pytest.mark.parametrize("kind", PACK)
def test_damage_far_from_the_start_of_a_large_archive_loses_little(kind, read):
    dice = random.Random(7)
    lines = [b"%d,%030x\n" % (n, dice.getrandbits(120)) for n in range(60_000)]
    step = 6_000
    parts = [PACK[kind](b"".join(lines[at : at + step])) for at in range(0, len(lines), step)]
    good = PACK[kind](b"n,word\n") + b"".join(parts[:-1])
    rows, _, damage = read(good + b"\x55\xaa" + parts[-1][2:], kind)
    assert [row["n"] for row in rows] == list(range(len(lines) - step))
    assert damage is not None
