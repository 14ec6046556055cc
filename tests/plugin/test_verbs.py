"""The verbs of Python with a bench of another package, with metrics and records of its own."""

from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import pytest

import perflab
from perflab.lab.run import Run
from perflab.reports.report import Report
from perflab.workloads import save_workload

pytestmark = pytest.mark.usefixtures("_calibrated")
RECORDS = "records:count=3k,mean_bytes=100"


@pytest.fixture(scope="module")
def result():
    settings = {"batch_size": 7, "request_rate": 4_000}
    return perflab.run("write_buffer", RECORDS, settings, seconds=60, progress=False)


@pytest.fixture(scope="module")
def best():
    limits = ["at_risk_bytes<=4KiB"]
    times = {"budget": 3.0, "turn": 0.2}
    return perflab.tune("write_buffer", RECORDS, "min:flushes", limits, live=True, **times)


def test_a_sweep_has_a_row_a_point_with_its_own_metrics():
    sweep = {"batch_size": [1, 10, 100], "durability": ["memory", "sync"]}
    frame = perflab.predict("write_buffer", RECORDS, sweep=sweep)
    assert list(frame["flushes"]) == [3000, 3000, 300, 300, 30, 30]
    assert set(frame["error"]) == {0.0}
    assert set(frame["backend"]) == {"disk"}


def test_a_sample_says_how_far_it_may_be_off():
    found = perflab.predictions("write_buffer", RECORDS, sample=0.25)
    assert found.points[0]["sampled"] == 0.25
    assert any("share of time in writes" in remark for remark in found.remarks)


def test_workers_in_other_processes_find_the_bench():
    here = perflab.predict("write_buffer", RECORDS, sweep={"batch_size": [3, 30]})
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as executor:
        there = perflab.predict(
            "write_buffer", RECORDS, sweep={"batch_size": [3, 30]}, executor=executor
        )
    assert here.equals(there)


def test_a_run_counts_what_its_model_counts(result):
    assert result.ended == "workload through"
    assert result.metrics["flushes"] == result.predicted["flushes"] == 3000 // 7
    assert result.metrics["records_per_flush"] == 3000 / (3000 // 7)
    assert 0 < result.metrics["flush_share"] < 1
    assert result.metrics["buffered_records"] == 3000 % 7
    assert result.costs["own_flush_seconds"] > 0
    assert not any("level" in note for note in result.notes)


def test_a_run_is_read_again_from_its_file(result, tmp_path):
    path = result.to_json(tmp_path / "run.json")
    assert Run.load(path).metrics == pytest.approx(result.metrics)


def test_a_level_stays_what_it_is_after_a_change(until):
    paced = {"batch_size": 100_000, "request_rate": 2_000}
    live = perflab.start("write_buffer", RECORDS, paced, None, loop=True)
    try:
        until(lambda: live.rows and live.rows[-1]["requests"] > 400)
        live.apply({"batch_size": 99_999})
        until(
            lambda: live.rows[-1]["version"] == 1 and live.rows[-1]["requests_since_change"] > 100
        )
        last = live.rows[-1]
        # Of the counter there is the difference, of the level all that waits.
        assert last["requests_since_change"] < last["requests"]
        assert last["buffered_records_since_change"] >= last["requests"] - 200
        assert last["at_risk_bytes_since_change"] > 50 * last["requests_since_change"]
        live.pause()
        live.resume()
        live.act("flush")
        until(lambda: any(change.get("action") == "flush" for change in live.changes))
        until(lambda: live.rows[-1]["flushes_since_change"] >= 1)
    finally:
        stopped = live.stop()
    assert stopped.ended == "stopped"
    assert stopped.metrics["buffered_records"] < stopped.metrics["requests"]


def test_an_alert_on_its_own_metric_fires():
    alerts = ["at_risk_bytes>1KiB", "records_per_flush>1M"]
    found = perflab.start("write_buffer", RECORDS, {"batch_size": 5_000}, alerts=alerts).wait()
    assert [alert["fired"] for alert in found.alerts] == [True, False]


def test_tuning_takes_its_own_metrics_as_objective_and_limit(best):
    chosen = best.metrics
    assert chosen["at_risk_bytes"] <= 4096
    assert "bytes at risk" not in best.unreached
    more = best.settings["batch_size"] * 2
    larger = perflab.predict("write_buffer", RECORDS, {"batch_size": more}).iloc[0]
    assert larger["at_risk_bytes"] > 4096
    assert best.measured["flushes"] > 0


def test_a_limit_that_nothing_keeps_is_told():
    with pytest.raises(perflab.BadInputError, match="the highest records per write is"):
        perflab.tune("write_buffer", RECORDS, limits=["records_per_flush>1M"])


def test_two_runs_are_compared_by_its_own_metrics(result):
    other = perflab.predictions("write_buffer", RECORDS, {"batch_size": 70})
    found = perflab.compare(result, other)
    rows = {row["metric"]: row for row in found.metrics}
    assert list(rows)[-3:] == ["flush_share", "buffered_records", "at_risk_bytes"]
    assert rows["flushes"]["judgement"] == "better"
    assert "writes of a batch" in found.to_text()


def test_a_report_has_its_own_metrics_chart_and_export(result, best, tmp_path):
    sweep = {"batch_size": [1, 10, 100, 1000], "max_delay": [0, 10, 100]}
    swept = perflab.predictions("write_buffer", RECORDS, sweep=sweep)
    folder = perflab.report([result, best, swept], tmp_path / "report")
    names = {path.name for path in folder.rglob("*")}
    assert {"report.html", "report.md", "report.json"} <= names
    assert {"what-if-flush-share.svg", "what-if-at-risk-bytes.svg"} <= names
    assert "live-1-buffered-records.svg" in names
    assert "map-at-risk-bytes-batch-size-max-delay.svg" in names
    page = (folder / "report.html").read_text()
    for words in ("writes of a batch", "bytes at risk", "from write_buffer import WriteBuffer"):
        assert words in page, words
    again = Report.load(folder / "report.json")
    assert again.chapters[0].bench.identity.pattern == "write_buffer"
    for suffix in (".md", ".json"):
        path = perflab.report(result, tmp_path / f"one{suffix}")
        assert "records per write" in path.read_text()


def test_what_is_exported_runs(tmp_path, monkeypatch):
    from perflab.bench import load_bench

    bench = load_bench("write_buffer")
    (export,) = bench.exports(*bench.read({"batch_size": 3}), RECORDS)
    monkeypatch.chdir(tmp_path)
    names = {}
    exec(compile(export.text, "export", "exec"), names)
    assert [names["buffer"].add(b"x") for _ in range(3)] == [False, False, True]
    names["buffer"].close()


def test_saved_records_are_replaced_and_what_is_not_its_own_is_not(tmp_path):
    from write_buffer.records import load_records

    first, second = load_records(RECORDS, None), load_records("records:count=9", None)
    first.save(tmp_path / "saved")
    second.save(tmp_path / "saved")
    assert len(type(second).open(tmp_path / "saved")) == 9
    (tmp_path / "saved" / "mine.txt").write_text("mine")
    with pytest.raises(perflab.BadInputError):
        first.save(tmp_path / "saved")
    assert (tmp_path / "saved" / "mine.txt").read_text() == "mine"
    with pytest.raises(perflab.BadInputError):
        save_workload(perflab.Trace.from_keys([1, 2]), tmp_path / "saved")
