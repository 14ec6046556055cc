"""What is exported for frameworks and platforms is read by them."""

import subprocess
import sys

import pytest
import yaml

from perflab.patterns.cache.exports.configurations import cache_configurations
from perflab.patterns.cache.settings import CacheSettings
from perflab.settings import LoadSettings

DJANGO = """
import sys
names = {}
exec(open(sys.argv[1]).read(), names)
from django.conf import settings
settings.configure(CACHES=names["CACHES"])
from django.core.cache import cache
for number in range(100):
    cache.set(str(number), number)
print(cache._max_entries, cache.default_timeout, sum(str(n) in cache for n in range(100)))
"""


def texts(**values):
    settings = CacheSettings(**values)
    return {each.name: each.text for each in cache_configurations(settings, LoadSettings(), "w")}


def test_django_keeps_so_many_entries(tmp_path):
    path = tmp_path / "settings.py"
    path.write_text(texts(max_cache_size=30, ttl_seconds=60)["django-caches"])
    done = subprocess.run(
        [sys.executable, "-c", DJANGO, str(path)],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    most, timeout, kept = done.stdout.split()
    assert (most, timeout) == ("30", "60")
    assert 20 <= int(kept) <= 30


@pytest.mark.parametrize(
    ("ttl", "spec"),
    [
        (None, "maximumSize=30"),
        (600, "maximumSize=30,expireAfterWrite=600s"),
        (0.2, "maximumSize=30,expireAfterWrite=1s"),
    ],
)
def test_caffeine_has_its_text_of_settings(ttl, spec):
    text = texts(max_cache_size=30, ttl_seconds=ttl)["spring"]
    assert yaml.safe_load(text)["spring"]["cache"] == {
        "type": "caffeine",
        "caffeine": {"spec": spec},
    }
    assert ("whole seconds" in text) is (ttl == 0.2)


def test_another_policy_is_said():
    assert "evicts by W-TinyLFU" in texts(policy="sieve")["spring"]
    assert "least recently used" in texts(policy="sieve")["django-caches"]
    assert "least recently used" not in texts(policy="lru")["django-caches"]
    full = texts(max_bytes=2**20, negative_ttl_seconds=5)["django-caches"]
    assert "max_bytes is left out" in full
    assert "negative_ttl_seconds is left out" in full


def test_a_what_if_policy_has_none():
    assert texts(policy="opt") == {}
