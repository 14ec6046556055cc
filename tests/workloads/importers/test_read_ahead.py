import io
import subprocess
import sys
import threading
import time

import pytest

from perflab.workloads.importers.read_ahead import ReadAhead


def test_reads_are_passed_on_until_it_is_over():
    with ReadAhead(io.BytesIO(b"abcdef")) as ahead:
        assert ahead.read(4) == b"abcd"
        assert ahead.read(4) == b"ef"
        assert ahead.read(4) == b""
    with ReadAhead(io.BytesIO(b"abcdef")) as ahead:
        assert ahead.read(2) == b"ab"
    assert ahead.read(2) == b""


def test_the_end_waits_for_a_read_that_is_going_on():
    inside, leave = threading.Event(), threading.Event()

    class Slow(io.RawIOBase):
        def read(self, size=-1):
            inside.set()
            leave.wait(10)
            return b"x"

    done = []
    with ReadAhead(Slow()) as ahead:
        thread = threading.Thread(target=lambda: done.append(ahead.read(1)))
        thread.start()
        inside.wait(10)
        threading.Timer(0.2, leave.set).start()
        began = time.monotonic()
    assert time.monotonic() - began >= 0.15
    thread.join(10)
    assert done == [b"x"]


@pytest.mark.parametrize("text", ['"' + "a,1\n" * 9_000_000, "a,b\n" + "x" * 30_000_000])
def test_a_program_that_ends_on_a_hostile_table_is_not_aborted(tmp_path, text):
    (tmp_path / "a.csv").write_text("key,time\n" + text)
    code = "import sys; from perflab.cli import main; sys.exit(main())"
    words = [sys.executable, "-c", code, "trace", "info", "a.csv"]
    for _ in range(3):
        done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 2
        assert done.stderr.count("\n") == 1
        assert "a.csv" in done.stderr
