"""A user's server counts no more requests than were agreed to, whatever they are for."""

import contextlib
import socket
import threading

import pytest

from perflab.errors import BadInputError
from perflab.lab.verbs import allow_server, calibrate, run, start_live


class Counting:
    """A server that counts requests and answers in one way."""

    def __init__(self, how):
        self.how = how
        self.count = 0
        self._lock = threading.Lock()
        self._server = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._server.getsockname()[1]}/x"
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self):
        self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()

    def _accept(self):
        while True:
            try:
                connection, _ = self._server.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        with connection, connection.makefile("rb") as file:
            while line := file.readline():
                if line.strip():
                    continue
                with self._lock:
                    self.count += 1
                    number = self.count
                if self.how == "cuts" and number % 3 == 0:
                    return
                connection.sendall(ANSWERS[self.how])


ANSWERS = {
    "fine": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
    "cuts": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
    "busy": b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n",
    "redirects": b"HTTP/1.1 302 Found\r\nLocation: /y\r\nContent-Length: 0\r\n\r\n",
}


@pytest.fixture
def serve(tmp_path, monkeypatch):
    monkeypatch.setenv("PERFLAB_CACHE_DIR", str(tmp_path))
    opened = []

    def make(how):
        opened.append(Counting(how))
        return opened[-1]

    yield make
    for server in opened:
        server.close()


def agreed(server, **values):
    values = {"urls": server.url, "max_concurrent": 8, "most_rate": 500, **values}
    allow_server("async_io", values)
    return values


@pytest.mark.parametrize(
    ("how", "most"), [("fine", 50), ("fine", 1), ("cuts", 60), ("busy", 60), ("redirects", 60)]
)
def test_calibration_retries_and_redirects_are_within_the_cap(serve, how, most):
    server = serve(how)
    values = agreed(server, most_requests=most, backoff_seconds=0.001)
    only_failures = pytest.raises(BadInputError, match="the server")
    with only_failures if how in ("busy", "redirects") else contextlib.nullcontext():
        run("async_io", None, values, 10, progress=False)
    assert 0 < server.count <= most


@pytest.mark.parametrize("most", [10, 200])
def test_a_calibration_alone_is_within_the_cap(serve, most):
    server = serve("fine")
    found = calibrate("async_io", None, agreed(server, most_requests=most), 0.5)
    assert server.count <= most / 2
    assert found.source == ("shipped" if most == 10 else "measured")


@pytest.mark.parametrize(("most_rate", "flying"), [(100, 20)])
def test_the_wait_for_the_cap_on_the_rate_is_no_latency(serve, most_rate, flying):
    server = serve("fine")
    values = agreed(server, most_requests=300, most_rate=most_rate, max_concurrent=flying)
    done = run("async_io", None, values, 3, progress=False)
    cycle = flying / most_rate
    assert done.metrics["latency_seconds_p50"] < cycle / 2
    assert cycle / 2 < done.metrics["throttled_seconds"] < cycle * 1.5
    assert done.fitted["throughput_per_second"] < most_rate * 1.5
    assert done.fitted["latency_seconds_p50"] < cycle / 2
    assert any("the cap most_rate held the load back" in note for note in done.notes)
    assert any(f"at most {most_rate} requests/s" in note for note in done.notes)
    assert done.predicted["latency_seconds_p50"] < cycle / 2
    assert done.predicted["throughput_per_second"] == pytest.approx(most_rate, rel=0.01)
    assert done.predicted["throttled_seconds"] == pytest.approx(cycle, rel=0.3)


def test_in_an_open_loop_the_wait_for_the_cap_is_of_the_latency(serve):
    """What is due and cannot be sent is late for whoever waits for it."""
    server = serve("fine")
    values = agreed(server, most_requests=200, most_rate=50, load_model="open", request_rate=100)
    done = run("async_io", "steady:rate=100,requests=100", values, 20, progress=False)
    assert done.metrics["latency_seconds_p95"] > 0.5
    assert done.metrics["throttled_seconds"] > 0


def test_a_run_that_loops_ends_at_the_cap(serve):
    server = serve("fine")
    live = start_live("async_io", None, agreed(server, most_requests=80), 60, loop=True)
    try:
        done = live.wait()
    finally:
        live.close()
    assert done.ended == "workload through"
    assert server.count == live.sent == 80
