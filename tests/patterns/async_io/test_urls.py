from __future__ import annotations

import json
import os

import pytest

from perflab.errors import BadInputError
from perflab.patterns.async_io._urls import read_urls


def urls_of(path, content):
    path.write_bytes(content)
    return [request.url for request in read_urls(str(path))]


def test_bytes_that_are_not_utf8_are_percent_encoded(tmp_path):
    lines = "http://h/\N{LATIN SMALL LETTER E WITH ACUTE}\n".encode() + b"http://h/\xff\xe9\n"
    found = urls_of(tmp_path / "u.txt", lines)
    assert found == ["http://h/\N{LATIN SMALL LETTER E WITH ACUTE}", "http://h/%FF%E9"]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig"])
def test_lists_with_a_byte_order_mark_are_read(encoding, tmp_path):
    assert urls_of(tmp_path / "u.txt", "http://h/a\n".encode(encoding)) == ["http://h/a"]


def test_a_line_without_end_is_refused_with_its_number(tmp_path):
    path = tmp_path / "u.txt"
    with pytest.raises(BadInputError, match="longer than 1 MiB") as caught:
        urls_of(path, b"http://h/\nhttp://h/" + b"a" * (3 << 20))
    assert caught.value.place == f"{path}:2"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"{}",
        b"null",
        b'{"log":[]}',
        b'{"log":{"entries":[1]}}',
        b"[" * 100_000,
        b"\xff",
    ],
)
def test_what_is_no_har_is_refused(content, tmp_path):
    with pytest.raises(BadInputError, match="is not a HAR file"):
        urls_of(tmp_path / "u.har", content)


def test_half_a_character_in_a_har_is_no_harm(tmp_path):
    entry = {"request": {"method": "GET", "url": "http://h/"}, "text": "SPOT"}
    content = json.dumps({"log": {"entries": [entry]}}).replace("SPOT", "\\ud83d").encode()
    assert urls_of(tmp_path / "u.har", content) == ["http://h/"]


def test_a_har_beyond_the_bound_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("perflab.patterns.async_io._urls._MOST_HAR", 10)
    with pytest.raises(BadInputError, match="the most that is read whole"):
        urls_of(tmp_path / "u.har", b" " * 11)


@pytest.mark.parametrize("name", ["u.txt", "u.har"])
def test_a_pipe_is_refused_at_once(name, tmp_path):
    os.mkfifo(tmp_path / name)
    with pytest.raises(BadInputError, match="regular file"):
        list(read_urls(str(tmp_path / name)))


@pytest.mark.parametrize("urls", ["a\0b", "x" * 5_000, "/dev/zero"])
def test_names_of_no_file_are_refused(urls):
    with pytest.raises(BadInputError):
        list(read_urls(urls))


def test_a_scheme_may_be_in_capitals(tmp_path):
    assert urls_of(tmp_path / "u.txt", b"HTTP://h/a\nHttps://h/b\n") == [
        "HTTP://h/a",
        "Https://h/b",
    ]
    entry = {"request": {"method": "GET", "url": "HTTPS://h/c"}}
    content = json.dumps({"log": {"entries": [entry]}}).encode()
    assert urls_of(tmp_path / "u.har", content) == ["HTTPS://h/c"]
    assert [request.url for request in read_urls("HTTP://h/d")] == ["HTTP://h/d"]
