"""Columns of operations in CSV, Parquet and JSON, and traces of Twitter and CacheLib."""

from __future__ import annotations

import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from perflab.errors import BadInputError
from perflab.operations import Operation
from perflab.workloads import read_trace
from perflab.workloads.importers.operation_words import WORDS

GET, SET, TOUCH, DELETE, WRITE = Operation
KINDS = ("csv", "parquet", "json")
SPELLED = {
    "get": [GET],
    "GETS": [GET],
    "Read": [GET],
    "set": [SET],
    "add": [SET],
    "SETEX": [SET],
    "touch": [TOUCH],
    "EXPIRE": [TOUCH],
    "Del": [DELETE],
    "DELETE": [DELETE],
    "invalidate": [DELETE],
    "PUT": [WRITE],
    "patch": [WRITE],
    "gat": [GET, TOUCH],
    "getdel": [GET, DELETE],
    "getset": [GET, SET],
    "incr": [SET],
}


def write_table(folder, kind, rows):
    """Write rows, each a dict of the same names, as a file of a kind."""
    path = folder / f"a.{kind}"
    if kind == "json":
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    elif kind == "parquet":
        pq.write_table(pa.Table.from_pylist(rows), path)
    else:
        lines = [",".join("" if v is None else str(v) for v in row.values()) for row in rows]
        path.write_text("\n".join([",".join(rows[0]), *lines]) + "\n")
    return path


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        *((kind, name) for kind in KINDS for name in ("op", "operation", "verb", "cmd")),
        *((kind, name) for kind in ("csv", "parquet") for name in ("Command", "type")),
    ],
)
def test_words_of_real_files_are_operations(name, kind, tmp_path):
    words = [word for word in SPELLED if name != "type" or word in ("get", "set", "Del")]
    rows = [{"key": f"k{n}", "time": n, name: word} for n, word in enumerate(words)]
    trace = read_trace(write_table(tmp_path, kind, rows))
    assert trace.operations.tolist() == [code for word in words for code in SPELLED[word]]
    assert trace.times.tolist() == [n for n, word in enumerate(words) for _ in SPELLED[word]]


@pytest.mark.parametrize("kind", KINDS)
def test_an_unknown_word_names_the_row_and_known_words(kind, tmp_path):
    rows = [{"key": "a", "op": word} for word in ("get", "set", "delte")]
    with pytest.raises(
        BadInputError, match=r"unknown operation 'delte'; did you mean 'delete'.*known are get, set"
    ) as error:
        read_trace(write_table(tmp_path, kind, rows))
    assert error.value.place.endswith({"csv": ":4", "parquet": ": row 3"}.get(kind, "with a key"))
    missing = [{"key": "a", "op": "get"}, {"key": "a", "op": None}]
    with pytest.raises(BadInputError, match="the operation is missing"):
        read_trace(write_table(tmp_path, kind, missing))


@pytest.mark.parametrize("kind", KINDS)
def test_a_guessed_column_of_other_words_is_left_aside(kind, tmp_path):
    rows = [{"key": "a", "command": word} for word in ("get", "set", "frobnicate")]
    trace = read_trace(write_table(tmp_path, kind, rows))
    assert trace.operations is None
    assert any(note.startswith("frobnicate 1, set 1 count as reads") for note in trace.notes)
    with pytest.raises(BadInputError, match="unknown operation 'frobnicate'"):
        read_trace(write_table(tmp_path, kind, rows), columns={"op": "command"})


@pytest.mark.parametrize("kind", KINDS)
def test_methods_that_nobody_knows_count_as_reads_and_are_named(kind, tmp_path):
    rows = [{"url": "/a", "method": word} for word in ("GET", "PUT", "LOCK")]
    trace = read_trace(write_table(tmp_path, kind, rows))
    assert trace.operations.tolist() == [GET, WRITE, GET]
    assert any(note.startswith("LOCK 1 count as reads") for note in trace.notes)


def test_a_column_that_the_user_names_is_the_one(write):
    content = "key,op,what\na,get,set\na,get,get\n"
    trace = read_trace(write("a.csv", content), columns={"op": "what"})
    assert trace.operations.tolist() == [SET, GET]
    with pytest.raises(BadInputError, match="has no column 'other' for the op"):
        read_trace(write("a.csv", content), columns={"op": "other"})


def test_a_column_of_numbers_is_not_one_of_operations(tmp_path):
    path = write_table(tmp_path, "parquet", [{"key": "a", "op": 1}, {"key": "a", "op": 2}])
    assert read_trace(path).operations is None
    with pytest.raises(BadInputError, match="are numbers, not words"):
        read_trace(path, columns={"op": "op"})


@pytest.mark.parametrize("kind", KINDS)
def test_writes_alone_have_no_reads(kind, tmp_path):
    with pytest.raises(BadInputError, match="has no reads"):
        read_trace(write_table(tmp_path, kind, [{"key": "a", "op": "set"}] * 3))


@pytest.mark.parametrize("kind", KINDS)
def test_operations_without_keys_are_refused(kind, tmp_path):
    with pytest.raises(BadInputError):
        read_trace(write_table(tmp_path, kind, [{"op": "get"}, {"op": "set"}]))


@pytest.mark.parametrize("kind", KINDS)
def test_a_size_that_is_missing_is_that_of_the_key(kind, tmp_path):
    rows = [("get", None), ("set", 70), ("get", None), ("delete", None), ("set", 90)]
    table = [{"key": "a", "op": word, "size": size} for word, size in rows]
    table.insert(0, {"key": "b", "op": "get", "size": 5})
    trace = read_trace(write_table(tmp_path, kind, table))
    assert trace.sizes.tolist() == [5, 70, 70, 70, 70, 90]
    rows = [{"key": "a", "size": size} for size in (1, None)]
    alone = read_trace(write_table(tmp_path, kind, rows))
    assert alone.sizes.tolist() == [1, 1]
    assert any("the size of 1 of 2 requests is not known" in note for note in alone.notes)


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_what_appends_keeps_the_lifetime_and_an_infinite_one_is_none(kind, tmp_path):
    rows = [("set", 0, 60.0), ("append", 20, None), ("get", 30, None), ("add", 40, 9.0)]
    rows += [("touch", 50, float("inf")), ("delete", 60, None), ("replace", 70, 9.0)]
    rows += [("add", 80, 9.0)]
    table = [{"key": "a", "op": word, "time": time, "ttl": ttl} for word, time, ttl in rows]
    trace = read_trace(write_table(tmp_path, kind, table))
    # The add found the key there, and the replace found it gone.
    assert trace.operations.tolist() == [SET, SET, GET, TOUCH, DELETE, SET]
    assert trace.ttls[:2].tolist() == [60, 40]
    assert np.isnan(trace.ttls[2])
    assert trace.ttls[[3, 5]].tolist() == [np.inf, 9]


def test_json_writes_are_of_what_is_read_unless_they_were_refused(write):
    rows = [("GET", 200), ("PUT", 204), ("POST", 500), ("DELETE", 404), ("DELETE", 200)]
    for status in ({"status": "{}"}, {"response": {"status": "{}"}}):
        text = json.dumps({"uri": "/a", "method": "M", **status})
        lines = [text.replace('"M"', f'"{m}"').replace('"{}"', str(s)) for m, s in rows]
        trace = read_trace(write("a.json", "\n".join(lines)))
        assert trace.operations.tolist() == [GET, WRITE, DELETE]
        said = "left out, since they were answered with an error: DELETE 1, POST 1"
        assert said in trace.notes


def test_twitter_operations_are_replayed(write, keys_of):
    rows = ["0,a,1,0,7,get,0", "0,a,1,9,7,add,60", "5,a,1,0,7,add,600", "9,a,1,0,7,incr,0"]
    rows += ["10,a,1,9,7,gets,0", "11,a,1,0,7,delete,0", "12,a,1,0,7,decr,0", "13,b,1,4,7,cas,0"]
    trace = read_trace(write("cluster", "\n".join(rows) + "\n"))
    assert keys_of(trace) == [*["a"] * 6, "b"]
    assert trace.operations.tolist() == [GET, SET, SET, GET, DELETE, SET, SET]
    assert trace.sizes.tolist() == [10, 10, 10, 10, 10, 10, 5]
    assert trace.ttls[[0, 1, 2, 3]].tolist() == [60, 60, 51, 51]
    assert trace.ttls[[5, 6]].tolist() == [np.inf, np.inf]
    assert trace.notes == ()


def test_a_read_that_missed_has_the_size_of_its_key(write):
    rows = ["0,a,1,0,7,get,0", "1,a,1,8,7,get,0", "2,b,1,98,7,get,0", "3,b,1,98,7,get,0"]
    trace = read_trace(write("cluster", "\n".join(rows) + "\n"))
    assert trace.operations is None
    assert trace.sizes.tolist() == [9, 9, 99, 99]
    assert trace.notes == ()


@pytest.mark.parametrize("kind", KINDS)
def test_a_set_without_a_lifetime_has_that_of_the_settings(kind, tmp_path):
    rows = [("get", 5.0), ("set", None), ("touch", 9.0)]
    table = [{"key": "a", "op": word, "time": n, "ttl": ttl} for n, (word, ttl) in enumerate(rows)]
    trace = read_trace(write_table(tmp_path, kind, table))
    assert trace.ttls[[0, 2]].tolist() == [5, 9]
    assert np.isnan(trace.ttls[1])


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_cachelib_rows_come_as_often_as_they_count(kind, tmp_path, keys_of):
    names = ("op_time", "key", "key_size", "op", "op_count", "size", "ttl")
    rows = [
        (1, "a", 1, "GET", 2, 0, 0),
        (2, "a", 1, "SET", 1, 50, 60),
        (3, "a", 1, "GET", 3, 50, 0),
    ]
    rows.append((4, "a", 1, "DELETE", 1, 0, 0))
    table = [dict(zip(names, row, strict=True)) for row in rows]
    trace = read_trace(write_table(tmp_path, kind, table))
    assert keys_of(trace) == ["a"] * 7
    assert trace.operations.tolist() == [GET, GET, SET, GET, GET, GET, DELETE]
    assert trace.times.tolist() == [1, 1, 2, 3, 3, 3, 4]
    assert trace.sizes.tolist() == [50, 50, 50, 50, 50, 50, 0]
    table[0]["op_count"] = 1 << 40
    with pytest.raises(BadInputError, match="more than can be read"):
        read_trace(write_table(tmp_path, kind, table))


def test_the_table_of_words_is_that_of_the_documentation():
    from perflab.workloads.importers import operation_words

    rows = [line for line in operation_words.__doc__.splitlines() if line.startswith("| ")][2:]
    told = {word for row in rows for word in row.split("|")[1].replace(",", " ").split()}
    assert told == set(WORDS)


@pytest.mark.parametrize("count", ["-1", "nan", "1.5"])
def test_a_count_that_none_can_be_is_called_a_count(count, write):
    content = f"op_time,key,op,size,op_count\n1,a,GET,10,{count}\n"
    with pytest.raises(BadInputError, match=rf":2: the count {count} is not a whole number"):
        read_trace(write("t.csv", content))


METHODS = [
    ("GET", "/a", 200, 10),
    ("PUT", "/a", 204, 0),
    ("GET", "/a", 404, 3),
    ("POST", "/b", 503, 7),
    ("DELETE", "/c", 409, 7),
    ("DELETE", "/a", 200, 1),
    ("GET", "/a", 500, 10),
]


@pytest.mark.parametrize("kind", ["csv", "parquet"])
@pytest.mark.parametrize("status", ["status", "Status_Code", "http_status", "sc-status"])
@pytest.mark.parametrize("form", [int, str, "{} Text".format, float])
def test_a_write_that_was_answered_with_an_error_is_left_out(tmp_path, kind, status, form):
    rows = [
        {"time": n, "url": path, "http_method": method, status: form(code), "size": size}
        for n, (method, path, code, size) in enumerate(METHODS)
    ]
    trace = read_trace(write_table(tmp_path, kind, rows))
    assert trace.operations.tolist() == [GET, WRITE, GET, DELETE, GET]
    assert [trace.key_of(key) for key in trace.ids] == ["/a"] * 5
    assert trace.n_keys == 1
    assert trace.times.tolist() == [0, 1, 2, 5, 6]
    assert "left out, since they were answered with an error: DELETE 1, POST 1" in trace.notes
    assert not any("not used" in note for note in trace.notes)


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_a_log_whose_writes_all_failed_has_reads_alone(tmp_path, kind):
    rows = [{"url": f"/{n % 2}", "method": "GET", "status": 200} for n in range(4)]
    rows.append({"url": "/x", "method": "PATCH", "status": 500})
    trace = read_trace(write_table(tmp_path, kind, rows))
    assert (len(trace), trace.n_keys, trace.operations) == (4, 2, None)


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_a_status_beside_operations_of_a_cache_says_nothing_of_them(tmp_path, kind):
    rows = [{"key": "a", "op": op, "status": 404} for op in ("get", "delete", "get")]
    trace = read_trace(write_table(tmp_path, kind, rows))
    assert trace.operations.tolist() == [GET, DELETE, GET]


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_a_write_without_a_status_was_done(tmp_path, kind):
    rows = [
        {"key": "a", "method": method, "status": status}
        for method, status in (("GET", "200"), ("PUT", None), ("PUT", "-"), ("PUT", "502"))
    ]
    trace = read_trace(write_table(tmp_path, kind, rows))
    assert trace.operations.tolist() == [GET, WRITE, WRITE]
