"""`perflab report`: its forms, on standard output and in files, and who made it."""

import json

import pytest


@pytest.fixture
def result(perflab, tmp_path):
    out = tmp_path / "one.json"
    workload = "zipf:keys=50,requests=2k,seed=1"
    assert perflab("predict", "cache", "--workload", workload, "--out", out).status == 0
    return out


@pytest.mark.parametrize(
    ("form", "start"), [("html", "<!DOCTYPE html>"), ("md", "# "), ("summary", "### ")]
)
def test_form_goes_to_standard_output_without_a_file(form, start, perflab, result):
    answer = perflab("report", result, "--format", form, "--author", "Ada Lovelace")
    assert answer.status == 0
    assert answer.out.startswith(start)
    assert "Ada Lovelace" in answer.out
    assert answer.err == ""


def test_json_on_standard_output_is_a_report_again(perflab, result, tmp_path):
    answer = perflab("report", result, "--format", "json", "--title", "Mine")
    assert (answer.json["title"], answer.json["author"]) == ("Mine", "")
    again = tmp_path / "again.json"
    again.write_text(answer.out)
    assert "Mine" in perflab("report", again, "--format", "html", "--title", "Mine").out


def test_summary_has_at_most_ten_lines(perflab, result):
    lines = perflab("report", result, "--format", "summary").out.splitlines()
    assert 3 <= len(lines) <= 10
    assert "Needs a look" in lines[0]


def test_form_overrules_the_suffix(perflab, result, tmp_path):
    out = tmp_path / "body.txt"
    assert perflab("report", result, "--format", "summary", "--out", out).status == 0
    assert out.read_text().startswith("### ")


def test_neither_file_nor_form_is_refused(refused, result):
    assert "--format" in refused("report", result)


def test_unknown_form_is_refused(perflab, result):
    answer = perflab("report", result, "--format", "pdf")
    assert answer.status == 2
    assert "summary" in answer.err
    assert answer.out == ""


def test_keys_are_named_unless_told_otherwise(perflab, result, tmp_path):
    for options, there in (((), True), (("--no-keys",), False)):
        answer = perflab("report", result, "--format", "json", *options)
        summary = json.loads(answer.out)["results"][0]["workload"]["summary"]
        assert ("most_requested" in summary) is there
