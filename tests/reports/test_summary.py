"""Ten lines of Markdown for a pull request."""

import pytest

from perflab.bench import load_bench
from perflab.reports import Report, report
from perflab.settings import LoadSettings


@pytest.fixture
def good_run(make_run):
    quiet = tuple({**alert, "fired": False, "seconds": None} for alert in make_run().alerts)
    return make_run(alerts=quiet)


def test_answer_numbers_thresholds_and_origin_are_in_it(recommendation, good_run):
    lines = Report.of([recommendation, good_run], author="Ada").to_summary().splitlines()
    assert len(lines) <= 10
    assert lines[0] == ("### ✅ Ship. Ship max cache size 3,800 entries instead of 1,000 entries.")
    text = "\n".join(lines)
    assert "hit rate rises from 60.7 % to 98.8 % (+38.1 points)" in text
    assert "Measured live at these settings" in text
    assert "3 of 3 thresholds passed." in text
    assert lines[-1].startswith("- Date: 2026-03-01 10:05 UTC; author: Ada; workload: flights")


def test_reasons_come_first_and_failed_thresholds_by_name(recommendation, make_run):
    lines = Report.of([recommendation, make_run()]).to_summary().splitlines()
    assert lines[0].startswith("### ❌ Do not ship. Proposed: max cache size 3,800 entries")
    assert lines[1].startswith("- Alert failed: hit rate at least 90 %")
    assert any("1 failed (hit rate at least 90 %, but for less than 1 s)" in each for each in lines)


@pytest.mark.parametrize("count", [1, 40])
def test_it_has_at_most_ten_lines_whatever_the_results(count, recommendation, make_run):
    doubts = tuple(f"doubt {number} " + "x" * 2_000 for number in range(30))
    runs = [make_run(doubts=doubts) for _ in range(count)]
    text = Report.of([recommendation, *runs]).to_summary()
    assert len(text.splitlines()) <= 10
    assert len(text) < 6_000
    assert "author" not in text


def test_each_pattern_has_a_line(run, make_run):
    settings = {**load_bench("streaming").read({})[0].shown(), **LoadSettings().shown()}
    streamed = make_run(pattern="streaming", settings=settings, calibration={})
    lines = Report.of([run, streamed]).to_summary().splitlines()
    assert [line.partition(":")[0] for line in lines] == ["- ❌ Caching", "- ❌ Streaming"]


def test_names_are_texts_and_no_markup(make_run):
    name = "<img src=x> [a](b) `c` # | *d*\n### e"
    workload = {**make_run().workload, "name": name}
    text = Report.of(make_run(workload=workload)).to_summary()
    assert "<img" not in text.replace("\\<", "")
    assert "](b)" not in text.replace("\\]", "")
    assert text.count("\n###") == 0


def test_form_is_chosen_apart_from_the_suffix(run, tmp_path):
    made = report(run, tmp_path / "note.txt", form="summary")
    assert made.read_text(encoding="utf-8") == Report.of(run).to_summary()
    folder = report(run, tmp_path / "all")
    assert (folder / "summary.md").read_text(encoding="utf-8") == Report.of(run).to_summary()


def test_page_holds_the_summary_to_copy(run):
    made = Report.of(run)
    page = made.to_html()
    assert '<pre id="summary" hidden>### ' in page
    assert 'data-copies="summary"' in page
