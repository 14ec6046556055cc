import json

import pytest

SMALL = "zipf:skew=0.9,keys=1k,requests=20k,seed=1"


def test_live_hits_equal_predicted_hits(perflab):
    options = ("-w", SMALL, "--set", "max_cache_size=200", "--set", "policy=sieve", "--json")
    live = perflab("run", "cache", *options).json
    predicted = perflab("predict", "cache", *options).json["points"][0]
    assert live["metrics"]["requests"] == 20_000
    assert live["metrics"]["hits"] == live["predicted"]["hits"] == predicted["metrics"]["hits"]


def test_run_shows_measured_beside_predicted_and_keeps_the_run(perflab, tmp_path):
    out = tmp_path / "run.json"
    alerts = ("--alert", "hit_rate<1", "--alert", "hit_rate<0 for 0.2s")
    answer = perflab("run", "cache", "--seconds", "1", "--out", out, *alerts)
    assert answer.status == 0
    header = next(line for line in answer.out.splitlines() if line.startswith("metric"))
    assert header.split() == [
        *("metric", "predicted", "before", "band", "refitted", "measured", "difference")
    ]
    assert "Alert: hit_rate<1 fired at" in answer.out
    assert "Alert: hit_rate<0 for 0.2s did not fire" in answer.out
    assert "alert: hit_rate<1" in answer.err
    assert "ended: seconds over" in answer.out
    kept = json.loads(out.read_text())
    assert kept["kind"] == "run"
    assert [alert["fired"] for alert in kept["alerts"]] == [True, False]


def test_workload_of_one_request_runs(perflab, tmp_path):
    trace = tmp_path / "one.txt"
    trace.write_text("only\n")
    answer = perflab("run", "cache", "-w", trace, "--json")
    assert answer.json["metrics"]["misses"] == 1


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--seconds", "0"], "--seconds"),
        (["--seconds", "soon"], "--seconds"),
        (["--alert", "hit_rat<0.8"], "did you mean 'hit_rate'"),
        (["--alert", "hit_rate is low"], "is not an alert"),
        (["--alert", "hit_rate<low"], "is not a quantity"),
        (
            ["--alert", "hit_rate<0.8 for 2m", "--seconds", "60"],
            "hit_rate<0.8 for 2m: must hold for 2 min, and the run lasts 1 min only",
        ),
        (["--set", "policy=opt"], "what-if only"),
        (["--set", "backend=redis"], "unknown backend 'redis'"),
        (["--set", "backend=nowhere:load"], "cannot be imported"),
        (["--set", "concurrency=0"], "concurrency"),
    ],
)
def test_bad_input_is_one_line(refused, options, said):
    assert said in refused("run", "cache", *options)


def test_backend_that_raises_is_told_with_its_error(perflab, tmp_path, monkeypatch):
    (tmp_path / "broken_backend.py").write_text("def load(key):\n    raise OSError('no route')\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    answer = perflab("run", "cache", "--seconds", "2", "--set", "backend=broken_backend:load")
    assert answer.status == 2
    note, said = answer.err.splitlines()
    assert "at most 200 times per second" in note
    assert "no route" in said


@pytest.mark.parametrize(
    ("alert", "status"), [("hit_rate<1", 1), ("requests>=1", 1), ("hit_rate<0 for 0.2s", 0)]
)
def test_an_alert_that_fired_exits_with_1_where_asked(perflab, tmp_path, alert, status):
    words = ("run", "cache", "--seconds", "1", "--alert", alert, "--out", tmp_path / "run.json")
    assert perflab(*words, "--fail-on-alert").status == status
    assert json.loads((tmp_path / "run.json").read_text())["kind"] == "run"


def test_fail_on_alert_without_an_alert_is_refused(refused):
    assert "--alert" in refused("run", "cache", "--fail-on-alert")


def test_fired_alert_is_the_first_line_and_one_of_another_pattern_is_refused(perflab, refused):
    alerts = ("--alert", "hit_rate<0", "--alert", "hits>=0")
    lines = perflab("run", "cache", "--seconds", "1", *alerts).out.splitlines()
    assert lines[0].startswith("Alert: hits>=0 fired at ")
    assert "Alert: hit_rate<0 did not fire" in lines[1:]
    said = refused("run", "connection_pool", "--alert", "wait_second_p95>1s")
    assert "connection_pool has no metric" in said
    assert "did you mean 'wait_seconds_p95'" in said
    assert "'cost_per_day'" in refused("run", "cache", "--alert", "cost_per_day>1")


def test_alert_that_had_too_little_time_is_not_said_to_be_quiet(perflab):
    answer = perflab("run", "cache", "-w", "loop:keys=5,requests=50", "--alert", "hits<0 for 5s")
    assert "Alert: hits<0 for 5s was not checked: watched for " in answer.out
