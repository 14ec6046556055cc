"""What the exports share: a heading that stays a comment, and values that come back."""

import ast

from hypothesis import given
from hypothesis import strategies as st

from perflab.bench.exporting import arguments, comments, heading, literal, threads
from perflab.patterns.cache.settings import CacheSettings
from perflab.settings import LoadSettings


@given(st.text(max_size=60), st.sampled_from(["1 thread", "200 arrivals per second"]))
def test_heading_is_one_comment_whatever_the_workload_is_called(workload, under):
    text = heading(workload, under)
    assert text.splitlines() == [text]
    assert text.startswith("# ")
    assert text.endswith(f", {under}.")


def test_parameters_of_a_workload_are_kept_and_folders_are_not():
    assert "zipf:skew=0.9,keys=1M." in heading("zipf:skew=0.9,keys=1M")
    assert "someone" not in heading(r"C:\someone\shop.csv")


def test_threads_are_counted_in_words():
    assert threads(LoadSettings(concurrency=1)) == "1 thread"
    assert threads(LoadSettings(concurrency=8)) == "8 threads"


@given(
    st.text()
    | st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
)
def test_a_value_comes_back_from_its_literal(value):
    assert ast.literal_eval(literal(value)) == value


def test_text_without_quotes_stands_in_double_ones():
    assert literal("lru") == '"lru"'


def test_defaults_are_left_out_unless_always_is_said():
    settings = CacheSettings(ttl_seconds=60, max_bytes=100)
    text = arguments(settings, always=("policy",), never=("max_bytes",))
    assert text == '        ttl_seconds=60.0,\n        policy="lru",'


def test_each_remark_is_a_comment_of_its_own():
    assert comments([]) == ""
    assert comments(["a", "b"]) == "# a\n# b\n"
