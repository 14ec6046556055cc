"""What is said of predictions after changes of settings and after actions on a server."""

from __future__ import annotations

import dataclasses
import json

import pytest

from perflab.bench import bench_names, load_bench
from perflab.cli.run import write_run
from perflab.instrumentation.catalog import metric
from perflab.lab.calibration import calibration_for
from perflab.lab.history_in_words import FOLLOWED, NOT_FOLLOWED, not_compared
from perflab.lab.run import Run
from perflab.lab.which_is_off import which_is_off, which_is_off_in
from perflab.panels.table import difference
from perflab.reports.measured import measured_table

ABOUT = {"name": "w", "source": "w", "options": {}, "fingerprint": "f", "summary": {}, "notes": []}
MOVED = {"seconds": 3.0, "request": 70, "settings": {"max_cache_size": 9}}


def acted(name, seconds):
    return {"seconds": seconds, "request": None, "action": name, "settings": {}}


@pytest.fixture(autouse=True)
def _shipped_costs(tmp_path, monkeypatch):
    monkeypatch.setenv("PERFLAB_CACHE_DIR", str(tmp_path))


def run_of(pattern, changes, **more):
    bench = load_bench(pattern)
    calibration = calibration_for(bench, *bench.read({})).to_dict()
    return Run(
        calibration=calibration,
        pattern=pattern,
        workload=ABOUT,
        settings={},
        metrics={"hit_rate": 0.2, "requests": 100.0},
        predicted={"hit_rate": 0.9},
        fitted={"hit_rate": 0.9},
        changes=changes,
        **more,
    )


@pytest.mark.parametrize(
    ("pattern", "name", "said"),
    [
        ("redis_cache", "kill", "the server was killed"),
        ("redis_cache", "slow", "the server was slowed"),
        ("redis_cache", "restart", "the server was started again, empty"),
        ("connection_pool", "kill", "the connections were killed"),
        ("connection_pool", "restart", "the server was restarted"),
    ],
)
def test_what_was_done_to_a_server_is_said_with_its_time(pattern, name, said):
    bench = load_bench(pattern)
    assert not_compared(bench, [acted(name, 12.3)]) == f"not compared: {said} at 12.3 s"
    both = [MOVED, acted(name, 4.0), acted(name, 9.0)]
    assert not_compared(bench, both) == f"not compared: {said} at 4 s (1 more event)"
    assert not_compared(bench, [MOVED]) == ""


def test_every_action_on_a_server_says_what_happened():
    for bench in map(load_bench, bench_names()):
        if bench.identity.pattern != "write_buffer":
            assert all(action.event for action in bench.live.actions)


def test_a_run_over_an_event_is_neither_red_nor_the_model_s_fault():
    bench = load_bench("redis_cache")
    quiet, disturbed = run_of("redis_cache", ()), run_of("redis_cache", (acted("kill", 2.5),))
    assert "model is off" in which_is_off_in(quiet, bench)
    assert which_is_off_in(disturbed, bench) == "Not compared: the server was killed at 2.5 s."
    rows = {False: [], True: []}
    for run in (quiet, disturbed):
        table = measured_table(bench, run, "measured", "Measured")
        row = next(row for row in table.rows if row[0].value == "hit_rate")
        rows[run is disturbed] = row[-2:]
    assert [cell.tone for cell in rows[False]] == ["worse", "worse"]
    assert [(cell.text, cell.tone) for cell in rows[True]] == [("not compared", "")] * 2
    assert "Not compared: the server was killed at 2.5 s, which no prediction covers." in table.note
    assert "beyond its band" in write_run(quiet)
    assert "beyond its band" not in write_run(disturbed)


def test_the_panel_says_why_there_is_no_difference():
    info, event = metric("hit_rate"), "not compared: the server was killed at 2.5 s"
    predicted, measured = {"hit_rate": 0.9}, {"hit_rate": 0.2}
    assert "class='off'" in difference(info, predicted, measured)
    shown = difference(info, predicted, measured, event=event)
    assert event in shown
    assert ">not compared<" in shown
    told = which_is_off(load_bench("redis_cache"), measured, predicted, predicted, event=event)
    assert told == "Not compared: the server was killed at 2.5 s."


@pytest.mark.parametrize("followed", [True, False])
def test_report_and_shell_say_whether_changes_were_followed(followed):
    run = run_of("cache", (MOVED,), followed=followed)
    said = FOLLOWED if followed else NOT_FOLLOWED
    assert said in measured_table(load_bench("cache"), run, "measured", "Measured").note
    assert said in write_run(run)
    again = Run.from_dict(json.loads(json.dumps(run.to_dict())))
    assert again.followed is followed
    unchanged = dataclasses.replace(run, changes=())
    assert said not in write_run(unchanged)


def test_a_result_of_an_older_release_was_not_followed():
    values = run_of("cache", (MOVED,)).to_dict()
    del values["followed"]
    assert Run.from_dict(values).followed is False
