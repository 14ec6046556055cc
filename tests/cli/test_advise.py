"""`perflab advise`: files and answers, a terminal that is asked, and none."""

from __future__ import annotations

import os
import pty
import select
import shlex
import subprocess
import sys
import time

import pytest

from perflab.tuning.advice.result import Advice

SMALL = "zipf:skew=1,keys=300,requests=6k,seed=11"
SCRIPT = "import sys; from perflab.cli import main; sys.exit(main(sys.argv[1:]))"


def test_answer_stands_first_then_patterns_then_what_was_not_told(perflab):
    lines = perflab("advise", SMALL, "-a", "source_seconds=30ms").out.splitlines()
    assert lines[0].startswith("Caching would help")
    first = next(line for line in lines if line.startswith("1. "))
    assert first.startswith("1. Caching: ")
    assert "30 ms on average" in first
    for begin in ("   Begin with max_cache_size=", "   Predicted: hit rate ", "   Next: perflab "):
        assert any(line.startswith(begin) for line in lines), begin
    assert "   Open: 01_cache.ipynb (perflab lab)" in lines
    told = next(place for place, line in enumerate(lines) if line.startswith("Could not tell"))
    assert any("--answer processes=" in line for line in lines[told:])


def test_where_nothing_helps_that_is_the_first_line(perflab, tmp_path):
    path = tmp_path / "keys.txt"
    path.write_text("".join(f"visit-{n}\n" for n in range(3_000)))
    answer = perflab("advise", path)
    assert answer.status == 0
    first = answer.out.splitlines()[0]
    assert first.startswith("None of the patterns that could be judged would help. Caching: ")
    assert "no cache answers any" in first
    assert "Next:" not in answer.out


def test_next_command_runs_as_it_stands(perflab):
    found = perflab("advise", SMALL, "-a", "memory=8MiB", "--json").json
    words = shlex.split(found["suggestions"][0]["command"])
    assert words[:3] == ["perflab", "tune", "cache"]
    answer = perflab(*words[1:], "--json")
    assert answer.status == 0, answer.err
    assert answer.json["limits"] == ["memory_bytes<=8MiB"]


def test_next_command_reads_a_file_as_advice_did(perflab, tmp_path):
    path = tmp_path / "two words.txt"
    path.write_text("".join(f"{n};page{n % 9}\n" for n in range(2_000)))
    options = ("--no-header", "--separator", ";", "--columns", "key=2")
    found = perflab("advise", path, *options, "--json").json
    words = shlex.split(found["suggestions"][0]["command"])
    assert words[words.index("--workload") + 1] == str(path)
    read = perflab("predict", "cache", *words[3:], "--json")
    assert read.status == 0, read.err
    assert read.json["workload"]["summary"]["distinct_keys"] == 9


def test_result_is_kept_and_is_the_json_that_is_printed(perflab, tmp_path):
    out = tmp_path / "advice.json"
    answer = perflab("advise", SMALL, "--json", "--out", out)
    kept = Advice.load(out)
    assert kept.to_dict() == answer.json
    assert perflab("advise", SMALL, "--out", out).status == 0


def test_file_of_somebody_else_is_not_replaced(refused, tmp_path):
    out = tmp_path / "mine.json"
    out.write_text("{}")
    assert "mine.json" in refused("advise", SMALL, "--out", out)
    assert out.read_text() == "{}"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--answer", "rate"), "'rate' is not KEY=VALUE; write it like processes=4"),
        (("--answer", "rat=3"), "no such question; did you mean 'rate'"),
        (("--answer", "source=disc"), "'disc' is not an answer"),
        (("--as", "data"), "the options of reading apply only to a file"),
        (("flights", "--as", "dates"), "unknown reading 'dates'; did you mean 'data'"),
        (("no_such_file.log",), "no_such_file.log"),
    ],
)
def test_what_cannot_be_read_is_refused_in_a_line(refused, words, said):
    assert said in refused("advise", *words)


def test_without_a_terminal_nothing_waits_for_answers():
    ended = subprocess.run(
        [sys.executable, "-c", SCRIPT, "advise"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "needs a file, or answers where no terminal can be asked" in ended.stderr
    assert "perflab advise --questions" in ended.stderr


def talk(lines):
    """Return the exit status and what a terminal shows on which lines are typed, one a prompt."""
    master, slave = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", SCRIPT, "advise"], stdin=slave, stdout=slave, stderr=slave
    )
    os.close(slave)
    shown, waiting, end = b"", [*lines], time.monotonic() + 120
    try:
        while time.monotonic() < end:
            ready, _, _ = select.select([master], [], [], 0.2)
            if not ready:
                if process.poll() is not None:
                    break
                if shown.endswith(b": ") and waiting:
                    os.write(master, waiting.pop(0).encode() + b"\n")
                    shown += b"\n"
                continue
            try:
                part = os.read(master, 4096)
            except OSError:  # the other end is closed
                break
            shown += part
    finally:
        if process.poll() is None:
            process.wait(30)
        os.close(master)
    return process.wait(30), shown.decode()


def test_terminal_is_asked_and_a_wrong_answer_asked_again():
    status, shown = talk(["3", "1", "soon", "20ms", "150", *[""] * 12])
    assert status == 0
    assert "3. Requests queue for the database" in shown
    assert "'soon' is not a quantity of seconds" in shown
    assert shown.count("How long does it take to answer one?") >= 1
    assert "Connection pool would help" in shown
    assert "At 150/s, 3 queries run at once" in shown


def test_terminal_that_answers_nothing_is_told_so():
    status, shown = talk([""] * 20)
    assert status == 2
    assert "nothing was answered" in shown


def test_questions_are_listed_for_people_and_as_json(perflab):
    listed = perflab("advise", "--questions").out
    found = perflab("advise", "--questions", "--json").json["questions"]
    assert [each["key"] for each in found][:2] == ["symptom", "source"]
    for each in found:
        assert each["text"] in listed
