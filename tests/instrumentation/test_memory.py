from __future__ import annotations

import subprocess
import sys
import time

import pytest

from perflab.instrumentation import MemorySampler

GROWING = """
import sys, time
print("up", flush=True)
sys.stdin.readline()
block = bytearray(64 * 2**20)
block[::4096] = b"x" * len(block[::4096])
print("grown", flush=True)
sys.stdin.readline()
"""


def wait_until(condition, seconds=30.0):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.01)


@pytest.fixture(params=["memory_profiler", "psutil"])
def child(request, monkeypatch):
    if request.param == "psutil":
        monkeypatch.setitem(sys.modules, "memory_profiler", None)
    with subprocess.Popen(
        [sys.executable, "-c", GROWING], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        process.stdout.readline()
        yield process
        process.kill()


def test_growth_of_another_process_is_seen(child):
    with MemorySampler(child.pid, interval=0.02) as sampler:
        wait_until(sampler.samples)
        before = sampler.latest_bytes
        child.stdin.write("\n")
        child.stdin.flush()
        child.stdout.readline()
        wait_until(lambda: sampler.latest_bytes > before + 60 * 2**20)
    assert sampler.peak_bytes == max(size for _, size in sampler.samples())
    assert not sampler.running
    times = [at for at, _ in sampler.samples()]
    assert times == sorted(times)


def test_sampling_ends_quietly_when_the_process_dies(child):
    sampler = MemorySampler(child.pid, interval=0.02).start()
    wait_until(sampler.samples)
    child.kill()
    wait_until(lambda: not sampler.running)
    assert sampler.latest_bytes > 0
    sampler.stop()


def test_a_process_that_never_was_gives_nothing():
    sampler = MemorySampler(2**22 + 1, interval=0.02).start()
    wait_until(lambda: not sampler.running)
    assert (sampler.latest_bytes, sampler.peak_bytes, sampler.samples()) == (0, 0, [])


def test_so_many_of_the_newest_samples_are_kept(child):
    with MemorySampler(child.pid, interval=0.02, most=2) as sampler:
        wait_until(sampler.samples)
        first = sampler.samples()[0][0]
        wait_until(lambda: sampler.samples()[0][0] > first + 0.1)
    assert len(sampler.samples()) == 2
    assert sampler.latest_bytes == sampler.samples()[-1][1]


def test_stopping_before_the_start_does_nothing():
    MemorySampler(1).stop()


def test_an_interval_of_zero_is_refused():
    with pytest.raises(ValueError, match="interval"):
        MemorySampler(1, interval=0)


def test_importing_metrics_loads_nothing_heavy():
    code = (
        "import sys, perflab.metrics; "
        "print([m for m in ('IPython', 'memory_profiler', 'numpy', 'psutil') if m in sys.modules])"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"
