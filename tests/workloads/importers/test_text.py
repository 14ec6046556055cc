from __future__ import annotations

import pytest

from perflab.errors import BadInputError
from perflab.workloads import Trace, read_trace


def test_each_line_is_a_key(write, keys_of):
    trace = read_trace(write("k.txt", "a\nb b\na\n,c;\n"))
    assert keys_of(trace) == ["a", "b b", "a", ",c;"]
    assert (trace.name, trace.notes) == ("k", ())


@pytest.mark.parametrize(
    "content", ["a\nb\na", "a\r\nb\r\na\r\n", "a\r\nb\na\r\n", b"\xef\xbb\xbfa\nb\na\n"]
)
def test_line_ends_and_a_byte_order_mark_are_not_part_of_a_key(content, write, keys_of):
    assert keys_of(read_trace(write("k.txt", content))) == ["a", "b", "a"]


def test_packed_text_is_unpacked(packer, write, keys_of):
    suffix, pack = packer
    trace = read_trace(write(f"keys.txt{suffix}", pack(b"x\ny\nx\n")))
    assert keys_of(trace) == ["x", "y", "x"]
    assert trace.name == "keys"


def test_packed_text_is_known_by_its_content_not_its_name(packer, write, keys_of):
    assert keys_of(read_trace(write("keys", packer[1](b"x\ny\n")))) == ["x", "y"]


def test_two_archives_in_one_file_are_read_as_one(packer, write, keys_of):
    pack = packer[1]
    assert keys_of(read_trace(write("k", pack(b"x\ny") + pack(b"z\nx\n")))) == ["x", "yz", "x"]


def test_whole_numbers_are_numbers(write):
    trace = read_trace(write("k.txt", "12\n-7\n12\n"))
    assert trace.keys.tolist() == [12, -7]
    assert trace.ids.tolist() == [0, 1, 0]


@pytest.mark.parametrize(
    "text", ["007\n7\n", "+7\n7\n", " 7\n7\n", "7\nx\n", "9223372036854775808"]
)
def test_what_only_looks_like_a_whole_number_stays_a_text(text, write, keys_of):
    assert keys_of(read_trace(write("k.txt", text))) == text.rstrip("\n").split("\n")


def test_blank_lines_are_skipped_and_counted(write, keys_of):
    trace = read_trace(write("k.txt", "\na\n\n  \nb\na\n\n"))
    assert keys_of(trace) == ["a", "b", "a"]
    assert trace.notes == ("4 of 7 lines skipped: blank",)
    assert trace.fingerprint == Trace.from_keys(list("aba")).fingerprint


def test_lines_across_blocks_are_read_whole(write, keys_of, monkeypatch):
    monkeypatch.setattr("perflab.workloads.importers.lines.BLOCK_BYTES", 5)
    keys = ["a", "a rather long key", "", "\N{EURO SIGN}uro", "z"] * 3
    trace = read_trace(write("k.txt", "\n".join(keys)))
    assert keys_of(trace) == [key for key in keys if key]


@pytest.mark.parametrize(
    ("content", "place", "words"),
    [
        (b"", "", "is empty"),
        (b"\n \n\r\n", "", "only blank lines"),
        (b"a\n\0\0\0\x01", "", "--format int32be"),
        (b"a\n" * 50_000 + b"\0", "", "is binary data, not text"),
    ],
)
def test_what_is_no_text_is_refused_with_its_place(content, place, words, write):
    path = write("k.txt", content)
    with pytest.raises(BadInputError) as caught:
        read_trace(path)
    assert caught.value.place == f"{path}{place}"
    assert words in caught.value.message


def test_a_line_without_end_is_refused(write, monkeypatch):
    monkeypatch.setattr("perflab.workloads.importers.lines.MAX_LINE_BYTES", 100)
    with pytest.raises(BadInputError, match="is it a text"):
        read_trace(write("k.txt", "x" * 200))
