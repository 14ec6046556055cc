from __future__ import annotations

import pytest

from perflab.errors import BadInputError
from perflab.patterns.cache.settings import CacheSettings


def test_defaults_are_those_that_users_depend_on():
    assert CacheSettings().model_dump() == {
        "max_cache_size": 1000,
        "max_bytes": None,
        "ttl_seconds": None,
        "policy": "lru",
        "expiry": "lazy",
        "negative_ttl_seconds": None,
    }


def test_misspelt_policy_is_answered_with_the_nearest():
    with pytest.raises(BadInputError, match=r"^policy: unknown policy 'siev'.*'sieve'"):
        CacheSettings.read({"policy": "siev"})


def test_size_beyond_its_bounds_is_refused():
    with pytest.raises(BadInputError, match="max_cache_size: 0 is out of bounds"):
        CacheSettings.read({"max_cache_size": 0})
    with pytest.raises(BadInputError, match="max_cache_size: 2G is out of bounds"):
        CacheSettings.read({"max_cache_size": "2G"})


def test_bytes_and_ttl_are_read_with_their_units():
    settings = CacheSettings.read({"max_bytes": "512MiB", "ttl_seconds": "30m"})
    assert (settings.max_bytes, settings.ttl_seconds) == (2**29, 1800.0)
