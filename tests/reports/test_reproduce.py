"""The commands that make results again: what a shell makes of them is what was meant."""

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perflab.bench import load_bench
from perflab.patterns.cache.policies import LIVE_POLICIES
from perflab.patterns.cache.settings import CacheSettings
from perflab.reports import command, reproduce
from perflab.reports.reproduce import set_options
from perflab.settings import LoadSettings


def words(text):
    return shlex.split(text.replace("\\\n", " "))


def test_run_of_the_benchs_own_workload_is_made_again(make_run):
    assert words(command(make_run(loop=True), "run.json")) == [
        *("perflab", "run", "cache"),
        *("--set", "max_cache_size=3800", "--set", "backend_seconds=1ms", "--seconds", "3"),
        *("--alert", "hit_rate<0.9 for 1s", "--alert", "latency_seconds_p99>5s"),
        *("--out", "run.json"),
    ]


@pytest.mark.parametrize(
    ("source", "asked", "loop", "said"),
    [
        ("flights", None, True, []),
        ("flights", None, False, ["--workload", "flights"]),
        ("flights", None, None, ["--workload", "flights"]),
        ("flights", True, True, ["--set", "loop=on"]),
        ("flights", False, False, ["--set", "loop=off"]),
        ("flights", False, True, ["--set", "loop=on"]),
        ("a.csv", None, False, ["--workload", "a.csv"]),
        ("a.csv", None, None, ["--workload", "a.csv"]),
        ("a.csv", None, True, ["--workload", "a.csv", "--set", "loop=on"]),
        ("a.csv", True, None, ["--workload", "a.csv", "--set", "loop=on"]),
        ("a.csv", False, False, ["--workload", "a.csv", "--set", "loop=off"]),
    ],
)
def test_run_goes_through_its_workload_as_often_as_it_did(make_run, source, asked, loop, said):
    made = make_run()
    made = make_run(
        workload={**made.workload, "source": source},
        settings={**LoadSettings().model_dump(), "loop": asked},
        loop=loop,
        alerts=(),
        snapshots=(),
    )
    assert words(command(made)) == ["perflab", "run", "cache", *said]


def test_what_was_said_to_read_a_file_is_said_again(make_run, run):
    options = {"format": "csv", "columns": {"key": "the url", "time": "ts"}}
    workload = {**run.workload, "source": "a.log", "options": options}
    made = words(command(make_run(workload=workload)))
    assert made[3:9] == [
        *("--workload", "a.log", "--format", "csv"),
        *("--columns", "key=the url,time=ts"),
    ]


def test_recommendation_is_made_again_from_the_settings_before(make_recommendation, run):
    made = words(command(make_recommendation(measured=run.metrics)))
    assert made == [
        *("perflab", "tune", "cache", "--set", "backend_seconds=1ms"),
        *("--objective", "max:hit_rate", "--limit", "memory_bytes<=64MiB", "--live"),
    ]


def test_sweep_is_made_again(predictions):
    assert words(command(predictions)) == [
        *("perflab", "predict", "cache", "--set", "backend_seconds=1ms"),
        *(
            "--sweep",
            "max_cache_size=100,300,1000,3000,3800,4043",
            "--sweep",
            "policy=lru,fifo,sieve",
        ),
    ]


def test_a_source_goes_before_a_name(make_run, run):
    workload = {**run.workload, "name": "zipf", "source": "zipf:skew=0.9,keys=1M"}
    assert "zipf:skew=0.9,keys=1M" in words(command(make_run(workload=workload)))


def test_all_results_and_the_report_are_made_again(recommendation, make_run):
    lines = words(reproduce([recommendation, make_run(), make_run()]).splitlines()[-1])
    assert lines == [
        *("perflab", "report", "recommendation.json", "run-1.json", "run-2.json"),
        *("--out", "report.html"),
    ]


@pytest.mark.parametrize("name", ["my trace.csv", "a'b.csv", "$(rm -rf x).csv", "x;y.csv", "a\nb"])
def test_any_name_of_a_file_is_quoted(name, make_run, run):
    workload = {**run.workload, "name": name, "source": name}
    assert words(command(make_run(workload=workload)))[4] == name


@given(
    st.builds(
        CacheSettings,
        max_cache_size=st.integers(1, 10**9),
        max_bytes=st.none() | st.integers(1, 2**50),
        ttl_seconds=st.none() | st.floats(0.001, 3e8),
        policy=st.sampled_from(LIVE_POLICIES),
    ),
    st.builds(
        LoadSettings,
        request_rate=st.none() | st.floats(0.001, 1e7),
        loop=st.none() | st.booleans(),
        backend_seconds=st.floats(0, 60),
    ),
)
def test_settings_come_back_exactly_from_the_shell(settings, load):
    bench = load_bench("cache")
    options = set_options(bench, {**settings.model_dump(), **load.model_dump()})
    pairs = [word.split("=", 1) for word in options if word != "--set"]
    assert bench.read(dict(pairs)) == (settings, load)
