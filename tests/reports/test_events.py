"""What happened during runs, in the order of time."""

from perflab.bench import load_bench
from perflab.reports import Report
from perflab.reports.events import events_table

CHANGES = (
    {"seconds": 1.0, "request": 10, "settings": {"max_cache_size": 5, "policy": "lru"}},
    {"seconds": 2.0, "request": None, "action": "kill", "settings": {}},
    {"seconds": 200.0, "request": 30, "settings": {"max_cache_size": "9", "policy": "lru"}},
)


def said(*runs):
    table = events_table(load_bench("cache"), runs)
    return [[cell.text for cell in row] for row in table.rows]


def test_changes_actions_and_alerts_are_in_order_of_time(make_run):
    assert said(("the run", make_run(changes=CHANGES))) == [
        ["1 s", "10", "settings: max cache size 1k → 5"],
        ["1.1 s", "n/a", "alert: hit_rate<0.9 for 1s fired with 14.2 %"],
        ["2 s", "n/a", "action: kill"],
        ["3 min 20 s", "30", "settings: max cache size 5 → 9"],
        ["3 s", "334,264", "end: workload through"],
    ]


def test_actions_of_a_bench_are_said_in_its_words(make_run):
    bench = load_bench("redis_cache")
    (action, *_) = bench.live.actions
    change = {"seconds": 2.0, "request": None, "action": action.name, "settings": {}}
    table = events_table(bench, [("the run", make_run(changes=(change,), alerts=()))])
    assert table.rows[0][2].text == f"action: {action.event or action.word}"


def test_run_without_events_has_no_section(make_run):
    made = Report.of(make_run(alerts=()))
    assert "events" not in [section.name for section in made.chapters[0].sections]


def test_events_of_several_runs_name_their_run(make_run):
    rows = said(("run 1", make_run()), ("run 2", make_run(alerts=())))
    assert {row[0] for row in rows} == {"run 1"}


def test_settings_of_another_release_are_said_as_they_are(make_run):
    change = {"seconds": 1.0, "request": 3, "settings": {"no_such_key": 5}}
    rows = said(("the run", make_run(changes=(change,), alerts=())))
    assert rows[0][2] == "settings: no_such_key 5"


def test_alert_without_a_time_is_still_an_event(make_run):
    alert = {"alert": "hit_rate<0.9", "metric": "no_such", "fired": True}
    rows = said(("the run", make_run(alerts=(alert,))))
    assert ["n/a", "n/a", "alert: hit_rate<0.9 fired"] in rows
