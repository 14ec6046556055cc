"""A load test in a report: marks on its charts, and numbers beside the predicted ones."""

import shutil
from pathlib import Path

import pytest

import perflab
from perflab.errors import BadInputError
from perflab.reports.report import Report

LOCUST = Path(__file__).parents[1] / "patterns" / "async_io" / "locust_stats_history.csv"


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """A recommendation as a file, after the results that it rests on are gone."""
    folder = tmp_path_factory.mktemp("observed")
    results = folder / "spring_stats_history.csv"
    shutil.copy(LOCUST, results)
    values = {"measured": str(results), "retries": 0, "max_concurrent": 30}
    advice = perflab.tune("async_io", settings=values)
    results.unlink()
    return advice.to_json(folder / "advice.json")


def test_marks_and_their_source_are_in_the_charts(kept):
    figures = [each for each in Report.of(kept).figures if each.name != "trade-off"]
    assert len(figures) == 3
    for figure in figures:
        assert "Locust: spring_stats_history.csv" in figure.svg
        assert figure.alt.count("Locust: spring_stats_history.csv: ") in (3, 9)
    assert "400/s at 16 requests" in figures[0].alt


def test_a_table_has_measured_beside_predicted(kept):
    table = next(table for table in Report.of(kept).tables if table.name == "observed")
    assert table.title.startswith("Locust: spring_stats_history.csv")
    rows = [tuple(cell.text for cell in row) for row in table.rows]
    assert len(rows) == 3 * 5
    place, name, predicted, measured, difference = rows[-5]
    assert (place, name, measured) == ("15.8", "throughput", "400/s")
    assert predicted.endswith("/s")
    assert difference.endswith(" %")


def test_a_report_of_a_server_that_is_known_has_none():
    advice = perflab.tune("async_io", settings={"capacity": 8, "retries": 0})
    made = Report.of(advice)
    assert "observed" not in [table.name for table in made.tables]
    assert not any("Locust" in figure.svg for figure in made.figures)


def test_a_damaged_file_says_what_is_wrong_with_it(kept):
    damaged = kept.with_name("damaged.json")
    damaged.write_text(kept.read_text().replace('"along": "max_concurrent"', '"along": 7'))
    with pytest.raises(BadInputError, match=r"observed\.along"):
        Report.of(damaged)
