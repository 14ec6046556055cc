"""Results of k6 and Locust, written as these programs write them."""

import csv
import random

import pytest

from perflab.models.async_io_user import UserServer
from perflab.models.usl import Usl
from perflab.settings import BadInputError
from perflab.workloads.load_test import read_load_test

K6 = [
    *("metric_name", "timestamp", "metric_value", "check", "error", "error_code"),
    *("expected_response", "group", "method", "name", "proto", "scenario", "service", "status"),
    *("subproto", "tls_version", "url", "extra_tags", "metadata"),
]
LOCUST = [
    *("Timestamp", "User Count", "Type", "Name", "Requests/s", "Failures/s"),
    *("50%", "66%", "75%", "80%", "90%", "95%", "98%", "99%", "99.9%", "99.99%", "100%"),
    *("Total Request Count", "Total Failure Count", "Total Median Response Time"),
]
LAW = Usl(20.0, 0.05, 0.001)


def k6_row(name, second, value):
    row = dict.fromkeys(K6, "")
    return {**row, "metric_name": name, "timestamp": second, "metric_value": f"{value:.6f}"}


@pytest.fixture
def k6(tmp_path):
    """Stages of 1, 4 and 16 users of 5 s each on a server that keeps to the law; a tenth fails."""
    path = tmp_path / "results.csv"
    draw = random.Random(1)
    with path.open("w", newline="") as file:
        rows = csv.DictWriter(file, K6)
        rows.writeheader()
        second = 1_700_000_000
        for users in (1, 4, 16):
            for _ in range(5):
                rows.writerow(k6_row("vus", second, users))
                for number in range(round(LAW.throughput(users))):
                    taken = LAW.seconds(users) * draw.uniform(0.5, 1.5) * 1000
                    rows.writerow(k6_row("http_req_duration", second, taken))
                    rows.writerow(k6_row("http_req_failed", second, float(number % 10 == 0)))
                    rows.writerow(k6_row("http_req_waiting", second, taken / 2))
                second += 1
    return path


def locust_row(second, users, rate, failing, milliseconds):
    values = {"Timestamp": second, "User Count": users, "Name": "Aggregated"}
    shares = {name: milliseconds * (1 + i / 10) for i, name in enumerate(LOCUST[6:17])}
    return {
        **dict.fromkeys(LOCUST, 0),
        **values,
        "Requests/s": rate,
        "Failures/s": failing,
        **shares,
    }


@pytest.fixture
def locust(tmp_path):
    path = tmp_path / "name_stats_history.csv"
    with path.open("w", newline="") as file:
        rows = csv.DictWriter(file, LOCUST)
        rows.writeheader()
        rows.writerow({**locust_row(0, 0, 0, 0, 0), **dict.fromkeys(LOCUST[6:17], "N/A")})
        for users in (1, 4, 16):
            for second in range(10):
                # What Locust says of a level begins with what was before.
                rate = LAW.throughput(users) * (0.5 if second < 5 else 1.0)
                rows.writerow(locust_row(second, users, rate, rate / 10, LAW.seconds(users) * 900))
                rows.writerow({**locust_row(second, users, 1, 0, 1), "Name": "/one"})
    return path


@pytest.mark.parametrize("kind", ["k6", "locust"])
def test_the_law_that_made_the_results_is_found_again(kind, request):
    test = read_load_test(str(request.getfixturevalue(kind)))
    assert [level.in_flight for level in test.levels] == [1, 4, 16]
    for level in test.levels:
        assert level.throughput == pytest.approx(LAW.throughput(level.in_flight), rel=0.03)
        assert level.mean == pytest.approx(LAW.seconds(level.in_flight), rel=0.05)
        assert 0.09 <= level.error_share <= 0.12
        assert list(level.quantiles) == sorted(level.quantiles)
    law = UserServer(test.points(), test.name).law
    assert law.throughput(8) == pytest.approx(LAW.throughput(8), rel=0.04)
    assert law.worst_residual < 0.03


def test_a_level_knows_its_percentiles(k6):
    level = read_load_test(str(k6)).levels[0]
    assert level.quantiles[0] >= 0.5 * LAW.seconds(1)
    assert level.quantiles[-1] <= 1.5 * LAW.seconds(1)
    assert level.quantiles[50] == pytest.approx(LAW.seconds(1), rel=0.15)


def test_a_file_that_changes_is_read_again(k6):
    assert len(read_load_test(str(k6)).levels) == 3
    lines = k6.read_text().splitlines()
    k6.write_text("\n".join(lines[: len(lines) // 20]))
    assert len(read_load_test(str(k6)).levels) == 1


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no result of k6 or Locust"),
        ("a,b\n1,2\n", "its columns: a, b"),
        ("metric_name,timestamp,metric_value\n", "no second in which users"),
        ("metric_name,timestamp,metric_value\nvus,1,many\n", "'many' is no number"),
        ("metric_name,timestamp,metric_value\nvus,1,nan\n", "'nan' is no number"),
        ("metric_name,timestamp,metric_value\nhttp_req_duration\n", "is no number for timestamp"),
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
