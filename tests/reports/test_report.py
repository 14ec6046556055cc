"""What a report says, and where it is written."""

import json

import pytest

from perflab.bench import load_bench
from perflab.errors import BadInputError
from perflab.reports import Report, report
from perflab.settings import LoadSettings


def table(made, name):
    return {each.name: each for each in made.tables}[name]


def rows(made, name):
    return {row[0].value: row for row in table(made, name).rows}


def section(made, name):
    return {each.name: each for each in made.chapters[0].sections}[name]


def test_recommended_settings_are_the_answer(recommendation):
    verdict = Report.of(recommendation).chapters[0].verdict
    assert verdict.headline == "Ship max cache size 3,800 entries instead of 1,000 entries"
    assert "hit rate rises from 60.7 % to 98.8 % (+38.1 points)" in verdict.effect
    assert "mean latency falls from 429 µs to 14.2 µs (\N{MINUS SIGN}96.7 %)" in verdict.effect
    assert "memory rises from" in verdict.effect
    assert [card.tone for card in verdict.cards] == ["better", "better", "better", "worse"]
    assert verdict.measured == ""


def test_every_changed_setting_is_named(make_recommendation, recommendation):
    changed = {**recommendation.settings, "policy": "sieve", "ttl_seconds": 1800.0}
    headline = Report.of(make_recommendation(settings=changed)).chapters[0].verdict.headline
    assert headline == (
        "Ship max cache size 3,800 entries instead of 1,000 entries, TTL 30 min instead of none "
        "and policy SIEVE instead of LRU"
    )


def test_recommendation_that_changes_nothing_says_keep(make_recommendation, recommendation):
    same = make_recommendation(
        before=recommendation.settings, before_metrics=recommendation.metrics
    )
    verdict = Report.of(same).chapters[0].verdict
    assert verdict.headline == "Keep max cache size 3,800 entries and policy LRU"
    assert "stays at 98.8 %" in verdict.effect


def test_a_live_run_of_the_recommended_settings_is_in_the_answer(recommendation, make_run):
    made = Report.of([make_run(1000), recommendation, make_run(3800)])
    assert made.chapters[0].verdict.measured.startswith(
        "Measured live at these settings over 334,264 requests: hit rate 98.8 % "
        "(predicted for the same requests: 98.8 %)"
    )
    chart = next(each for each in made.figures if each.name == "what-if-hit-rate")
    assert "refitted: 98.8 % at 3,800" in chart.alt
    (plot,) = chart.picture["plots"]
    assert {"refitted", "measured"} <= {spot["name"] for spot in plot["spots"]}


def test_of_several_fitting_runs_the_unchanged_one_counts(recommendation, make_run):
    changed = make_run(changes=({"seconds": 1.0, "request": 5, "settings": {}},))
    made = Report.of([recommendation, make_run(), changed])
    assert made.chapters[0].scope.measured is not None
    assert not made.chapters[0].scope.measured.changes


def test_two_runs_are_before_and_after(make_run):
    made = Report.of([make_run(1000), make_run(3800)])
    assert (
        made.chapters[0].verdict.headline
        == "Ship max cache size 3,800 entries instead of 1,000 entries"
    )
    assert made.chapters[0].verdict.effect.startswith("Measured over 334,264 requests")
    assert rows(made, "effect")["hit_rate"][3].text == "+38.1 points"


def test_a_change_for_the_worse_is_not_shipped(make_run):
    made = Report.of([make_run(3800), make_run(1000)])
    assert (
        made.chapters[0].verdict.headline
        == "Keep max cache size 3,800 entries, rather than 1,000 entries"
    )
    assert "the change is for the worse" in made.chapters[0].verdict.effect
    assert "max_cache_size=3800" in section(made, "paste").blocks[0].text


def test_one_run_shows_what_was_measured(run):
    made = Report.of(run)
    assert (
        made.chapters[0].verdict.headline
        == "Measured with max cache size 3,800 entries and policy LRU"
    )
    assert all(card.before == "" for card in made.chapters[0].verdict.cards)


def test_smallest_good_prediction_is_named_and_the_ceiling_is_not(make_predictions):
    made = Report.of(make_predictions())
    assert made.chapters[0].verdict.headline.startswith(
        "Predicted for max cache size 3,800 entries"
    )
    assert made.chapters[0].verdict.headline.endswith("the smallest good one of 18 points")
    points = make_predictions().points
    ceiling = {**points[0], "settings": {**points[0]["settings"], "policy": "opt"}}
    ceiling["metrics"] = {**points[0]["metrics"], "hit_rate": 1.0}
    with_opt = make_predictions(points=(ceiling, *points))
    assert Report.of(with_opt).chapters[0].scope.ship.settings["policy"] == "lru"


def test_reason_objective_and_limits_are_told(recommendation):
    texts = [
        block.text for block in section(Report.of(recommendation), "recommendation").blocks[:2]
    ]
    assert texts[0] == recommendation.reason
    assert "the highest hit rate, within" in texts[1]
    assert "memory_bytes<=64MiB" in texts[1]


def test_alternatives_say_what_they_change(recommendation):
    (row,) = table(Report.of(recommendation), "alternatives").rows
    assert [cell.text for cell in row[:2]] == ["knee", "max cache size 3,000 entries"]


def test_settings_stand_before_and_after_with_their_meaning(recommendation):
    row = rows(Report.of(recommendation), "settings")["max_cache_size"]
    assert [cell.value for cell in row[1:3]] == [1000, 3800]
    assert [cell.text for cell in row[1:3]] == ["1,000 entries", "3,800 entries"]
    assert row[2].tone == "changed"
    assert "Maximum number of entries" in row[3].text
    assert rows(Report.of(recommendation), "settings-load")["backend_seconds"][2].text == "1 ms"


def test_prediction_stands_beside_the_measurement_with_its_difference(run):
    row = rows(Report.of(run), "measured-1")["latency_seconds_mean"]
    before, fitted, measured, difference, of_fitted = row[1:]
    assert measured.value == pytest.approx(before.value * 1.1)
    assert difference.text == "+10 %"
    assert measured.value == fitted.value
    assert of_fitted.text == "none"
    assert rows(Report.of(run), "measured-1")["hit_rate"][4].text == "none"


def test_difference_of_a_ratio_is_in_points(make_run, run):
    off = make_run(predicted={**run.predicted, "hit_rate": run.metrics["hit_rate"] - 0.05})
    assert rows(Report.of(off), "measured-1")["hit_rate"][4].text == "+5.0 points"


def test_throughput_is_left_out_where_speedup_sets_the_pace(make_run):
    paced = Report.of(make_run(speedup=1000.0))
    assert "throughput_per_second" not in rows(paced, "measured-1")
    assert "speedup set the pace" in table(paced, "measured-1").note
    assert "throughput_per_second" in rows(Report.of(make_run()), "measured-1")


def test_live_check_of_a_recommendation_is_beside_its_prediction(make_recommendation, run):
    measured = {**run.metrics, "requests": 5_000.0}
    made = Report.of(make_recommendation(measured=measured))
    assert rows(made, "measured-recommended")["hit_rate"][2].text == "98.8 %"
    assert "Measured over 5,000 requests" in table(made, "measured-recommended").note


def test_alerts_that_fired_and_that_did_not_are_thresholds(run):
    found = [[cell.text for cell in row] for row in table(Report.of(run), "thresholds").rows]
    assert found == [
        [
            "failed",
            "alert: hit rate at least 90 %, but for less than 1 s",
            "fired at 1.1 s with 14.2 %",
        ],
        ["passed", "alert: p99 latency at most 5 s", "did not fire"],
    ]


def test_workload_calibration_and_environment_are_told(run):
    made = Report.of(run)
    workload = rows(made, "workload")
    assert workload["fingerprint"][1].text == "18cbd513a22ef535"
    assert workload["distinct keys"][1].text == "4,043"
    assert workload["one hit wonders"][1].text == "171 (4.23 % of the keys)"
    assert workload["duration"][1].text == "365 d"
    assert rows(made, "calibration")["date"][1].text == "2026-03-01 10:00:00 UTC"
    assert rows(made, "calibration")["source"][1].text == "measured"
    assert rows(made, "calibration")["backend"][1].text == "sqlite"
    assert rows(made, "environment")["processor"][1].text == "A Processor"
    assert "numpy 2.4.6" in rows(made, "environment")["versions"][1].text


def test_notes_of_all_results_are_kept(recommendation, make_run):
    made = Report.of([recommendation, make_run(notes=("12 requests failed",))])
    assert section(made, "basis").blocks[0].texts == (
        "Costs measured on this machine with sqlite.",
        "12 requests failed.",
    )


def test_points_are_drawn_and_tabled_with_the_recommended_one(recommendation):
    made = Report.of(recommendation)
    assert [figure.name for figure in made.figures] == [
        "trade-off",
        "what-if-hit-rate",
        "what-if-latency-seconds-mean",
        "what-if-memory-bytes",
    ]
    assert "recommended: 98.8 % at 3.77 MiB" in made.figures[0].alt
    assert "recommended: 98.8 % at 3,800 entries" in made.figures[1].alt
    numbers = rows(made, "what-if-hit-rate")
    assert [cell.text for cell in numbers[1000]] == [
        "1,000 entries",
        "60.7 %",
        "55.2 %",
        "50.4 %",
    ]
    assert numbers[3800][0].tone == "changed"


def test_runs_are_drawn_one_row_each(make_run):
    made = Report.of([make_run(1000), make_run(3800)])
    assert sum(figure.name.startswith("live-2-") for figure in made.figures) == 3
    assert len(table(made, "runs").rows) == 2


def test_a_run_without_snapshots_has_no_figure_and_is_still_reported(make_run):
    made = Report.of(make_run(snapshots=(), predicted={}, fitted={}, alerts=()))
    assert made.figures == []
    assert made.to_html()


def test_a_metric_that_is_not_a_number_is_not_available(make_run, run, tmp_path):
    broken = make_run(since_change={**run.metrics, "latency_seconds_mean": float("nan")})
    made = Report.of(broken.to_json(tmp_path / "run.json"))
    assert "latency_seconds_mean" not in rows(made, "measured-1")
    assert made.to_html()


def test_settings_that_cannot_run_have_a_reason_in_place_of_exports(make_predictions):
    point = make_predictions().points[0]
    only = {**point, "settings": {**point["settings"], "policy": "opt"}}
    blocks = section(Report.of(make_predictions(points=(only,))), "paste").blocks
    assert "what-if only" in blocks[0].text
    assert json.loads(blocks[1].text)["policy"] == "opt"


def test_report_as_json_holds_all_and_loads_back(recommendation, run, predictions, tmp_path):
    path = report([recommendation, run, predictions], tmp_path / "r.json", "Mine")
    values = json.loads(path.read_text(encoding="utf-8"))
    assert values["settings"]["max_cache_size"] == 3800
    assert {"settings", "effect", "measured-1"} <= {each["name"] for each in values["tables"]}
    loaded = Report.load(path)
    assert loaded == Report.of([recommendation, run, predictions], "Mine")
    assert loaded.to_json() == path.read_text(encoding="utf-8")
    assert Report.of(path).results == loaded.results


def test_files_and_objects_give_the_same_report(recommendation, run, tmp_path):
    files = [recommendation.to_json(tmp_path / "a.json"), run.to_json(tmp_path / "b.json")]
    assert Report.of(files).to_html() == Report.of([recommendation, run]).to_html()


@pytest.mark.parametrize("name", ["r.html", "r.HTML", "r.md", "r.json"])
def test_suffix_decides(name, run, tmp_path):
    assert report(run, tmp_path / name) == tmp_path / name
    start = {"l": "<!DO", "L": "<!DO", "d": "# Ca", "n": '{\n "'}[name[-1]]
    assert (tmp_path / name).read_text(encoding="utf-8")[:4] == start


def test_unknown_suffix_names_the_three(run, tmp_path):
    with pytest.raises(BadInputError, match=r"\.html, \.md or \.json"):
        report(run, tmp_path / "r.pdf")
    assert list(tmp_path.iterdir()) == []


def test_nothing_to_report_is_refused(tmp_path):
    with pytest.raises(BadInputError, match="no results"):
        report([], tmp_path / "r.html")


@pytest.fixture
def streamed(make_run):
    settings = {**load_bench("streaming").read({})[0].shown(), **LoadSettings().shown()}
    return make_run(pattern="streaming", settings=settings, calibration={})


def test_each_pattern_has_a_chapter_of_its_own(run, streamed, recommendation, tmp_path):
    made = Report.of([run, streamed, recommendation])
    assert [chapter.bench.identity.pattern for chapter in made.chapters] == ["cache", "streaming"]
    assert len(made.chapters[0].results) == 2
    assert made.title == "Caching: flights; Streaming: flights"
    folder = made.write(tmp_path / "both")
    for listed, suffix in ((made.tables, "csv"), (made.figures, "svg")):
        names = [each.name for each in listed]
        assert len(names) == len(set(names))
        assert {f"{name}.{suffix}" for name in names} <= {p.name for p in folder.rglob("*")}
    assert {"cache-settings", "streaming-settings"} <= {each.name for each in made.tables}
    again = Report.load(folder / "report.json")
    assert again.to_html() == made.to_html()
    values = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    assert [each["pattern"] for each in values["chapters"]] == ["cache", "streaming"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is not JSON"),
        ("[1]", "not a JSON object"),
        ('{"kind": "cake"}', "is not a result of perflab"),
        ('{"kind": "run"}', "is not a whole run"),
        ('{"kind": "run", "metrics": "many"}', "is damaged: metrics is not"),
        ('{"kind": "predictions", "points": [{"x": 1}]}', "is damaged: points.0.settings is not"),
        ('{"kind": "report", "results": [3]}', "is not a result"),
        ('{"kind": "report"}', "a report without results"),
    ],
)
def test_a_file_that_holds_no_result_is_named(text, said, tmp_path):
    path = tmp_path / "bad.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(BadInputError, match=said) as error:
        report(path, tmp_path / "r.html")
    assert error.value.place.startswith(str(path))


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(BadInputError, match="cannot be read"):
        report(tmp_path / "none.json", tmp_path / "r.html")


def test_fired_alerts_stand_above_the_answer_in_page_and_text(run, make_run):
    made = Report.of(run)
    (said,) = made.chapters[0].verdict.alerts
    assert said.startswith("Alert: hit_rate<0.9 for 1s fired at ")
    page, text = made.to_html(), made.to_markdown()
    top = page.index('class="verdict ')
    assert top < page.index('role="alert">Alert: hit_rate') < page.index("<h2>", top)
    assert text.index("Alert: hit") < text.index(made.chapters[0].headline[:20])
    quiet = tuple({**alert, "fired": False, "seconds": None} for alert in run.alerts)
    silent = Report.of(make_run(alerts=quiet))
    assert silent.chapters[0].verdict.alerts == ()
    assert 'role="alert"' not in silent.to_html()


def test_alert_of_one_of_several_runs_names_the_run(make_run):
    fired, quiet = make_run(), make_run(alerts=())
    (said,) = Report.of([quiet, fired]).chapters[0].verdict.alerts
    assert " of run 2 " in said
