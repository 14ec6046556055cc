from __future__ import annotations

import numpy as np

from perflab.lab.outcome import workload_summary
from perflab.reports.facts import environments, workload_table
from perflab.workloads import Arrivals, Trace


def rows_of(table):
    return {row[0].text: row[1].text for row in table.rows}


def test_arrivals_have_rate_and_burstiness_and_no_keys():
    times = np.cumsum(np.random.default_rng(1).exponential(0.02, 3000))
    rows = rows_of(workload_table(workload_summary(Arrivals("calls", times)), "workload"))
    assert float(rows["requests per second"].replace(",", "")) > 40
    assert "1 is Poisson" in rows["burstiness"]
    assert not [name for name in rows if "key" in name or "skew" in name]


def test_servers_of_a_run_are_kept_beside_a_prediction_without_any(make_run, make_predictions):
    served = {"versions": {"perflab": "0.1.0", "numpy": "2.4.6"}, "servers": {"Redis": "8.2"}}
    found = environments([make_predictions(), make_run(environment=served)])
    assert found == [served]


def test_runs_on_two_servers_have_two_environments(make_run):
    runs = [make_run(environment={"servers": {"Redis": text}}) for text in ("8.2", "7.4")]
    assert len(environments(runs)) == 2


def test_quantiles_of_times_are_written_as_times():
    times = np.arange(5_000) * 60.0
    rows = rows_of(workload_table(workload_summary(Trace.from_keys([1, 2] * 2_500, times)), "w"))
    assert rows["reuse interval, p50"] == "2 min"
    assert rows["interarrival, p99"] == "1 min"


def test_operations_are_counted_in_one_row():
    trace = Trace.from_keys(["a", "a", "b"], operations=["get", "delete", "get"])
    rows = rows_of(workload_table(workload_summary(trace), "workload"))
    assert rows["operations"] == "get 2, delete 1"
    assert "operations" not in rows_of(
        workload_table(workload_summary(Trace.from_keys(["a"])), "workload")
    )
