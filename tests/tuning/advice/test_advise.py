"""Which pattern is advised for files and answers of many kinds."""

from __future__ import annotations

import json
import random
import sqlite3
from collections import OrderedDict
from datetime import UTC, datetime

import numpy as np
import pytest

import perflab
from perflab.bench import bench_names
from perflab.bench.questions import QUESTIONS, read_answers
from perflab.tuning.advice.advise import all_questions
from perflab.tuning.advice.result import Advice
from perflab.workloads import Arrivals, Trace

BEGUN = 1_750_000_000


def when(seconds, form):
    return datetime.fromtimestamp(BEGUN + seconds, UTC).strftime(form)


@pytest.fixture
def access_log(tmp_path):
    """A function that writes an access log of the given paths, one every half second."""

    def write(paths, name="shop.log"):
        lines = [
            f"203.0.113.9 - - [{when(n / 2, '%d/%b/%Y:%H:%M:%S +0000')}] "
            f'"GET {path} HTTP/1.1" 200 700 "-" "curl"\n'
            for n, path in enumerate(paths)
        ]
        (tmp_path / name).write_text("".join(lines))
        return tmp_path / name

    return write


def skewed(count, keys, seed):
    chance = random.Random(seed)
    weights = [1 / (rank + 1) for rank in range(keys)]
    return chance.choices(range(keys), weights, k=count)


def lru_hits(keys, size):
    held, hits = OrderedDict(), 0
    for key in keys:
        hits += key in held
        held[key] = None
        held.move_to_end(key)
        if len(held) > size:
            held.popitem(last=False)
    return hits


def test_log_whose_requests_repeat_leads_to_the_smallest_good_cache(access_log):
    keys = skewed(6_000, 300, seed=4)
    found = perflab.advise(access_log([f"/p/{key}" for key in keys]))
    cache = found.of("cache")
    assert (found.suggestions[0]["pattern"], cache["verdict"]) == ("cache", "yes")
    assert found.headline.startswith("Caching would help")
    size = cache["settings"]["max_cache_size"]
    best = lru_hits(keys, 300) / len(keys)
    rate = lru_hits(keys, size) / len(keys)
    assert best - 0.01 <= rate
    assert cache["metrics"]["hit_rate"] == pytest.approx(rate)
    assert lru_hits(keys, int(size * 0.97)) / len(keys) < best - 0.01
    assert cache["notebook"] == "01_cache.ipynb"
    assert cache["command"].startswith("perflab tune cache --workload ")


def test_log_that_hardly_repeats_is_told_that_no_cache_helps(access_log):
    chance = random.Random(9)
    paths = [f"/d/{n if chance.random() > 0.03 else chance.randrange(n + 1)}" for n in range(4_000)]
    found = perflab.advise(access_log(paths))
    assert found.headline.startswith("None of the patterns that could be judged would help. ")
    share = 1 - len(set(paths)) / len(paths)
    assert f"{share * 100:.3g} % of the requests ask for something" in found.headline
    assert found.helpful == ()
    for pattern in ("cache", "redis_cache"):
        said = found.of(pattern)
        assert (said["verdict"], said["settings"], said["command"]) == ("no", {}, "")


def test_limit_of_memory_is_kept_by_first_settings(access_log):
    log = access_log([f"/p/{key}" for key in skewed(6_000, 2_000, seed=8)])
    free = perflab.advise(log).of("cache")
    tight = perflab.advise(log, {"memory": "300KiB"}).of("cache")
    assert free["metrics"]["memory_bytes"] > 300 * 1024
    assert tight["metrics"]["memory_bytes"] <= 300 * 1024
    assert "--limit 'memory_bytes<=300KiB'" in tight["command"]
    none = perflab.advise(log, {"memory": "1KiB"}).of("cache")
    assert none["settings_reason"] == "No cache size that was looked at keeps memory_bytes<=1 KiB."


def test_number_of_processes_decides_between_the_two_caches(access_log):
    log = access_log([f"/p/{key}" for key in skewed(3_000, 100, seed=5)])
    one, many = (perflab.advise(log, {"processes": n}) for n in (1, 6))
    assert one.suggestions[0]["pattern"] == "cache"
    assert one.of("redis_cache")["verdict"] == "maybe"
    assert many.suggestions[0]["pattern"] == "redis_cache"
    assert "6 processes" in many.of("redis_cache")["reason"]
    assert any("6 processes" in text for text in many.of("cache")["against"])


def test_source_as_fast_as_a_hit_needs_no_cache():
    trace = Trace.from_keys(skewed(2_000, 50, seed=2))
    found = perflab.advise(trace, {"source_seconds": "1us"})
    assert found.of("cache")["verdict"] == "no"
    slower = perflab.advise(trace, {"source_seconds": "50us"})
    assert slower.of("cache")["verdict"] == "yes"
    assert slower.of("redis_cache")["verdict"] == "no"


def test_scans_are_told_and_a_policy_that_resists_them_is_tried():
    chance = random.Random(3)
    hot = skewed(9_000, 60, seed=3)
    keys = [f"h{key}" if chance.random() < 0.6 else f"scan{n}" for n, key in enumerate(hot)]
    said = perflab.advise(Trace.from_keys(keys)).of("cache")
    assert any("come" in text and "once" in text for text in said["against"])
    assert said["settings"]["policy"] in ("lru", "sieve", "s3fifo")
    lru = perflab.predict(
        "cache", Trace.from_keys(keys), {**said["settings"], "policy": "lru"}
    ).iloc[0]
    assert said["metrics"]["hit_rate"] >= lru["hit_rate"]


@pytest.fixture
def postgres_log(tmp_path):
    def write(gap, mean, count=4_000):
        chance = random.Random(6)
        at, lines = 0.0, []
        for n in range(count):
            at += chance.expovariate(1 / gap)
            stamp = when(at, "%Y-%m-%d %H:%M:%S.%f")[:-3]
            took = chance.expovariate(1 / mean) * 1000
            lines.append(
                f"{stamp} UTC [{300 + n % 9}] LOG:  duration: {took:.3f} ms  statement: SELECT 1\n"
            )
        path = tmp_path / "postgresql.log"
        path.write_text("".join(lines))
        return path

    return write


def test_log_of_postgres_leads_to_a_pool_sized_by_the_queue(postgres_log):
    log = postgres_log(gap=0.01, mean=0.03)
    found = perflab.advise(log)
    pool = found.of("connection_pool")
    assert (found.suggestions[0], pool["verdict"]) == (pool, "yes")
    size = pool["settings"]["max_connections"]
    sweep = perflab.predict("connection_pool", log, sweep={"max_connections": [size - 1, size]})
    below, chosen = sweep["wait_seconds_p95"]
    assert chosen <= 0.005 < below
    assert found.facts["concurrency_mean"] == pytest.approx(3.0, rel=0.1)
    assert found.of("async_io")["verdict"] == "no"


def test_database_asked_once_a_minute_needs_no_pool(postgres_log):
    pool = perflab.advise(postgres_log(gap=60, mean=0.002, count=200)).of("connection_pool")
    assert (pool["verdict"], pool["settings"]) == ("no", {})
    assert pool["reason"].endswith("of the time.")


def test_pool_that_no_size_makes_quick_says_so():
    times = np.repeat(np.arange(0.0, 40.0, 0.5), 400)
    crowd = Arrivals("crowd", times, np.full(len(times), 0.4))
    said = perflab.advise(crowd, {"source": "database"}).of("connection_pool")
    assert said["settings_reason"].startswith("No pool size reaches a p95 wait of 5 ms")


def test_answers_without_a_file_size_a_pool_and_say_what_is_assumed():
    answers = {"source": "database", "rate": 90, "source_seconds": "40ms"}
    found = perflab.advise(answers=answers)
    pool = found.of("connection_pool")
    assert pool["verdict"] == "yes"
    assert pool["settings"]["max_connections"] > 90 * 0.04
    assert pool["command"].startswith("perflab run connection_pool --workload poisson:rate=90,")
    assert any("assumed are random arrivals" in note for note in found.notes)
    assert not any("recorded" in note for note in found.notes)


def test_list_of_urls_leads_to_requests_in_flight(tmp_path):
    path = tmp_path / "fetch.txt"
    path.write_text("".join(f"https://h{n % 4}.example.org/{n}\n" for n in range(500)))
    found = perflab.advise(path, {"source_seconds": "100ms"})
    said = found.of("async_io")
    assert (found.suggestions[0], said["verdict"]) == (said, "yes")
    assert "500 URLs of 4 hosts take 50 s one after another, and 2.5 s with 20" in said["reason"]
    assert said["settings"]["urls"] == str(path)
    assert found.of("connection_pool")["verdict"] == "no"


def test_har_counts_as_requests_over_http(tmp_path):
    entry = {
        "request": {"method": "GET", "url": "https://example.org/a", "headers": []},
        "response": {"status": 200, "content": {"size": 5}, "headers": []},
        "cache": {},
    }
    entries = [
        {
            **entry,
            "startedDateTime": when(n * 0.01, "%Y-%m-%dT%H:%M:%S.%fZ"),
            "time": 200,
            "timings": {"send": 0, "wait": 200, "receive": 0},
        }
        for n in range(300)
    ]
    path = tmp_path / "page.har"
    path.write_text(json.dumps({"log": {"version": "1.2", "entries": entries}}))
    found = perflab.advise(path)
    assert found.of("async_io")["verdict"] == "yes"
    assert found.of("async_io")["settings"]["max_concurrent"] >= 20
    assert found.of("cache")["verdict"] == "yes"
    assert found.of("connection_pool")["verdict"] == "no"


@pytest.mark.parametrize(
    ("reading", "lazy", "streaming"),
    [("whole", "no", "yes"), ("parts", "yes", "no"), (None, "maybe", "maybe")],
)
def test_data_larger_than_memory_is_streamed_or_loaded_by_chunks(
    tmp_path, reading, lazy, streaming
):
    path = tmp_path / "orders.csv"
    path.write_text("order,city\n" + "".join(f"{n},Oslo\n" for n in range(9_000)))
    answers = {"memory": "64KiB", **({"reading": reading} if reading else {})}
    found = perflab.advise(path, answers)
    assert found.of("lazy_loading")["verdict"] == lazy
    assert found.of("streaming")["verdict"] == streaming
    assert any("--as requests" in note for note in found.notes)
    if reading == "parts":
        settings = found.of("lazy_loading")["settings"]
        assert settings == {"data_source": str(path), "max_bytes": 16 * 1024}


def test_small_data_is_read_at_once(tmp_path):
    path = tmp_path / "shop.sqlite"
    with sqlite3.connect(path) as shop:
        shop.execute("create table items (id, name)")
    shop.close()
    found = perflab.advise(path)
    assert found.helpful == ()
    assert "load all of it at once" in found.of("lazy_loading")["reason"]
    assert "is not a CSV" in found.of("streaming")["reason"]
    assert not found.notes


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_table_with_times_is_read_as_requests(tmp_path, suffix):
    keys = skewed(2_000, 40, seed=7)
    trace = Trace.from_keys(keys, times=np.arange(2_000.0))
    path = tmp_path / f"requests.{suffix}"
    perflab.write_trace(trace, path)
    assert perflab.advise(path).of("cache")["verdict"] == "yes"
    as_data = perflab.advise(path, read_as="data")
    assert as_data.of("cache")["verdict"] == "unknown"
    assert as_data.facts["data_bytes"] == path.stat().st_size


def test_table_of_ids_is_data_unless_it_is_called_requests(tmp_path):
    path = tmp_path / "customers.csv"
    path.write_text("id,town\n" + "".join(f"{n % 30},Rome\n" for n in range(300)))
    assert perflab.advise(path).of("cache")["verdict"] == "unknown"
    assert perflab.advise(path, read_as="requests").of("cache")["verdict"] == "yes"


@pytest.mark.parametrize(
    ("fetch", "work", "verdict", "workers"),
    [("90ms", "30ms", "yes", 3), ("1ms", "1s", "no", None), ("20ms", "100ms", "maybe", 1)],
)
def test_waiting_against_work_decides_on_prefetching(fetch, work, verdict, workers):
    found = perflab.advise(answers={"source_seconds": fetch, "work_seconds": work})
    said = found.of("prefetching")
    assert said["verdict"] == verdict
    assert said["settings"].get("workers") == workers


def test_an_answer_counts_before_the_file():
    trace = Trace.from_keys(skewed(2_000, 50, seed=1))
    assert perflab.advise(trace).of("cache")["verdict"] == "yes"
    found = perflab.advise(trace, {"repeats": "2%"})
    assert found.of("cache")["verdict"] == "no"
    assert (found.answers, "repeats" in found.facts) == ({"repeats": 0.02}, False)


@pytest.mark.parametrize("pattern", sorted(set(bench_names()) - {"write_buffer"}))
def test_symptom_alone_leads_to_its_pattern_and_asks_for_numbers(pattern):
    found = perflab.advise(answers={"symptom": pattern})
    first = found.suggestions[0]
    assert (first["pattern"], first["verdict"]) == (pattern, "maybe")
    assert first["missing"]
    assert found.not_told


def test_advice_is_kept_as_json_and_read_again(tmp_path):
    found = perflab.advise("zipf:skew=1,keys=200,requests=5k,seed=3", {"processes": 2})
    path = found.to_json(tmp_path / "advice.json")
    assert Advice.load(path) == Advice.from_dict(found.to_dict())
    assert json.loads(path.read_text())["kind"] == "advice"
    with pytest.raises(perflab.BadInputError, match="is not a recommendation"):
        perflab.Recommendation.load(path)


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        ({"processes": "many"}, "processes: 'many' is not a quantity"),
        ({"source": "databse"}, "did you mean 'database'"),
        ({"repeats": 3}, "repeats: 3 must be between 0 and 1"),
        ({"processes": 0}, "processes: 0 must be at least 1"),
        ({"memroy": 3}, "memroy: no such question; did you mean 'memory'"),
        ({"rate": True}, "True is not a number"),
        ({}, "needs a file, or answers"),
        ({"rate": "?"}, "needs a file, or answers"),
    ],
)
def test_answer_that_cannot_be_read_is_one_line(answers, words):
    with pytest.raises(perflab.BadInputError) as caught:
        perflab.advise(answers=answers)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_file_that_is_missing_or_read_wrongly_is_refused(tmp_path):
    with pytest.raises(perflab.BadInputError, match="cannot be opened"):
        perflab.advise(tmp_path / "none.log")
    with pytest.raises(perflab.BadInputError, match="there is no such file"):
        perflab.advise(tmp_path / "none.csv", read_as="data")
    with pytest.raises(perflab.BadInputError, match="did you mean 'requests'"):
        perflab.advise("flights", read_as="request")


def test_every_question_reads_the_answer_that_it_shows():
    for question in all_questions():
        assert read_answers({question.key: question.sample}, [question])
    assert set(QUESTIONS) < {question.key for question in all_questions()}


def test_long_trace_says_of_which_part_the_reuse_distance_is(monkeypatch):
    for module in ("facts", "evidence"):
        monkeypatch.setattr(f"perflab.tuning.advice.{module}.MOST_EXACT", 1_000)
    trace = Trace.from_keys(skewed(1_500, 40, seed=12))
    assert any("of the first 1,000 requests" in note for note in perflab.advise(trace).notes)
    short = Trace.from_keys(skewed(1_000, 40, seed=12))
    assert not any("of the first" in note for note in perflab.advise(short).notes)
