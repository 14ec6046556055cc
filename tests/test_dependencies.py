"""The lowest versions that may be installed, and the audit of those that are pinned."""

from __future__ import annotations

import http.server
import json
import re
import subprocess
import sys
import threading
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

ROOT = Path(__file__).resolve().parents[1]
AUDIT = ROOT / ".ci" / "audit"

# The first versions without an advisory that was known when this was written.
SAFE_FROM = {
    "aiohttp": "3.14.1",
    "dask": "2026.1",
    "jinja2": "3.1.6",
    "jupyterlab": "4.4.8",
    "orjson": "3.11.6",
    "pillow": "12.1.1",
    "pyarrow": "23.0.1",
}


def requirements():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"].values()
    return [Requirement(line) for lines in (project["dependencies"], *extras) for line in lines]


def pinned():
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    return [match for line in lines if (match := re.match(r"([\w.-]+)==([^\s;]+)", line))]


@pytest.mark.parametrize("name", SAFE_FROM)
def test_lower_bound_is_past_known_advisories(name):
    bounds = [one.specifier for one in requirements() if one.name == name]
    assert bounds
    for bound in bounds:
        lowest = [Version(one.version) for one in bound if one.operator == ">="]
        assert lowest
        assert max(lowest) >= Version(SAFE_FROM[name])


def test_pins_are_within_the_bounds():
    pins = {}
    for name, version in (match.groups() for match in pinned()):
        pins.setdefault(name, []).append(version)
    missed = [
        f"{one} is pinned to {version}"
        for one in requirements()
        for version in pins.get(one.name.lower(), [])
        if version not in one.specifier
    ]
    assert missed == []
    assert {name for name in SAFE_FROM if name not in pins} == set()


@pytest.fixture
def advisories():
    """Answer as OSV does: one advisory on each version that is named in `bad`."""

    class Answer(http.server.BaseHTTPRequestHandler):
        bad = frozenset({("leftpad", "1.0")})
        reply: bytes | None = None

        def do_POST(self):
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            versions = [(q["package"]["name"], q["version"]) for q in asked["queries"]]
            results = [{"vulns": [{"id": "GHSA-1"}]} if v in self.bad else {} for v in versions]
            body = self.reply or json.dumps({"results": results}).encode()
            self.send_response(200)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            """Keep the test's output clean."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    Answer.url = f"http://127.0.0.1:{server.server_port}/"
    yield Answer
    server.shutdown()
    server.server_close()


def audit(folder, text, url):
    pins = folder / "pins.txt"
    pins.write_text(text)
    return subprocess.run(
        [sys.executable, AUDIT, pins, "--url", url, "--seconds", "5"],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_audit_names_the_pin_with_an_advisory(tmp_path, advisories):
    ended = audit(tmp_path, "# pins\nsix==1.0\nleftpad==1.0; x\n", advisories.url)
    assert ended.returncode == 1
    assert "leftpad==1.0: GHSA-1" in ended.stdout
    assert "2 pins, 1 with known advisories" in ended.stdout


def test_audit_passes_pins_without_advisories(tmp_path, advisories):
    ended = audit(tmp_path, "six==1.0\nleftpad==1.1\n", advisories.url)
    assert (ended.returncode, ended.stderr) == (0, "")


@pytest.mark.parametrize("reply", [b"<html>", b"[]", b'{"results": []}', b'{"results": [1]}'])
def test_audit_says_skipped_where_the_answer_is_none(tmp_path, advisories, reply):
    advisories.reply = reply
    ended = audit(tmp_path, "six==1.0\n", advisories.url)
    assert ended.returncode == 0
    assert "skipped: advisories cannot be reached" in ended.stdout


def test_audit_says_skipped_where_nobody_listens(tmp_path):
    ended = audit(tmp_path, "six==1.0\n", "http://127.0.0.1:9/")
    assert ended.returncode == 0
    assert "skipped: advisories cannot be reached" in ended.stdout


def test_audit_refuses_a_file_without_pins(tmp_path):
    assert audit(tmp_path, "# nothing\n", "http://127.0.0.1:9/").returncode == 2
