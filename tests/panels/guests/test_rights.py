"""A guest names no path, server, backend or folder; the kernel refuses, whatever a page sends."""

import os

import comm
import pytest

from perflab.bench import bench_names, load_bench
from perflab.errors import BadInputError
from perflab.panels.guests.opening import app_panel
from perflab.panels.guests.rights import GUEST, OWNER
from perflab.servers.consent import ConsentNeededError, ForeignServer

SMALL = "zipf:skew=0.9,keys=300,requests=5k,seed=1"
MUST_BE_FIXED = {
    "async_io": {"urls", "output_file", "backend"},
    "cache": {"backend"},
    "connection_pool": {"backend", "query"},
    "lazy_loading": {"data_source", "backend"},
    "prefetching": {"backend"},
    "redis_cache": {"redis_host", "cache_namespace", "backend"},
    "streaming": {"input_file", "output_file", "schema", "backend"},
}


@pytest.fixture
def opened(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    panels = []

    def make(pattern="cache", workload=None, settings=None, turn=None):
        panels.append(app_panel(pattern, workload, settings or {}, turn=turn))
        panels[-1].wait(60)
        return panels[-1]

    yield make
    for panel in panels:
        panel.close()


def tell(widget, data, buffers=()):
    content = {"comm_id": widget.comm.comm_id, "data": data}
    message = {"content": content, "buffers": list(buffers)}
    comm.get_comm_manager().comm_msg(None, None, message)


def enter(widget, **state):
    tell(widget, {"method": "update", "state": state, "buffer_paths": []})
    tell(widget, {"method": "custom", "content": {"event": "submit"}})


def click(widget):
    tell(widget, {"method": "custom", "content": {"event": "click"}})


@pytest.mark.parametrize("pattern", bench_names())
def test_all_that_names_something_on_the_machine_is_fixed(pattern):
    bench = load_bench(pattern)
    assert GUEST.fixed(bench) >= MUST_BE_FIXED.get(pattern, {"backend"})
    assert OWNER.fixed(bench) == frozenset()
    assert bench.tuning.tuned not in GUEST.fixed(bench)


@pytest.mark.parametrize("pattern", sorted(MUST_BE_FIXED))
def test_no_control_of_a_guest_changes_what_is_fixed(pattern, opened):
    panel = opened(pattern)
    before = panel.controls.values
    tried = 0
    for key in GUEST.fixed(panel.bench) & panel.controls.controls.keys():
        control = panel.controls.controls[key]
        enter(control.text, value="/etc/passwd")
        assert control.overruled == "set by the person who started this app"
        with pytest.raises(BadInputError):
            panel.controls.show({key: "os:system"})
        tried += 1
    assert tried or pattern in ("cache", "redis_cache")
    assert panel.controls.values == before


def test_a_guest_reads_no_file_of_the_machine(opened, tmp_path):
    secret = tmp_path / "secret.txt"
    secret.write_text("a\nb\na\n")
    panel = opened("cache", SMALL)
    picker = panel.picker
    assert list(picker.source.options) == ["Built-in", "Upload"]
    tell(picker.source, {"method": "update", "state": {"index": 2}, "buffer_paths": []})
    enter(picker.path, value=str(secret))
    click(picker.read_button)
    for name in (str(secret), "secret.txt", "./zipf", "file://secret.txt"):
        enter(picker.ours.text, value=name)
        panel.wait(60)
        assert "no file can be named here" in picker.error.value
    assert panel.workload.name.startswith("zipf:")
    enter(picker.ours.text, value="uniform:keys=10,requests=100,seed=2")
    panel.wait(60)
    assert panel.workload.name.startswith("uniform:")


def test_a_guest_sends_a_file_only_where_that_names_no_others(opened, tmp_path):
    sent = {"name": "x.txt", "type": "", "size": 6, "last_modified": 1, "content": None}
    data = {"method": "update", "state": {"value": [sent]}}
    data["buffer_paths"] = [["value", 0, "content"]]
    panel = opened("cache", SMALL)
    tell(panel.picker.upload, data, [b"a\nb\na\n"])
    panel.wait(60)
    assert len(panel.workload) == 3
    (tmp_path / "secret").write_text("mine")
    other = opened("prefetching")
    before = other.workload
    assert list(other.picker.source.options) == ["Built-in"]
    tell(other.picker.upload, data, [os.fsencode(tmp_path / "secret") + b"\n"])
    other.wait(60)
    assert other.workload is before


def test_a_guest_names_no_server_and_agrees_to_none(opened, monkeypatch):
    monkeypatch.delenv("PERFLAB_REDIS_URL", raising=False)
    allowed = []
    monkeypatch.setattr("perflab.panels.consent_line.allow", lambda *of: allowed.append(of))
    panel = opened("redis_cache", SMALL)
    field = panel.server.field
    assert field.widget.layout.display == "none"
    enter(field.text, value="redis://127.0.0.1:1/0")
    assert "PERFLAB_REDIS_URL" not in os.environ
    server = ForeignServer("redis", "there:6379", "writes keys")
    panel.server.ask(ConsentNeededError((server,)), panel.run_or_stop)
    click(panel.server.consent.button)
    assert allowed == []
    assert "its owner has not agreed" in panel.status.text


def test_pages_of_an_app_measure_one_at_a_time(opened, tmp_path, until):
    first, second = (opened("cache", SMALL, turn=str(tmp_path / "turn")) for _ in range(2))
    first.run_or_stop()
    assert first.runner.active
    second.run_or_stop()
    second.measure_again()
    assert not second.runner.active
    assert not second.tasks.busy("measure")
    assert "another page of this app is measuring" in second.status.text
    first.runner.stop()
    until(lambda: not first.runner.active)
    second.run_or_stop()
    assert second.runner.active
    second.runner.stop()


def test_a_guest_writes_nothing_and_downloads(opened, tmp_path, until):
    panel = opened("cache", SMALL)
    panel.lasting.begin()
    panel.controls.controls["max_cache_size"].value = 77
    enter(panel.actions.folder, value=str(tmp_path / "elsewhere"))
    panel.wait(60)
    click(panel.actions.buttons["pin"])
    click(panel.actions.buttons["export"])
    until(lambda: panel.report_actions.link.download.content)
    panel.tasks.wait(60)
    link = panel.report_actions.link
    assert link.download.content.startswith(b"<!DOCTYPE html>")
    assert link.download.name.endswith(".html")
    assert "elsewhere" not in link.download.name
    click(panel.lasting.tab.export)
    table = panel.lasting.tab.download
    assert (table.name, b"max_cache_size" in table.content) == ("perflab-tried-cache.csv", True)
    assert list(tmp_path.iterdir()) == []
    tell(table, {"method": "update", "state": {"name": "../x"}, "buffer_paths": []})
    assert table.name == "perflab-tried-cache.csv"
