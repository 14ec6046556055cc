"""What happened during a run, in words and in order."""

from perflab.bench import load_bench
from perflab.lab.run_events import RunEvent, events_of

BENCH = load_bench("redis_cache")


def change(seconds, **settings):
    return {"seconds": seconds, "request": 1, "settings": settings}


def act(seconds, name):
    return {"seconds": seconds, "request": None, "action": name, "settings": {}}


def test_settings_say_what_they_were_and_what_they_are():
    first = {"maxmemory": "4MiB", "ttl_seconds": "1h"}
    changes = [
        change(3.0, maxmemory="8MiB", ttl_seconds="1h"),
        change(5.0, maxmemory="8MiB", ttl_seconds="none"),
        change(6.0, maxmemory="8MiB", ttl_seconds="none"),
    ]
    assert [event.words for event in events_of(BENCH, first, changes)] == [
        f"{BENCH.info('maxmemory').name} 4MiB → 8MiB",
        f"{BENCH.info('ttl_seconds').name} 1h → none",
    ]


def test_actions_and_alerts_stand_between_them_by_time():
    alerts = [
        {"alert": "hit_rate<0.8 for 5s", "metric": "hit_rate", "fired": True, "seconds": 4.0,
         "value": 0.25},
        {"alert": "hit_rate<0.1", "metric": "hit_rate", "fired": False, "seconds": None,
         "value": None},
    ]  # fmt: skip
    changes = [change(6.0, maxmemory="8MiB"), act(2.0, "kill")]
    found = events_of(BENCH, {"maxmemory": "4MiB"}, changes, alerts)
    assert [event.kind for event in found] == ["action", "alert", "settings"]
    assert found[0].line == "2 s: the server was killed"
    assert found[1].words == "hit_rate<0.8 for 5s fired with 25 %"


def test_a_setting_of_another_release_keeps_its_key():
    found = events_of(BENCH, {}, [change(1.0, no_such_key="5")])
    assert found == [RunEvent(1.0, "settings", "no_such_key 5", 1)]


def test_a_list_and_a_report_tell_a_change_in_the_same_words():
    as_typed = events_of(BENCH, {}, [change(1.0, maxmemory="8MiB")])
    as_numbers = events_of(BENCH, {}, [change(1.0, maxmemory=8 * 2**20)])
    assert as_typed == as_numbers
    assert as_typed[0].words.endswith("→ 8MiB")


def test_an_alert_without_a_time_comes_last():
    alert = {"alert": "hit_rate<0.8", "metric": "hit_rate", "fired": True}
    found = events_of(BENCH, {}, [act(2.0, "kill")], [alert])
    assert [event.line for event in found][1] == "n/a: hit_rate<0.8 fired"
