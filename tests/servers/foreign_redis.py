"""A Redis full of a user's data, what of it can be compared, and the verbs that may not change it.

The verbs are started in processes of their own that are forked from one with everything loaded,
so that two hundred of them take minutes.
"""

from __future__ import annotations

import dataclasses
import os
import random
import time

import redis

RUN = "perflab:perflab_run_20260102t030405z_0123456789"
VERBS = ("run", "run in shop", "tune --live", "calibrate", "start_live", "panel")
SMALL = "zipf:skew=0.9,keys=2k,requests=100k,seed=1"
LIKE_OURS = (
    b"perflab:k:x",
    b"perflab:l:x",
    b"shop:k",
    b"shop:k:1",
    b"shop:k:k:1",
    b"perflab:perflab_run_",
    b"perflab:perflab_run_x:k:1",
    b"perflab_run_20260102t030405z_0123456789:k:1",
    RUN.encode(),
    RUN.encode() + b":k:text",
    RUN.encode() + b":l:text",
    RUN.encode() + b":x:1",
    RUN.upper().encode() + b":k:1",
    b"a:" + RUN.encode() + b":k:1",
    b":",
    b"",
    b"\x00\xff:perflab_run_20260102t030405z_0123456789:k:1",
)
BASES = (0, 3, 7)
PATIENCE = 120.0


@dataclasses.dataclass
class Content:
    """What is in a server: values and deadlines by database and name, and its settings."""

    keys: dict
    config: dict
    users: list
    evicted: int


def empty(client) -> None:
    """Remove what an earlier case has put into a server."""
    for name in client.execute_command("ACL", "USERS"):
        if name != b"default":
            client.execute_command("ACL", "DELUSER", name)
    client.flushall()
    client.config_resetstat()


def fill(clients, number: random.Random) -> bool:
    """Put random content into an empty server, by all kinds of values and in three databases.

    Returns whether a run has room beside it.
    """
    client = clients[0]
    limit = number.choice((0, 0, 24, 48, 100)) * 2**20
    client.config_set("maxmemory", limit)
    policies = ("noeviction", "allkeys-lru", "allkeys-lfu", "volatile-ttl", "volatile-lru")
    client.config_set("maxmemory-policy", number.choice(policies))
    client.execute_command("ACL", "SETUSER", f"user{number.randrange(9)}", "on", "nopass", "~a:*")
    for base in BASES:
        place = clients[base]
        for name in number.sample(LIKE_OURS, number.randrange(len(LIKE_OURS))):
            _put(place, name, number)
        for _ in range(number.randrange(60)):
            name = b"%s:%s" % (number.choice((b"shop", b"perflab", b"s")), number.randbytes(4))
            _put(place, name, number)
    full = limit > 0 and number.random() < 0.5
    if full:
        with client.pipeline(transaction=False) as pipe:
            while pipe.info("memory").execute()[0]["used_memory"] < 0.93 * limit:
                for _ in range(500):
                    pipe.set(b"shop:%s" % number.randbytes(6), number.randbytes(300))
                pipe.execute()
    return not full


def snapshot(clients) -> Content:
    """Return all that must be equal afterwards."""
    keys = {}
    for base, client in clients.items():
        names = list(client.scan_iter(count=500))
        # In small parts: what a server has still to send counts as its memory, and evicts.
        for start in range(0, len(names), 500):
            part = names[start : start + 500]
            with client.pipeline(transaction=False) as pipe:
                for name in part:
                    pipe.dump(name)
                    pipe.pexpiretime(name)
                replies = pipe.execute()
            keys |= {
                (base, name): (value, deadline)
                for name, value, deadline in zip(part, replies[::2], replies[1::2], strict=True)
                if value is not None
            }
    info = clients[0].info("stats")
    users = clients[0].execute_command("ACL", "LIST")
    return Content(keys, clients[0].config_get("*"), users, info["evicted_keys"])


def differences(before: Content, after: Content, now_ms: int) -> list[str]:
    """Return what is not as it was, but for entries whose own time is over."""
    found = []
    for place, held in before.keys.items():
        if after.keys.get(place) != held and not 0 < held[1] <= now_ms:
            found.append(f"{place}: {held} became {after.keys.get(place)}")
    found += [f"{place} is new" for place in after.keys if place not in before.keys]
    for name in ("config", "users", "evicted"):
        if getattr(before, name) != getattr(after, name):
            found.append(f"{name}: {getattr(before, name)} became {getattr(after, name)}")
    return found


def act(verb: str, url: str, folder: str) -> None:
    """Carry out a verb on a server, in a process that leads a group of its own."""
    os.setsid()
    # What the commands say is nobody's business here.
    quiet = os.open(os.devnull, os.O_WRONLY)
    os.dup2(quiet, 1)
    os.dup2(quiet, 2)
    os.environ["PERFLAB_REDIS_URL"] = url
    os.environ["PERFLAB_CACHE_DIR"] = folder
    try:
        _act(verb)
    except SystemExit as ended:
        os._exit(int(ended.code or 0))
    except ValueError:
        os._exit(2)
    os._exit(0)


def _act(verb: str) -> None:
    from perflab.bench.registry import load_bench
    from perflab.cli import main
    from perflab.cli.consent import agree
    from perflab.lab.verbs import calibrate, start_live
    from perflab.tuning import recommend

    if verb == "doctor --clean":
        raise SystemExit(main(["doctor", "--clean"]))
    values = {"cache_namespace": "shop"} if verb == "run in shop" else {}
    agree(load_bench("redis_cache"), values, True)
    if verb in ("run", "run in shop"):
        options = [word for key, value in values.items() for word in ("--set", f"{key}={value}")]
        words = ["run", "redis_cache", "-w", SMALL, "--seconds", "0.3", "--yes", *options]
        raise SystemExit(main(words))
    if verb == "calibrate":
        calibrate("redis_cache", seconds=0.3)
    elif verb == "tune --live":
        recommend.tune("redis_cache", SMALL, live=True, budget=3.0, turn=0.3)
    elif verb == "start_live":
        live = start_live("redis_cache", SMALL, values, 30)
        try:
            _until(lambda: live.rows or live.state == "failed")
            live.apply({"ttl_seconds": 100})
            live.pause()
            live.resume()
            live.stop()
        finally:
            live.close()
    else:
        _press_run(values)


def _press_run(values) -> None:
    from perflab.panels import workbench

    panel = workbench("redis_cache", SMALL, values)
    try:
        panel.wait(PATIENCE)
        panel.run_or_stop()
        _until(lambda: (panel.runner.live and panel.runner.live.rows) or not panel.runner.active)
        if panel.runner.active:
            panel.run_or_stop()
        _until(lambda: not panel.runner.active)
    finally:
        panel.close()


def _until(condition) -> None:
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, "did not come true"
        time.sleep(0.01)


def _put(client, name: bytes, number: random.Random) -> None:
    value = number.randbytes(number.randrange(1, 40))
    kind = number.randrange(6)
    client.delete(name)
    if kind == 0:
        client.set(name, value)
    elif kind == 1:
        client.hset(name, value, value)
    elif kind == 2:
        client.rpush(name, value, value)
    elif kind == 3:
        client.sadd(name, value)
    elif kind == 4:
        client.zadd(name, {value: 1.5})
    else:
        client.xadd(name, {value: value})
    if number.random() < 0.4:
        client.pexpire(name, number.choice((3_000, 60_000, 3_600_000)))


def connect(url: str):
    """Return a client of each database, by its number."""
    return {base: redis.Redis.from_url(url, db=base, socket_timeout=PATIENCE) for base in BASES}
