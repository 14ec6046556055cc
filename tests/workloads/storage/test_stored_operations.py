"""Traces with operations in folders, Parquet and CSV; without them, files are as they were."""

from __future__ import annotations

import json

import numpy as np
import pyarrow.parquet as pq
import pytest

from perflab.errors import BadInputError
from perflab.workloads import Trace, read_trace, write_trace
from perflab.workloads.registry.kinds import describe
from perflab.workloads.storage import open_trace, save_trace

CODES = [0, 1, 0, 2, 3, 0, 4, 0]


def trace(keys=("a", "b", "a", "a", "b", "c", "a", "b")):
    ttls = [np.nan, 60, np.nan, np.inf, np.nan, 5, np.nan, np.nan]
    return Trace.from_keys(list(keys), range(8), [7] * 8, ttls, CODES)


def same(found, wanted):
    assert found.operations.tolist() == wanted.operations.tolist()
    assert np.array_equal(found.ttls, wanted.ttls, equal_nan=True)
    assert [found.key_of(i) for i in found.ids] == [wanted.key_of(i) for i in wanted.ids]
    assert found.fingerprint == wanted.fingerprint


@pytest.mark.parametrize(
    "keys", [("a", "b", "a", "a", "b", "c", "a", "b"), (1, 2, 1, 1, 2, 3, 1, 2)]
)
@pytest.mark.parametrize("suffix", [".parquet", ".csv", ""])
def test_operations_are_read_back(suffix, keys, tmp_path):
    wanted = trace(keys)
    path = tmp_path / f"t{suffix}"
    if suffix:
        write_trace(wanted, path)
        found = read_trace(path)
    else:
        save_trace(wanted, path)
        found = open_trace(path)
    same(found, wanted)
    assert [n for n in found.notes if "times:" not in n] == []


def test_other_tools_read_operations_as_words(tmp_path):
    write_trace(trace(), tmp_path / "t.parquet")
    words = pq.read_table(tmp_path / "t.parquet").column("op").to_pylist()
    assert words == ["get", "set", "get", "touch", "delete", "get", "write", "get"]
    write_trace(trace(), tmp_path / "t.csv")
    assert (tmp_path / "t.csv").read_text().splitlines()[2] == '"b",1,7,60,"set"'


def test_rows_that_another_tool_filtered_keep_their_operations(tmp_path):
    write_trace(trace(), tmp_path / "t.parquet")
    table = pq.read_table(tmp_path / "t.parquet")
    pq.write_table(table.slice(2), tmp_path / "u.parquet")
    found = read_trace(tmp_path / "u.parquet")
    assert found.operations.tolist() == CODES[2:]
    assert found.notes == ("its rows were changed after perflab wrote it",)


def version(folder):
    return json.loads((folder / "trace.json").read_text())["format_version"]


def test_a_trace_of_reads_is_of_the_format_that_it_was(tmp_path):
    save_trace(trace().reads_only(), tmp_path / "reads")
    save_trace(trace(), tmp_path / "all")
    assert (version(tmp_path / "reads"), version(tmp_path / "all")) == (1, 2)
    assert not (tmp_path / "reads" / "operations.npy").exists()
    write_trace(trace().reads_only(), tmp_path / "t.parquet")
    assert pq.read_schema(tmp_path / "t.parquet").names == ["key", "time", "size", "ttl"]


def test_a_saved_operation_that_is_none_is_refused(tmp_path):
    save_trace(trace(), tmp_path / "t")
    np.save(tmp_path / "t" / "operations.npy", np.array([*CODES[:-1], 9], np.uint8))
    with pytest.raises(BadInputError, match="the operation 9 is not one of 0 to 4"):
        open_trace(tmp_path / "t")
    np.save(tmp_path / "t" / "operations.npy", np.array([*CODES[:-1], 1], np.uint8))
    with pytest.raises(BadInputError, match="was changed or damaged"):
        open_trace(tmp_path / "t")


def test_an_infinite_lifetime_needs_operations(tmp_path):
    save_trace(trace(), tmp_path / "t")
    said = json.loads((tmp_path / "t" / "trace.json").read_text())
    said["columns"].remove("operations")
    (tmp_path / "t" / "trace.json").write_text(json.dumps(said))
    with pytest.raises(BadInputError, match="the TTL inf is not a number of seconds"):
        open_trace(tmp_path / "t")


def test_what_is_described_is_of_the_reads_and_counts_the_others():
    said = describe(trace())
    assert said["operations"] == {"get": 4, "set": 1, "touch": 1, "delete": 1, "write": 1}
    assert (said["requests"], said["distinct_keys"], said["total_bytes"]) == (4, 3, 28)
    reads = describe(trace().reads_only())
    assert reads["operations"] is None
    assert {**said, "operations": None, "fingerprint": reads["fingerprint"]} == reads


def test_windows_and_prefixes_keep_operations():
    assert trace().window(2, 5).operations.tolist() == [0, 2, 3]
    assert trace().prefix(2).operations.tolist() == [0, 1]
    assert trace().window(3, 5).reads == 0
    assert describe(trace().window(3, 5))["operations"] == {"touch": 1, "delete": 1}
