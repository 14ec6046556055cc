from __future__ import annotations

import json
import os

import pytest

from perflab.bench.registry import _found, load_bench
from perflab.panels import workbench
from perflab.panels.consent_line import ConsentLine
from perflab.panels.server_field import ServerField
from perflab.servers.consent import ConsentNeededError, ForeignServer, is_allowed

TRACE = "zipf:skew=0.9,keys=500,requests=20k,seed=1"
VARIABLE = "PERFLAB_TOY_URL"
SECRET = "redis://me:s3cret@shop.example:6380/0"
SHOWN = "redis://***@shop.example:6380/0"
ADDRESS = "redis://shop.example:6380/0"
SERVER = ForeignServer(ADDRESS, "writes keys under toy:")
TOY = f"""
import dataclasses
import os

from perflab.bench import Action, UserServers
from perflab.patterns.cache.bench import CacheBench
from perflab.patterns.cache.session import CacheSession
from perflab.servers.addresses import redis_address
from perflab.servers.consent import ForeignServer
from perflab.errors import BadInputError


class ToySession(CacheSession):
    def about(self):
        return {{"Toy": "1.0, embedded"}}

    def act(self, name):
        if name == "break":
            raise BadInputError("the toy is not ours")


def used(settings):
    url = os.environ.get("{VARIABLE}")
    if not url:
        return ()
    return (ForeignServer(redis_address(url), "writes keys under toy:"),)


class ToyBench(CacheBench):
    identity = dataclasses.replace(CacheBench.identity, pattern="toy", title="Toy")
    live = dataclasses.replace(
        CacheBench.live,
        actions=(
            Action("kick", "Kick it", "bolt", "Kick the toy."),
            Action("break", "Break it", "times", "Break the toy."),
        ),
    )
    servers = UserServers(used=used, variable="{VARIABLE}")

    def session(self, settings, load, trace, clock, run_name):
        return ToySession(settings, load, trace, clock)
"""


@pytest.fixture
def toy(tmp_path, monkeypatch):
    """Install a bench with a server and actions, as another package would."""
    (tmp_path / "toy_bench.py").write_text(TOY)
    info = tmp_path / "toy_bench-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: toy-bench\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[perflab.benches]\ntoy = toy_bench:ToyBench\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("PERFLAB_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.delenv(VARIABLE, raising=False)
    _found.cache_clear()
    load_bench.cache_clear()
    panel = workbench("toy", TRACE)
    panel.wait(60)
    yield panel
    panel.close()
    os.environ.pop(VARIABLE, None)
    _found.cache_clear()
    load_bench.cache_clear()


def running(panel, until):
    panel.run_or_stop()
    until(lambda: not panel.server.actions.buttons["kick"].disabled)


def saved(widget):
    """Return the state of a widget and of all in it, as a notebook keeps it."""
    state = json.dumps(widget.get_state(), default=str)
    return state + "".join(saved(child) for child in getattr(widget, "children", ()))


def test_bench_without_actions_or_server_shows_neither(panel):
    assert panel.server.actions.widget.layout.display == "none"
    assert panel.server.field.widget.layout.display == "none"
    assert panel.header.servers.layout.display == "none"


def test_actions_wait_for_a_run_and_say_what_was_done(toy, until):
    kick = toy.server.actions.buttons["kick"]
    assert kick.disabled
    assert kick.tooltip == "Kick the toy."
    running(toy, until)
    kick.click()
    until(lambda: "Kick it: done at" in toy.status.text)
    assert [change["action"] for change in toy.runner.live.changes if "action" in change] == [
        "kick"
    ]
    until(lambda: not toy.server.actions.buttons["break"].disabled)
    toy.server.actions.buttons["break"].click()
    until(lambda: "Break it: the toy is not ours" in toy.status.problem)
    assert toy.runner.live.state == "running"
    toy.run_or_stop()
    until(lambda: not toy.runner.active)
    assert kick.disabled


def test_server_behind_a_run_is_named_with_it_and_in_its_report(toy, until, tmp_path):
    assert toy.header.servers.value == ""
    running(toy, until)
    until(lambda: "Toy (1.0, embedded)" in toy.header.servers.value)
    toy.server.actions.buttons["kick"].click()
    until(lambda: "Kick it: done at" in toy.status.text)
    toy.actions.folder.value = str(tmp_path / "report")
    toy.export()
    until(lambda: toy.report is not None or toy.status.problem)
    written = toy.report.with_suffix(".md").read_text()
    assert "1.0, embedded" in written
    assert "action: Kick it" in written


def test_typed_server_goes_into_the_environment_and_not_into_the_notebook(toy):
    field = toy.server.field
    field.text.value = f" {SECRET} "
    assert os.environ[VARIABLE] == SECRET
    assert field.text.value == ""
    assert SHOWN in field.label.value
    assert "s3cret" not in saved(toy.widget)
    field.forget.click()
    assert VARIABLE not in os.environ
    assert "perflab's own" in field.label.value


def test_foreign_server_is_asked_for_once_and_then_used(toy, until):
    toy.server.field.text.value = SECRET
    toy.run_or_stop()
    until(lambda: toy.server.consent.widget.layout.display is None)
    until(lambda: not toy.runner.active)
    said = toy.server.consent.text.value
    assert ADDRESS in said
    assert "writes keys under toy:" in said
    assert toy.runner.live is None
    assert toy.status.problem == ""
    toy.server.consent.button.click()
    until(lambda: toy.runner.live is not None and len(toy.runner.live.rows) > 1)
    assert is_allowed(SERVER)
    assert toy.server.consent.widget.layout.display == "none"


def test_reset_takes_the_question_and_the_server_away(toy, until):
    toy.server.field.text.value = SECRET
    toy.run_or_stop()
    until(lambda: toy.server.consent.widget.layout.display is None)
    toy.reset()
    until(lambda: toy.server.consent.widget.layout.display == "none")


def test_consent_that_cannot_be_kept_is_an_error_and_starts_nothing(tmp_path, monkeypatch):
    blocked = tmp_path / "file"
    blocked.write_text("")
    monkeypatch.setenv("PERFLAB_CACHE_DIR", str(blocked / "below"))
    agreed, failed = [], []
    line = ConsentLine(lambda: agreed.append(1), failed.append)
    line.ask(ConsentNeededError((SERVER,)))
    line.button.click()
    assert agreed == []
    assert "cannot be written" in str(failed[0])


def test_server_named_before_the_panel_opened_is_shown(monkeypatch):
    monkeypatch.setenv(VARIABLE, SECRET)
    field = ServerField(VARIABLE, lambda: None)
    assert field.address == SHOWN
    assert not field.forget.disabled
