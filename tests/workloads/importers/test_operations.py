from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from perflab.errors import BadInputError
from perflab.operations import Operation
from perflab.workloads import read_trace
from perflab.workloads.importers.operations import last_told


def monitor(*commands, database=0):
    return "".join(
        f"{1_700_000_000 + i}.5 [{database} 127.0.0.1:1] {command}\n"
        for i, command in enumerate(commands)
    )


def test_reads_are_requests_with_the_size_and_ttl_of_the_write(write, keys_of):
    content = monitor(
        '"GET" "a"',
        '"SET" "a" "12345" "EX" "60"',
        '"get" "a"',
        '"SETEX" "b" "30" "xy"',
        '"GET" "b"',
    )
    trace = read_trace(write("m", content)).reads_only()
    assert keys_of(trace) == ["a", "a", "b"]
    assert trace.sizes.tolist() == [5, 5, 2]
    assert trace.ttls.tolist() == [60, 60, 30]
    assert trace.times.tolist() == [1_700_000_000.5, 1_700_000_002.5, 1_700_000_004.5]


def test_a_later_write_does_not_change_what_was_read_before(write):
    content = monitor(
        '"SET" "a" "1" "PX" "1500"',
        '"GET" "a"',
        '"SET" "a" "123"',
        '"GET" "a"',
        '"PEXPIRE" "a" "9000"',
        '"GET" "a"',
    )
    trace = read_trace(write("m", content)).reads_only()
    assert trace.sizes.tolist() == [1, 3, 3]
    assert trace.ttls[[0, 2]].tolist() == [1.5, 9]
    assert np.isnan(trace.ttls[1])


def test_a_command_of_several_keys_is_several_requests(write, keys_of):
    trace = read_trace(
        write("m", monitor('"MSET" "a" "x" "b" "yz"', '"MGET" "b" "a" "b"'))
    ).reads_only()
    assert keys_of(trace) == ["b", "a", "b"]
    assert trace.sizes.tolist() == [2, 1, 2]


def test_escapes_count_as_the_byte_that_they_are(write, keys_of):
    content = monitor(r'"SET" "k\"1" "\x00\xff\n\\z"', r'"GET" "k\"1"')
    trace = read_trace(write("m", content)).reads_only()
    assert keys_of(trace) == [r"k\"1"]
    assert trace.sizes.tolist() == [5]


def test_a_key_of_another_database_is_another_key(write, keys_of):
    content = monitor('"GET" "a"') + monitor('"GET" "a"', database=3)
    assert keys_of(read_trace(write("m", content))) == ["a", "3/a"]


def test_other_commands_are_no_requests(write, keys_of):
    content = monitor('"PING"', '"CONFIG" "GET" "x"', '"HGETALL" "h"', '"DEL" "h"')
    trace = read_trace(write("m", content))
    assert keys_of(trace) == ["h", "h"]
    assert trace.operations.tolist() == [Operation.GET, Operation.DELETE]


def test_a_trace_of_writes_alone_is_refused(write):
    for content in (monitor('"SET" "a" "1"'), "1,a,1,5,1,set,0\n", monitor('"PING"')):
        with pytest.raises(BadInputError):
            read_trace(write("m", content))


def test_twitter_sizes_are_those_of_key_and_value(write, keys_of):
    lines = ["1,ab,2,0,9,get,0", "1,ab,2,50,9,set,3600", "2,ab,2,50,9,gets,0", "3,c,1,0,9,delete,0"]
    trace = read_trace(write("cluster", "\n".join([*lines, "4,x,y,3,5,1,get,0"]) + "\n"))
    assert trace.operations.tolist() == [0, 1, 0, 3, 0]
    trace = trace.reads_only()
    assert keys_of(trace) == ["ab", "ab", "x,y"]
    assert trace.sizes.tolist() == [52, 52, 8]
    assert trace.ttls[:2].tolist() == [3600, 3600]
    assert np.isnan(trace.ttls[2])


def by_hand(ids, values, told):
    result = list(values)
    for row, key in enumerate(ids):
        if told[row]:
            continue
        before = [i for i in range(row) if ids[i] == key and told[i]]
        after = [i for i in range(row, len(ids)) if ids[i] == key and told[i]]
        source = before[-1] if before else after[0] if after else None
        result[row] = np.nan if source is None else values[source]
    return result


@given(st.lists(st.tuples(st.integers(0, 3), st.floats(0, 9), st.booleans()), min_size=1))
def test_what_is_not_told_is_the_last_or_else_the_next_of_its_key(rows):
    ids, values, told = (np.array(column) for column in zip(*rows, strict=True))
    filled = last_told(ids.astype(np.int32), values, told)
    np.testing.assert_array_equal(filled, by_hand(ids, values, told))
