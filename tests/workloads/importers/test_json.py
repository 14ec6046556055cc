from __future__ import annotations

import json

import pytest

from perflab.errors import BadInputError
from perflab.workloads import read_trace


def log(*objects):
    return "".join(json.dumps(each) + "\n" for each in objects)


A = {"host": "a.org", "path": "/x", "time_iso8601": "2023-11-14T22:13:20+00:00", "size": 7}
B = {"host": "b.org", "path": "/x", "time_iso8601": "2023-11-14T23:13:21+01:00", "size": 8}


def test_the_key_is_built_by_a_template(write, keys_of):
    trace = read_trace(write("a.log", log(A, B)), columns={"key": "{host}{path}"})
    assert keys_of(trace) == ["a.org/x", "b.org/x"]
    assert trace.times.tolist() == [1_700_000_000, 1_700_000_001]
    assert trace.options == {"columns": {"key": "{host}{path}"}}


def test_a_field_within_another_is_named_by_a_dot(write, keys_of):
    path = write("a.json", log({"http": {"req": {"url": "/a"}}, "a.b": 1}))
    assert keys_of(read_trace(path, columns={"key": "{http.req.url}#{a.b}"})) == ["/a#1"]
    assert keys_of(read_trace(path, columns={"key": "http.req.url"})) == ["/a"]


@pytest.mark.parametrize(
    "moment",
    [
        1_700_000_000,
        1_700_000_000_000,
        1_700_000_000_000_000,
        1_700_000_000_000_000_000,
        "1700000000.000",
        "2023-11-14T22:13:20Z",
        "14/Nov/2023:22:13:20 +0000",
    ],
)
def test_times_as_loggers_write_them_are_seconds(moment, write):
    assert read_trace(write("a.json", log({"url": "/", "ts": moment}))).times.tolist() == [1.7e9]


def test_sizes_that_are_missing_count_as_the_median_and_a_note_says_so(write):
    lines = [{"url": "/", "size": size} for size in (10, 30, 20)] + [{"url": "/"}, {"url": "/"}]
    trace = read_trace(write("a.json", log(*lines)))
    assert trace.sizes.tolist() == [10, 30, 20, 20, 20]
    assert trace.notes[-1] == (
        "the size of 2 of 5 requests is not known; they count as the median, 20 bytes"
    )
    trace = read_trace(write("b.json", log(*lines, *[{"url": "/", "size": -1}] * 2)))
    assert trace.sizes is None
    assert trace.notes[-1] == "the size of 4 of 7 requests is not known; sizes are left out"


def test_lines_without_key_or_time_are_skipped(write, keys_of):
    odd = [{"url": None, "ts": 2}, {"url": "/b"}, {"url": "/c", "ts": "noon"}, [1], "x"]
    whole = [{"url": "/a", "ts": second} for second in range(8)]
    trace = read_trace(write("a.json", log(*whole, *odd)))
    assert keys_of(trace) == ["/a"] * 8
    assert trace.notes[0].startswith("5 of 13 lines skipped; first: line 9: ")


def test_lines_before_the_first_with_a_key_are_skipped(write, keys_of):
    path = write(
        "a.json", log({"message": "started"}, {"uri": "/a", "ts": 1}, {"uri": "/b", "ts": 2})
    )
    trace = read_trace(path)
    assert (keys_of(trace), trace.times.tolist()) == (["/a", "/b"], [1, 2])
    assert trace.notes[0].startswith("1 of 3 lines skipped; first: line 1")


def test_an_object_without_a_key_says_which_fields_there_are(write):
    path = write("a.json", log({"who": "me", "page": "/a"}))
    with pytest.raises(BadInputError) as caught:
        read_trace(path)
    assert caught.value.place == str(path)
    assert "it has: who, page; name it with --columns key=FIELD, or" in caught.value.message


@pytest.mark.parametrize("text", ["{a", "a}", "{}", "{a}{b"])
def test_a_broken_template_is_refused(text, write):
    for name, content in (("a.json", log(A)), ("a.csv", "a,b\n1,2\n")):
        with pytest.raises(BadInputError):
            read_trace(write(name, content), columns={"key": text})


def test_tables_take_templates_too(write, keys_of, tmp_path):
    import pyarrow as pa
    import pyarrow.parquet as pq

    columns = {"key": "{host}{path}?{n}"}
    csv = write("a.csv", "host,path,n,time\na,/x,1,5\nb,/y,2,6\n")
    trace = read_trace(csv, columns=columns)
    assert keys_of(trace) == ["a/x?1", "b/y?2"]
    assert (trace.times.tolist(), trace.notes) == ([5, 6], ("times: read as s, relative",))
    table = pa.table({"host": ["a", "b", None], "path": ["/x", "/y", "/z"], "n": [1, 2, 3]})
    pq.write_table(table, tmp_path / "a.parquet")
    trace = read_trace(tmp_path / "a.parquet", columns=columns)
    assert keys_of(trace) == ["a/x?1", "b/y?2"]
    assert trace.notes == ("1 of 3 rows skipped: no key",)
    with pytest.raises(BadInputError, match="no column 'hots' for the key"):
        read_trace(csv, columns={"key": "{hots}{path}"})


def test_a_combined_log_takes_templates_too(write, keys_of):
    line = (
        '10.0.0.{} - Jane Doe [14/Nov/2023:22:13:20 +0000] "GET /a?b={} HTTP/1.1" 200 5 "-" "x"\n'
    )
    path = write("access.log", line.format(1, 1) + line.format(2, 2))
    assert keys_of(read_trace(path, columns={"key": "{path}"})) == ["/a", "/a"]
    whole = read_trace(path, columns={"key": "{host} {method} {target} {status} {agent}"})
    assert keys_of(whole) == ["10.0.0.1 GET /a?b=1 200 x", "10.0.0.2 GET /a?b=2 200 x"]
    common = write("b.log", line.format(1, 1).split(' "-"')[0] + "\n")
    assert keys_of(read_trace(common, columns={"key": "{user}{query}"})) == ["Jane Doe?b=1"]
    with pytest.raises(BadInputError, match="no field 'paht'; did you mean 'path'"):
        read_trace(path, columns={"key": "{paht}"})
    with pytest.raises(BadInputError, match="only the key"):
        read_trace(path, columns={"time": "time"})


@pytest.mark.parametrize(
    ("line", "there"),
    [
        ({"req": {"target": "/a", "verb": "GET"}, "ms": 5}, "req.target, req.verb, ms"),
        ({"data": {"tags": {"link": "/a"}}}, "data.tags"),
        ({"id": None, "meta": {}, "page": {"name": "a"}}, "id, meta, page.name"),
    ],
)
def test_fields_within_others_are_named_as_columns_name_them(write, line, there):
    with pytest.raises(BadInputError) as caught:
        read_trace(write("a.json", log(line)))
    assert f"it has: {there}; name it with --columns key=FIELD" in caught.value.message


@pytest.mark.parametrize("field", ["original", "path"])
def test_the_url_of_the_elastic_common_schema_is_the_key(write, field):
    lines = [
        {"@timestamp": f"2026-01-01T00:00:0{n}Z", "url": {field: f"/{n % 2}"}} for n in (1, 2, 3)
    ]
    trace = read_trace(write("a.json", log(*lines)))
    assert (len(trace.ids), trace.n_keys) == (3, 2)
    assert any(f"key from url.{field}" in note for note in trace.notes)


def test_lifetimes_of_writes_are_read_though_the_first_object_reads(write):
    rows = [
        '{"key": "a", "time": 1, "op": "get"}',
        '{"key": "a", "time": 2, "op": "set", "ttl": 5}',
        '{"key": "a", "time": 3, "op": "touch", "ttl": "inf"}',
    ]
    trace = read_trace(write("a.json", "\n".join(rows) + "\n"))
    assert trace.operations.tolist() == [0, 1, 2]
    assert str(trace.ttls.tolist()) == "[nan, 5.0, inf]"
    assert trace.notes == ("times: read as s, relative",)


def test_a_lifetime_without_end_of_reads_alone_is_none(write):
    lines = '{"key": "a", "time": 1, "ttl": "inf"}\n{"key": "a", "time": 2, "ttl": 5}\n'
    assert str(read_trace(write("a.json", lines)).ttls.tolist()) == "[nan, 5.0]"
