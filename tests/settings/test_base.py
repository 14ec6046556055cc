from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from perflab.errors import BadInputError
from perflab.patterns.cache.settings import CacheSettings
from perflab.settings import LoadSettings, Settings, setting
from perflab.units import parse_quantity


class Sample(Settings):
    size: int = setting(10, "How many.", unit="entries", low=1, high=1000)
    share: float = setting(0.5, "Which part.", low=0.0, high=1.0)
    ttl_seconds: float | None = setting(None, "How long.", unit="seconds", low=0.001)
    check: bool = setting(True, "Whether to look first.")
    engine: str = setting("quick", "Which one.", choices=("quick", "exact"))


class Bounded(Settings):
    name: str = setting("perflab", "What it is called.")
    host: str | None = setting(None, "Where it is.")
    port: int = setting(6379, "At which port.", low=1, high=65_535)
    shift: float = setting(0.0, "How far off.")
    depth: int = setting(0, "How deep.", high=20)
    room: int = setting(2, "How much.", unit="bytes", low=1, high=1025)
    wait: bool | None = setting(None, "Whether to wait.")
    way: str | None = setting(None, "Which way.", choices=("up", "down"))
    place: str = setting("here", "Where.", allowed="here, there or a path")


def message(values, of=Sample):
    with pytest.raises(BadInputError) as caught:
        of.read(values)
    text = str(caught.value)
    assert "\n" not in text
    return text


def test_values_are_read_as_people_write_them():
    read = Sample.read(
        {"size": "0.1k", "share": "0.25", "ttl_seconds": "30m", "check": "off", "engine": "exact"}
    )
    assert read == Sample(size=100, share=0.25, ttl_seconds=1800.0, check=False, engine="exact")


def test_nothing_given_is_the_defaults():
    assert Sample.read() == Sample.read({}) == Sample()


@pytest.mark.parametrize("none", [None, "none", "off", "null", "Unlimited", "no"])
def test_none_words_and_null_are_none_where_none_is_allowed(none):
    assert Sample.read({"ttl_seconds": none}).ttl_seconds is None


@pytest.mark.parametrize("none", [None, "none"])
def test_none_is_refused_where_a_number_is_needed(none):
    text = message({"size": none})
    assert text.startswith("size: ")
    assert "none" in text
    assert "allowed: 1 to 1k" in text


def test_no_is_off_for_a_switch_and_not_none():
    assert Sample.read({"check": "no"}).check is False


@pytest.mark.parametrize(
    ("word", "on"), [("on", True), ("YES", True), ("1", True), ("off", False), ("false", False)]
)
def test_switch_words(word, on):
    assert Sample.read({"check": word}).check is on


@pytest.mark.parametrize("value", [True, False])
@pytest.mark.parametrize("key", ["size", "share", "ttl_seconds"])
def test_a_bool_is_not_a_number(key, value):
    assert message({key: value}).startswith(f"{key}: {value} is not a number")


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ({"size": 0}, "size: 0 is out of bounds; allowed: 1 to 1k"),
        ({"size": "2k"}, "size: 2k is out of bounds; allowed: 1 to 1k"),
        ({"size": "2.5"}, "size: '2.5' is not a whole number; allowed: 1 to 1k"),
        ({"size": math.inf}, "size: inf is not a whole number; allowed: 1 to 1k"),
        ({"size": math.nan}, "size: nan is not a whole number; allowed: 1 to 1k"),
        (
            {"size": "lots"},
            "size: 'lots' is not a quantity of entries; write it like 10k; allowed: 1 to 1k",
        ),
        (
            {"ttl_seconds": "1us"},
            "ttl_seconds: 1us is out of bounds; allowed: at least 1ms, or none",
        ),
        ({"check": "perhaps"}, "check: 'perhaps' is neither on nor off; allowed: on or off"),
        ({"sise": 1}, "sise: no such setting; did you mean 'size'?"),
    ],
)
def test_error_says_the_place_what_is_wrong_and_what_is_allowed(values, text):
    assert message(values) == text


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_not_finite_is_out_of_bounds(value):
    assert message({"share": value}) == f"share: {value} is out of bounds; allowed: 0 to 1"


@pytest.mark.parametrize("value", [[1], {"a": 1}, object()])
@pytest.mark.parametrize("key", ["size", "ttl_seconds", "check", "engine"])
def test_a_value_of_another_kind_is_one_clear_line(key, value):
    assert message({key: value}).startswith(f"{key}: ")


def test_word_that_is_no_choice_is_refused_with_the_nearest():
    assert message({"engine": "exat"}) == (
        "engine: unknown engine 'exat'; did you mean 'exact'?; allowed: one of quick, exact"
    )


@pytest.mark.parametrize("values", [{"size": "many"}, {"nope": 1}, {"engine": "exat"}])
def test_settings_made_directly_are_refused_as_those_read(values):
    with pytest.raises(BadInputError) as caught:
        Sample(**values)
    assert str(caught.value) == message(values)


def test_settings_cannot_be_changed_in_place():
    settings = Sample()
    with pytest.raises(ValidationError):
        settings.size = 3
    assert settings.size == 10


def test_change_checks_again_and_keeps_the_rest():
    settings = Sample(share=0.1)
    assert settings.change(size="20") == Sample(share=0.1, size=20)
    assert settings.size == 10
    with pytest.raises(BadInputError, match="size: 5k is out of bounds"):
        settings.change(size="5k")


def test_describe_writes_every_value_as_people_do():
    assert Sample(size=1000, ttl_seconds=90).describe() == {
        "size": "1k",
        "share": "0.5",
        "ttl_seconds": "1.5m",
        "check": "on",
        "engine": "quick",
    }


def test_a_value_in_full_is_one_that_is_read():
    values = {
        "max_cache_size": (1024, "1,024"),
        "max_bytes": (2**23, "8 MiB"),
        "ttl_seconds": (1800.0, "30 min"),
        "negative_ttl_seconds": (None, "none"),
        "policy": ("s3fifo", "S3-FIFO"),
        "expiry": ("lazy", "lazy"),
    }
    said = {key: CacheSettings.info(key).in_full(value) for key, (value, _) in values.items()}
    assert said == {key: text for key, (_, text) in values.items()}
    assert CacheSettings.info("policy").format("s3fifo") == "s3fifo"


def test_label_is_the_key_in_words_with_its_unit():
    assert Sample.info("ttl_seconds").label == "TTL (seconds)"
    assert CacheSettings.info("max_cache_size").label == "max cache size (entries)"
    assert CacheSettings.info("policy").label == "policy"


@pytest.mark.parametrize(
    ("key", "bounds"),
    [
        ("size", "1 to 1k"),
        ("ttl_seconds", "at least 1ms, or none"),
        ("check", "on or off"),
        ("engine", "one of quick, exact"),
    ],
)
def test_bounds_in_words(key, bounds):
    assert Sample.info(key).bounds == bounds


@pytest.mark.parametrize(
    ("key", "bounds"),
    [
        ("name", "any text"),
        ("host", "any text, or none"),
        ("port", "1 to 65,535"),
        ("shift", "any number"),
        ("depth", "at most 20"),
        ("room", "1B to 1,025B"),
        ("wait", "on, off or none"),
        ("way", "one of up, down, or none"),
        ("place", "here, there or a path"),
    ],
)
def test_bounds_are_written_as_people_write_them(key, bounds):
    assert Bounded.info(key).bounds == bounds


@pytest.mark.parametrize(
    ("of", "key", "bounds"),
    [
        (CacheSettings, "max_cache_size", "1 to 1G"),
        (CacheSettings, "max_bytes", "1B to 1PiB, or none"),
        (CacheSettings, "ttl_seconds", "1ms to 3650d, or none"),
        (
            LoadSettings,
            "backend",
            "sqlite, delay, postgres, files, http (as the bench takes them) or module:function",
        ),
        (LoadSettings, "loop", "on, off or none"),
        (LoadSettings, "seed", "0 to 4,294,967,295"),
    ],
)
def test_bounds_of_the_settings_there_are(of, key, bounds):
    assert of.info(key).bounds == bounds


@pytest.mark.parametrize("of", [CacheSettings, LoadSettings])
def test_bounds_that_are_written_are_read_as_the_bounds(of):
    for info in of.infos().values():
        low, to, high = info.bounds.removesuffix(", or none").partition(" to ")
        if to:
            assert (info.parse(low), info.parse(high)) == (info.low, info.high)


@pytest.mark.parametrize("of", [CacheSettings, LoadSettings])
def test_every_setting_says_what_it_means_and_its_default_is_allowed(of):
    for key, info in of.infos().items():
        assert info.meaning.endswith("."), key
        assert "\n" not in info.meaning, key
        assert getattr(of.read({key: info.default}), key) == info.default
        assert info.span is None or info.low <= info.span[0] < info.span[1] <= info.high, key


@pytest.mark.parametrize("of", [CacheSettings, LoadSettings])
def test_what_describe_writes_is_read_back(of):
    assert of.read(of().describe()) == of()


@given(
    size=st.integers(1, 1000),
    share=st.floats(0, 1),
    ttl=st.none() | st.floats(min_value=0.001, max_value=1e9),
    check=st.booleans(),
)
def test_dumped_settings_are_read_back_exactly(size, share, ttl, check):
    settings = Sample(size=size, share=share, ttl_seconds=ttl, check=check)
    assert Sample.read(settings.model_dump()) == settings
    assert Sample.model_validate_json(settings.model_dump_json()) == settings


@pytest.mark.parametrize("value", [99_999, 100_000, 123_456_789, 1_000_001, 1, 12_345])
def test_a_whole_value_is_answered_with_all_its_digits(value):
    info = CacheSettings.info("max_cache_size")
    assert parse_quantity(info.format(value)) == value
    assert info.format(99_999) == "99999"
    assert info.format(100_000) == "100k"
    assert LoadSettings.info("request_rate").format(1 / 3) == "0.3333"


@pytest.mark.parametrize(
    ("value", "said"), [("3e45", "over 10^18"), ("7000", "7k"), ("2e15", "2,000,000,000,000,000")]
)
def test_number_far_beyond_its_bounds_is_said_in_few_letters(value, said):
    with pytest.raises(BadInputError, match="is out of bounds") as caught:
        Sample(size=value)
    assert f"{said} is out of bounds" in caught.value.message
