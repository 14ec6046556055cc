"""What a shell is told to complete, asked as each shell asks, and by a real bash."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import pytest

from perflab.bench import bench_names
from perflab.patterns.cache.policies import POLICIES

SCRIPT = "import sys; from perflab.cli import main; sys.exit(main(sys.argv[1:]))"


def asked(shell, **variables):
    environment = {**os.environ, "_PERFLAB_COMPLETE": f"complete_{shell}", **variables}
    ended = subprocess.run(
        [sys.executable, "-c", SCRIPT], env=environment, capture_output=True, text=True, check=False
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    return ended.stdout


def by_fish(line):
    said = asked("fish", _TYPER_COMPLETE_ARGS=line, _TYPER_COMPLETE_FISH_ACTION="get-args")
    return [one.partition("\t")[0] for one in said.splitlines() if one]


def by_bash(*words):
    return asked("bash", COMP_WORDS="\n".join(words), COMP_CWORD=str(len(words) - 1)).split()


def test_patterns_complete():
    assert by_fish("perflab run ") == list(bench_names())
    assert by_fish("perflab settings redis") == ["redis_cache"]
    assert by_bash("perflab", "predict", "con") == ["connection_pool"]
    assert by_bash("perflab", "tune", "serv") == ["service"]


def test_settings_complete_with_the_words_they_can_have():
    policies = [f"policy={policy}" for policy in POLICIES]
    assert by_fish("perflab run cache --set poli") == policies
    assert by_fish("perflab run cache --set policy=s") == ["policy=sieve", "policy=s3fifo"]
    assert by_fish("perflab run cache --set loo") == ["loop=on", "loop=off", "loop=none"]
    assert by_fish("perflab run cache --set max_cache") == ["max_cache_size=1k"]
    assert by_fish("perflab run cache --set nothing=") == []
    assert by_fish("perflab run nothing --set ") == []


def test_bash_breaks_a_word_at_its_equals_sign():
    assert by_bash("perflab", "run", "cache", "--set", "policy", "=") == list(POLICIES)
    assert by_bash("perflab", "run", "cache", "--set", "policy", "=", "l") == ["lru", "lfu"]
    assert by_bash("perflab", "run", "cache", "-s", "policy", "=", "lru", "-s", "loop", "=") == [
        *("on", "off", "none")
    ]


def test_a_sweep_completes_behind_its_comma_with_what_is_left():
    line = "perflab predict cache --sweep policy=lru,fifo,"
    assert by_fish(f"{line}s") == [f"policy=lru,fifo,{left}" for left in ("sieve", "s3fifo")]
    assert "policy=lru,fifo,lru" not in by_fish(line)


def test_an_objective_completes_with_its_better_end():
    found = by_fish("perflab tune cache --objective m")
    assert {"max:hit_rate", "min:latency_seconds_mean"} <= set(found)
    assert by_bash("perflab", "tune", "cache", "--objective", "max", ":", "hit_r") == ["hit_rate"]


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
def test_a_real_bash_completes(tmp_path):
    command = tmp_path / "perflab"
    command.write_text(f"#!{sys.executable}\n{SCRIPT}\n")
    command.chmod(0o755)
    environment = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    shown = subprocess.run(
        ["perflab", "--show-completion", "bash"],
        env={**environment, "_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    typed = """
COMP_WORDS=(perflab run cache --set policy = si); COMP_CWORD=6
_perflab_completion perflab; echo "${COMPREPLY[@]}"
"""
    ended = subprocess.run(
        ["bash", "-c", shown.stdout + typed],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert ended.stdout.split() == ["sieve"]


def test_answers_of_advice_complete_with_their_words():
    assert by_fish("perflab advise --answer source=")[:2] == ["source=database", "source=http"]
    assert by_fish("perflab advise --answer proc") == ["processes=4"]
    assert by_fish("perflab advise --as ") == ["requests", "data"]


def test_alerts_complete_with_the_metrics_that_a_run_measures():
    assert by_fish("perflab run cache --alert hit_r") == ["hit_rate<"]
    assert by_fish("perflab run connection_pool --alert wait_seconds_p") == [
        *("wait_seconds_p95>", "wait_seconds_p99>")
    ]
    assert by_fish("perflab run connection_pool --alert hit_rate") == []
