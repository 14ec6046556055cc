import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from perflab.workloads import read_trace
from perflab.workloads.read import read_arrivals

EPOCH = 1_750_000_000
UNITS = {"ms": 1e3, "µs": 1e6, "ns": 1e9}


def rows(scale):
    return [(f"k{n % 4}", int((EPOCH + n) * scale)) for n in range(20)]


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("kind", ["csv", "json", "parquet"])
def test_times_in_smaller_units_are_scaled_and_told(tmp_path, unit, kind):
    path = tmp_path / f"a.{kind}"
    found = rows(UNITS[unit])
    if kind == "csv":
        path.write_text("key,time\n" + "".join(f"{key},{time}\n" for key, time in found))
    elif kind == "json":
        lines = [json.dumps({"key": key, "time": time}) + "\n" for key, time in found]
        path.write_text("".join(lines))
    else:
        keys, times = zip(*found, strict=True)
        pq.write_table(pa.table({"key": keys, "time": np.array(times)}), path)
    trace = read_trace(path)
    assert trace.times.tolist() == pytest.approx([EPOCH + n for n in range(20)])
    assert f"times: read as {unit} since 1970" in trace.notes


@pytest.mark.parametrize("unit", UNITS)
def test_starts_of_arrivals_in_smaller_units_are_scaled_and_told(tmp_path, unit):
    lines = [f"{int((EPOCH + n) * UNITS[unit])},5\n" for n in range(20)]
    (tmp_path / "a.csv").write_text("start,duration_ms\n" + "".join(lines))
    arrivals = read_arrivals(tmp_path / "a.csv")
    assert arrivals.times[-1] - arrivals.times[0] == pytest.approx(19)
    assert arrivals.durations.tolist() == pytest.approx([0.005] * 20)
    assert f"times: read as {unit} since 1970" in arrivals.notes


def test_seconds_stay_as_they_are_and_are_stated(write):
    trace = read_trace(write("a.csv", "key,time\na,1750000000\na,1750000001.5\n"))
    assert trace.times.tolist() == [1750000000, 1750000001.5]
    assert trace.notes == ("times: read as s since 1970",)


@pytest.mark.parametrize(
    ("column", "words", "said"),
    [
        ("Method", ["GET", "HEAD", "LOCK"], "LOCK 6 count as reads"),
        ("cmd", ["get", "SET", "frobnicate"], "SET 7, frobnicate 6 count as reads"),
        ("operation", ["read", "READ", "Get"], ""),
        ("op", ["1", "2", "3"], ""),
    ],
)
@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_rows_that_are_no_reads_are_told_by_name(tmp_path, column, words, said, kind):
    keys = [f"k{n % 4}" for n in range(20)]
    table = pa.table({"key": keys, column: [words[n % 3] for n in range(20)]})
    path = tmp_path / f"a.{kind}"
    if kind == "csv":
        lines = [f"{row['key']},{row[column]}\n" for row in table.to_pylist()]
        path.write_text(f"key,{column}\n" + "".join(lines))
    else:
        pq.write_table(table, path)
    notes = " ".join(read_trace(path).notes)
    assert ("count as reads" in notes) == bool(said)
    for word in said.split(" count")[0].split(", "):
        assert word in notes


def test_methods_of_json_logs_are_operations(write):
    methods = ["GET"] * 8 + ["PATCH"] * 2 + ["DELETE"]
    lines = [json.dumps({"path": f"/{n % 3}", "ts": n, "method": m}) for n, m in enumerate(methods)]
    trace = read_trace(write("a.json", "\n".join(lines)))
    assert trace.operations.tolist() == [0] * 8 + [4, 4, 3]
    used = "fields used: key from path, time from ts, op from method"
    assert trace.notes == (used, "times: read as s, relative")


COMMANDS = {
    "LPOP": ('"LPOP" "k"', "not replayed: LPOP 5, which remove a part of a value: its key stays"),
    "XACK": ('"XACK" "k" "g" "1-1"', "not counted as requests: XACK 5"),
    "FT.SEARCH": ('"FT.SEARCH" "k" "x"', "not counted as requests: FT.SEARCH 5"),
}


@pytest.mark.parametrize("name", COMMANDS)
def test_commands_of_redis_that_are_not_replayed_are_told(write, name):
    command, said = COMMANDS[name]
    lines = [f'{n}.5 [0 10.0.0.1:5] "GET" "k{n % 2}"\n' for n in range(5)]
    lines += [f"{n + 5}.5 [0 10.0.0.1:5] {command}\n" for n in range(5)]
    assert said in " ".join(read_trace(write("m.txt", "".join(lines))).notes)


@pytest.mark.parametrize("command", ["PING", "CLIENT", "EXISTS", "GETEX"])
def test_commands_that_change_nothing_are_not_told(write, command):
    lines = [f'{n}.5 [0 10.0.0.1:5] "{("GET", command)[n % 2]}" "k{n % 5}"\n' for n in range(20)]
    assert read_trace(write("m.txt", "".join(lines))).notes == ()


def test_lifetimes_of_zero_are_told(write):
    some = write("a.csv", "key,time,ttl\na,1,0\na,2,5\na,3,0\n")
    assert "2 of 3 TTLs are 0, which counts as expired at once" in read_trace(some).notes[-1]
    every = write("b.csv", "key,time,ttl\na,1,0\na,2,0\n")
    assert "all TTLs are 0" in read_trace(every).notes[-1]
