"""Settings, actions and alerts of a run as lines of a list on the panel."""

from perflab.bench import load_bench
from perflab.panels.events_list import MOST_LINES, EventsList


def changes(count):
    return [
        {"seconds": float(n), "request": n, "settings": {"max_cache_size": str(n)}}
        for n in range(1, count + 1)
    ]


def test_without_events_it_says_that_a_run_goes_on_and_ends():
    shown = EventsList(load_bench("cache")).widget.value
    assert "goes on when this tab is closed, and ends after its limit" in shown
    assert "<li>" not in shown


def test_the_newest_comes_first_and_the_oldest_are_counted():
    bench = load_bench("cache")
    made = EventsList(bench)
    made.begin(*bench.read({"max_cache_size": 7}))
    made.show(changes(MOST_LINES + 3), [])
    lines = made.widget.value.split("<li>")[1:]
    assert f"{MOST_LINES + 2} → {MOST_LINES + 3}" in lines[0]
    assert "and 3 earlier events" in lines[-1]
    assert len(made.events) == MOST_LINES + 3
    assert "7 → 1" in made.events[0].words


def test_markup_of_a_setting_is_text():
    made = EventsList(load_bench("cache"))
    made.show([{"seconds": 1.0, "request": 1, "settings": {"backend": "<img src=x>"}}], [])
    assert "<img" not in made.widget.value


def test_a_run_fills_it_and_the_next_one_empties_it(panel, until):
    panel.alerts.add("hit_rate>=0 for 0s")
    panel.run_or_stop()
    until(lambda: panel.runner.live is not None and panel.runner.live.rows.last is not None, 240)
    panel.controls.controls["max_cache_size"].value = 321
    until(lambda: "→ 321" in panel.events.widget.value)
    until(lambda: any(event.kind == "alert" for event in panel.events.events))
    assert panel.alerts.fired.value
    panel.runner.stop()
    assert "→ 321" in panel.events.widget.value
    panel.run_or_stop()
    assert "→ 321" not in panel.events.widget.value
    panel.runner.stop()
