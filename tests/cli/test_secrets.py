"""No password or token of an address is in any output, in any file written, or in a widget."""

import json
import secrets
import traceback
from types import SimpleNamespace

import pytest
import redis

import perflab as library
from perflab.bench import load_bench
from perflab.cli import main
from perflab.cli.servers_found import servers_found
from perflab.errors import BadInputError
from perflab.patterns.async_io._once import run_fetch
from perflab.servers.http.server import HttpServer
from perflab.servers.redis.server import RedisServer

SECRET = f"Zq7{secrets.token_hex(6)}"
VARIABLES = {"redis_cache": "PERFLAB_REDIS_URL", "connection_pool": "PERFLAB_POSTGRES_URL"}
SMALL = {
    "redis_cache": "zipf:keys=10,requests=10",
    "connection_pool": "steady:rate=50,requests=10",
    "async_io": "steady:rate=50,requests=10",
}
MALFORMED = [
    ("redis_cache", form)
    for form in (
        "redis://user:{}/x@host",
        "redis://user:{}#x@host",
        "redis://user:{}?x@host",
        "redis:///user:{}@host",
        "redis://user:{}@127.0.0.1:notaport",
        "redis://user:{}@127.0.0.1:99999",
        "redis://user:{}@[::1",
        "redis://127.0.0.1/0?db={}",
        "redis:user:{}@host",
        "user:{}@host",
        "unix://{}",
        "http://user:{}@host",
    )
] + [
    ("connection_pool", form)
    for form in (
        "postgresql://user:%zz{}@host/db",
        "postgresql://user:a {}@host/db",
        "postgresql://user:{}@[::1/db",
        "postgresql://user:{}@127.0.0.1:x/db",
        "postgresql://user:{}/x@host",
        "user:{}@host",
        "host=127.0.0.1 PASSWORD = {}",
        "host=127.0.0.1 password='{}",
        "host=127.0.0.1 port={}",
        "mysql://user:{}@host/db",
    )
]
AWAY = [
    ("redis_cache", "redis://user:{}@127.0.0.1:1/0"),
    ("redis_cache", "redis://:{}@127.0.0.1:1?socket_timeout=1"),
    ("redis_cache", "unix://user:{}@/nowhere/redis.sock?db=1"),
    ("connection_pool", "postgresql://user:{}@127.0.0.1:1/db"),
    ("connection_pool", "postgresql:///db?host=/nowhere&password={}"),
    ("connection_pool", "host=127.0.0.1 port=1 password='{} x' sslpassword={}"),
]
URLS = [
    "http://me:{}@127.0.0.1:1/x",
    "http://{}@127.0.0.1:1/x",
    "http://127.0.0.1:1/x?token={}",
    "http://127.0.0.1:1/x?a=1&X-Amz-Signature={}&b",
    "http://127.0.0.1:1/x?{}",
    "http://127.0.0.1:1/x#access_token={}",
    "http://me:pa/{}@127.0.0.1:1/x",
    "http://me:pa?{}@127.0.0.1:1/x",
    "http://me:{}@[::1/x",
    "http://me:{}@127.0.0.1:x/",
    "http://me:a {}@127.0.0.1:1/",
    "me:{}@127.0.0.1:1/x",
]


class Outputs:
    """Every text that came out, and the folder with every file."""

    def __init__(self, folder, command):
        self.folder = folder
        self._command = command
        self.texts = []

    def add(self, name, *texts):
        self.texts.extend((name, str(text)) for text in texts)

    def command(self, *arguments):
        """Run a command and keep what it says."""
        answer = self._command(*arguments)
        self.add(" ".join(map(str, arguments[:2])), answer.out, answer.err)
        return answer

    def tried(self, name, call):
        """Call a function and keep what it returns or raises, all of a traceback too."""
        try:
            self.add(name, call())
        except BadInputError as error:
            self.add(name, error, repr(error), error.message, error.place)
            self.add(name, error.__cause__, error.__context__ if error.__cause__ else "")

    def check(self):
        """Find no secret anywhere; return how many texts and files were looked at."""
        files = [path for path in self.folder.rglob("*") if path.is_file()]
        found = [name for name, text in self.texts if SECRET in text]
        found += [str(path) for path in files if SECRET.encode() in path.read_bytes()]
        assert found == []
        return len(self.texts) + len(files)


@pytest.fixture
def outputs(tmp_path, monkeypatch, capsys):

    monkeypatch.setenv("PERFLAB_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("PERFLAB_DEBUG", "1")
    for name in VARIABLES.values():
        monkeypatch.delenv(name, raising=False)

    def command(*arguments):
        status = main([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return SimpleNamespace(status=status, out=captured.out, err=captured.err)

    return Outputs(tmp_path, command)


def saved(widget):
    """Return the state of a widget and of all in it, as a notebook keeps it."""
    state = json.dumps(widget.get_state(), default=str)
    return state + "".join(saved(child) for child in getattr(widget, "children", ()))


def every_form_of_a_result(outputs, pattern, files):
    """Report and compare what was kept, in every format."""
    for suffix in ("html", "md", "json"):
        outputs.command("report", *files, "--out", outputs.folder / f"report.{suffix}")
    outputs.command("report", *files, "--out", outputs.folder / "report")
    outputs.command("compare", files[0], files[0])
    del pattern


@pytest.mark.parametrize(("pattern", "form"), MALFORMED)
def test_malformed_address_is_refused_without_its_secret(outputs, monkeypatch, pattern, form):
    from perflab.panels.server_field import ServerField

    address = form.format(SECRET)
    monkeypatch.setenv(VARIABLES[pattern], address)
    on = ("-w", SMALL[pattern])
    assert outputs.command("run", pattern, *on, "--seconds", "1", "--yes").status == 2
    assert outputs.command("calibrate", pattern, "--yes").status == 2
    assert outputs.command("predict", pattern, *on, "--json").status == 0
    for ask in (True, False):
        outputs.add("doctor", *servers_found(ask=ask))
    outputs.tried("allow_server", lambda: library.allow_server(pattern))
    outputs.tried("start", lambda: library.start(pattern, SMALL[pattern]))
    field = ServerField(VARIABLES[pattern], lambda: None)
    field.text.value = address
    outputs.add("panel", saved(field.widget), field.address)
    assert outputs.check() >= 15


@pytest.mark.parametrize(("pattern", "form"), AWAY)
def test_address_of_a_server_that_is_away_is_shown_without_its_secret(
    outputs, monkeypatch, pattern, form
):
    monkeypatch.setenv(VARIABLES[pattern], form.format(SECRET, SECRET))
    on = ("-w", SMALL[pattern])
    assert outputs.command("run", pattern, *on).status == 2
    assert outputs.command("run", pattern, *on, "--seconds", "1", "--yes").status == 2
    outputs.command("predict", pattern, *on, "--json", "--out", outputs.folder / "p.json")
    outputs.add("doctor", *servers_found())
    bench = load_bench(pattern)
    settings, load = bench.read({})
    outputs.add("consent", bench.foreign_servers(settings))
    for made in bench.exports(settings, load, SMALL[pattern]):
        outputs.add(f"export {made.title}", made.text)
    assert (outputs.folder / "cache" / "agreed-servers.json").exists()
    assert outputs.check() >= 10


@pytest.mark.parametrize("form", URLS)
def test_url_is_in_no_output_with_its_secret(outputs, form):
    url = form.format(SECRET)
    kept = outputs.folder / "prediction.json"
    values = ("--set", f"urls={url}")
    outputs.command("run", "async_io", "-w", SMALL["async_io"], *values)
    answer = outputs.command("predict", "async_io", *values, "--json", "--out", kept)
    outputs.command("predict", "async_io", *values)
    outputs.command("predict", "async_io", "--sweep", f"urls={url},none", "--json")
    outputs.command("predict", "async_io", "-w", url)
    if answer.status == 0:
        outputs.command("tune", "async_io", *values, "--out", outputs.folder / "best.json")
        every_form_of_a_result(outputs, "async_io", [kept])
    bench = load_bench("async_io")
    try:
        settings, load = bench.read({"urls": url})
    except BadInputError as error:
        outputs.add("refused", str(error))
    else:
        outputs.add("settings", settings.describe(), settings.shown())
        for made in bench.exports(settings, load, SMALL["async_io"]):
            outputs.add(f"export {made.title}", made.text)
        outputs.tried("consent", lambda: bench.foreign_servers(settings))
    outputs.tried("fetch", lambda: run_fetch(urls=url, output_file=str(outputs.folder / "r.jsonl")))
    lines = outputs.folder / "urls.txt"
    lines.write_text(f"# one\n{url}\n")
    outputs.tried("file", lambda: bench.foreign_servers(bench.read({"urls": str(lines)})[0]))
    lines.unlink()
    assert outputs.check() >= 20


@pytest.mark.parametrize("form", ["me:{}@127.0.0.1", "redis://me:{}@127.0.0.1"])
def test_host_that_is_an_address_is_refused_without_its_secret(outputs, form):
    values = ("-w", SMALL["redis_cache"], "--set", f"redis_host={form.format(SECRET)}")
    assert outputs.command("run", "redis_cache", *values, "--yes").status == 2
    outputs.command("predict", "redis_cache", *values, "--json")
    outputs.check()


def test_run_on_a_server_that_asks_for_a_password_keeps_it_nowhere(outputs, monkeypatch):
    with RedisServer.start() as server:
        path = server.url.removeprefix("unix://")
        with redis.Redis(unix_socket_path=path) as client:
            client.config_set("requirepass", SECRET)
        monkeypatch.setenv(VARIABLES["redis_cache"], f"unix://:{SECRET}@{path}")
        kept = outputs.folder / "run.json"
        values = ("-w", SMALL["redis_cache"], "--seconds", "1", "--yes", "--out", kept)
        assert outputs.command("run", "redis_cache", *values).status == 0
        every_form_of_a_result(outputs, "redis_cache", [kept])
    outputs.check()


def test_run_on_urls_with_secrets_keeps_them_nowhere(outputs):
    with HttpServer.start() as server:
        place = server.url.removeprefix("http://")
        url = f"http://me:{SECRET}@{place}/items?token={SECRET}&count=2"
        kept = outputs.folder / "run.json"
        values = ("--set", f"urls={url}", "--set", "most_requests=60", "--seconds", "1", "--yes")
        answer = outputs.command("run", "async_io", *values, "--out", kept)
        assert answer.status == 0
        every_form_of_a_result(outputs, "async_io", [kept])
        lines = outputs.folder / "results.jsonl"
        assert run_fetch(urls=url, output_file=str(lines))["done"] == 1
        assert "count=2" in lines.read_text()
    outputs.check()


def test_panel_keeps_no_secret_of_a_url(outputs):
    from perflab.panels import workbench

    url = f"http://me:{SECRET}@127.0.0.1:1/x?token={SECRET}"
    panel = workbench("async_io", SMALL["async_io"])
    try:
        panel.wait(60)
        panel.controls.controls["urls"].text.value = url
        panel.wait(60)
        assert panel.controls.values["urls"] == url
        outputs.add("panel", saved(panel.widget))
        panel.controls.controls["urls"].text.value = f"http//me:{SECRET}@host"
        panel.picker.pick(url)
        panel.wait(60)
        panel.run_or_stop()
        panel.tasks.wait(60)
        outputs.add("panel", saved(panel.widget), panel.status.problem)
    finally:
        panel.close()
    outputs.check()


def test_errors_of_libraries_are_not_passed_on_in_tracebacks(outputs, monkeypatch):
    for pattern, form in (*MALFORMED, *AWAY):
        monkeypatch.setenv(VARIABLES[pattern], form.format(SECRET, SECRET))
        bench = load_bench(pattern)
        try:
            outputs.add(pattern, bench.foreign_servers(bench.read({})[0]))
        except BadInputError:
            outputs.add(pattern, traceback.format_exc())
    outputs.check()
