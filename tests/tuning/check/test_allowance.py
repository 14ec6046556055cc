"""How much worse than a baseline a metric may be."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perflab.bench.registry import load_bench
from perflab.errors import BadInputError
from perflab.tuning.check.allowance import allowances_of, by_metric

CACHE = load_bench("cache")


def one(metric, text):
    (found,) = allowances_of(CACHE, {metric: text})
    return found


@pytest.mark.parametrize(
    ("metric", "text", "amount", "relative"),
    [
        ("hit_rate", "1pt", 0.01, False),
        ("hit_rate", "0.5 points", 0.005, False),
        ("hit_rate", "0.01", 0.01, False),
        ("memory_bytes", "5%", 0.05, True),
        ("memory_bytes", "2 MiB", 2 * 2**20, False),
        ("latency_seconds_p95", "2ms", 0.002, False),
        ("throughput_per_second", "0%", 0, True),
    ],
)
def test_amounts_are_read_as_people_write_them(metric, text, amount, relative):
    found = one(metric, text)
    assert (found.amount, found.relative) == (pytest.approx(amount), relative)
    assert str(found) == f"{metric}={text}"


@pytest.mark.parametrize(
    ("metric", "text", "told"),
    [
        ("hit_rate", "1%", "may mean two things; write 1pt"),
        ("memory_bytes", "5pt", "has no points"),
        ("memory_bytes", "-5%", "from 0 on"),
        ("memory_bytes", "nan", "memory_bytes=nan"),
        ("memory_bytes", "much", "memory_bytes=much"),
        ("hit_rat", "1pt", "did you mean 'hit_rate'"),
        ("requests", "1", "neither better high nor low"),
    ],
)
def test_what_cannot_be_meant_is_refused(metric, text, told):
    with pytest.raises(BadInputError, match=told):
        one(metric, text)


@pytest.mark.parametrize("text", ["hit_rate", "=1pt", "hit_rate=", "hit_rate=1pt,,", ""])
def test_an_option_is_metric_and_amount(text):
    with pytest.raises(BadInputError, match="METRIC=AMOUNT"):
        by_metric([text])


def test_several_options_are_joined_and_none_comes_twice():
    assert by_metric(["a=1, b=2", "c=3"]) == {"a": "1", "b": "2", "c": "3"}
    with pytest.raises(BadInputError, match="a is given twice"):
        by_metric(["a=1", "a=2"])


@given(before=st.floats(0, 1e12), after=st.floats(0, 1e12))
def test_a_gain_never_breaks_and_a_loss_does_where_none_is_allowed(before, after):
    memory, rate = one("memory_bytes", "0%"), one("throughput_per_second", "0")
    differ = abs(before - after) > 1e-6 * max(before, after, 1)
    assert memory.broken(before, after) <= (after > before)
    assert rate.broken(before, after) <= (after < before)
    if differ:
        assert memory.broken(before, after) == (after > before)
        assert rate.broken(before, after) == (after < before)


def test_what_is_just_allowed_holds_in_floats():
    assert not one("memory_bytes", "10%").broken(0.3, 0.33)
    assert not one("hit_rate", "10pt").broken(0.7, 0.6)
    assert one("hit_rate", "10pt").broken(0.7, 0.599)
    assert one("memory_bytes", "10%").broken(0, 1)


@pytest.mark.parametrize("value", [None, float("nan"), float("inf")])
def test_a_value_that_is_none_breaks_and_holds_nothing(value):
    from perflab.tuning.check.predicted import check_predicted

    known = {"hit_rate": 0.5}
    with pytest.raises(BadInputError, match="hit_rate is not predicted"):
        check_predicted(CACHE, None, {"hit_rate": value}, ["hit_rate"], "--limit")
    with pytest.raises(BadInputError, match="the baseline has no hit_rate"):
        check_predicted(CACHE, {"hit_rate": value}, known, ["hit_rate"], "--max-worse")
    check_predicted(CACHE, known, known, ["hit_rate"], "--max-worse")
