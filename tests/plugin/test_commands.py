"""The shell's commands with a bench of another package."""

import json
import os
import subprocess
import sys

import pytest

from perflab.cli.calibrate import write_calibration
from perflab.lab.calibration import Calibration

pytestmark = pytest.mark.usefixtures("_calibrated")
RECORDS = "records:count=2k,mean_bytes=100"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("results")


@pytest.fixture
def kept(folder, command):
    """A function that runs a command and keeps what it found under a name, once."""

    def keep(name, *arguments):
        path = folder / f"{name}.json"
        if not path.exists():
            answer = command(*arguments, "--out", path)
            assert answer.status == 0, answer.err
        return path

    return keep


@pytest.fixture
def runs(kept):
    return [
        kept(f"run{size}", "run", "write_buffer", "-w", RECORDS, "--set", f"batch_size={size}")
        for size in (4, 40)
    ]


def test_patterns_are_listed_with_it(command):
    listed = {each["pattern"] for each in command("settings", "--json").json["patterns"]}
    assert {"write_buffer", "cache"} <= listed


def test_settings_show_its_backends_and_not_others(command):
    found = command("settings", "write_buffer", "--json").json
    load = {each["key"]: each for each in found["load"]}
    assert load["backend"]["default"] == "disk"
    assert load["backend"]["allowed"].startswith("disk, shm or ")
    assert {each["key"] for each in found["settings"]} >= {"batch_size", "durability", "compact"}


def test_predict_gives_its_own_metrics_as_json(command):
    sweep = ("--sweep", "batch_size=1,20", "--sweep", "durability=memory,sync")
    found = command("predict", "write_buffer", "-w", RECORDS, *sweep, "--json").json
    assert [point["metrics"]["flushes"] for point in found["points"]] == [2000, 2000, 100, 100]
    shown = command("predict", "write_buffer", "-w", RECORDS).out
    assert "bytes at risk" in shown


def test_a_file_of_its_own_format_is_read(command, tmp_path):
    path = tmp_path / "one.sizes"
    path.write_text("10\n20\n60\n")
    found = command("predict", "write_buffer", "-w", path, "--format", "sizes", "--json").json
    assert found["workload"]["summary"]["mean_bytes"] == 30
    assert found["workload"]["options"] == {"format": "sizes"}
    refused = command("predict", "write_buffer", "-w", path, "--format", "combined")
    assert (refused.status, refused.out) == (2, "")
    assert "known: sizes" in refused.err


def test_a_workload_of_its_own_kind_has_info(command):
    found = command("trace", "info", "records:count=50", "--json").json
    assert found["requests"] == 50
    assert found["name"].startswith("records:count=50")


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("backend=sqlite", "does not take 'sqlite'; allowed: disk, shm"),
        ("backend=disc", "unknown backend 'disc'"),
        ("batch_size=0", "1 to 100k"),
        ("durability=synk", "did you mean 'sync'?"),
        ("batchsize=3", "did you mean 'batch_size'?"),
    ],
)
def test_a_wrong_setting_is_one_clear_line(command, setting, words):
    answer = command("run", "write_buffer", "--set", setting)
    assert (answer.status, answer.out) == (2, "")
    assert answer.err.count("\n") == 1
    assert words in answer.err


def test_another_patterns_backend_is_not_taken_by_cache(command):
    answer = command("predict", "cache", "--set", "backend=shm")
    assert answer.status == 2
    assert "cache does not take 'shm'; allowed: sqlite, delay" in answer.err


def test_run_measures_beside_the_prediction(command):
    words = ("--set", "batch_size=8", "--alert", "flushes>100", "--fail-on-alert", "--json")
    answer = command("run", "write_buffer", "-w", RECORDS, *words)
    assert answer.json["metrics"]["flushes"] == answer.json["predicted"]["flushes"] == 250
    assert answer.json["alerts"][0]["metric"] == "flushes"
    assert answer.status == (1 if answer.json["alerts"][0]["fired"] else 0)


def test_tune_keeps_a_limit_on_its_own_metric(command):
    words = ("--objective", "max:records_per_flush", "--limit", "at_risk_bytes<=1KiB", "--json")
    found = command("tune", "write_buffer", "-w", RECORDS, *words).json
    assert found["metrics"]["at_risk_bytes"] <= 1024
    assert found["metrics"]["records_per_flush"] > 10


def test_a_calibration_shows_every_cost(measured):
    (path,) = measured.glob("*.json")
    shown = write_calibration(Calibration.load(path))
    assert "measured on this machine with disk" in shown
    for cost in ("record", "flush memory", "flush write", "flush sync"):
        assert f"\n{cost} " in shown


def test_compare_and_report_take_its_files(command, runs, kept, folder):
    compared = command("compare", *runs, "--json").json
    assert {"flushes", "at_risk_bytes"} <= {row["metric"] for row in compared["metrics"]}
    best = kept("best", "tune", "write_buffer", "-w", RECORDS)
    for name in ("all.html", "all.md", "all.json", "all"):
        answer = command("report", *runs, best, "--out", folder / name)
        assert answer.status == 0, answer.err
    said = json.loads((folder / "all.json").read_text())
    assert {table["name"] for table in said["tables"]} >= {"effect", "runs", "live-1"}
    assert "writes of a batch" in (folder / "all.html").read_text()


def test_doctor_names_the_package_that_brings_it(command):
    found = command("doctor", "--offline", "--json").json["findings"]
    (mine,) = [each for each in found if each["group"] == "patterns"]
    assert mine["name"] == "write_buffer"
    assert "write-buffer 1.2" in mine["text"]


def test_a_process_of_its_own_finds_it_by_its_entry_point(tmp_path):
    command = [sys.executable, "-m", "perflab", "run", "write_buffer", "--seconds", "1", "--json"]
    done = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, check=True, env=dict(os.environ)
    )
    assert json.loads(done.stdout)["metrics"]["records_per_flush"] >= 50


def test_it_takes_part_in_advice_with_a_question_and_a_workload_of_its_own(command):
    found = command("advise", RECORDS, "-a", "records_per_second=5k", "--json").json
    first = found["suggestions"][0]
    assert (first["pattern"], first["verdict"]) == ("write_buffer", "yes")
    assert "5000 records/s" in first["reason"]
    assert first["settings"]["batch_size"] > 1
    assert first["command"].startswith("perflab tune write_buffer --workload records:count=2")
    asked = command("advise", "--questions", "--json").json["questions"]
    assert "records_per_second" in [each["key"] for each in asked]
    few = command("advise", "-a", "records_per_second=5", "--json").json
    (said,) = [each for each in few["suggestions"] if each["pattern"] == "write_buffer"]
    assert (said["verdict"], said["settings"]) == ("no", {})


def test_a_bench_without_advice_is_left_out_of_it(install, command):
    install(
        "silent",
        """
import dataclasses
from write_buffer.bench import WriteBufferBench
class TheBench(WriteBufferBench):
    identity = dataclasses.replace(WriteBufferBench.identity, pattern="silent")
    advice = None
""",
    )
    found = command("advise", "-a", "rate=5", "--json").json
    patterns = {each["pattern"] for each in found["suggestions"]}
    assert "write_buffer" in patterns
    assert "silent" not in patterns
