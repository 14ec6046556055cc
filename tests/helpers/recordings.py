"""Parts of recordings: what stands in them, others that lie, and those of perflab 0.1.0."""

from __future__ import annotations

import json
import math
import struct
import zlib
from itertools import accumulate

import pyarrow as pa
import pyarrow.parquet as pq

from perflab.workloads.recording.columns import GrowingColumns
from perflab.workloads.recording.format import Facts, read_file
from perflab.workloads.recording.parts import RecordingFolder, part_paths

HEAD = struct.Struct("<8sIQ")
METADATA = b"perflab.recording"
ALL_KEYS = 1 << 32


def recorded_rows(folder):
    """Return key, time, read, hit, size and ttl of what was recorded, in order of time."""
    rows = []
    for path in part_paths(folder):
        columns, _ = read_file(path)
        rows += zip(
            [columns.keys[which] for which in columns.which],
            [moment / 1e6 for moment in accumulate(columns.steps)],
            [code == 0 for code in columns.code],
            [(False, True, None)[hit] for hit in columns.hit],
            [None if size == -1 else size for size in columns.size],
            [None if math.isnan(ttl) else ttl for ttl in columns.ttl],
            strict=True,
        )
    return sorted(rows, key=lambda row: row[1])


def write_part(folder, number, rows, limit=ALL_KEYS, requests=20):
    """Write a part of a recording; rows as `parquet_table` takes them, of reads and sets."""
    growing = GrowingColumns()
    growing.add([(key, time, int(not read), *rest) for key, time, read, *rest in rows])
    RecordingFolder(folder).write(number, growing.columns(), Facts(limit, requests, {}))


def described(path):
    """Return what a part says about its rows."""
    body = path.read_bytes()[HEAD.size :]
    (length,) = struct.unpack_from("<I", body)
    return json.loads(body[4 : 4 + length])


def describe(path, change):
    """Write a part again with another description."""
    body = path.read_bytes()[HEAD.size :]
    (length,) = struct.unpack_from("<I", body)
    said = json.loads(body[4 : 4 + length])
    text = json.dumps(change(said)).encode()
    write_body(path, struct.pack("<I", len(text)) + text + body[4 + length :])


def write_body(path, body):
    """Write a part of any body, which its head says to be whole."""
    path.write_bytes(HEAD.pack(b"perflab\n", zlib.crc32(body), len(body)) + body)


def parquet_table(rows):
    """Return rows as perflab 0.1.0 wrote them."""
    keys, times, read, hit, size, ttl = zip(*rows, strict=True)
    moments = [int(moment * 1e6) for moment in times]
    return pa.table(
        {
            "key": pa.array(keys, pa.int64()),
            "time": pa.array(moments, pa.timestamp("us", "UTC")),
            "read": pa.array(read, pa.bool_()),
            "hit": pa.array(hit, pa.bool_()),
            "size": pa.array(size, pa.int64()),
            "ttl": pa.array(ttl, pa.float64()),
        }
    )


def write_parquet_part(folder, number, table, said=None):
    """Write a part as perflab 0.1.0 did; `said` replaces some of its description."""
    folder.mkdir(exist_ok=True)
    text = json.dumps(
        {"version": 1, "limit": ALL_KEYS, "requests": 20, "left_out": {}, "keys": 2} | (said or {})
    )
    path = folder / f"6b0c4ee9-1-e2dd79-{number:06d}.parquet"
    pq.write_table(table.replace_schema_metadata({METADATA: text}), path)
    return path
