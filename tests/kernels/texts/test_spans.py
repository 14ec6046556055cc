from __future__ import annotations

import json

import numpy as np
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from perflab.kernels.texts.json_spans import json_spans
from perflab.kernels.texts.logfmt_spans import logfmt_spans
from perflab.kernels.texts.spans import (
    DECIMAL,
    ESCAPED,
    FALSE,
    MISSING,
    NESTED,
    NULL,
    TEXT,
    TRUE,
    WHOLE,
    names_of,
)

PATHS = (("a",), ("b",), ("n", "a"), ("n", "m", ""), ("é",), ("a.b",))
NAMES, ROWS = names_of(PATHS)


def scanned(lines, scan=json_spans, *more):
    """Return the kinds and texts of each path of `PATHS`, and which lines are odd."""
    data = "".join(lines).encode()
    ends = np.cumsum([0, *(len(line.encode()) for line in lines)])
    spans = scan(np.frombuffer(data, np.uint8), ends, NAMES, *more)
    found = []
    for line in range(len(lines)):
        of_line = {}
        for path, row in zip(PATHS, ROWS, strict=True):
            kind = int(spans.kinds[row, line])
            if kind in (WHOLE, DECIMAL, TEXT, ESCAPED):
                of_line[path] = data[spans.starts[row, line] : spans.ends[row, line]].decode()
            elif kind != MISSING:
                of_line[path] = kind
        found.append(of_line)
    return found, spans.odd.tolist()


def test_values_are_found_however_deep():
    line = '{"n": {"a": 1.5, "m": {"": "x\\n"}}, "é": "ö", "a":true,"x":[{"a":2}],"b":null}\n'
    found, odd = scanned([line, '{"a":{},"b":[],"n":[{"a":1}],"a.b":false}\n'])
    assert odd == [False, False]
    inner = {("n", "a"): "1.5", ("n", "m", ""): "x\\n"}
    assert found[0] == {**inner, ("é",): "ö", ("a",): TRUE, ("b",): NULL}
    assert found[1] == {("a",): NESTED, ("b",): NESTED, ("a.b",): FALSE}


@pytest.mark.parametrize(
    "text",
    [
        *("", "[]", '{"a":1', '{"a":1}}', '{"a":1} x', '{"a" 1}', '{"a":}', '{"a":1,}', "{,}"),
        *('{"a":[1,]}', '{"a":[1}', '{"a":1]', '{"a":[}', '{"a":]}', '{"a":{]}', '{"a":01}'),
        *('{"a":1.}', '{"a":+1}', '{"a":1e}', '{"a":1e999}', '{"a":nul}', '{"a":NaN}', "{'a':1}"),
        *('{"a":"\t"}', '{"a":"\\x"}', '{"a":"\\ud800"}', '{"a":"\\ud800\\u0041"}', '{"a":"b}'),
        *('{"a":1,"a":2}', '{"\\u0061":1}', '{"a":1}{"a":2}', '{"a":' * 40 + "1" + "}" * 40),
        *('{"a":1\n}', '{"a":"b\nc"}', '{"a"', '{"a":"', '{"a":"\\', '{"a":"\\u00', "{", '{"a":-'),
    ],
)
def test_what_is_not_json_by_the_letter_is_odd(text):
    assert scanned([text + "\n", '{"b":1}\n']) == ([{}, {("b",): "1"}], [True, False])


def test_a_line_without_a_line_feed_is_odd():
    assert scanned(['{"b":1}\n', '{"a":1}']) == ([{("b",): "1"}, {}], [False, True])


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from("abnmé"), inner),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from("abnmé"), VALUES), st.integers(0, 200), st.integers(0, 255))
def test_no_line_that_a_library_refuses_is_taken(value, place, byte):
    line = bytearray(json.dumps(value, ensure_ascii=False, separators=(",", ": ")).encode("utf-8"))
    if place < len(line) and line[place] < 128:
        line[place] = byte % 128
    spans = json_spans(np.frombuffer(bytes(line) + b"\n", np.uint8), [0, len(line) + 1], NAMES)
    if not spans.odd[0]:
        said = orjson.loads(line)
        assert isinstance(said, dict)
        assert (spans.kinds[ROWS[0], 0] == MISSING) == ("a" not in said)


def test_pairs_are_found_with_the_moment_before_them():
    lines = [
        '2024-06-10T06:13:20.5+02:00 app[1]: a=1 b="x y" é="no" a=2 word\n',
        'at 2024-06-10 06:13:20 b= a="\\"\\n"\n',
        "2024-06-10T06:13:20+2:00 b=x=y\n",
    ]
    found, odd = scanned([line.replace("é", "e") for line in lines], logfmt_spans, ROWS[4])
    assert odd == [False, False, False]
    assert found[0] == {("a",): "1", ("b",): "x y", ("é",): "2024-06-10T06:13:20.5+02:00"}
    assert found[1] == {("a",): '\\"\\n', ("b",): "", ("é",): "2024-06-10 06:13:20"}
    assert found[2] == {("b",): "x=y"}


@pytest.mark.parametrize(
    "line",
    [
        "",
        "word",
        "=x",
        'a="b',
        'a="b"c',
        'a=b"c',
        "é=1",
        "a=é",
        "a=\x01",
        'a="\\x"',
        'w"=1',
        "a=1\rb",
    ],
)
def test_pairs_that_are_not_plain_are_odd(line):
    assert scanned([line + "\n", "b=1\n"], logfmt_spans, -1)[1] == [True, False]
