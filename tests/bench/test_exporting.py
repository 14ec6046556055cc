"""What the exports share: a remark on where they come from, and the values that were chosen."""

from hypothesis import given
from hypothesis import strategies as st

from perflab.bench.exporting import arguments, heading, number, threads
from perflab.patterns.cache.settings import CacheSettings
from perflab.settings import LoadSettings


@given(st.text(max_size=60), st.sampled_from(["1 thread", "200 arrivals per second"]))
def test_heading_is_one_line_whatever_the_workload_is_called(workload, under):
    text = heading(workload, under)
    assert text.splitlines() == [text]
    assert text.isprintable()
    assert text.endswith(f", {under}.")


def test_parameters_of_a_workload_are_kept_and_folders_are_not():
    assert "zipf:skew=0.9,keys=1M." in heading("zipf:skew=0.9,keys=1M")
    assert "someone" not in heading(r"C:\someone\shop.csv")


def test_threads_are_counted_in_words():
    assert threads(LoadSettings(concurrency=1)) == "1 thread"
    assert threads(LoadSettings(concurrency=8)) == "8 threads"


def test_a_whole_number_has_no_point():
    assert repr(number(30.0)) == "30"
    assert repr(number(0.25)) == "0.25"


def test_defaults_are_left_out_unless_always_is_said():
    settings = CacheSettings(ttl_seconds=60, max_bytes=100)
    chosen = arguments(settings, always=("policy",), never=("max_bytes",))
    assert list(chosen.items()) == [("ttl_seconds", 60.0), ("policy", "lru")]
