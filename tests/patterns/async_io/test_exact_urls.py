"""URLs are requested as they were written, told by what a server of raw sockets reads."""

from __future__ import annotations

import json

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from raw_http import OK, RawServer, answer
from yarl import URL

from perflab.errors import BadInputError
from perflab.patterns.async_io import AsyncFetcher
from perflab.patterns.async_io._exact_url import exact_redirect, exact_url
from perflab.patterns.async_io._request import Failure, Request
from perflab.patterns.async_io._urls import origin_of, read_urls
from perflab.patterns.async_io.settings import AsyncIOSettings

AS_WRITTEN = [
    "/a?type=application%2Fgzip&sig=qZ%2BPP2g%3D",
    "/b?q=%28x%29&r=%2C",
    "/c/%27bar%27.txt",
    "/d?u=http%3A%2F%2Fx%3A80%2F",
    "/e?x=1+2",
    "/f%20g?x=a%20b",
    "/g?q=%25s&r=100%",
    "/h/%zz?x=%",
    "/i%2fj?x=%2c&y=%c3%a9",
    "/k?",
    "/k??",
    "/l/../m/./n",
    "//o//p",
    "/q;v=1,2;w?x;y",
    "/r?a=1&a=2&&b=&c",
    "/s?x='y'(z)!*~$@:",
    "/t?x={y}[z]|^`\\",
    "/%41%5A%7E",
    "/u?X-Amz-Credential=AKIA%2F20260101%2Feu%2Fs3%2Faws4_request&X-Amz-SignedHeaders=host%3Bx",
    "/",
    "",
    "?x=%2F",
]
"""Paths and queries that go out byte for byte; an empty path is a slash."""

ENCODED = {
    "/a b?c d": "/a%20b?c%20d",
    "/\u00fc?q=\u00df \u20ac": "/%C3%BC?q=%C3%9F%20%E2%82%AC",
    "/%C3%BC\u00fc": "/%C3%BC%C3%BC",
    '/"<>`{}^?"<>': "/%22%3C%3E%60%7B%7D%5E?%22%3C%3E",
    "/\U0001f600": "/%F0%9F%98%80",
    "/\x01\x7f": "/%01%7F",
    "/a\tb\nc\r": "/abc",
    "/x#fragment?no": "/x",
    "?q=a b#f": "/?q=a%20b",
    "/\udcff": "/%FF",
}
"""What a request line cannot carry, as browsers encode it (WHATWG URL)."""


def ask(target):
    """Return a request target as a URL of only its path has it."""
    return target if target.startswith("/") else f"/{target}"


async def fetch(*requests, **options):
    settings = AsyncIOSettings(retries=0, max_concurrent=1)
    async with AsyncFetcher(settings, **options) as fetcher:
        return [result async for result in fetcher.fetch(requests)]


@pytest.mark.parametrize("way", ["text", "request", "url", "file", "har", "redirect", "absolute"])
async def test_urls_are_sent_as_they_were_written(way, tmp_path):
    async with RawServer() as server:
        urls = [server.url + target for target in AS_WRITTEN]
        wanted = [ask(target) for target in AS_WRITTEN]
        if way == "request":
            urls = [Request(url, "PUT", body=b"x") for url in urls]
        if way == "url":
            urls = [exact_url(url) for url in urls]
        if way == "file":
            (tmp_path / "urls.txt").write_text("\n".join(urls))
            urls = list(read_urls(str(tmp_path / "urls.txt")))
        if way == "har":
            entries = [{"request": {"method": "GET", "url": url}} for url in urls]
            (tmp_path / "a.har").write_text(json.dumps({"log": {"entries": entries}}))
            urls = list(read_urls(str(tmp_path / "a.har")))
        if way in ("redirect", "absolute"):
            prefix = server.url if way == "absolute" else ""
            places = [prefix + ask(one) for one in AS_WRITTEN if not one.startswith("//")]
            wanted = [one.removeprefix(server.url) for one in places]
            server.answer = lambda seen, _: (
                answer("302 Found", Location=places[int(seen.target[4:])])
                if seen.target.startswith("/to/")
                else OK
            )
            urls = [f"{server.url}/to/{number}" for number in range(len(places))]
        results = await fetch(*urls)
        assert [result.failure for result in results] == [None] * len(urls)
        assert [one for one in server.targets if not one.startswith("/to/")] == wanted


@pytest.mark.parametrize("way", ["text", "redirect"])
async def test_what_a_request_line_cannot_carry_is_encoded(way):
    async with RawServer() as server:
        urls, wanted = [server.url + target for target in ENCODED], list(ENCODED.values())
        locations = {}
        if way == "redirect":
            # A line break ends a header, and a control is refused by the client's parser.
            places = [one for one in ENCODED if one.isprintable() or one == "/\udcff"]
            locations = {f"/to/{number}": place for number, place in enumerate(places)}
            server.answer = lambda seen, _: (
                answer("302 Found", Location=locations[seen.target])
                if seen.target in locations
                else OK
            )
            urls = [server.url + target for target in locations]
            # A reference of a query alone keeps the path that it is relative to.
            wanted = [
                target + ENCODED[place][1:] if place.startswith("?") else ENCODED[place]
                for target, place in locations.items()
            ]
        results = await fetch(*urls)
        assert all(result.ok for result in results)
        assert [one for one in server.targets if one not in locations] == wanted


@pytest.mark.parametrize("target", [one for one in AS_WRITTEN if ".." not in one])
def test_httpx_sends_the_same(target):
    """httpx takes ``..`` and ``.`` out of a path; here they stay as they were written."""
    theirs = httpx.URL(f"http://h{target}").raw_path.decode()
    if not set(target) & set("[]|^`\\{}"):
        assert exact_url(f"http://h{target}").raw_path_qs == theirs


@pytest.mark.parametrize(
    ("text", "authority"),
    [
        ("HTTP://H.Example/x", "h.example"),
        ("http://m\u00fcnchen.example/x", "xn--mnchen-3ya.example"),
        ("http://xn--mnchen-3ya.example/x", "xn--mnchen-3ya.example"),
        ("http://\uff41.example/x", "a.example"),
        ("http://localhost./x", "localhost."),
        ("http://a_b.example/x", "a_b.example"),
        ("http://[::1]:8080/x", "[::1]:8080"),
        ("http://h:/x", "h"),
        (" \x00 http://h/x \n", "h"),
        ("http://me:p%2Fw@h/x", "me:p%2Fw@h"),
        ("http://me@there@h/x", "me%40there@h"),
    ],
)
def test_hosts_are_lower_case_and_idna(text, authority):
    assert exact_url(text).raw_authority == authority
    assert exact_url(text).raw_path_qs == "/x"


@pytest.mark.parametrize(
    "text",
    [
        "http://127.1/",
        "http://2130706433/",
        "http://1.2.3.4.5/",
        "http://127.0.0.01/",
        "http://a..b/",
        "http://.a/",
        "http://./",
        "http://a..",
        f"http://{'a' * 64}.example/",
        f"http://{'a.' * 130}b/",
        "http://\u2488.example/",
        "http://a b/",
        "http://a%2eb/",
        "http://a\\b/",
        "http://h\\@other/",
        "http://a<b/",
        "http://h:99999/",
        "http://h:x/",
        "http://h:-1/",
        "http://[::1/",
        "http://::1/",
        "http://",
        "http:///x",
        "http:/x",
        "//h/x",
        "h/x",
        "",
        "ftp://h/",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "http://h/\ud83d",
    ],
)
async def test_what_is_not_a_url_is_invalid_and_sent_nowhere(text, tmp_path):
    for given_as in (text, Request(text)):
        (result,) = await fetch(given_as)
        assert (result.failure, result.tries, result.sent) == (Failure.INVALID_URL, 0, 0)
        assert result.detail
    with pytest.raises(ValueError):  # noqa: PT011  (the words are each part's own)
        origin_of(text)
    if text.startswith("http://") and text.isascii():
        (tmp_path / "u.txt").write_text(f"http://h/\n{text}\n")
        with pytest.raises(BadInputError, match=r"u\.txt:2"):
            list(read_urls(str(tmp_path / "u.txt")))


@pytest.mark.parametrize("given_as", [None, 3, b"http://h/", URL("/x"), URL("http://a..b/")])
async def test_what_is_not_even_text_is_invalid_too(given_as):
    (result,) = await fetch(given_as)
    assert result.failure is Failure.INVALID_URL


async def test_a_url_object_with_a_line_break_cannot_add_a_header():
    async with RawServer() as server:
        url = URL(f"{server.url}/x HTTP/1.1\r\nX-Evil: 1\r\n\r\n", encoded=True)
        (result,) = await fetch(url)
        assert result.ok
        assert server.targets == ["/x%20HTTP/1.1X-Evil:%201"]
        assert "x-evil" not in server.seen[0].headers


BASE = "http://me:pw@h:81/a/b%2Fc/d?x=1"


@pytest.mark.parametrize(
    ("location", "target"),
    [
        ("y%2Fz", "/a/b%2Fc/y%2Fz"),
        ("../q%28", "/a/q%28"),
        ("./a//b/../c", "/a/b%2Fc/a//c"),
        ("..", "/a/"),
        (".", "/a/b%2Fc/"),
        ("../../../..", "/"),
        ("?a=%2C", "/a/b%2Fc/d?a=%2C"),
        ("?", "/a/b%2Fc/d?"),
        ("", "/a/b%2Fc/d?x=1"),
        ("#f", "/a/b%2Fc/d?x=1"),
        ("g;x=1/../y", "/a/b%2Fc/y"),
        ("g?y=./../z", "/a/b%2Fc/g?y=./../z"),
        ("./a:b", "/a/b%2Fc/a:b"),
        ("http:z", "/a/b%2Fc/z"),
        ("http:/z", "/z"),
        ("//h:81/u%2F", "/u%2F"),
        ("HTTP://H:81/x", "/x"),
        ("/\\other", "/\\other"),
    ],
)
def test_a_location_is_resolved_as_the_rfc_says(location, target):
    there = exact_redirect(exact_url(BASE), location)
    assert (there.raw_path_qs, there.host, there.port) == (target, "h", 81)
    assert there.user is None


@given(st.text(max_size=40), st.text(max_size=40))
def test_a_url_is_exact_or_refused_and_never_of_another_host(host, target):
    try:
        url = exact_url(f"http://{host}/{target}")
    except ValueError:
        return
    line = url.raw_path_qs
    assert line.isascii()
    assert line.isprintable()
    assert " " not in line
    assert line.startswith("/")
    try:
        moved = exact_redirect(url, target)
    except ValueError:
        return
    assert moved.raw_path_qs.isascii()
    if not target.lstrip("".join(map(chr, range(33)))).startswith(
        ("/", "h", "H", "\t", "\n", "\r")
    ):
        assert moved.raw_host == url.raw_host


@pytest.mark.parametrize(
    "name", ["127.0.0.1", "localhost", "LOCALHOST", "me:pw@localhost", "[::1]"]
)
async def test_the_host_header_names_the_server_that_was_asked(name):
    try:
        server = RawServer(host="::1" if "::" in name else "127.0.0.1")
        await server.__aenter__()
    except OSError:
        pytest.skip("this machine has no IPv6")
    try:
        (result,) = await fetch(f"http://{name}:{server.port}/x#fragment")
        assert result.ok
        wanted = name.rpartition("@")[2].lower()
        assert server.seen[0].headers["host"] == f"{wanted}:{server.port}"
        assert ("authorization" in server.seen[0].headers) is ("@" in name)
    finally:
        await server.__aexit__()
