import threading
import time

import pytest

from perflab.servers.call_cap import MOST_CALLS, CallCap, is_function, most_calls, said
from perflab.settings import LoadSettings


def test_calls_of_all_threads_together_keep_their_distance():
    cap, begun = CallCap(500.0), []

    def call():
        for _ in range(20):
            cap.wait()
            begun.append(time.perf_counter())

    threads = [threading.Thread(target=call) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    begun.sort()
    assert len(begun) == 100
    assert begun[-1] - begun[0] >= 99 / 500 - 0.01


def test_a_thread_learns_how_long_it_has_waited_and_no_other_does():
    cap = CallCap(20.0)
    cap.wait()
    cap.held()
    started = time.perf_counter()
    cap.wait()
    waited = time.perf_counter() - started
    other = []
    thread = threading.Thread(target=lambda: other.append(cap.held()))
    thread.start()
    thread.join()
    assert other == [0.0]
    assert 0.03 < cap.held() <= waited
    assert cap.held() == 0.0


def test_the_first_call_waits_where_some_were_made_just_now():
    cap = CallCap(1000.0, after=0.05)
    cap.wait()
    assert cap.held() > 0.04


@pytest.mark.parametrize(
    ("values", "most"),
    [({}, 200.0), ({"request_rate": 50}, 200.0), ({"request_rate": 900}, 900.0)],
)
def test_a_higher_request_rate_raises_the_cap(values, most):
    assert most_calls(LoadSettings.read(values)) == most


def test_only_a_function_is_capped():
    assert is_function(LoadSettings(backend="module:function"))
    assert is_function(LoadSettings(backend=lambda key: key))
    assert not is_function(LoadSettings())
    assert not is_function(LoadSettings(backend="delay"))


def test_cap_and_calibration_are_said():
    text = said("mine:load", LoadSettings(backend="mine:load", request_rate=900))
    assert "900 times per second" in text
    assert f"{MOST_CALLS:g} while calibrating" in text
