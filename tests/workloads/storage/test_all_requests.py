"""A part of the keys that knows how many requests there are for all of them."""

import dataclasses

import pyarrow.parquet as pq
import pytest

from perflab.errors import BadInputError
from perflab.workloads import Zipf, kind_of, read_trace, remarks, save_workload, write_trace
from perflab.workloads.registry.kinds import describe
from perflab.workloads.storage import open_trace


@pytest.fixture
def part():
    trace = Zipf(skew=0.8, keys=500, requests=2_000).make()
    return dataclasses.replace(trace, sample_rate=0.1, all_requests=25_000)


def test_a_trace_keeps_its_total_when_it_is_stored(part, tmp_path):
    write_trace(part, tmp_path / "t.parquet")
    save_workload(part, tmp_path / "t")
    for again in (read_trace(tmp_path / "t.parquet"), open_trace(tmp_path / "t"), part.compact()):
        assert (again.all_requests, again.density) == (25_000, 0.8)
    assert part.uploaded("mine").all_requests == part.window(0, 2_000).all_requests == 25_000


def test_a_trace_that_lost_requests_has_no_total(part, tmp_path):
    assert part.prefix(10).all_requests is part.window(5, 50).all_requests is None
    write_trace(part, tmp_path / "t.parquet")
    pq.write_table(pq.read_table(tmp_path / "t.parquet").slice(5), tmp_path / "cut.parquet")
    assert read_trace(tmp_path / "cut.parquet").all_requests is None


def test_a_total_below_the_requests_at_hand_is_refused(part):
    with pytest.raises(BadInputError, match=r"all_requests.*1,999.*2,000 requests here alone"):
        dataclasses.replace(part, all_requests=1_999)


def test_a_known_total_is_shown_instead_of_an_estimate(part):
    summary = describe(part)
    assert (summary["all_requests"], summary["estimated_requests"]) == (25_000, None)
    assert summary["estimated_distinct_keys"] == 10 * summary["distinct_keys"]
    assert any(
        text.startswith("in all 25,000 requests for about ") for text in kind_of(part).facts(part)
    )
    assert any("in all 25,000 requests; as those are known" in text for text in remarks(part))
    guessed = dataclasses.replace(part, all_requests=None)
    assert describe(guessed)["estimated_requests"] == 20_000
    assert any(
        "in all about 20,000 requests for " in text for text in kind_of(guessed).facts(guessed)
    )
