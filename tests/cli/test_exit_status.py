"""Exit statuses of every command: 0 held, 1 broken, 2 bad input, 3 our fault, 130 Ctrl-C."""

from __future__ import annotations

import array
import fcntl
import os
import signal
import socket
import subprocess
import sys
import termios
import time

import pytest

SCRIPT = "import sys; from perflab.cli import main; sys.exit(main(sys.argv[1:]))"
WORKLOAD = ("-w", "zipf:keys=50,requests=500")
GOOD = {
    "predict": ("predict", "cache", *WORKLOAD),
    "run": ("run", "cache", *WORKLOAD, "--seconds", "1"),
    "tune": ("tune", "cache", *WORKLOAD),
    "calibrate": ("calibrate", "cache"),
    "settings": ("settings", "cache"),
    "report": ("report", "{result}", "--out", "{folder}/r.md"),
    "compare": ("compare", "{result}", "{result}"),
    "doctor": ("doctor", "--offline"),
    "trace info": ("trace", "info", "{trace}"),
    "trace convert": ("trace", "convert", "{trace}", "{folder}/t.parquet"),
}
BAD = {
    "predict": ("predict", "cache", "-w", "{folder}/none.csv"),
    "run": ("run", "cache", "--set", "max_cache_size=none_of_it"),
    "tune": ("tune", "cache", "--limit", "hit_rat>=0.5"),
    "calibrate": ("calibrate", "cash"),
    "settings": ("settings", "cash"),
    "report": ("report", "{trace}", "--out", "{folder}/r.md"),
    "compare": ("compare", "{result}", "{folder}/none.json"),
    "lab": ("lab", "--port", "70000"),
    "doctor": ("doctor", "--clean", "--offline"),
    "trace info": ("trace", "info", "{folder}/none.csv"),
    "trace convert": ("trace", "convert", "{trace}", "{trace}"),
}
FAULTS = {
    "predict": "perflab.tuning.sweep.predictions",
    "run": "perflab.lab.verbs.start_live",
    "tune": "perflab.tuning.recommend.tune",
    "calibrate": "perflab.lab.verbs.calibrate",
    "settings": "perflab.bench.registry.load_bench",
    "report": "perflab.reports.report",
    "compare": "perflab.tuning.comparisons.compare_all",
    "doctor": "perflab.cli.findings.findings",
    "trace info": "perflab.cli.trace.read_workload",
    "trace convert": "perflab.cli.trace.say_written",
}
READS = {
    "predict": ("predict", "cache", "-w", "{pipe}"),
    "run": ("run", "cache", "-w", "{pipe}"),
    "tune": ("tune", "cache", "-w", "{pipe}"),
    "calibrate": ("calibrate", "cache", "-w", "{pipe}"),
    "trace info": ("trace", "info", "{pipe}"),
    "trace convert": ("trace", "convert", "{pipe}", "{folder}/t.parquet"),
}


@pytest.fixture
def filled(perflab, tmp_path):
    """Return a function that fills a command's words with files of its own."""
    trace, result = tmp_path / "trace.csv", tmp_path / "result.json"
    trace.write_text("key,time\n" + "".join(f"k{n % 7},{n}\n" for n in range(40)))
    assert perflab("predict", "cache", *WORKLOAD, "--out", result).status == 0
    places = {"trace": trace, "result": result, "folder": tmp_path, "pipe": tmp_path / "pipe"}
    return lambda words: [word.format(**places) for word in words]


@pytest.mark.parametrize("command", GOOD)
def test_what_held_exits_with_0(perflab, filled, command):
    assert perflab(*filled(GOOD[command])).status == 0


@pytest.mark.parametrize("command", BAD)
def test_bad_input_exits_with_2_and_one_line(perflab, filled, command):
    answer = perflab(*filled(BAD[command]))
    assert answer.status == 2
    assert answer.err.strip().splitlines()[-1].startswith("perflab: error: ")
    assert "Traceback" not in answer.err
    assert answer.out == ""


@pytest.mark.parametrize("command", FAULTS)
def test_our_fault_exits_with_3_and_one_line(perflab, filled, command, monkeypatch):
    words = filled(GOOD[command])

    def broken(*_args, **_kwargs):
        raise KeyError("inside")

    monkeypatch.setattr(FAULTS[command], broken)
    answer = perflab(*words)
    assert answer.status == 3
    assert answer.err.strip().splitlines()[-1].startswith("perflab: error: KeyError: 'inside'")
    assert "Traceback" not in answer.err


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (("tune", "cache", *WORKLOAD, "--limit", "memory_bytes<=1"), 1),
        (("tune", "cache", *WORKLOAD, "--limit", "hit_rate>=1", "--limit", "hits<=1"), 1),
        (
            (
                *("tune", "connection_pool", "-w", "poisson:rate=50,requests=2k"),
                *("--limit", "throughput_per_second>=1M"),
            ),
            1,
        ),
        (("tune", "cache", *WORKLOAD, "--limit", "hit_rate>=0"), 0),
    ],
    ids=["memory", "two-limits", "pool", "kept"],
)
def test_limits_that_are_broken_exit_with_1(perflab, words, status):
    assert perflab(*words).status == status


def started(words, **more):
    """Start a command with interrupts as a terminal has them, also from a shell's background."""
    interrupts = {"preexec_fn": lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen([sys.executable, "-c", SCRIPT, *words], **pipes, **interrupts, **more)


def unread(pipe):
    """Return how many bytes are in a pipe."""
    count = array.array("i", [0])
    fcntl.ioctl(pipe, termios.FIONREAD, count)
    return count[0]


@pytest.mark.parametrize("command", READS)
def test_ctrl_c_exits_with_130_and_no_traceback(filled, tmp_path, command):
    os.mkfifo(tmp_path / "pipe")
    pipe = os.open(tmp_path / "pipe", os.O_RDWR)
    process = started(filled(READS[command]))
    try:
        os.write(pipe, b"key,time\n" + b"a,1\n" * 2000)
        end = time.monotonic() + 120
        while unread(pipe) and process.poll() is None:
            assert time.monotonic() < end, "the command did not read"
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
    finally:
        process.kill()
        os.close(pipe)
    assert process.returncode == 130
    assert b"Traceback" not in said


def test_ctrl_c_while_a_server_does_not_answer_exits_with_130():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        environment = {**os.environ, "PERFLAB_REDIS_URL": f"redis://127.0.0.1:{port}/0"}
        process = started(["doctor"], env=environment)
        connection, _ = silent.accept()
        with connection:
            process.send_signal(signal.SIGINT)
            _, said = process.communicate(timeout=120)
    assert process.returncode == 130
    assert b"Traceback" not in said


@pytest.mark.parametrize(
    "folder",
    ["short", "a long name " * 12, "x" * 120, "a/b" * 40],
    ids=["short", "words", "one-word", "folders"],
)
def test_doctor_fits_its_columns(perflab, tmp_path, monkeypatch, folder):
    place = tmp_path / folder.strip()
    monkeypatch.setenv("PERFLAB_CACHE_DIR", str(place))
    monkeypatch.setenv(
        "PERFLAB_REDIS_URL", "redis://a-very-long-host-name." + "sub." * 12 + "example.org:6379/15"
    )
    lines = perflab("doctor", "--offline").out.splitlines()
    assert max(map(len, lines)) <= 100
    shown = "".join(line[30:].strip() for line in lines)
    assert str(place).replace(" ", "") in shown.replace(" ", "")
