"""Each field of a panel: a wrong text stays marked, what holds stays in force, once said."""

from __future__ import annotations

import os

import pytest

from perflab.bench import load_bench
from perflab.errors import BadInputError
from perflab.panels.alerts_row import AlertsRow
from perflab.panels.escape import escape_key
from perflab.panels.server_field import ServerField
from perflab.panels.setting_controls import SettingControls
from perflab.servers.addresses import names_server, redis_address

VARIABLE = "PERFLAB_FORM_TEST_URL"
SECRET = "hidden-words"


def controls(pattern, **values):
    changed = []
    made = SettingControls(load_bench(pattern), values, lambda *change: changed.append(change))
    return made, changed


def is_marked(field_error, widget):
    shown = field_error.button.layout.display is None and field_error.line.layout.display is None
    assert shown == ("perflab-wrong" in widget._dom_classes)
    return shown


@pytest.mark.parametrize(
    ("pattern", "key", "text", "message"),
    [
        ("cache", "max_cache_size", "heaps", "is not a quantity of entries"),
        ("cache", "max_cache_size", "7 000 000 000", "is out of bounds"),
        ("cache", "ttl_seconds", "-3 hours", "out of bounds"),
        ("redis_cache", "maxmemory", "12 GG", "is not a quantity of bytes"),
        ("connection_pool", "max_connections", "2.5", "is not a whole number"),
        ("streaming", "max_rejected_share", "140 %", "out of bounds"),
        ("async_io", "urls", "nowhere at all", "is neither a URL of http or https nor a file"),
        ("async_io", "urls", "https://", "names no host"),
        ("async_io", "urls", "absent/urls.txt", "nor a file of URLs"),
        ("async_io", "measured", "absent/k6.json", "cannot be"),
    ],
)
def test_wrong_text_is_marked_and_the_value_before_it_holds(pattern, key, text, message):
    made, changed = controls(pattern)
    made.fit(load_bench(pattern).workload_for(made.read()[0], None))
    control = made.controls[key]
    right, before = control.value, made.values
    shown = control.text.value
    control.text.value = text
    assert message in control.message
    assert is_marked(control.field_error, control.widget)
    assert control.text.value == text
    assert control.value == right
    assert made.values == before
    assert changed == []
    control.field_error.button.click()
    assert control.text.value == shown
    assert not is_marked(control.field_error, control.widget)


@pytest.mark.parametrize(
    ("pattern", "key", "text", "value"),
    [
        ("cache", "max_cache_size", "3 500", 3500),
        ("cache", "max_cache_size", "3_500", 3500),
        ("cache", "max_bytes", "3 GB", 3_000_000_000),
        ("cache", "ttl_seconds", "2 hours", 7200),
        ("async_io", "timeout", "750 ms", 0.75),
        ("streaming", "max_rejected_share", "12.5 %", 0.125),
        ("prefetching", "workers", "8", 8),
    ],
)
def test_quantity_with_blanks_is_taken_by_its_field(pattern, key, text, value):
    made, changed = controls(pattern)
    made.controls[key].text.value = text
    assert made.controls[key].message == ""
    assert changed == [(key, value)]


def test_what_was_refused_is_tried_again_when_another_setting_changes():
    made, changed = controls("cache")
    size, ttl = made.controls["max_cache_size"], made.controls["ttl_seconds"]
    lowest = [10_000]
    plain = size._check

    def check(value):
        if plain(value) < lowest[0]:
            raise BadInputError("too few beside the others")
        return plain(value)

    size._check = check
    size.text.value = "400"
    assert size.message
    lowest[0] = 1
    ttl.text.value = "5m"
    assert size.message == ""
    assert size.value == 400
    assert dict(changed) == {"ttl_seconds": 300, "max_cache_size": 400}


def test_setting_that_names_no_workload_is_marked_and_the_earlier_holds():
    made, _ = controls("lazy_loading")
    source = made.controls["data_source"]
    right = source.value
    source.text.value = "absent/rows.csv"
    assert made.values["data_source"] == "absent/rows.csv"
    assert made.refuse_naming("absent/rows.csv: cannot be opened")
    assert made.values["data_source"] == right
    assert source.value == right
    assert source.text.value == "absent/rows.csv"
    assert is_marked(source.field_error, source.widget)
    assert not made.refuse_naming("again")
    source.restore()
    assert source.message == ""


def test_alert_on_a_metric_of_another_pattern_is_refused_where_it_was_typed():
    added = []
    row = AlertsRow(load_bench("cache"), added.append, lambda _: None)
    row.text.value = "stall_fraction>20 % for 10 s"
    row.button.click()
    assert "cache has no metric 'stall_fraction'" in row.field_error.message
    assert is_marked(row.field_error, row.text)
    assert added == []
    row.text.value = "hit_rate<70 % for 1 minute"
    assert [alert.seconds for alert in added] == [60]
    assert not is_marked(row.field_error, row.text)


@pytest.mark.parametrize(
    "text",
    [
        "no address at all",
        f"http://me:{SECRET}@cache/0",
        f"redis://me:{SECRET}@/0",
        "redis://",
        f"redis://me:{SECRET}@two words:1/0",
        f"redis://me:{SECRET}@cache:99999999/0",
    ],
)
def test_server_that_is_none_is_refused_and_the_earlier_kept(text, monkeypatch):
    monkeypatch.setenv(VARIABLE, "redis://cache.internal:6400/2")
    changed = []
    field = ServerField(
        VARIABLE, lambda: changed.append(1), lambda: redis_address(os.environ[VARIABLE], VARIABLE)
    )
    field.text.value = text
    assert is_marked(field.field_error, field.text)
    assert SECRET not in field.field_error.message
    assert os.environ[VARIABLE] == "redis://cache.internal:6400/2"
    assert field.text.value == ""
    assert changed == []
    field.text.value = "redis://other.internal:6401"
    assert changed == [1]
    assert not is_marked(field.field_error, field.text)


@pytest.mark.parametrize(
    ("url", "named"),
    [
        ("redis://", False),
        ("redis:///3", False),
        ("redis://me:x@/3", False),
        ("redis://cache", True),
        ("redis:///0?host=cache", True),
        ("unix:///run/redis.sock", True),
        ("postgresql://", False),
        ("postgresql://me@/", False),
        ("postgresql:///shop", True),
        ("postgresql:///?service=shop", True),
        ("host=db dbname=shop", True),
        ("  ", False),
    ],
)
def test_address_names_a_server_or_leaves_all_to_defaults(url, named):
    assert names_server(url) == named


def test_page_listens_for_escape_once():
    (output,) = escape_key().outputs
    script = output["data"]["application/javascript"]
    assert "if (!window.perflabEscape)" in script
    assert "perflab-restore" in script
