"""Where a fetcher follows a redirect and where not, before two real servers."""

import asyncio
import http.server
import threading

import pytest

from perflab.patterns.async_io import AsyncFetcher
from perflab.patterns.async_io._request import Failure, Request
from perflab.patterns.async_io.settings import AsyncIOSettings

HEADERS = {"X-Api-Key": "s3cret", "Authorization": "Bearer s3cret", "Cookie": "a=s3cret"}


class Recorder(http.server.ThreadingHTTPServer):
    """A server that redirects as the query says, and keeps what it was asked."""

    def __init__(self, host):
        self.seen = []
        super().__init__((host, 0), Answer)
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()

    @property
    def url(self):
        return f"http://{self.server_address[0]}:{self.server_port}"


class Answer(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self):
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        self.server.seen.append((self.command, self.path, dict(self.headers), body))
        _, mark, rest = self.path.partition("?")[0].partition("/to/")
        status, _, location = rest.partition("/")
        self.send_response(int(status) if mark else 200)
        if location:
            self.send_header("Location", bytes.fromhex(location).decode())
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok" if self.command != "HEAD" else b"")

    def log_message(self, *_):
        pass


for method in ("GET", "POST", "HEAD", "PUT"):
    setattr(Answer, f"do_{method}", Answer.answer)


@pytest.fixture
def here():
    with Recorder("127.0.0.1") as server:
        yield server
        server.shutdown()


@pytest.fixture
def there():
    with Recorder("127.0.0.1") as server:
        yield server
        server.shutdown()


def redirect(server, location, status=302):
    return f"{server.url}/to/{status}/{location.encode().hex()}"


def fetch(*requests, settings=None, **options):
    async def all_of_them():
        chosen = AsyncIOSettings.read({"retries": 0, **(settings or {})})
        async with AsyncFetcher(chosen, **options) as fetcher:
            found = [result async for result in fetcher.fetch(requests)]
            return found, fetcher.stats()

    return asyncio.run(all_of_them())


@pytest.mark.parametrize("form", ["/x", "../../x", "{here}/x", "/x?y=1", "//127.0.0.1:{port}/x"])
def test_a_redirect_within_the_server_is_followed(here, form):
    location = form.format(here=here.url, port=here.server_port)
    (result,), stats = fetch(redirect(here, location))
    assert result.status == 200
    assert result.ok
    assert result.tries == 1
    assert stats["tries"] == len(here.seen) >= 2


@pytest.mark.parametrize(
    "form",
    [
        "{there}/x",
        "//127.0.0.1:{port}/x",
        "http://localhost:{own}/x",
        "https://127.0.0.1:{own}/x",
        "http://me:pw@127.0.0.1:{own}/x",
        "http://me@127.0.0.1:{own}/x",
        "//me:pw@127.0.0.1:{own}/x",
    ],
)
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_elsewhere_is_a_failed_result_with_its_status(here, there, form, status):
    location = form.format(there=there.url, port=there.server_port, own=here.server_port)
    (result,), _ = fetch(Request(redirect(here, location, status), headers=HEADERS))
    assert result.status == status
    assert result.failure is Failure.REDIRECTS
    assert "pw" not in result.detail
    assert len(here.seen) == 1
    assert there.seen == []


@pytest.mark.parametrize(
    "location",
    [
        "file:///etc/passwd",
        "FILE:///etc/passwd",
        "ftp://127.0.0.1/x",
        "javascript:alert(1)",
        "data:text/plain,x",
        "mailto:a@b",
        "ws://127.0.0.1/x",
        "http://[::1",
        "http://127.0.0.1:99999/",
        "http://a..b/",
        "http:///x",
        "https:x",
    ],
)
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_to_what_is_not_of_the_web_is_not_retried(here, location, status):
    settings = {"retries": 3, "backoff_seconds": 0.0}
    (result,), _ = fetch(redirect(here, location, status), settings=settings)
    assert (result.status, result.failure) == (status, Failure.INVALID_URL)
    assert result.tries == len(here.seen) == 1


def test_a_named_server_is_followed_to_without_the_callers_headers(here, there):
    url = redirect(here, f"{there.url}/x").replace("http://", "http://me:s3cret@")
    own = {"X-Api-Key": "s3cret", "Cookie": "a=s3cret"}
    (result,), _ = fetch(Request(url, headers=own), headers=own, origins=[there.url])
    assert result.ok
    assert "s3cret" in str(here.seen[0])
    assert "s3cret" not in str(there.seen)


SAFE = {
    "Accept": "text/csv",
    "accept-language": "de",
    "Accept-Encoding": "identity",
    "User-Agent": "me/1",
    "Range": "bytes=0-9",
}
SECRET = {
    "X-Api-Key": "s3cret",
    "X-Auth": "s3cret",
    "Authorization": "s3cret",
    "PROXY-AUTHORIZATION": "s3cret",
    "cookie": "s3cret",
    "Referer": "http://127.0.0.1/?t=s3cret",
    "X-Forwarded-For": "s3cret",
    "If-None-Match": "s3cret",
    "Content-Type": "s3cret",
    "Forwarded": "s3cret",
}


@pytest.mark.parametrize("place", ["request", "fetcher"])
def test_only_safe_headers_go_along_to_another_server(here, there, place):
    given = {**SAFE, **SECRET}
    url = redirect(here, redirect(there, f"{here.url}/back"))
    request = Request(url, headers=given if place == "request" else None)
    options = {"headers": given} if place == "fetcher" else {}
    (result,), _ = fetch(request, origins=[there.url, here.url], **options)
    assert result.ok
    sent, led, back = here.seen[0], there.seen[0], here.seen[1]
    assert SECRET.items() <= sent[2].items()
    for _, _, headers, _ in (led, back):
        assert SAFE.items() <= headers.items()
        assert "s3cret" not in str(headers)


def test_a_body_does_not_go_to_another_server(here, there):
    url = redirect(here, f"{there.url}/x", 307)
    (result,), _ = fetch(Request(url, "POST", body=b"secret"), origins=[there.url])
    assert result.failure is Failure.REDIRECTS
    assert there.seen == []


@pytest.mark.parametrize(
    ("method", "status", "becomes"),
    [
        ("POST", 301, "GET"),
        ("POST", 302, "GET"),
        ("POST", 303, "GET"),
        ("PUT", 303, "GET"),
        ("HEAD", 303, "HEAD"),
        ("POST", 307, "POST"),
        ("PUT", 308, "PUT"),
        ("PUT", 302, "PUT"),
    ],
)
def test_method_and_body_change_as_the_status_says(here, method, status, becomes):
    body = None if method == "HEAD" else b"body"
    request = Request(redirect(here, "/x", status), method, body=body, headers={"X-A": "1"})
    (result,), _ = fetch(request)
    assert result.ok
    asked, _, headers, got = here.seen[1]
    assert asked == becomes
    assert headers["X-A"] == "1"
    assert got == (body or b"" if becomes == method else b"")


def test_a_redirect_without_an_end_stops(here):
    (result,), stats = fetch(f"{here.url}/to/302/")
    assert result.ok
    (result,), stats = fetch(redirect(here, "?again"))
    assert result.failure is Failure.REDIRECTS
    assert stats["tries"] == 11


def test_a_user_in_the_url_stays_within_its_server(here):
    url = redirect(here, "/x").replace("http://", "http://me:pw@")
    (result,), _ = fetch(url)
    assert result.ok
    assert {headers["Authorization"] for _, _, headers, _ in here.seen} == {"Basic bWU6cHc="}


def test_retries_and_redirects_are_asked_for(here):
    left = [2]

    def spend():
        left[0] -= 1
        return left[0] >= 0

    (result,), stats = fetch(redirect(here, "?again"), spend=spend)
    assert "no more requests" in result.detail
    assert stats["tries"] == 3
    left[0] = 1
    here.seen.clear()
    settings = {"retries": 5, "backoff_seconds": 0.0}
    (result,), stats = fetch(f"{here.url}/to/503/", settings=settings, spend=spend)
    assert result.failure is Failure.SERVER_ERROR
    assert len(here.seen) == 2
