from perflab.patterns.cache.settings import CacheSettings
from perflab.settings import LoadSettings


def test_settings_list_every_key_with_its_meaning(perflab):
    answer = perflab("settings", "cache")
    for info in (*CacheSettings.infos().values(), *LoadSettings.infos().values()):
        assert info.key in answer.out
    assert "Which entry to evict" in answer.out


def test_settings_as_json_tell_default_and_bounds(perflab):
    found = perflab("settings", "cache", "--json").json
    size = next(row for row in found["settings"] if row["key"] == "max_cache_size")
    assert (size["default"], size["low"], size["unit"]) == (1000, 1, "entries")
    assert {row["key"] for row in found["load"]} == set(LoadSettings.infos())


def test_patterns_are_listed(perflab):
    assert "cache" in perflab("settings").out
    assert perflab("settings", "--json").json["patterns"][0]["pattern"]


def test_unknown_pattern_is_one_line(refused):
    assert "unknown pattern" in refused("settings", "nothing")


def test_settings_of_the_load_are_those_that_mean_something(perflab):
    def keys(pattern):
        return {info["key"] for info in perflab("settings", pattern, "--json").json["load"]}

    assert {"writes", "ttl_from"} <= keys("redis_cache")
    assert not {"writes", "ttl_from", "price_per_gib_hour"} & keys("connection_pool")
