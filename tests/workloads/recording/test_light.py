"""What records needs nothing but what perflab's smallest installation has."""

from __future__ import annotations

import subprocess
import sys

import pytest
from recordings import parquet_table, recorded_rows, write_parquet_part

from perflab.workloads import read_trace
from perflab.workloads.recording.keys import PLACES, key_number, place_of
from perflab.workloads.recording.recording import Recording

HEAVY = ("numpy", "pandas", "pyarrow", "polars", "numba", "matplotlib", "IPython", "orjson")
ALONE = f"""
import sys

class Refused:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {HEAVY}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Refused())
"""
IMPORTS = (
    ALONE + "from perflab.workloads.recording.record import record; import perflab; perflab.record"
)
RECORDS = """
import functools, os, perflab
import perflab.workloads.recording.recording as recording

recording.PART_ROWS = 2000
folder = sys.argv[1]
square = perflab.record(functools.lru_cache(lambda number: number * number), folder)
cache = perflab.record({}, square.recording)
for number in range(6000):
    assert square(number) == number * number
    cache[f"user:{number % 50}"] = b"value"
    assert cache.get(f"user:{number % 50}") == b"value"
    if number % 1000 == 999:
        square.recording.flush()
child = os.fork()
if child == 0:
    cache.get("child")
    sys.exit(0)
assert os.waitpid(child, 0)[1] == 0
square.recording._most = square.recording.stats()["bytes"] * 2 // 3
square(-1)
said = square.recording.stop()
assert said["failure"] is None, said
assert said["sample_rate"] < 1, said
assert not set(sys.modules) & set(HEAVY)
"""


def run(code, *arguments):
    command = [sys.executable, "-W", "ignore", "-c", code, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)


def test_importing_it_into_a_service_needs_nothing_heavy():
    ended = run(IMPORTS)
    assert (ended.returncode, ended.stderr) == (0, "")


def test_the_check_would_see_what_is_heavy():
    assert "No module named 'numpy'" in run(ALONE + "import perflab.workloads.kinds.trace").stderr


def test_a_service_records_thins_and_forks_without_anything_heavy(tmp_path):
    ended = run(f"{ALONE}HEAVY = {HEAVY}\n{RECORDS}", tmp_path / "r")
    assert (ended.returncode, ended.stderr) == (0, "")
    trace = read_trace(tmp_path / "r")
    limit = round(trace.sample_rate * PLACES)
    assert limit in (PLACES // 2, PLACES // 4)
    asked = [key_number(data, place_of(data)) for data in (b"\xff%d" % n for n in range(6000))]
    kept = {trace.key_of(key) for key in range(trace.n_keys)}
    assert {number for number in asked if number >> 31 < limit} <= kept
    assert all(number >> 31 < limit for number in kept)
    assert len(list((tmp_path / "r").glob("*.part"))) > 4


OLD = [(n << 31 | 7, 1e9 + n / 7, n % 3 > 0, n % 2 > 0, 2 * n, 60.0) for n in range(3000)]


def test_old_parts_stay_and_leave_a_new_recording_its_bytes(tmp_path):
    folder = tmp_path / "r"
    old = [write_parquet_part(folder, number, parquet_table(OLD)) for number in range(4)]
    content = [path.read_bytes() for path in old]
    assert sum(map(len, content)) > 1 << 16
    with Recording(folder, max_bytes="64KiB") as recording:
        for number in range(3000):
            data = b"%d" % number
            recording.add(data, place_of(data))
    said = recording.stats()
    assert said["sample_rate"] == 1.0
    assert said["bytes"] == sum(path.stat().st_size for path in folder.iterdir())
    with Recording(folder, max_bytes="64KiB") as recording:
        for number in range(20_000):
            data = b"%d" % number
            if place_of(data) < recording.limit:
                recording.add(data, place_of(data))
    assert recording.stats()["sample_rate"] < 1.0
    assert [path.read_bytes() for path in old] == content
    trace = read_trace(folder)
    assert trace.sample_rate == recording.stats()["sample_rate"]
    assert trace.times[0] == pytest.approx(1e9, abs=1)


def test_a_recording_is_read_alike_from_parts_of_either_format(tmp_path):
    rows = OLD[:400]
    write_parquet_part(tmp_path / "old", 0, parquet_table(rows))
    with Recording(tmp_path / "new") as recording:
        recording._waiting.extend((*row[:2], int(not row[2]), *row[3:]) for row in rows)
    old, new = read_trace(tmp_path / "old"), read_trace(tmp_path / "new")
    assert new.fingerprint == old.fingerprint
    assert new.notes == old.notes
    assert new.times.tolist() == old.times.tolist()
    assert recorded_rows(tmp_path / "new") == [
        (key, pytest.approx(time, abs=2e-6), *rest) for key, time, *rest in rows
    ]
