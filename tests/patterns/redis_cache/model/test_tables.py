"""What a server's tables take, by the law and by a real server."""

import pytest
import redis
from hypothesis import given
from hypothesis import strategies as st

from perflab.patterns.redis_cache.model.costs import RedisCosts
from perflab.patterns.redis_cache.model.tables import (
    ServerTables,
    slot_entries_of,
    without_tables,
)
from perflab.servers.redis.server import RedisServer

VALUE = b"v" * 20
COUNTS = (7_000, 8_192, 13_000, 14_800, 16_000, 16_800, 27_000, 30_000, 33_000)


@pytest.fixture(scope="module")
def server():
    with RedisServer.start() as started, redis.Redis.from_url(started.url) as client:
        yield client


def filled(client, first, last, seconds=None):
    pipe = client.pipeline(transaction=False)
    for key in range(first, last):
        pipe.set(f"perflab:{key:06}", VALUE, ex=seconds)
        if key % 50 == 49:  # so that what the server has in its buffers is little
            pipe.execute()
    pipe.execute()


@pytest.mark.parametrize("seconds", [None, 3600])
def test_what_an_entry_takes_beside_the_tables_is_the_same_at_every_fill(server, seconds):
    server.execute_command("FLUSHALL", "SYNC")
    empty = server.info()["used_memory"]
    slot = slot_entries_of(server.info())
    plain, measured, last = [], [], 0
    for count in COUNTS:
        filled(server, last, count, seconds)
        last = count
        info = server.info()
        moving = info.get("mem_overhead_db_hashtable_rehashing", 0)
        each = (info["used_memory"] - empty - moving) / count
        told = {
            "slot_entries": slot,
            "entries": count,
            "expiring_entries": count if seconds else 0,
        }
        plain.append(without_tables(each, told)["plain_bytes_per_entry"])
        measured.append(each)
    spread = max(plain[2:]) - min(plain[2:])
    assert spread < 5
    assert spread < 0.7 * (max(measured[2:]) - min(measured[2:]))


@pytest.mark.parametrize("seconds", [None, 3600])
@pytest.mark.parametrize("mebibytes", [1.5, 3.3])
def test_as_many_entries_are_held_as_a_full_server_holds(server, seconds, mebibytes):
    server.config_set("maxmemory", 0)
    server.execute_command("FLUSHALL", "SYNC")
    empty = server.info()["used_memory"]
    filled(server, 0, 20_000, seconds)
    info = server.info()
    told = {
        "slot_entries": slot_entries_of(info),
        "entries": 20_000,
        "expiring_entries": 20_000 if seconds else 0,
    }
    each = (info["used_memory"] - empty) / 20_000
    costs = RedisCosts.of(
        {"hit": {"mean": 1e-4, "quantiles": [1e-4]}, "miss": {"mean": 1e-4, "quantiles": [1e-4]}}
        | {"bytes_per_entry": each, "server_bytes": empty}
        | without_tables(each, told)
    )
    server.execute_command("FLUSHALL", "SYNC")
    most = round(empty + mebibytes * 2**20)
    server.config_set("maxmemory-policy", "allkeys-random")
    server.config_set("maxmemory", most)
    try:
        filled(server, 0, 60_000, seconds)
        held = server.dbsize()
    finally:
        server.config_set("maxmemory", 0)
    said = costs.room(most) / costs.entry_bytes(most, 0.0, 60_000, expiring=bool(seconds))
    assert said == pytest.approx(held, rel=0.03)


@given(
    room=st.floats(1e3, 1e9),
    each=st.floats(20, 5_000),
    tables=st.sampled_from([1, 2]),
    slot=st.sampled_from([1, 7]),
)
def test_what_is_held_fits_and_more_room_holds_no_fewer(room, each, tables, slot):
    law = ServerTables.of(slot)
    fill = law.held(room, each, tables)
    assert fill.entries * each + fill.table_bytes <= room or fill.entries == 0
    more = law.held(2.2 * room, each, tables)
    assert more.entries >= fill.entries


@given(entries=st.integers(1, 10**8), tables=st.sampled_from([1, 2]))
def test_tables_of_a_number_of_entries_have_a_place_for_each(entries, tables):
    for slot, places in ((1, 8), (7, 64 / 7)):
        fill = ServerTables.of(slot).settled(entries, tables)
        assert fill.table_bytes >= tables * entries * places
        assert fill.table_bytes <= tables * (3.2 * entries * places + 64)


@pytest.mark.parametrize(
    ("info", "places"),
    [
        ({"redis_version": "7.4.2"}, 1),
        ({"redis_version": "7.2.4", "valkey_version": "8.0.1"}, 1),
        ({"redis_version": "7.2.4", "valkey_version": "8.1.0"}, 7),
        ({"redis_version": "7.2.4", "valkey_version": "9.1.2"}, 7),
        ({"valkey_version": "unstable"}, 1),
        ({"valkey_version": "10"}, 7),
    ],
)
def test_slots_are_those_of_the_servers_version(info, places):
    assert slot_entries_of(info) == places


def test_costs_of_before_and_of_unknown_servers_take_the_measured_bytes():
    costs = RedisCosts.of(
        {"hit": {"mean": 1e-4, "quantiles": [1e-4]}, "miss": {"mean": 1e-4, "quantiles": [1e-4]}}
        | {"bytes_per_entry": 250.0}
    )
    assert costs.entry_bytes(2**22, 100.0, 10_000, expiring=True) == 250.0
    assert without_tables(250.0, {"entries": 1.0}) == {}
