import numpy as np
import pytest

from perflab.lab.outcome import BRIEF_SECONDS
from perflab.lab.verbs import run
from perflab.workloads.kinds.trace import Trace


def said(result):
    return [note for note in result.notes if "too short to measure throughput" in note]


@pytest.mark.parametrize("pattern", ["cache", "async_io", "redis_cache"])
def test_a_run_that_is_over_at_once_says_what_it_cannot_tell(pattern):
    if pattern == "async_io":
        workload = "poisson:rate=2000,requests=20"
    else:
        workload = Trace.from_keys(np.arange(50) % 7, name="few")
    result = run(pattern, workload, seconds=5, progress=False)
    assert result.ended == "workload through"
    assert len(said(result)) == (result.snapshots[-1]["seconds"] < BRIEF_SECONDS)
    assert all("set loop=on" in note for note in said(result))


def test_a_run_that_loops_says_no_such_thing():
    trace = Trace.from_keys(np.arange(50) % 7, name="few")
    result = run("cache", trace, {"loop": True}, seconds=1.5, progress=False)
    assert result.ended == "seconds over"
    assert not said(result)
