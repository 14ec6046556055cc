from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pandas as pd
import pytest

import perflab
from perflab.errors import BadInputError
from perflab.workloads import Trace, Zipf, load_any, read_trace, save_workload, write_trace
from perflab.workloads.read import read_arrivals
from perflab.workloads.recording.keys import PLACE_SHIFT, PLACES, key_bytes, key_number, place_of
from perflab.workloads.recording.places import mapping_key
from perflab.workloads.recording.recording import Recording
from perflab.workloads.storage import open_trace

SERVICE = """
import sys, time, perflab
cache = perflab.record({}, sys.argv[1])
number = 0
while True:
    cache.get(f"user:{number % 97}")
    cache[f"user:{number % 97}"] = "value"
    number += 1
    time.sleep(0.0005)
"""


def take(recording, keys, **said):
    for key in keys:
        data = key_bytes(key)
        place = place_of(data)
        if place < recording.limit:
            recording.add(data, place, **said)


def recorded(folder):
    try:
        return len(read_trace(folder))
    except BadInputError:
        return 0


def wait_for(condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "did not happen"
        time.sleep(0.02)


def test_what_was_recorded_is_read_in_order(tmp_path):
    keys = [f"k{number % 7}" for number in range(100)]
    with Recording(tmp_path / "r") as recording:
        take(recording, keys, hit=True, size=10)
    trace = read_trace(tmp_path / "r")
    wanted = Trace.from_keys(keys)
    assert trace.ids.tolist() == wanted.ids.tolist()
    assert trace.key_of(0) == key_number(b"k0", place_of(b"k0"))
    assert np.all(np.diff(trace.times) >= 0)
    assert abs(trace.times[-1] - time.time()) < 60
    assert (trace.sizes.tolist(), trace.sample_rate) == ([10] * 100, 1.0)
    assert trace.notes == ("the cache that was recorded hit 100 % of 100 requests",)
    assert (trace.name, trace.source) == ("r", str(tmp_path / "r"))


def test_a_sample_has_all_requests_of_its_keys_and_knows_its_rate(tmp_path):
    whole = Zipf(skew=0.8, keys=20_000, requests=60_000).make()
    keys = [f"user:{key}" for key in whole.ids.tolist()]
    with Recording(tmp_path / "r", sample=0.05) as recording:
        take(recording, keys)
    trace = read_trace(tmp_path / "r")
    in_sample = [key for key in keys if place_of(key.encode()) < 0.05 * PLACES]
    assert trace.ids.tolist() == Trace.from_keys(in_sample).ids.tolist()
    assert trace.sample_rate == pytest.approx(0.05, rel=1e-6)
    assert 0 < len(trace) < len(whole) / 5


def test_a_trace_keeps_its_rate_when_it_is_stored(tmp_path):
    with Recording(tmp_path / "r", sample=0.5) as recording:
        take(recording, range(1_000))
    trace = read_trace(tmp_path / "r")
    write_trace(trace, tmp_path / "t.parquet")
    save_workload(trace, tmp_path / "t")
    for again in (read_trace(tmp_path / "t.parquet"), open_trace(tmp_path / "t"), trace.prefix(9)):
        assert again.sample_rate == 0.5
    note = "rates are those of a sample of 50 % of the keys"
    assert read_arrivals(tmp_path / "r").notes[-1] == note
    assert isinstance(load_any(str(tmp_path / "r")), Trace)


def test_a_killed_process_leaves_what_it_recorded(tmp_path):
    folder = tmp_path / "r"
    process = subprocess.Popen([sys.executable, "-c", SERVICE, str(folder)])
    try:
        wait_for(lambda: recorded(folder) > 300)
        while_running = len(read_trace(folder))
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    trace = read_trace(folder)
    assert len(trace) >= while_running
    assert trace.n_keys == 97
    assert trace.reads_only().ids.tolist() == [number % 97 for number in range(trace.reads)]
    # A process that goes on in the same folder adds to it.
    with Recording(folder) as recording:
        take(recording, ["user:1"])
    assert len(read_trace(folder)) == len(trace) + 1


def test_the_folder_stays_within_its_bytes_and_a_sample_of_all_the_time(tmp_path):
    folder = tmp_path / "r"
    with Recording(folder, max_bytes="128KiB") as recording:
        for second in range(12):
            take(recording, range(second * 2_000, second * 2_000 + 4_000), hit=True, size=second)
            recording.flush()
            assert recording.stats()["bytes"] <= 128 * 1024
    said = recording.stats()
    assert said["sample_rate"] < 0.6
    trace = read_trace(folder)
    assert trace.sample_rate == said["sample_rate"]
    assert trace.sizes.min() == 0
    assert trace.sizes.max() == 11
    limit = round(trace.sample_rate * PLACES)
    wanted = {
        key_number(key_bytes(key), place_of(key_bytes(key)))
        for key in range(26_000)
        if place_of(key_bytes(key)) < limit
    }
    assert {trace.key_of(key) for key in range(trace.n_keys)} == wanted
    assert all(key >> PLACE_SHIFT < limit for key in wanted)


def test_many_rows_are_written_as_several_parts(tmp_path, monkeypatch):
    monkeypatch.setattr("perflab.workloads.recording.recording.PART_ROWS", 500)
    with Recording(tmp_path / "r") as recording:
        for _ in range(5):
            take(recording, range(300))
            recording.flush()
    assert len(list((tmp_path / "r").glob("*.part"))) == 3
    assert read_trace(tmp_path / "r").ids.tolist() == [*range(300)] * 5


def test_recordings_of_different_rates_are_read_at_the_lowest(tmp_path):
    for sample in (1.0, 0.25):
        with Recording(tmp_path / "r", sample=sample) as recording:
            take(recording, range(4_000))
    trace = read_trace(tmp_path / "r")
    in_sample = sum(place_of(key_bytes(key)) < 0.25 * PLACES for key in range(4_000))
    assert (trace.sample_rate, len(trace), trace.n_keys) == (0.25, 2 * in_sample, in_sample)


def test_threads_lose_nothing(tmp_path):
    with Recording(tmp_path / "r") as recording:
        threads = [
            threading.Thread(
                target=take, args=(recording, range(number * 5_000, number * 5_000 + 5_000))
            )
            for number in range(4)
        ]
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            recording.flush()
        for thread in threads:
            thread.join()
    trace = read_trace(tmp_path / "r")
    assert (len(trace), trace.n_keys) == (20_000, 20_000)


def test_two_processes_share_a_folder_and_its_bytes(tmp_path):
    code = (
        "import sys, perflab; cache = perflab.record({}, sys.argv[1], max_bytes='128KiB')\n"
        "for turn in range(10):\n"
        "    for key in range(3_000): cache.get(turn * 1_000 + key)\n"
        "    cache.recording.flush()\n"
        "said = cache.recording.stop()\n"
        "assert said['failure'] is None, said\n"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "r")]
    processes = [subprocess.Popen(command) for _ in range(2)]
    assert [process.wait(120) for process in processes] == [0, 0]
    trace = read_trace(tmp_path / "r")
    limit = round(trace.sample_rate * PLACES)
    in_sample = [
        key
        for turn in range(10)
        for key in range(turn * 1_000, turn * 1_000 + 3_000)
        if place_of(mapping_key(key)) < limit
    ]
    assert trace.sample_rate < 1
    assert len(trace) == 2 * len(in_sample)
    assert trace.n_keys == len(set(in_sample))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
def test_a_forked_process_records_under_its_own_name(tmp_path):
    code = f"""
import os, perflab
cache = perflab.record({{}}, {str(tmp_path / "r")!r})
cache.get("before")
child = os.fork()
cache.get("child" if child == 0 else "parent")
if child:
    assert os.waitpid(child, 0)[1] == 0
cache.recording.stop()
os._exit(0)
"""
    subprocess.run([sys.executable, "-W", "ignore", "-c", code], check=True, timeout=120)
    trace = read_trace(tmp_path / "r")
    wanted = {key_number(word, place_of(word)) for word in (b"before", b"child", b"parent")}
    assert sorted(trace.key_of(key) for key in trace.ids) == sorted(wanted)
    assert len(list((tmp_path / "r").glob("*.part"))) == 2


def test_an_end_of_the_process_writes_the_rest(tmp_path):
    code = f"import perflab; perflab.record({{}}, {str(tmp_path / 'r')!r}).get('a')"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)
    assert len(read_trace(tmp_path / "r")) == 1


def test_a_folder_that_cannot_be_written_any_more_ends_the_recording_not_the_service(
    tmp_path, caplog
):
    folder = tmp_path / "r"
    cache = perflab.record({"a": 1}, folder)
    shutil.rmtree(folder)
    folder.write_text("a file in its place")
    assert cache["a"] == 1
    cache.recording.flush()
    assert cache["a"] == 1
    folder.unlink()
    folder.mkdir()
    assert "Error" in cache.recording.stop()["failure"]
    assert "ended" in caplog.text
    assert list(folder.iterdir()) == []


def test_after_the_stop_nothing_is_recorded_and_the_cache_works_on(tmp_path):
    cache = perflab.record({}, tmp_path / "r")
    cache["a"] = 1
    assert cache.get("a") == 1
    cache.recording.stop()
    assert cache.get("a") == 1
    assert cache.recording.stop()["rows"] == 2
    assert read_trace(tmp_path / "r").operations.tolist() == [1, 0]


def test_a_recording_without_a_request_yet_says_so(tmp_path):
    with Recording(tmp_path / "r"), pytest.raises(BadInputError, match="no request was recorded"):
        read_trace(tmp_path / "r")


def test_one_damaged_part_is_left_out_and_said(tmp_path):
    for _ in range(2):
        with Recording(tmp_path / "r") as recording:
            take(recording, range(10))
    part = min((tmp_path / "r").glob("*.part"))
    part.write_bytes(part.read_bytes()[:-20])
    trace = read_trace(tmp_path / "r")
    assert len(trace) == 10
    assert trace.notes == ("left out: 1 of 2 parts, damaged",)


def test_reading_a_recording_shows_progress_and_stops_when_cancelled(tmp_path):
    for _ in range(3):
        with Recording(tmp_path / "r") as recording:
            take(recording, range(10))
    seen = []
    read_trace(tmp_path / "r", progress=lambda *done: seen.append(done))
    total = sum(path.stat().st_size for path in (tmp_path / "r").iterdir())
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
    assert (seen[0], seen[-1], len(seen)) == ((0, total), (total, total), 4)

    class CancelledError(Exception):
        pass

    def cancel(done, total):
        raise CancelledError

    with pytest.raises(CancelledError):
        read_trace(tmp_path / "r", progress=cancel)


def test_parts_of_a_later_perflab_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("perflab.workloads.recording.format.VERSION", 4)
    with Recording(tmp_path / "r") as recording:
        take(recording, range(10))
    monkeypatch.undo()
    with pytest.raises(BadInputError, match="newer perflab"):
        read_trace(tmp_path / "r")


def test_other_tools_read_the_parquet_that_a_recording_becomes(tmp_path):
    for _ in range(2):
        with Recording(tmp_path / "r") as recording:
            take(recording, range(10), hit=False)
    write_trace(read_trace(tmp_path / "r"), tmp_path / "r.parquet")
    table = pd.read_parquet(tmp_path / "r.parquet")
    assert (len(table), table["key"].nunique()) == (20, 10)


def test_what_cannot_be_recorded_is_refused(tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    (other / "notes.txt").write_text("mine")
    file = tmp_path / "file"
    file.write_text("mine")
    cases = [
        ({}, other, {}, "holds something else"),
        ({}, file, {}, "cannot be written"),
        ({}, file / "r", {}, "cannot be written"),
        ({}, tmp_path / "r", {"sample": 0}, "share of keys"),
        ({}, tmp_path / "r", {"sample": 1.5}, "share of keys"),
        ({}, tmp_path / "r", {"max_bytes": "1KiB"}, "below 64 KiB"),
        ({}, tmp_path / "r", {"secret": b"x" * 65}, "more than 64 bytes"),
        ({}, tmp_path / "r", {"key": str}, "is for functions"),
        (7, tmp_path / "r", {}, "neither a function, a mapping nor a Redis client"),
    ]
    for target, path, options, words in cases:
        with pytest.raises(BadInputError, match=words):
            perflab.record(target, path, **options)
    assert json.loads(json.dumps(sorted(each.name for each in tmp_path.iterdir()))) == [
        "file",
        "other",
    ]
