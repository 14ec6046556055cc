from __future__ import annotations

import threading

import pytest

from perflab.bench import load_bench
from perflab.panels.history.names import Names
from perflab.panels.history.tab import HistoryTab
from perflab.panels.history.tried import MOST, Trail


@pytest.fixture
def tried():
    clock = iter(range(10**9))
    trail = Trail(lambda: 1000.0 * next(clock))
    restored, pinned = [], []
    tab = HistoryTab(Names.of_bench(load_bench("cache")), trail, restored.append, pinned.append)
    return tab, trail, restored, pinned


def add(trail, size):
    trail.predict({"max_cache_size": size}, {"hit_rate": size / 1000})


def sizes(tab):
    return [row.entry["settings"]["max_cache_size"] for row in tab._rows.values()]


def test_rows_stay_and_say_what_their_entries_are(tried):
    tab, trail, _, _ = tried
    for size in (10, 20):
        add(trail, size)
        tab.refresh()
    first = tab._list.children
    add(trail, 30)
    tab.refresh()
    assert tab._list.children[1:] == first
    assert sizes(tab) == [30, 20, 10]
    for row, size in zip(tab._rows.values(), (30, 20, 10), strict=True):
        assert f"max cache size {size}" in row.tick.description
        assert row.tick.description in row.back.tooltip


def test_a_late_press_acts_on_the_entry_that_was_seen(tried):
    tab, trail, restored, pinned = tried
    for size in range(1, MOST + 1):
        add(trail, size)
    tab.refresh()
    row = next(iter(tab._rows.values()))
    # Of a full list each new entry takes the oldest away, and so all numbers are others.
    add(trail, 999)
    row.pin.click()
    row.back.click()
    assert [each["settings"]["max_cache_size"] for each in (*pinned, *restored)] == [MOST, MOST]
    row = next(reversed(tab._rows.values()))
    trail.clear()
    row.back.click()
    assert len(restored) == 1


def test_threads_that_refresh_at_once_leave_a_whole_list(tried):
    tab, trail, _, _ = tried

    def work(first):
        for size in range(first, first + 15):
            add(trail, size)
            tab.refresh()

    threads = [threading.Thread(target=work, args=(100 * n + 1,)) for n in range(3)]
    for each in threads:
        each.start()
    for each in threads:
        each.join(60)
    tab.refresh()
    assert [row.widget for row in tab._rows.values()] == [*tab._list.children]
    assert sizes(tab) == [each["settings"]["max_cache_size"] for each in trail.entries[::-1]]
