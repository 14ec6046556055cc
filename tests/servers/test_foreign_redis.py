"""A Redis of the user's is after any verb, killed or not, as it was before.

``PERFLAB_FOREIGN_CASES=200`` tries as many random contents; ``PERFLAB_FOREIGN_SEED`` says from
which number on.
"""

from __future__ import annotations

import importlib.util
import multiprocessing
import os
import random
import signal
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue

import psutil
import pytest

from perflab.servers.redis.server import RedisServer

CASES = int(os.environ.get("PERFLAB_FOREIGN_CASES", "4"))
FIRST = int(os.environ.get("PERFLAB_FOREIGN_SEED", "0"))
AT_ONCE = int(os.environ.get("PERFLAB_FOREIGN_AT_ONCE", "4"))
PATIENCE = 240.0
LONGEST_LIFE = 6.0


@pytest.fixture(scope="module")
def foreign():
    """The helper beside this file, under a name by which forked processes find it."""
    folder = Path(__file__).parent
    sys.path.insert(0, str(folder))
    spec = importlib.util.spec_from_file_location("foreign_redis", folder / "foreign_redis.py")
    module = sys.modules["foreign_redis"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    yield module
    sys.path.remove(str(folder))


@pytest.fixture(scope="module")
def forked(foreign):
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(
        ["foreign_redis", "perflab.panels.workbench", "perflab.cli.run", "perflab.lab.verbs"]
    )
    return context


@pytest.fixture(scope="module")
def servers(tmp_path_factory):
    """Servers, each with a cache folder in which its calibration is kept."""
    free: SimpleQueue = SimpleQueue()
    opened = [RedisServer.start() for _ in range(min(CASES, AT_ONCE))]
    for server in opened:
        free.put((server.url, str(tmp_path_factory.mktemp("cache"))))
    yield free
    for server in opened:
        server.close()


def kill(process, whom: str) -> None:
    """Kill a verb's process, its child, or both at once."""
    try:
        children = psutil.Process(process.pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return
    victims = [child.pid for child in children if whom != "parent"]
    victims += [process.pid] if whom != "child" else []
    for pid in victims:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue


def perform(forked, foreign, verb, url, folder, number=None) -> int | None:
    """Carry out a verb; given random numbers, kill it at some moment. Returns its exit status."""
    process = forked.Process(target=foreign.act, args=(verb, url, folder))
    process.start()
    try:
        if number is not None:
            process.join(number.random() ** 2 * LONGEST_LIFE)
            kill(process, number.choice(("parent", "child", "both")))
        process.join(PATIENCE)
        return process.exitcode
    finally:
        process.kill()
        process.join()


def case(forked, foreign, servers, seed: int) -> str | None:
    """Try one content and verb; returns what went wrong."""
    number = random.Random(seed)
    url, folder = servers.get()
    verb = number.choice(foreign.VERBS)
    killed = number.random() < 0.5
    try:
        clients = foreign.connect(url)
        foreign.empty(clients[0])
        has_room = foreign.fill(clients, number)
        before = foreign.snapshot(clients)
        status = perform(forked, foreign, verb, url, folder, number if killed else None)
        if not killed and status not in ((0,) if has_room or verb == "panel" else (2,)):
            return f"{seed}: {verb} ended with {status}, room {has_room}"
        if not killed:
            wrong = foreign.differences(before, foreign.snapshot(clients), now())
            if wrong:
                return f"{seed}: {verb}: {len(wrong)} differences: {wrong[-3:]}"
        cleaned = perform(forked, foreign, "doctor --clean", url, folder)
        wrong = foreign.differences(before, foreign.snapshot(clients), now())
        if cleaned != 0 or wrong:
            told = f"{len(wrong)} differences: {wrong[-3:]}"
            return f"{seed}: {verb}, killed {killed}, doctor {cleaned}: {told}"
    finally:
        servers.put((url, folder))
    return None


def now() -> int:
    return int(time.time() * 1000) + 1


@pytest.mark.timeout(60 + 60 * CASES)
def test_users_redis_is_after_any_verb_as_it_was(forked, foreign, servers):
    seeds = range(FIRST, FIRST + CASES)
    with ThreadPoolExecutor(AT_ONCE) as threads:
        tried = list(threads.map(lambda seed: case(forked, foreign, servers, seed), seeds))
    wrong = [text for text in tried if text]
    assert not wrong, "\n".join(wrong)
