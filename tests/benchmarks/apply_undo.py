"""How soon old values are back on a real server: after a broken limit, and after a SIGKILL.

Run: python tests/benchmarks/apply_undo.py [--times 20]

`perflab apply` sets three parameters of a server of its own and watches it. In one half of the
times the limit `memory_bytes<=N` begins to be broken by a value that is written at a random moment
of the watch; in the other half the command is killed with SIGKILL at a random moment after it has
set the first parameter. Seconds are counted until all parameters have their old values. Goals: 2 s
after the limit broke, 10 s after the kill, each of all times. Exit status 1 if any is missed.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import redis

from perflab.servers.redis.server import RedisServer

OLD = {"maxmemory": "0", "maxmemory-policy": "noeviction", "maxmemory-samples": "5"}
NEW = {"maxmemory": "33554432", "maxmemory-policy": "allkeys-lru", "maxmemory-samples": "9"}
COMMAND = [sys.executable, "-m", "perflab"]
GOALS = {"broken limit": 2.0, "killed": 10.0}
WAIT_SECONDS = 60.0
LARGE = 8 << 20


def main() -> int:
    """Print the seconds of each kind, and return 1 if a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--times", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    chance = random.Random(options.seed)
    missed = 0
    with tempfile.TemporaryDirectory(prefix="perflab-apply-") as folder, RedisServer.start() as own:
        result = prepared(Path(folder))
        for kind, goal in GOALS.items():
            once = broken if kind == "broken limit" else killed
            taken = [once(own, result, chance) for _ in range(options.times)]
            late = sum(seconds > goal for seconds in taken)
            missed += late
            print(
                f"{kind}: {len(taken) - late} of {len(taken)} within {goal:g} s; median "
                f"{statistics.median(taken):.2f} s, longest {max(taken):.2f} s"
            )
    return 1 if missed else 0


def prepared(folder: Path) -> Path:
    """Write the result that is applied, in folders that are this program's own."""
    os.environ.update(
        PERFLAB_STATE_DIR=str(folder / "state"), PERFLAB_CACHE_DIR=str(folder / "cache")
    )
    os.environ.pop("PERFLAB_REDIS_URL", None)
    result = folder / "best.json"
    values = ["maxmemory=32MiB", "maxmemory_samples=9"]
    words = [word for value in values for word in ("--set", value)]
    workload = "zipf:skew=0.9,keys=500,requests=5k,seed=1"
    command = [*COMMAND, "predict", "redis_cache", "-w", workload, *words, "--out", str(result)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return result


def applied(own: RedisServer, result: Path, limit: str) -> subprocess.Popen[bytes]:
    """Start the command, which watches for ten minutes."""
    watch = ["--watch", limit, "--seconds", "10m"]
    command = [*COMMAND, "apply", str(result), "--to", own.url, "--yes", *watch]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def broken(own: RedisServer, result: Path, chance: random.Random) -> float:
    """Return after how many seconds the old values are back once a limit is broken."""
    with redis.Redis.from_url(own.url, decode_responses=True) as client:
        client.flushall()
        most = client.info("memory")["used_memory"] + LARGE // 2
        process = applied(own, result, f"memory_bytes<={most}B")
        until(lambda: values(client) == NEW)
        time.sleep(chance.uniform(0.5, 1.5))
        client.set("large", b"x" * LARGE)
        began = time.monotonic()
        until(lambda: values(client) == OLD)
        taken = time.monotonic() - began
        process.wait()
        client.flushall()
    assert process.returncode == 1, process.returncode
    return taken


def killed(own: RedisServer, result: Path, chance: random.Random) -> float:
    """Return after how many seconds the old values are back once the command is killed."""
    with redis.Redis.from_url(own.url, decode_responses=True) as client:
        process = applied(own, result, "memory_bytes<=1GiB")
        until(lambda: values(client) != OLD)
        time.sleep(chance.choice((0.0, chance.uniform(0.0, 2.0))))
        process.send_signal(signal.SIGKILL)
        began = time.monotonic()
        process.wait()
        until(lambda: values(client) == OLD)
        return time.monotonic() - began


def values(client: redis.Redis) -> dict[str, str]:
    """Return what the server has now."""
    return {name: client.config_get(name)[name] for name in OLD}


def until(condition) -> None:
    """Wait for a condition, at most a minute."""
    end = time.monotonic() + WAIT_SECONDS
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError
        time.sleep(0.005)


if __name__ == "__main__":
    sys.exit(main())
