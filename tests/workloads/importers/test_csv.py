from __future__ import annotations

import csv
import gzip
import io
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from perflab.errors import BadInputError
from perflab.workloads import read_trace, write_trace


def test_the_header_names_the_columns(write, keys_of):
    trace = read_trace(write("t.csv", "time,key,ttl,size\n1,a,5,10\n2.5,b,,0\n2.5,a,0.5,7\n"))
    assert keys_of(trace) == ["a", "b", "a"]
    assert trace.times.tolist() == [1.0, 2.5, 2.5]
    assert trace.sizes.tolist() == [10, 0, 7]
    np.testing.assert_array_equal(trace.ttls, [5, np.nan, 0.5])
    assert trace.notes == ("times: read as s, relative",)


@pytest.mark.parametrize("name", ["key", "id", "url", "path"])
def test_the_key_has_several_names(name, write, keys_of):
    assert keys_of(read_trace(write("t.csv", f"x,{name}\n1,a\n2,b\n"))) == ["a", "b"]


def test_columns_can_be_named(write, keys_of):
    path = write("t.csv", "user,page,ts,key\n1,/a,5,x\n2,/b,6,y\n")
    trace = read_trace(path, columns={"key": "page", "time": "ts"})
    assert keys_of(trace) == ["/a", "/b"]
    assert trace.times.tolist() == [5, 6]
    assert trace.notes == ("times: read as s, relative", "columns not used: user, key")


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("key\tsize\na,b\t1\n", ["a,b"]),
        ("key;size\na,b;1\n", ["a,b"]),
        ("key|size\na,b|1\n", ["a,b"]),
        ('key,size\n"a,""b""",1\n', ['a,"b"']),
        ('key,size\n"a\nb",1\nc,2\n', ["a\nb", "c"]),
        ("\ufeffkey,size\r\na,1\r\n", ["a"]),
        ("\n\nkey,size\na,1\n", ["a"]),
        (" key , size\na,1\n", ["a"]),
        ("key\na\nb\n", ["a", "b"]),
    ],
)
def test_the_usual_ways_to_write_csv_are_read(content, expected, write, keys_of):
    assert keys_of(read_trace(write("t.csv", content))) == expected


@given(
    st.lists(
        st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\0")), min_size=1
    )
)
def test_any_text_that_a_csv_writer_quotes_is_read_back(keys):
    keys = ["first", *keys, *["last"] * len(keys)]
    buffer = io.StringIO()
    writer = csv.writer(buffer, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerows([["key", "size"], *((key, row) for row, key in enumerate(keys))])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "t.csv")
        path.write_bytes(buffer.getvalue().encode())
        trace = read_trace(path)
    assert [str(trace.key_of(i)) for i in trace.ids] == [key for key in keys if key]
    assert trace.sizes.tolist() == [row for row, key in enumerate(keys) if key]


def test_packed_csv_is_unpacked(packer, write, keys_of):
    suffix, pack = packer
    trace = read_trace(write(f"t.csv{suffix}", pack(b"key,time\na,1\nb,2\n")))
    assert keys_of(trace) == ["a", "b"]
    assert trace.name == "t"


@pytest.mark.parametrize(
    ("first", "second", "apart"),
    [
        ("2013-01-01T10:00:00Z", "2013-01-01T10:00:01.5Z", 1.5),
        ("2013-01-01 10:00:00", "2013-01-01 10:01:00", 60),
        ("2013-01-01T10:00:00+02:00", "2013-01-01T10:00:00+01:00", 3600),
        ("2013-01-01", "2013-01-02", 86400),
        ("2013-01-01T10:00:00Z", "2013-01-01T10:00:00.123456789Z", 0.123456),
        ("2013-01-01T10:00:00", "2013-01-01T10:00:05Z", 5),
        ("1356998400", "1356998401.25", 1.25),
        (" 1356998400", "1356998401 ", 1),
    ],
)
def test_times_are_seconds_or_iso_8601(first, second, apart, write):
    times = read_trace(write("t.csv", f"key,time\na,{first}\nb,{second}\n")).times
    assert times[1] - times[0] == pytest.approx(apart, abs=1e-6)
    assert times[0] == pytest.approx(1_356_998_400, abs=86_400)


def test_a_time_without_zone_is_utc(write):
    times = read_trace(write("t.csv", "key,time\na,2013-01-01T00:00:00\n")).times
    assert times.tolist() == [1_356_998_400]


def test_odd_rows_are_skipped_counted_and_shown(write, keys_of):
    rows = ["a,1,1", "b,2", "", "c,3,1", ",4,1", '"d\nd",5,1', "e,6,1,9", "f,7", "g,8,1", "h,9"]
    trace = read_trace(write("t.csv", "\n".join(["key,time,size", *rows, *["z,9,1"] * 5])))
    assert keys_of(trace) == ["a", "c", "d\nd", "g", *"zzzzz"]
    assert trace.times.tolist() == [1, 3, 5, 8, *[9] * 5]
    assert trace.notes == (
        "5 of 14 rows skipped; first: line 3: 'b,2'; line 6: 'no key'; line 9: 'e,6,1,9'",
        "times: read as s, relative",
        "1 key holds a line break: is a quote not closed?",
    )


def test_lines_are_right_where_rows_are_lines(write):
    content = "key,time\n" + "a,1\n" * 100 + "b\n" + "a,1\n" * 100 + ",1\n" + "a,-1\n"
    with pytest.raises(BadInputError) as caught:
        read_trace(write("t.csv", content))
    assert caught.value.place.endswith("t.csv:204")
    trace = read_trace(write("u.csv", content.removesuffix("a,-1\n")))
    assert trace.notes[0] == "2 of 202 rows skipped; first: line 102: 'b'; line 203: 'no key'"


@pytest.mark.parametrize(
    ("rows", "line", "words"),
    [
        ("a,1,-5", 2, "the size -5 is negative"),
        ("a,1,5\nb,1,x", 3, "the size 'x' is not a number of bytes"),
        ("a,1,5\nb,1,1.5", 3, "not a whole number of bytes"),
        ("a,1,inf", 2, "not a whole number of bytes"),
        ("a,-1,5", 2, "the time -1 is negative"),
        ("a,1,5\nb,,5", 3, "the time is missing"),
        ("a,1,5\n\nb,noon,5", 4, "'noon' is neither a number of seconds nor a date with a time"),
        ("a,nan,5", 2, "not a number of seconds"),
        ('"a\n\na",7,5\nb,6,5', 5, "lies before the row above"),
        ("odd\na,7,5\n,0,0\nb,6,5", 5, "sort the rows by time"),
    ],
)
def test_a_wrong_value_is_refused_with_file_and_line(rows, line, words, write):
    path = write("t.csv", f"key,time,size\n{rows}\n")
    with pytest.raises(BadInputError) as caught:
        read_trace(path)
    assert caught.value.place == f"{path}:{line}"
    assert words in caught.value.message


def test_a_negative_ttl_is_refused_with_file_and_line(write):
    path = write("t.csv", "key,ttl\na,1\nb,-2\n")
    with pytest.raises(BadInputError) as caught:
        read_trace(path)
    assert caught.value.place == f"{path}:3"


def test_rows_are_sorted_by_time_where_that_is_asked_for(write, keys_of, tmp_path):
    path = write("k.csv", "key,time,size,ttl\na,7,5,\nb,3,6,60\nc,7,8,9\na,4,9,1\n")
    with pytest.raises(BadInputError, match=r"sort the rows by time .perflab trace convert --sort"):
        read_trace(path)
    trace = read_trace(path, sort=True)
    assert keys_of(trace) == ["b", "a", "a", "c"]
    assert trace.times.tolist() == [3, 4, 7, 7]
    assert trace.sizes.tolist() == [6, 9, 5, 8]
    assert trace.ttls[[0, 1, 3]].tolist() == [60, 1, 9]
    assert trace.ids.tolist() == [0, 1, 1, 2]
    assert trace.source == ""
    late = "2 lines earlier than the line above; sorted by time"
    assert trace.notes == ("times: read as s, relative", late)
    write_trace(trace, tmp_path / "k.parquet")
    assert read_trace(tmp_path / "k.parquet").fingerprint == trace.fingerprint
    with pytest.raises(BadInputError, match="negative"):
        read_trace(write("n.csv", "key,time\na,7\nb,-3\n"), sort=True)


def test_a_wrong_value_far_down_is_found_on_its_line(write, monkeypatch):
    monkeypatch.setattr("perflab.workloads.importers.csv.BLOCK_BYTES", 1 << 12)
    rows = [f'"key {i}",{i},1' for i in range(2_000)]
    rows[1_700] = '"key 1700",-1,1'
    path = write("t.csv.gz", gzip.compress("\n".join(["key,time,size", *rows]).encode()))
    with pytest.raises(BadInputError) as caught:
        read_trace(path)
    assert caught.value.place == f"{path}:1702"


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"key": "page"}, "has no column 'page' for the key; it has: user, time, n"),
        ({"key": "user", "size": "bytes"}, "has no column 'bytes' for the size"),
        (None, "has no column for the key (key, url, path, id, row ...); it has: user, time, n"),
    ],
)
def test_a_column_that_is_not_there_is_an_error_that_lists_what_is(columns, words, write):
    path = write("t.csv", "user,time,n\na,1,2\n")
    with pytest.raises(BadInputError) as caught:
        read_trace(path, columns=columns)
    assert caught.value.place == str(path)
    assert words in caught.value.message


def test_an_unknown_role_suggests_the_nearest(write):
    with pytest.raises(BadInputError, match="unknown role 'tiem'; did you mean 'time'"):
        read_trace(write("t.csv", "key,t\na,1\n"), columns={"tiem": "t"})


@pytest.mark.parametrize(
    ("content", "place", "words"),
    [
        (b"key,time\n", "", "no rows"),
        (b"key,time", "", "no rows"),
        (b"\nkey,time\r\n\r\n", "", "no rows"),
        (b"key,key\na,b\n", "", "several columns 'key'"),
        (b"key,time\na,1\nb\nc\nd\n", ":3", "3 of 4 lines are not rows of a table"),
        (b"key,time\n,1\n,2\n", ":2", "2 of 2 lines are not rows"),
        (b"key,time\na,1\n" + b"b,2\n" * 30_000 + b"\0,2\n", "", "is binary data"),
        (b"key,time\na,1\n\0\0,2\n", "", "is binary data"),
    ],
)
def test_what_is_no_table_is_refused(content, place, words, write):
    path = write("t.csv", content)
    with pytest.raises(BadInputError) as caught:
        read_trace(path)
    assert caught.value.place == f"{path}{place}"
    assert words in caught.value.message


def test_bytes_that_are_not_utf_8_in_a_column_without_role_do_no_harm(write, keys_of):
    trace = read_trace(write("t.csv", b"key,agent\na,\xff\nb,x\n"))
    assert keys_of(trace) == ["a", "b"]
