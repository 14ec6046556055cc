from __future__ import annotations

import pytest

from perflab.bench.registry import load_bench
from perflab.panels.bench_actions import BenchActions

BENCHES = ("redis_cache", "connection_pool", "prefetching", "async_io")


def enabled(actions):
    return {name for name, button in actions.buttons.items() if not button.disabled}


def of(pattern, act=lambda action: None):
    return BenchActions(load_bench(pattern).live.actions, act)


def test_redis_is_killed_while_it_is_up_and_started_while_it_is_down():
    actions = of("redis_cache")
    actions.show(going=True, server_up=True, under_way=None)
    assert enabled(actions) == {"kill", "slow"}
    assert actions.state.value == "server: up"
    actions.show(going=True, server_up=False, under_way=None)
    assert enabled(actions) == {"restart"}
    assert actions.state.value == "server: down"


def test_web_server_that_is_down_can_only_be_restarted():
    actions = of("async_io")
    actions.show(going=True, server_up=True, under_way=None)
    assert enabled(actions) == {"kill", "restart"}
    actions.show(going=True, server_up=False, under_way=None)
    assert enabled(actions) == {"restart"}


def test_while_an_action_is_under_way_the_others_wait():
    actions = of("redis_cache")
    actions.show(going=True, server_up=True, under_way="slow")
    assert enabled(actions) == set()
    assert actions.state.value == "server: slowed"
    actions.show(going=True, server_up=True, under_way="kill")
    assert actions.state.value == "server: Kill Redis is under way"


@pytest.mark.parametrize("pattern", BENCHES)
def test_no_action_is_offered_without_a_run_or_a_server_of_perflab_s(pattern):
    actions = of(pattern)
    actions.show(going=False, server_up=True, under_way=None)
    assert enabled(actions) == set()
    assert actions.state.value == "server: waits for a run"
    actions.show(going=True, server_up=None, under_way=None)
    assert enabled(actions) == set()
    assert "none of perflab" in actions.state.value


def test_press_that_waited_until_its_button_was_disabled_does_nothing():
    seen = []
    actions = of("redis_cache", seen.append)
    actions.show(going=True, server_up=False, under_way=None)
    actions.buttons["kill"].click()
    assert seen == []
    actions.buttons["restart"].click()
    actions.buttons["restart"].click()
    assert [action.name for action in seen] == ["restart"]


def test_bench_without_actions_shows_no_state():
    actions = of("cache")
    actions.show(going=True, server_up=None, under_way=None)
    assert actions.widget.layout.display == "none"
    assert actions.state not in actions.widget.children
