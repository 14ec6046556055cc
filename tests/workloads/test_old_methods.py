"""What functions have replaced works as before, with a warning that names the function."""

import subprocess
import sys

import numpy as np
import pytest

import perflab
from perflab.workloads.kinds.accesses import Accesses
from perflab.workloads.kinds.arrivals import Arrivals

TRACE = perflab.Trace.from_keys(["a", "b", "a"], [0, 1, 2])
WORKLOADS = [
    TRACE,
    Arrivals("a", np.array([1.0, 2.0])),
    Accesses("n", np.array([1, 2]), 5),
]


@pytest.mark.parametrize("workload", WORKLOADS, ids=lambda each: type(each).__name__)
def test_methods_of_workloads_still_work(workload, tmp_path):
    with pytest.warns(DeprecationWarning, match=r"write perflab\.describe\(workload\)"):
        assert workload.summary()["requests"] == len(workload)
    with pytest.warns(DeprecationWarning, match=r"facts\(\) goes in perflab 0\.4"):
        assert workload.facts()
    with pytest.warns(DeprecationWarning, match=r"write perflab\.workloads\.save_workload"):
        workload.save(tmp_path / "saved")
    with pytest.warns(DeprecationWarning, match=r"write perflab\.workloads\.storage\.open_"):
        again = type(workload).open(tmp_path / "saved")
    assert again.fingerprint == workload.fingerprint


def test_parquet_of_a_trace_still_works(tmp_path):
    with pytest.warns(DeprecationWarning, match=r"perflab\.write_trace\(trace, path\)"):
        TRACE.to_parquet(tmp_path / "any name")
    with pytest.warns(DeprecationWarning, match=r"perflab\.read_trace\(path\)") as caught:
        again = perflab.Trace.from_parquet(tmp_path / "any name")
    assert caught[0].filename == __file__
    assert again.fingerprint == TRACE.fingerprint


@pytest.mark.parametrize(
    "code",
    [
        "import perflab; perflab.Trace.from_keys([1]).summary()",
        "import perflab; perflab.load_workload('flights').summary()",
        "from perflab.workloads import Zipf; Zipf().make().facts()",
        "from perflab.workloads import Arrivals; Arrivals('a', [1.0]).facts()",
        "from perflab.workloads import load_arrivals as load; load('steady:requests=9').facts()",
    ],
)
def test_old_methods_are_there_however_one_comes_by_a_workload(code):
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code], check=False, capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")
