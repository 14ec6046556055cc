"""Redis MONITOR as operations: against a plain cache without bounds, and a server's commands."""

from __future__ import annotations

import math

import numpy as np
import pytest
import redis

from perflab.errors import BadInputError
from perflab.operations import Operation
from perflab.servers.redis.server import RedisServer
from perflab.workloads import read_trace
from perflab.workloads.recording.redis_commands import is_known
from perflab.workloads.recording.redis_table import COMMANDS, COUNTED, OF_THE_SERVER, SCRIPTS


def hits(trace):
    """Return hits and reads of a cache without bounds; what has no lifetime never expires."""
    ends, written, found = {}, {}, 0
    rows = len(trace)
    codes = np.zeros(rows) if trace.operations is None else trace.operations
    ttls = np.full(rows, np.inf) if trace.ttls is None else np.nan_to_num(trace.ttls, nan=np.inf)
    columns = (trace.ids, codes, trace.times, ttls)
    for key, code, now, ttl in zip(*(column.tolist() for column in columns), strict=True):
        there = ends.get(key, -math.inf) > now
        if code == Operation.GET:
            found += there
            if not there:
                ends[key] = now + written.get(key, ttl)
        elif code == Operation.SET or (code == Operation.TOUCH and there):
            ends[key], written[key] = now + ttl, ttl
        elif code in (Operation.DELETE, Operation.WRITE):
            ends.pop(key, None)
    return found, trace.reads


def monitor(*commands, gap=1.0, start=1_718_000_000.0):
    """Return lines of MONITOR, a command each `gap` seconds; a number is a pause."""
    now, lines = start, ["OK\n"]
    for command in commands:
        if isinstance(command, int | float):
            now += command
            continue
        words = command.format(later=int(now) + 60).split()
        database = words.pop(0)[2:] if words[0].startswith("db") else "0"
        said = " ".join(f'"{word}"' for word in words)
        lines.append(f"{now:.6f} [{database} 192.0.2.1:5000] {said}\n")
        now += gap
    return "".join(lines)


REMOVALS = {
    "DEL": "DEL k",
    "UNLINK": "UNLINK other k",
    "FLUSHDB": "FLUSHDB",
    "FLUSHALL": "FLUSHALL ASYNC",
    "RENAME": "RENAME k old",
    "MOVE": "MOVE k 3",
    "EXPIRE": "EXPIRE k 0",
    "PEXPIREAT": "PEXPIREAT k 1000",
    "GETEX": "DELIFEQ k v",
    "JSON.DEL": "JSON.DEL k",
}


@pytest.mark.parametrize("name", REMOVALS)
def test_a_removed_key_is_missed(name, write):
    turn = ("GET k", "SET k v EX 3600", "GET k", REMOVALS[name])
    trace = read_trace(write("m.txt", monitor(*turn * 20)))
    assert hits(trace) == (20, 40)
    assert not any("not replayed" in note for note in trace.notes)


def test_a_read_that_removes_is_both(write):
    trace = read_trace(write("m.txt", monitor(*("GET k", "SET k v", "GETDEL k") * 20)))
    assert hits(trace) == (20, 40)


LIVES = {
    "EX": ("SET k v EX 60",),
    "PX": ("SET k v PX 60000",),
    "EXAT": ("SET k v EXAT {later}",),
    "PXAT": ("SET k v PXAT {later}000",),
    "EXPIREAT": ("SET k v", "EXPIREAT k {later}"),
    "PEXPIREAT": ("SET k v", "PEXPIREAT k {later}000"),
    "HEXPIREAT": ("HSET k f v", "HEXPIREAT k {later} FIELDS 1 f"),
    "SETEX": ("SETEX k 60 v",),
    "PSETEX": ("PSETEX k 60000 v",),
    "EXPIRE": ("SET k v", "EXPIRE k 60"),
    "PEXPIRE": ("SET k v", "PEXPIRE k 60000"),
    "MSETEX": ("MSETEX 2 k v other w EX 60",),
    "GETEX": ("SET k v", "GETEX k PX 60000"),
    "KEEPTTL": ("SET k v EX 60", "SET k w KEEPTTL"),
    "APPEND": ("SET k v EX 60", "APPEND k w"),
    "XX": ("SET k v EX 60", "SET k v XX EX 60"),
    "NX": ("SET k v EX 60", "SET k w NX", "SETNX k w"),
    "EXPIRE NX": ("SET k v", "EXPIRE k 60 NX", "EXPIRE k 3600 NX"),
    "EXPIRE GT": ("SET k v EX 60", "EXPIRE k 30 GT", "EXPIRE k 3600 LT"),
    "RENAME": ("SET new v EX 60", "RENAME new k"),
    "COPY": ("DEL k", "SET new v EX 60", "COPY new k"),
    "RESTORE": ("RESTORE k 60000 dump",),
    "HSETEX": ("HSETEX k EX 60 FIELDS 1 f v",),
    "HEXPIRE": ("HSET k f v", "HEXPIRE k 60 FIELDS 1 f"),
}


@pytest.mark.parametrize("name", LIVES)
def test_a_lifetime_ends_a_minute_later(name, write):
    read = "HGET k f" if name.startswith("H") else "GET k"
    commands = []
    for _ in range(20):
        commands += [read, *LIVES[name], read, 50, read, 20, read, 500]
    trace = read_trace(write("m.txt", monitor(*commands, gap=0.01)))
    found, reads = hits(trace)
    extra = 20 if name == "GETEX" else 0  # it reads too
    # Of four reads a round, the two within the minute are hits.
    assert (found, reads) == (40 + extra, 80 + extra)


@pytest.mark.parametrize("renewal", ["SETEX k 60 v", "EXPIRE k 60", "PERSIST k", "GETEX k EX 60"])
def test_a_renewed_key_never_expires(renewal, write):
    trace = read_trace(write("m.txt", monitor("SETEX k 60 v", *("GET k", renewal, 40) * 20)))
    found, reads = hits(trace)
    assert found == reads


def test_databases_scripts_and_transactions_are_told_apart(write, keys_of):
    content = monitor(
        *("MULTI", "SET a v", "db2 SET a v", "EXEC", "EVAL script 1 a", "GET a"),
        *("db2 FLUSHDB", "GET a", "db2 GET a", "FLUSHALL", "GET a"),
    ).replace("192.0.2.1:5000", "lua", 1)
    trace = read_trace(write("m.txt", content))
    assert keys_of(trace)[:2] == ["a", "2/a"]
    assert hits(trace) == (2, 4)
    assert not any("not counted" in note for note in trace.notes)


def test_a_hash_is_one_key_unless_its_fields_go_one_by_one(write, keys_of):
    whole = monitor("HSET h a 1 b 2", "HMGET h a b", "HGETALL h", "HDEL h a", "HGETALL h")
    trace = read_trace(write("m.txt", whole))
    assert keys_of(trace) == ["h"] * 4
    assert trace.notes == ("not replayed: HDEL 1, which remove a part of a value: its key stays",)
    parts = monitor("HSET h a 1 b 2", "HMGET h a b", "HDEL h a", "HGET h a", "HGET h b")
    trace = read_trace(write("n.txt", parts))
    assert keys_of(trace) == ["h/a", "h/b", "h/a", "h/b", "h/a", "h/a", "h/b"]
    assert hits(trace) == (3, 4)


def test_what_cannot_be_replayed_is_named_and_a_wrong_command_left_out(write):
    content = monitor("GET a", "LPOP l", "XACK s g 1", "FT.SEARCH i q", "EXPIRE a soon", "SET b")
    trace = read_trace(write("m.txt", content))
    assert len(trace) == 1
    assert trace.notes == (
        "not replayed: LPOP 1, which remove a part of a value: its key stays",
        "not counted as requests: FT.SEARCH 1, XACK 1",
    )


def test_a_log_of_writes_alone_has_no_reads(write):
    with pytest.raises(BadInputError, match="has no reads"):
        read_trace(write("m.txt", monitor("SET a 1", "DEL a")))


def test_lines_of_one_key_of_many_kinds_are_read(write, keys_of):
    commands = [
        *(
            "LRANGE k 0 1",
            "SMEMBERS k",
            "ZRANGE k 0 1",
            "XRANGE k - +",
            "JSON.GET k $",
            "GETBIT k 1",
        ),
        *("PFCOUNT k", "GEOSEARCH k FROMLONLAT 1 1", "ZINTER 2 k k", "XREAD STREAMS k k 0 0"),
        *("SINTERSTORE k k k", "ZUNIONSTORE k 2 k k", "BITOP AND k k k", "SORT k STORE k"),
        *("JSON.MGET k k $", "SET k v GET", "GETSET k v", "LCS k k", "HGETDEL k FIELDS 1 f"),
    ]
    trace = read_trace(write("m.txt", monitor(*commands)))
    assert set(keys_of(trace)) <= {"k", "k/f"}
    assert trace.reads == 6 + 2 + 2 + 2 + 2 + 2 + 2 + 1 + 2 + 2 + 2 + 1


def test_every_command_of_a_server_that_has_a_key_is_known_or_counted():
    with RedisServer.start() as server, redis.Redis.from_url(server.url) as client:
        table = client.command()
    names = {
        name.upper()
        for name, about in table.items()
        if about["first_key_pos"] or "movablekeys" in about["flags"]
    }
    assert len(names) > 150
    unknown = {name for name in names if not is_known(name)} - COUNTED - SCRIPTS
    assert unknown == set()
    reads = {
        name.upper()
        for name, about in table.items()
        if "readonly" in about["flags"] and name.upper() in COMMANDS
    }
    # What only reads, by the server's word, does nothing else here, and the other way round.
    ours = {
        name
        for name in COMMANDS
        if name.lower() in table and all(effect.does == "get" for effect in COMMANDS[name])
    }
    assert ours - reads <= {"XREADGROUP", "XPENDING", "SORT"} | SCRIPTS
    assert reads - ours == set()
    assert not set(COMMANDS) & (COUNTED | OF_THE_SERVER | SCRIPTS)


REFUSED = ("-1", "0", "1.5", "nan", "inf", "1e3", "+5", "05", "9223372036854775807", "9" * 30, "x")


@pytest.mark.parametrize("lifetime", REFUSED)
def test_what_a_server_refuses_as_a_lifetime_does_nothing(lifetime, write):
    commands = (f"SET k v EX {lifetime}", f"SETEX k {lifetime} v", f"GETEX k EXAT {lifetime}")
    commands += (f"MSETEX 1 k v EX {lifetime}",)
    if lifetime not in ("-1", "0"):
        commands += (f"EXPIRE k {lifetime}", f"EXPIREAT k {lifetime}", f"PEXPIRE k {lifetime}.0")
    trace = read_trace(write("m.txt", monitor(*("GET k", *commands) * 3)))
    assert trace.operations is None
    assert len(trace) == 3


def test_a_lifetime_of_zero_or_less_removes_where_a_server_takes_it(write):
    trace = read_trace(write("m.txt", monitor("GET k", "EXPIRE k -1", "GET k", "PEXPIREAT k 0")))
    assert [*trace.operations] == [0, 3, 0, 3]


def test_whole_hashes_by_field_are_refused_where_they_are_too_many(write, monkeypatch):
    monkeypatch.setattr("perflab.workloads.importers.redis_keys.MOST_FIELDS", 50)
    lines = monitor(*(f"HEXPIRE h 10 FIELDS 1 f{i}" for i in range(6)), *["HGETALL h"] * 9)
    with pytest.raises(BadInputError, match="more than 50 requests for fields; cut a part"):
        read_trace(write("m.txt", lines))


def test_a_log_is_known_by_a_first_line_of_any_length(write):
    lines = monitor("SET k " + "x" * 3_000_000, "GET k").removeprefix("OK\n")
    assert read_trace(write("m.txt", lines)).reads == 1
