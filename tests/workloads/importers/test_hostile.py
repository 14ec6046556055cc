from __future__ import annotations

import json
import os
import time
import warnings

import numpy as np
import pytest

from perflab.errors import BadInputError
from perflab.patterns.async_io.load_tests.load_test import read_load_test
from perflab.patterns.prefetching.item_names import load_items
from perflab.workloads import FORMATS, read_trace
from perflab.workloads.formats import ARRIVAL_FORMATS
from perflab.workloads.importers.columns import parse_columns
from perflab.workloads.read import read_arrivals
from perflab.workloads.registry.accesses import load_accesses
from perflab.workloads.registry.kinds import describe, load_any

DEEP = b"[" * 50_000 + b"]" * 50_000
ENTRY = {
    "startedDateTime": "2024-01-01T00:00:00Z",
    "request": {"method": "GET", "url": "http://h/"},
}


@pytest.fixture(autouse=True)
def no_noise():
    """What numpy warns of is printed beside an answer."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        yield


def foreseen(call, *words, **options):
    """Return what a call gives, or its BadInputError if that is nobody else's in disguise."""
    try:
        return call(*words, **options)
    except BadInputError as error:
        found = error
    assert found.__cause__ is None or isinstance(found.__cause__, OSError)
    assert found.place
    return found


SMALL = {
    "a newline": b"\n",
    "a lone CR": b"\r",
    "blanks": b" \t ",
    "a quote": b'"',
    "commas": b",,,",
    "a NUL": b"\0",
    "a mark": b"\xef\xbb\xbf",
    "half a UTF-16 mark": b"\xff",
    "a UTF-16 mark": b"\xff\xfe",
    "a deep array": DEEP,
    "a deep object": b'{"a":' * 50_000,
    "only a heading": b"key,time,size,ttl",
    "a heading over lines": b'key,"time\n",size\na,1,2\n',
    "a heading of other line ends": "key\x85time,size\x1cttl\na,1\n".encode(),
    "mixed line ends": b"key,time\ra,1\r\nb,2\nc,3\n\r",
    "a cut line": b"key,time\na",
    "a quote without end": b'key,time\n"a,1\n',
    "a large number": b"key,time,size\na," + b"9" * 5_000 + b",1\n",
    "a long field": b"key\n" + b"a" * 200_000 + b"\n",
}


@pytest.mark.parametrize("what", SMALL)
def test_small_odd_files_are_read_or_refused_in_every_format(what, write):
    path = write("a", SMALL[what])
    for kind in (*FORMATS, None):
        foreseen(read_trace, path, format=kind)
    for kind in (*ARRIVAL_FORMATS, None):
        foreseen(read_arrivals, path, format=kind)
    for load in (load_any, load_accesses, load_items, read_load_test):
        foreseen(load, str(path))


@pytest.mark.parametrize(
    "value", ["nan", "inf", "-inf", "1e400", "-1", "1e308", "9" * 30, "9999-12-31", "0001-01-01"]
)
@pytest.mark.parametrize("column", [1, 2, 3])
def test_numbers_that_cannot_be_are_refused_with_their_line(value, column, write):
    row = ["b", "1", "2", "3"]
    row[column] = value
    lines = f"key,time,size,ttl\na,1,2,3\n{','.join(row)}\n"
    found = foreseen(read_trace, write("a.csv", lines))
    assert not isinstance(found, BadInputError) or found.place.endswith("a.csv:3")


@pytest.mark.parametrize("size", ["9" * 19, "9" * 30, "1e30", "-5", "null", '"x"', "1e999"])
def test_sizes_in_json_that_cannot_be_are_not_known(size, write):
    lines = f'{{"key":"a","time":1,"size":{size}}}\n' + '{"key":"a","time":1,"size":7}\n' * 3
    found = foreseen(read_trace, write("a.json", lines))
    if not isinstance(found, BadInputError):
        assert found.sizes is None or found.sizes.tolist()[-3:] == [7, 7, 7]
    entry = ENTRY | {"response": {"bodySize": "SIZE"}}
    har = json.dumps({"log": {"entries": [entry, entry]}}).replace('"SIZE"', size)
    foreseen(read_trace, write("a.har", har))
    foreseen(read_arrivals, write("a.har", har))


def test_deep_values_in_a_har_file_are_no_harm(write):
    deep = "[" * 900 + "]" * 900
    har = json.dumps({"log": {"entries": [{"x": "DEEP"}, ENTRY]}}).replace('"DEEP"', deep)
    assert len(read_trace(write("a.har", har))) == 1
    assert len(read_arrivals(write("a.har", har))) == 1


def test_a_monitor_line_without_a_command_is_skipped(write):
    line = '1339518083.107412 [0 127.0.0.1:60866] "get" "foo"\n'
    trace = read_trace(write("m", '1339518083.107412 [0 127.0.0.1:60866] "\n' + line * 3))
    assert len(trace) == 3
    assert "1 of 4 lines skipped" in trace.notes[-1]


@pytest.mark.parametrize("rows", ["9" * 25, "-1", str(2**62), str(2**40)])
def test_row_numbers_of_no_store_cost_no_memory(rows, write):
    found = foreseen(load_accesses, write("r.txt", f"1\n{rows}\n2\n"))
    if not isinstance(found, BadInputError):
        assert describe(found)["distinct_rows"] == 3


@pytest.mark.parametrize(
    "path", ["a\0b", "x" * 5_000, "/" + "x/" * 3_000, "~nobody-of-this-name/a", "a/b.txt\0"]
)
def test_names_that_no_file_can_have_are_refused(path):
    for load in (read_trace, read_arrivals, load_any, load_accesses, load_items, read_load_test):
        assert isinstance(foreseen(load, path), BadInputError)


def test_a_list_of_names_that_no_file_can_have_is_refused(write):
    for name in ("x" * 5_000, "~nobody-of-this-name/a", "a\0b"):
        assert isinstance(foreseen(load_items, str(write("l.txt", name))), BadInputError)


def test_files_whose_names_are_not_utf8_are_items(tmp_path, write):
    name = os.fsdecode(b"\xff.bin")
    try:
        (tmp_path / name).write_bytes(b"x")
    except OSError:
        pytest.skip("this file system takes UTF-8 alone")
    items = load_items(str(write("l.txt", b"\xff.bin\r\n")))
    assert items.paths == (str((tmp_path / name).resolve()),)
    assert items.fingerprint
    assert load_items(str(tmp_path)).fingerprint


def test_a_file_that_goes_while_it_is_read_is_refused(write):
    path = write("k.txt", "a\n" * 100)

    def vanish(done, total):
        path.unlink(missing_ok=True)

    with pytest.raises(BadInputError, match="No such file"):
        read_trace(path, progress=vanish)


@pytest.mark.parametrize("change", [b"", b"a\n" * 9])
def test_a_file_that_changes_while_it_is_read_is_read_as_it_is(change, write):
    path = write("k.txt", "a\n" * 40_000)

    def rewrite(done, total):
        path.write_bytes(change)

    foreseen(read_trace, path, progress=rewrite)


def test_a_guard_keeps_what_it_caught_as_the_cause(write, monkeypatch):
    def broken(source):
        raise KeyError("x")

    monkeypatch.setattr("perflab.workloads.importers.text.read_text", broken)
    path = write("k.txt", "a\n")
    with pytest.raises(BadInputError, match="cannot be read as text") as caught:
        read_trace(path, format="text")
    assert isinstance(caught.value.__cause__, KeyError)
    assert caught.value.place == str(path)


# Lines at which a pattern that tries every way would be at work for hours.
SLOW = {
    "times": b"time" * 16_000,
    "blanks": b" " * 3_000_000,
    "words": b"a " * 1_000_000,
    "brackets": b"1.0 [0 " + b"] " * 500_000,
    "quotes": b'1.0 [0 h] "' + b'\\" "' * 300_000,
    "commas": b"1,k" + b",1" * 500_000,
    "durations": b"2024-06-10 05:00:00.123 UTC LOG: " * 50_000,
    "digits": b"9" * 1_000_000,
    "log": b'h - - [10/Oct/2000:13:55:36 -0700] "GET ' + b"\\a" * 500_000,
}


@pytest.mark.parametrize("what", SLOW)
def test_no_long_line_takes_long(what, write):
    path = write("a", SLOW[what] + b"\n")
    start = time.process_time()
    for kind in ("text", "csv", "combined", "json", "redis_monitor", "twitter", "oracle_csv", None):
        foreseen(read_trace, path, format=kind)
    for kind in ("arc", "spc", "msr"):
        foreseen(read_trace, path, format=kind)
    for kind in (*ARRIVAL_FORMATS, None):
        foreseen(read_arrivals, path, format=kind)
    assert time.process_time() - start < 10


@pytest.mark.parametrize("text", ["{", "key={", "key={}", "key={a", "key=}{", "a=b=c", "key={{a}}"])
def test_templates_that_are_none_are_refused(text, write):
    def read():
        return read_trace(write("a.csv", "a,b\n1,2\n"), columns=parse_columns(text))

    assert isinstance(foreseen(read), BadInputError)


def test_random_records_are_refused_as_a_libcachesim_trace(write):
    content = np.random.default_rng(0).integers(0, 256, 2_400, dtype=np.uint8).tobytes()
    with pytest.raises(BadInputError, match="is it of the format oracle"):
        read_trace(write("a", content), format="oracle")
