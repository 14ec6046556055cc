from __future__ import annotations

import gzip
import os
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from perflab.errors import BadInputError
from perflab.patterns.async_io.load_tests.load_test import read_load_test
from perflab.patterns.prefetching.item_names import load_items
from perflab.workloads import read_trace
from perflab.workloads.read import read_arrivals
from perflab.workloads.registry.kinds import load_any

HAR = (
    b'{"log":{"entries":[{"startedDateTime":"2024-01-01T00:00:00Z",'
    b'"request":{"method":"GET","url":"http://h/"}}]}}'
)


@pytest.fixture
def fifo(tmp_path):
    path = tmp_path / "fifo"
    os.mkfifo(path)
    return path


@pytest.fixture
def soon(monkeypatch):
    monkeypatch.setattr("perflab.workloads.importers.spool.WRITER_SECONDS", 0.2)


def fill(path: Path, content: bytes, wait: float = 0.0) -> threading.Thread:
    def write() -> None:
        time.sleep(wait)
        with path.open("wb") as file:
            file.write(content)

    thread = threading.Thread(target=write)
    thread.start()
    return thread


@pytest.mark.parametrize("read", [read_trace, read_arrivals, load_any, load_items, read_load_test])
def test_a_pipe_that_nobody_writes_to_is_refused(read, fifo, soon):
    with pytest.raises(BadInputError, match="nothing is written to"):
        read(str(fifo))


@pytest.mark.parametrize("wait", [0.0, 0.3])
def test_a_pipe_with_a_writer_is_read(wait, fifo, keys_of):
    writer = fill(fifo, b"a\nb\na\n", wait)
    trace = read_trace(fifo)
    writer.join()
    assert keys_of(trace) == ["a", "b", "a"]
    assert not trace.source  # it cannot be read again


def test_more_than_a_pipe_holds_is_read(fifo, keys_of):
    keys = [f"key-{i}" for i in range(100_000)]
    writer = fill(fifo, gzip.compress("\n".join(keys).encode()))
    trace = read_trace(fifo)
    writer.join()
    assert trace.n_keys == len(keys)


def test_formats_that_are_read_twice_are_read_from_a_pipe(fifo, keys_of):
    writer = fill(fifo, HAR)
    assert len(read_trace(fifo, format="har")) == 1
    writer.join()


def test_what_came_is_kept_until_something_new_comes(fifo, soon, keys_of):
    writer = fill(fifo, b"a\n")
    assert keys_of(load_any(str(fifo))) == ["a"]
    writer.join()
    assert keys_of(read_trace(fifo)) == ["a"]
    writer = fill(fifo, b"b\nc\n")
    seen = []
    while seen != ["b", "c"]:  # as soon as the writer is there
        seen = keys_of(read_trace(fifo))
    writer.join()


def test_a_writer_that_writes_nothing_for_long_is_given_up(fifo, monkeypatch):
    monkeypatch.setattr("perflab.workloads.importers.spool.IDLE_SECONDS", 0.2)
    reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    writer = os.open(fifo, os.O_WRONLY)
    try:
        with pytest.raises(BadInputError, match="nothing came for"):
            read_trace(fifo)
    finally:
        os.close(writer)
        os.close(reader)


def test_what_does_not_fit_onto_the_disk_is_refused(fifo, monkeypatch):
    monkeypatch.setattr("perflab.workloads.importers.spool.free_disk", lambda folder: 10)
    writer = fill(fifo, b"a\n")
    with pytest.raises(BadInputError, match="does not fit onto the disk"):
        read_trace(fifo)
    writer.join()


def test_a_pipe_of_the_shell_is_read_by_its_number(keys_of):
    reading, writing = os.pipe()
    os.write(writing, b"key,time\na,1\nb,2\n")
    os.close(writing)
    try:
        assert keys_of(read_trace(f"/dev/fd/{reading}")) == ["a", "b"]
    finally:
        os.close(reading)


def test_standard_input_is_read():
    code = "import perflab; print(len(perflab.read_trace('/dev/stdin')))"
    done = subprocess.run(
        [sys.executable, "-c", code], input=b"a\nb\na\n", capture_output=True, check=True
    )
    assert done.stdout.strip() == b"3"


@pytest.mark.parametrize("path", ["/dev/zero", "/dev/null", "/dev/random"])
def test_devices_are_refused(path):
    with pytest.raises(BadInputError, match="device"):
        read_trace(path)


def test_sockets_are_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("s")
        with pytest.raises(BadInputError, match="a socket"):
            read_trace("s")


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="only Linux has /proc")
def test_a_file_that_says_it_is_empty_is_read():
    assert len(read_trace("/proc/self/status", format="text")) > 5
