from __future__ import annotations

import pytest

from perflab.errors import BadInputError
from perflab.patterns.async_io.settings import AsyncIOSettings
from perflab.patterns.redis_cache.settings import RedisCacheSettings

SECRET = "s3cr3t-of-mine"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("no such thing", "is neither a URL of http or https nor a file"),
        ("", "is neither a URL"),
        ("   ", "is neither a URL"),
        ("https://", "names no host"),
        ("http:///a/b", "names no host"),
        ("https:example.org", "names no host"),
        ("gopher://example.org/", "is neither a URL of http or https"),
        ("file:///srv/urls.txt", "is neither a URL of http or https"),
        ("mailto:someone", "is neither a URL of http or https"),
        ("http://two words/", "its host has a blank"),
        ("http://example.org:70000/", "is not a valid URL"),
        ("http://[::1/", "is not a valid URL"),
    ],
)
def test_what_is_no_url_is_refused_with_what_is_allowed(text, message):
    with pytest.raises(BadInputError, match=message) as caught:
        AsyncIOSettings(urls=text)
    assert caught.value.place == "urls"
    assert "allowed: a URL of http or https, or a file's path, or none" in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "http://example.org",
        "HTTPS://Example.org:8443/a?b=c#d",
        "http://[::1]:8080/",
        "https://bücher.example/ä",
        "lists/urls",
        "urls.txt",
        "urls",
        "my urls.har",
        "https://***@example.org/x?***",
        "***",
    ],
)
def test_url_or_path_is_kept_as_it_was_written(text):
    assert AsyncIOSettings(urls=text).urls == text


def test_file_that_is_there_may_have_any_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my urls").write_text("http://example.org/\n")
    assert AsyncIOSettings(urls="my urls").urls == "my urls"


def test_refusal_keeps_a_password_to_itself():
    with pytest.raises(BadInputError) as caught:
        AsyncIOSettings(urls=f"ftp://me:{SECRET}@example.org/?token={SECRET}")
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize("host", ["", "http://a", "a b", "a:6379", f"me:{SECRET}@a", "a/0"])
def test_host_of_redis_is_a_name_or_a_number(host):
    with pytest.raises(BadInputError, match="is not the name or number of a host") as caught:
        RedisCacheSettings(redis_host=host)
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize("host", ["cache.internal", "10.1.2.3", "::1", "fe80::1%eth0", "my_host"])
def test_name_and_number_of_a_host_are_taken(host):
    assert RedisCacheSettings(redis_host=host).redis_host == host
