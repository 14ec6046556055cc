"""Results of Locust as it wrote them, and of k6 as it writes them."""

import csv
import datetime as dt
import gzip
import os
import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perflab.errors import BadInputError
from perflab.modelling.usl import Usl
from perflab.patterns.async_io.load_level import SHARES, Level, usable
from perflab.patterns.async_io.load_tests.load_test import LoadTest, read_load_test
from perflab.patterns.async_io.model.user import UserServer

K6 = [
    *("metric_name", "timestamp", "metric_value", "check", "error", "error_code"),
    *("expected_response", "group", "method", "name", "proto", "scenario", "service", "status"),
    *("subproto", "tls_version", "url", "extra_tags", "metadata"),
]
LAW = Usl(20.0, 0.05, 0.001)
START = 1_700_000_000
LOCUST = Path(__file__).with_name("locust_stats_history.csv")
"""Of Locust 2.47.0: 1, 4 and 16 users without pause, 12 s each, before perflab's HTTP server at
20 ms and a capacity of 8; one request of ten is for a page that is not there."""


def k6_row(name, second, value):
    row = dict.fromkeys(K6, "")
    return {**row, "metric_name": name, "timestamp": second, "metric_value": f"{value:.6f}"}


def write_k6(path, stages, stamp=str, thinking=0.0):
    """Write 5 s of each number of users, who keep to the law and think so many seconds."""
    draw = random.Random(1)
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "wt", newline="") as file:
        rows = csv.DictWriter(file, K6)
        rows.writeheader()
        second = START
        for users in stages:
            for _ in range(5):
                rows.writerow(k6_row("vus", stamp(second), users))
                for number in range(round(users / (LAW.seconds(users) + thinking))):
                    taken = LAW.seconds(users) * draw.uniform(0.5, 1.5) * 1000
                    failed = float(number % 10 == 0)
                    rows.writerow(k6_row("http_req_duration", stamp(second), taken))
                    rows.writerow(k6_row("http_req_failed", stamp(second), failed))
                    rows.writerow(k6_row("http_req_waiting", stamp(second), taken / 2))
                second += 1
    return path


@pytest.fixture
def k6(tmp_path):
    return write_k6(tmp_path / "results.csv", (1, 4, 16))


def test_the_law_that_made_the_results_is_found_again(k6):
    test = read_load_test(str(k6))
    assert test.tool == "k6"
    assert [level.users for level in test.levels] == [1, 4, 16]
    for level in test.levels:
        assert level.in_flight == pytest.approx(level.users, rel=0.06)
        ended = level.throughput / (1 - level.error_share)
        assert ended == pytest.approx(LAW.throughput(level.users), rel=0.03)
        assert level.mean == pytest.approx(LAW.seconds(level.users), rel=0.05)
        assert 0.09 <= level.error_share <= 0.12
        assert list(level.quantiles) == sorted(level.quantiles)
    law = UserServer(test.points()).law
    assert law.throughput(8) == pytest.approx(LAW.throughput(8), rel=0.04)
    assert law.worst_residual < 0.05


def test_a_level_knows_its_percentiles(k6):
    level = read_load_test(str(k6)).levels[0]
    assert level.quantiles[0] >= 0.5 * LAW.seconds(1)
    assert level.quantiles[-1] <= 1.5 * LAW.seconds(1)
    assert level.quantiles[50] == pytest.approx(LAW.seconds(1), rel=0.15)


def rfc3339(second):
    return dt.datetime.fromtimestamp(second, dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.123456789Z")


@pytest.mark.parametrize(
    "stamp",
    [
        lambda second: second * 10**3 + 7,
        lambda second: second * 10**6 + 7,
        lambda second: second * 10**9 + 7,
        rfc3339,
    ],
    ids=["unix_milli", "unix_micro", "unix_nano", "rfc3339_nano"],
)
def test_a_time_may_be_in_any_of_k6s_formats(k6, tmp_path, stamp):
    other = write_k6(tmp_path / "other.csv.gz", (1, 4, 16), stamp)
    assert read_load_test(str(other)).levels == read_load_test(str(k6)).levels


def test_a_second_without_an_answer_counts(k6):
    lines = k6.read_text().splitlines()
    stalled = f"http_req_duration,{START + 7},"
    k6.write_text("\n".join(line for line in lines if not line.startswith(stalled)))
    whole, lost = LAW.throughput(4) * 0.9, read_load_test(str(k6)).levels[1]
    assert lost.throughput < 0.75 * whole


def test_users_who_think_are_not_in_flight(tmp_path):
    path = write_k6(tmp_path / "thinking.csv", (4, 40), thinking=1.0)
    test = read_load_test(str(path))
    for level in test.levels:
        busy = level.users * LAW.seconds(level.users) / (LAW.seconds(level.users) + 1)
        assert level.in_flight == pytest.approx(busy, rel=0.08)
    assert any("thinking in between" in remark for remark in test.remarks())
    first = test.levels[0]
    assert [in_flight for in_flight, _ in test.measured()] == [test.levels[1].in_flight]
    assert dict(test.points())[1.0].throughput == (1 - first.error_share) / first.mean


def test_what_locust_wrote_is_counted_from_its_totals():
    test = read_load_test(str(LOCUST))
    assert test.tool == "Locust"
    assert [level.users for level in test.levels] == [1, 4, 16]
    rows = [row for row in csv.DictReader(LOCUST.open()) if row["User Count"] == "16"]
    most, first, last = test.levels[-1], rows[0], rows[-1]
    requests = int(last["Total Request Count"]) - int(first["Total Request Count"])
    assert (most.requests, most.seconds) == (requests, len(rows) - 1)
    # Eight at a time take 20 ms each; the rows say 199 to 430 requests per second.
    assert most.throughput == pytest.approx(8 / 0.02, rel=0.03)
    assert 0.09 < most.error_share < 0.11
    for level in test.levels:
        assert level.in_flight == pytest.approx(level.users, rel=0.03)
        assert level.mean == pytest.approx(level.quantiles[50], rel=0.1)
    assert len(test.remarks()) == 1


def test_locust_may_begin_its_statistics_again(tmp_path):
    lines = LOCUST.read_text().splitlines()
    cut = next(i for i, line in enumerate(lines) if line.split(",")[1] == "16")
    begun = int(lines[cut].split(",")[-7])

    def reset(line):
        cells = line.split(",")
        cells[-7] = str(int(cells[-7]) - begun)
        cells[-6] = str(0)
        cells[-4] = "30.0"
        return ",".join(cells)

    path = tmp_path / "x_stats_history.csv"
    path.write_text("\n".join([*lines[:cut], *map(reset, lines[cut:])]))
    most = read_load_test(str(path)).levels[-1]
    assert most.mean == pytest.approx(0.03)
    assert most.requests == read_load_test(str(LOCUST)).levels[-1].requests


@given(st.lists(st.tuples(st.integers(1, 2000), st.integers(5, 50)), min_size=1, max_size=200))
def test_neighbours_of_many_levels_become_one_and_lose_nothing(drawn):
    levels = [
        Level(users, count, count // 5, 1.0, 0.1 * count, (0.1,) * len(SHARES))
        for users, count in dict(drawn).items()
    ]
    found = usable(levels)
    assert len(found) <= 24
    assert [level.users for level in found] == sorted(level.users for level in found)
    for name in ("requests", "failures", "seconds"):
        assert sum(getattr(level, name) for level in found) == sum(
            getattr(level, name) for level in levels
        )


def test_levels_that_tell_nothing_are_left_out():
    whole = (0.1,) * len(SHARES)
    few, failed = Level(3, 4, 0, 1.0, 0.4, whole), Level(9, 50, 50, 1.0, 0.4, whole)
    good = Level(5, 50, 10, 1.0, 5.0, whole)
    assert usable([few, failed, good]) == [good]
    assert dict(LoadTest("a", "k6", (good,)).points())[5.0].throughput == 40


def test_a_file_that_changes_is_read_again(k6):
    assert len(read_load_test(str(k6)).levels) == 3
    lines = k6.read_text().splitlines()
    k6.write_text("\n".join(lines[: len(lines) // 20]))
    assert len(read_load_test(str(k6)).levels) == 1


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is empty; give the CSV"),
        ("a,b\n1,2\n", "its columns: a, b"),
        ("metric_name,timestamp,metric_value\n", "no second in which users"),
        ("metric_name,timestamp,metric_value\nvus,1,many\n", "'many' is not a number"),
        ("metric_name,timestamp,metric_value\nvus,1,nan\n", "'nan' is not a number"),
        ("metric_name,timestamp,metric_value\nvus,T1,2\n", "csv:2: 'T1' is not a time"),
        (
            "metric_name,timestamp,metric_value\nhttp_req_duration\nvus,1,1\n",
            "is not a number for timestamp",
        ),
        (LOCUST.read_text().replace("Total Average", "Total"), "its columns: Timestamp"),
        (LOCUST.read_text().replace(",41,", ",fast,"), "csv:11: 'fast' is not a number for"),
        ("a" * 200_000, "field larger than field limit"),
    ],
)
def test_what_cannot_be_read_says_where_and_what_to_do(tmp_path, text, words):
    path = tmp_path / "results.csv"
    path.write_text(text)
    with pytest.raises(BadInputError, match=words) as caught:
        read_load_test(str(path))
    assert str(path) in str(caught.value)


def test_a_file_that_is_not_there_says_so(tmp_path):
    with pytest.raises(BadInputError, match="cannot be read"):
        read_load_test(str(tmp_path / "no.csv"))


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        ({0: 1, 2: 80}, ["left out: 4 requests, sent", "; 312 are used"]),
        ({3: 1, 2: 8}, ["left out: 4 requests, of levels with too few answers; 24 are used"]),
        ({2: 8, 4: 8}, []),
    ],
    ids=["one-second", "few-answers", "none"],
)
def test_requests_that_are_left_out_are_counted(tmp_path, seconds, told):
    lines = ["metric_name,timestamp,metric_value"]
    now = START
    for users, lasting in seconds.items():
        for second in range(now, now + lasting):
            lines.append(f"vus,{second},{users}")
            lines += [f"http_req_duration,{second},12.0"] * 4
        now += lasting
    path = tmp_path / "k6.csv"
    path.write_text("\n".join(lines) + "\n")
    said = " | ".join(read_load_test(str(path)).remarks())
    assert [text for text in told if text not in said] == []
    assert ("left out" in said) == bool(told)


def write_rates(path, rates, users=lambda second: 0):
    """Write 10 s of each rate, each request of which takes 12 ms."""
    lines = ["metric_name,timestamp,metric_value"]
    for second in range(10 * len(rates)):
        lines.append(f"vus,{START + second},{users(second)}")
        lines += [f"http_req_duration,{START + second},12.0"] * rates[second // 10]
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.mark.parametrize("users", [lambda s: 0, lambda s: 2 * (s % 4 == 0), lambda s: s % 3])
def test_requests_at_a_rate_are_all_used(tmp_path, users):
    test = read_load_test(str(write_rates(tmp_path / "k6.csv", [4, 100, 1000], users)))
    assert [level.requests for level in test.levels] == [40, 1000, 10_000]
    assert [level.in_flight for level in test.levels] == pytest.approx([0.048, 1.2, 12])
    assert [level.users for level in test.levels] == [1, 1, 12]
    said = " | ".join(test.remarks())
    assert "requests came at a rate" in said
    assert "left out" not in said
    assert "thinking" not in said


@pytest.mark.parametrize("kept", [3, 25, 45])
def test_a_last_line_that_is_cut_off_is_left_out(k6, kept):
    whole = read_load_test(str(k6))
    lines = k6.read_text().splitlines(keepends=True)
    last = f"http_req_duration,{START + 14},1000000.0,,,"
    k6.write_text("".join(lines) + last[:kept])
    test = read_load_test(str(k6))
    assert test.levels == whole.levels
    assert f"left out: line {len(lines) + 1}, the last, which is cut off" in test.remarks()


def test_a_last_line_of_locust_may_be_cut_off(tmp_path):
    path = tmp_path / "history.csv"
    content = LOCUST.read_text().rstrip("\n")
    path.write_text(content[: content.rindex("Aggregated") + 25])
    assert any(
        "the last, which is cut off" in remark for remark in read_load_test(str(path)).remarks()
    )


def test_a_file_written_again_within_a_tick_is_read_again(tmp_path):
    path = tmp_path / "k6.csv"
    write_k6(path, [1, 2])
    first, before = read_load_test(str(path)), path.stat()
    write_k6(path, [1, 2, 4])
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert len(read_load_test(str(path)).levels) == len(first.levels) + 1
