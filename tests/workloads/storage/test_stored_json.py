from __future__ import annotations

import contextlib
import json
import os
import random

import pytest

from perflab.errors import BadInputError
from perflab.workloads.storage.stored_json import MOST_DEPTH, parse_json, read_json_file


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"", "is not JSON"),
        (b"{", "is not JSON"),
        (b"\xff{}", "not a text"),
        (b"[" * 100_000, "nested too deep"),
        (b'{"a":' * 100_000, "nested too deep"),
        (b"[" * (MOST_DEPTH + 1) + b"]" * (MOST_DEPTH + 1), "nested too deep"),
        (b"9" * 5000, "does not fit into 64 bits"),
        (b"1e400", "too large"),
        (b"[NaN]", "NaN is not a number"),
        (b"[-Infinity]", "not a number"),
        (b'{"a": 1, "a": 2}', "'a' comes twice"),
        (b'["\\ud800"]', "half a character"),
        (b'{"\\udfff": 1}', "half a character"),
    ],
)
def test_what_perflab_did_not_write_is_one_clear_error(text, said):
    with pytest.raises(BadInputError, match=said):
        parse_json(text, "x.json")


def test_plain_json_is_read_as_it_is():
    values = {"a": [1, -2.5, None, True, "größer 😀", 2**63], "b": {"c": {}}}
    assert parse_json(json.dumps(values), "x") == values
    assert parse_json(json.dumps(values, ensure_ascii=False).encode("utf-8-sig"), "x") == values


def test_bytes_of_a_name_are_kept_or_shown():
    text = json.dumps({"n\udcff": ["\udc80"]})
    assert parse_json(text, "x") == {"n\udcff": ["\udc80"]}
    assert parse_json(text, "x", show_bytes=True) == {"n\\xff": ["\\x80"]}


def test_a_larger_file_is_not_read(tmp_path):
    path = tmp_path / "x.json"
    path.write_text('"' + "a" * 100 + '"')
    assert len(read_json_file(path, 102)) == 100
    with pytest.raises(BadInputError, match="larger than"):
        read_json_file(path, 101)
    with path.open("r+b") as file:
        file.truncate(1 << 33)
    with pytest.raises(BadInputError, match="larger than"):
        read_json_file(path)


def test_what_is_no_file_is_refused_at_once(tmp_path):
    os.mkfifo(tmp_path / "fifo")
    for path in (tmp_path, tmp_path / "gone", tmp_path / "fifo", "/dev/zero", "a\0b"):
        with pytest.raises(BadInputError):
            read_json_file(path)


def test_a_pipe_with_a_writer_is_read():
    ours, theirs = os.pipe()
    os.write(theirs, b'{"a": 1}')
    os.close(theirs)
    try:
        assert read_json_file(f"/dev/fd/{ours}") == {"a": 1}
    finally:
        os.close(ours)


def test_mutated_json_raises_nothing_else():
    start = json.dumps({"a": [1, 2.5, "x\u20ac"], "b": {"c": None}}).encode()
    chance = random.Random(1)
    for _ in range(3000):
        data = bytearray(start)
        for _ in range(chance.randrange(1, 4)):
            data[chance.randrange(len(data))] = chance.randrange(256)
        with contextlib.suppress(BadInputError):
            json.dumps(parse_json(bytes(data), "x"), allow_nan=False).encode()
