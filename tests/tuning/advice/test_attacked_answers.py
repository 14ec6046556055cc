"""Answers that contradict each other, or that nothing could serve."""

import pytest

from perflab.errors import BadInputError
from perflab.tuning.advice.advise import advise


def opinions(**answers):
    found = advise(answers=answers)
    return {each["pattern"]: each for each in found.suggestions}


@pytest.mark.parametrize("pattern", ["cache", "redis_cache"])
def test_a_cache_does_not_help_where_all_write(pattern):
    found = opinions(processes="4", repeats="50%", writes="100%")[pattern]
    assert found["verdict"] == "no"
    assert "All requests change" in found["reason"]


@pytest.mark.parametrize("pattern", ["cache", "redis_cache"])
def test_no_cache_is_begun_with_where_nothing_fits(pattern):
    found = opinions(memory="1KiB", keys="1M", repeats="90%", value_bytes="1MiB")[pattern]
    assert found["verdict"] == "no"
    assert "1 KiB there are" in found["reason"]
    assert not found["settings"]


def test_what_one_process_cannot_hold_in_flight_is_said():
    found = opinions(source="http", rate="100k", source_seconds="1s")["async_io"]
    assert found["settings"] == {"max_concurrent": 512}
    assert any("512 requests in flight bring 512/s" in said for said in found["against"])


@pytest.mark.parametrize("rate", ["1e9", "0", "0.0001"])
def test_a_rate_that_nothing_has_is_refused_by_its_own_name(rate):
    with pytest.raises(BadInputError, match=r"^rate: .*between"):
        opinions(source="database", rate=rate, source_seconds="20ms")
