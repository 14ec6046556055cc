"""Results of wrk and wrk2, as they print them."""

from __future__ import annotations

import pytest

from perflab.errors import BadInputError
from perflab.patterns.async_io.load_tests.load_test import read_load_test

WRK = """Running 20s test @ http://127.0.0.1:8080/
  2 threads and {connections} connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency    {mean}     2.00ms  60.00ms   80.54%
    Req/Sec     1.05k     1.12k    2.50k    64.84%
  Latency Distribution
     50%   18.00ms
     75%   25.00ms
     90%   30.00ms
     99%   50.00ms
  {requests} requests in 20.00s, 3.81MB read
Requests/sec:    500.00
Transfer/sec:    195.05KB
"""
WRK2 = """Running 1m test @ http://127.0.0.1:8080/
  2 threads and 10 connections
  Thread calibration: mean lat.: 9747 usec, rate sampling interval: 21 msec
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency   800.00us  200.00us   5.00ms   80.54%
    Req/Sec     1.05k     1.12k    2.50k    64.84%
  Latency Distribution (HdrHistogram - Recorded Latency)
 50.000%  700.00us
 99.000%    2.00ms
100.000%    5.01ms

  Detailed Percentile spectrum:
       Value   Percentile   TotalCount 1/(1-Percentile)

       0.121     0.000000            1         1.00
#[Mean    =        0.800, StdDeviation   =        0.200]
----------------------------------------------------------
  120000 requests in 1.00m, 19.81MB read
  Socket errors: connect 0, read 0, write 0, timeout 1000
  Non-2xx or 3xx responses: 5050
Requests/sec:   2000.28
"""


def runs(*levels):
    return "".join(
        WRK.format(connections=users, mean=mean, requests=requests)
        for users, mean, requests in levels
    )


def read(tmp_path, content):
    path = tmp_path / "wrk.txt"
    path.write_text(content)
    return read_load_test(str(path))


def test_each_run_in_a_file_is_a_level(tmp_path):
    test = read(tmp_path, runs((1, "20.00ms", 1000), (10, "20.00ms", 10_000)))
    assert test.tool == "wrk"
    assert [level.users for level in test.levels] == [1, 10]
    assert [level.throughput for level in test.levels] == [50, 500]
    assert [level.in_flight for level in test.levels] == pytest.approx([1, 10])
    last = test.levels[-1]
    assert last.mean == pytest.approx(0.02)
    found = [last.quantiles[place] for place in (50, 75, 99, -1)]
    assert found == pytest.approx([0.018, 0.025, 0.05, 0.06])


def test_wrk2_and_what_failed_are_read(tmp_path):
    (level,) = read(tmp_path, WRK2).levels
    assert (level.users, level.requests, level.seconds) == (10, 121_000, 60)
    assert level.error_share == pytest.approx(0.05)
    assert level.quantiles[50] == pytest.approx(0.0007)
    assert level.quantiles[-1] == pytest.approx(0.00501)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (runs((1, "20.00ms", 1000))[:300], "wrk.txt:1: a run of wrk is cut off"),
        (runs((1, "2.00ms", 9)) + "Running 9s test @ h\n", "wrk.txt:14: a run of wrk is cut"),
        (runs((1, "20.00ms", 1000)).replace("%  ", "  "), "run wrk with --latency"),
        (runs((1, "soon", 1000)), "run wrk with --latency"),
        (runs((0, "20.00ms", 1000)), "no second in which users"),
        (runs((1, "2.00ms", 100)).replace("in 20.00s", "in 0.00s"), "took no time"),
    ],
)
def test_what_cannot_be_read_says_where_and_what_to_do(tmp_path, content, words):
    with pytest.raises(BadInputError, match=words):
        read(tmp_path, content)
