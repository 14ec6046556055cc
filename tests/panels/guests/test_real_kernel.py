"""A kernel with panels for guests, and a page that writes its widgets' messages by hand."""

import json

import pytest
from jupyter_client.manager import start_new_kernel

PANELS = """
import json, os
from perflab.panels.guests.opening import app_panel
SMALL = "zipf:skew=0.9,keys=50,requests=1k,seed=1"
small = {"cache": SMALL, "redis_cache": SMALL}
panels = {
    name: app_panel(name, small.get(name), {})
    for name in ("cache", "redis_cache", "lazy_loading", "prefetching")
}
for panel in panels.values():
    panel.wait(120)
before = {name: panel.controls.values for name, panel in panels.items()}
"""
WIDGETS = """
named = {}
for name, panel in panels.items():
    for key, control in panel.controls.controls.items():
        if control.overruled.startswith("set by"):
            named[f"{name}.{key}"] = control.text.comm.comm_id
cache = panels["cache"]
for name, widget in {
    "path": cache.picker.path, "read": cache.picker.read_button, "source": cache.picker.source,
    "workload": cache.picker.ours.text, "folder": cache.actions.folder,
    "export": cache.actions.buttons["export"], "csv": cache.lasting.tab.export,
    "server": panels["redis_cache"].server.field.text,
    "consent": panels["redis_cache"].server.consent.button,
}.items():
    named[name] = widget.comm.comm_id
print(json.dumps(named))
"""
AFTER = """
for panel in panels.values():
    panel.wait(120)
    panel.tasks.wait(120)
print(json.dumps({
    "changed": [name for name in panels if panels[name].controls.values != before[name]],
    "workload": cache.workload.name,
    "server": os.environ.get("PERFLAB_REDIS_URL", ""),
    "files": sorted(os.listdir(".")),
    "report": len(cache.report_actions.link.download.content),
    "table": len(cache.lasting.tab.download.content),
}))
"""


@pytest.fixture
def kernel(tmp_path, monkeypatch):
    monkeypatch.delenv("PERFLAB_REDIS_URL", raising=False)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "secret.txt").write_text("a\nb\na\n")
    manager, client = start_new_kernel(kernel_name="python3", cwd=str(tmp_path))
    yield client
    client.stop_channels()
    manager.shutdown_kernel(now=True)


def run(client, code):
    """Run code as the owner, and return what it prints last, read as JSON if it is."""
    said = []

    def hook(message):
        if message["msg_type"] == "stream" and message["content"]["name"] == "stdout":
            said.append(message["content"]["text"])

    reply = client.execute_interactive(code, output_hook=hook, timeout=240)
    assert reply["content"]["status"] == "ok", reply["content"]
    return json.loads(said[-1]) if said else None


def write(client, comm_id, data):
    """Send what a page may send: a message of a widget, and no code."""
    content = {"comm_id": comm_id, "data": data}
    client.shell_channel.send(client.session.msg("comm_msg", content))


def update(client, comm_id, **state):
    write(client, comm_id, {"method": "update", "state": state, "buffer_paths": []})
    write(client, comm_id, {"method": "custom", "content": {"event": "submit"}})


def click(client, comm_id):
    write(client, comm_id, {"method": "custom", "content": {"event": "click"}})


def test_a_kernel_refuses_what_a_page_of_a_guest_sends(kernel, tmp_path):
    run(kernel, PANELS)
    named = run(kernel, WIDGETS)
    fixed = [name for name in named if "." in name]
    assert {"lazy_loading.data_source", "prefetching.backend"} <= {*fixed}
    for name in fixed:
        for value in (str(tmp_path / "secret.txt"), "os:system", "http://127.0.0.1:1/", "x"):
            update(kernel, named[name], value=value)
    update(kernel, named["source"], index=2)
    update(kernel, named["path"], value=str(tmp_path / "secret.txt"))
    click(kernel, named["read"])
    update(kernel, named["workload"], value="secret.txt")
    update(kernel, named["folder"], value=str(tmp_path / "taken"))
    update(kernel, named["server"], value="redis://127.0.0.1:1/0")
    click(kernel, named["consent"])
    click(kernel, named["export"])
    click(kernel, named["csv"])
    after = run(kernel, AFTER)
    assert after["changed"] == []
    assert after["workload"].startswith("zipf:")
    assert after["server"] == ""
    assert after["files"] == ["secret.txt"]
    assert after["report"] > 20_000
    assert after["table"] > 50
