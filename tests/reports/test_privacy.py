"""A report says nothing of the machine's folders, its user or its name."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from perflab.reports import Report
from perflab.reports.privacy import file_name, without_private


def test_paths_become_names_of_files_in_every_format(make_run):
    place = "/srv/traces of mine/shop.csv"
    workload = {
        "name": place,
        "source": place,
        "fingerprint": "1",
        "summary": {"name": place},
        "notes": [f"{place}:17: skipped", "see /home/someone/perflab/notes.txt"],
    }
    environment = {"hostname": "secret-host", "user": "someone", "processor": "A Processor"}
    made = Report.of(
        make_run(
            workload=workload,
            environment=environment,
            notes=(f"read from {Path.cwd()}/data/shop.csv", r"kept in C:\Users\someone\x.json"),
        )
    )
    for text in (made.to_html(), made.to_markdown(), made.to_json()):
        for secret in ("/srv", "traces of mine", "someone", "secret-host", str(Path.cwd())):
            assert secret not in text
        assert "shop.csv" in text
        assert "A Processor" in text
    assert "shop.csv:17: skipped" in made.to_json()


def test_requests_and_parameters_are_no_paths():
    assert file_name("zipf:skew=0.9,keys=1M") == "zipf:skew=0.9,keys=1M"
    assert file_name("flights") == "flights"
    values = {"workload": {"notes": ["line 3: 'GET /api/items/5 HTTP/1.1'", "1/2 of it"]}}
    assert without_private(values) == values


@given(st.text(alphabet="abc/\\.:=,", max_size=30))
def test_a_name_of_a_file_is_left_as_it_is(text):
    assert file_name(file_name(text)) == file_name(text)


def test_urls_that_are_requested_most_are_told_unless_left_out(make_run):
    failing = {
        "url": "https://shop.example/cart?***",
        "requests": 90,
        "failures": {"timeout": 2, "server_error": 1},
        "latency_seconds_p50": 0.02,
        "latency_seconds_p95": 1.5,
    }
    fine = {"url": "POST https://shop.example/buy", "requests": 10, "failures": {}}
    given = make_run(by_url=(failing, {**fine, "latency_seconds_p50": None}))
    made = Report.of(given)
    (table,) = [each for each in made.tables if each.name == "urls"]
    assert [[cell.text for cell in row] for row in table.rows] == [
        ["https://shop.example/cart?***", "90", "3", "2 timeout, 1 server error", "20 ms", "1.5 s"],
        ["POST https://shop.example/buy", "10", "0", "none", "n/a", "n/a"],
    ]
    assert "shop.example" in made.to_html()
    for text in (Report.of(given, keys=False).to_html(), Report.of(given, keys=False).to_json()):
        assert "shop.example" not in text


def test_passwords_of_servers_are_in_no_format(make_run):
    environment = {
        "servers": {"Redis": "8.2, redis://me:s3cret@shop.example:6379/0"},
        "versions": {"perflab": "0.1.0"},
    }
    notes = ("host=db password='s3cret word' port=5432", "postgresql://:s3cret@db/x failed")
    made = Report.of(make_run(environment=environment, notes=notes))
    for text in (made.to_html(), made.to_markdown(), made.to_json()):
        assert "s3cret" not in text
        assert "@shop.example:6379/0" in text
