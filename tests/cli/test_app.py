import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

HEAVY = (
    "numpy",
    "pandas",
    "numba",
    "pydantic",
    "pyarrow",
    "matplotlib",
    "IPython",
    "memory_profiler",
)
COMMANDS = ("predict", "run", "tune", "calibrate", "settings", "report", "compare", "lab", "doctor")
SCRIPT = "import sys; from perflab.cli import main; sys.exit(main(sys.argv[1:]))"


def start(*arguments, **options):
    """Start the command with interrupts as a terminal has them, also from a shell's background."""
    command = [sys.executable, "-c", SCRIPT, *arguments]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    interrupts = {"preexec_fn": lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)}
    return subprocess.Popen(command, **{**pipes, **interrupts, **options})


@pytest.mark.parametrize(("arguments", "allowed"), [("--help", ""), ("predict --help", "pydantic")])
def test_help_loads_nothing_heavy(arguments, allowed):
    code = (
        f"import sys; from perflab.cli import main; main({arguments.split()});"
        f"print([name for name in {HEAVY} if name in sys.modules and name != {allowed!r}])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize("command", [*COMMANDS, "trace info", "trace convert"])
def test_every_command_helps_with_an_example(perflab, command):
    answer = perflab(*command.split(), "--help")
    assert answer.status == 0
    assert f"  perflab {command}" in answer.out


def test_no_arguments_show_the_help(perflab):
    assert perflab().out == perflab("--help").out
    assert "convert" in perflab("trace").out


def test_version_is_the_packages(perflab):
    from importlib.metadata import version

    assert perflab("--version").out == f"perflab {version('perflab')}\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["predicct", "cache"], "No such command"),
        (["predict"], "needs a pattern"),
        (["predict", "cache", "--what"], "No such option"),
        (["predict", "cache", "--sample", "much"], "--sample"),
        (["trace", "convert", "flights"], "Missing argument"),
    ],
)
def test_bad_usage_is_one_line(refused, arguments, said):
    assert said in refused(*arguments)


def test_our_fault_is_one_line_and_status_three(perflab, monkeypatch):
    def broken(*_):
        raise KeyError("inside")

    monkeypatch.setattr("perflab.bench.registry.load_bench", broken)
    answer = perflab("settings", "cache")
    assert answer.status == 3
    assert answer.err.count("\n") == 1
    assert "KeyError: 'inside'" in answer.err


def test_our_fault_has_a_traceback_where_asked_for(perflab, monkeypatch):
    def broken(*_):
        raise KeyError("inside")

    monkeypatch.setattr("perflab.bench.registry.load_bench", broken)
    monkeypatch.setenv("PERFLAB_DEBUG", "1")
    assert "Traceback" in perflab("settings", "cache").err


def test_reader_that_goes_away_is_no_error():
    command = start("settings", "cache", "--json")
    command.stdout.close()
    assert command.stderr.read() == b""
    assert command.wait() == 141


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full on this system")
def test_full_disk_behind_standard_output_is_one_line():
    with Path("/dev/full").open("w") as full:
        command = start("settings", "cache", "--json", stdout=full)
        assert command.stderr.read().startswith(b"perflab: error: the disk is full")
        assert command.wait() == 2


def test_ctrl_c_in_a_terminal_prints_what_was_measured(perflab, calibrated, tmp_path):
    out = tmp_path / "run.json"
    alert = "requests>=1"
    assert perflab("calibrate", "cache").status == 0
    environment = {**os.environ, "PERFLAB_CACHE_DIR": str(calibrated)}
    command = start(
        *("run", "cache", "--seconds", "60", "--alert", alert, "--out", str(out)),
        env=environment,
        start_new_session=True,
    )
    assert command.stderr.readline().startswith(b"alert: requests>=1")
    time.sleep(0.3)
    os.killpg(command.pid, signal.SIGINT)
    printed, _ = command.communicate(timeout=120)
    assert command.returncode == 130
    assert b"ended: stopped" in printed
    assert out.is_file()


def test_ctrl_c_while_the_command_is_loaded_prints_no_traceback():
    script = (
        "import sys\n"
        "class Interrupting:\n"
        "    def find_spec(self, name, *rest):\n"
        "        if name == 'typer': raise KeyboardInterrupt\n"
        "from perflab.cli import main\n"
        "sys.meta_path.insert(0, Interrupting())\n"
        "sys.exit(main(['doctor']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")
