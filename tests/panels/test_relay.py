"""A kernel whose threads reach no page: what they draw is sent from its event loop."""

import itertools
import json
import re
import time

import pytest
from jupyter_client.manager import start_new_kernel

PATIENCE = 120
PANEL = """
import json, threading
from perflab.panels import workbench
from perflab.panels.relay import RELAY
panel = workbench("cache", "zipf:skew=0.9,keys=300,requests=5k,seed=1")
panel.wait(120)
unseen = {name: part for part in panel.widget.children for name in part._dom_classes}
print(json.dumps({
    "asks": unseen["perflab-asks"].comm.comm_id,
    "answers": unseen["perflab-answers"].comm.comm_id,
    "picture": panel.displays.what_if.first.image.comm.comm_id,
    "slider": panel.controls.controls["max_cache_size"].slider.comm.comm_id,
    "recommend": panel.actions.buttons["recommend"].comm.comm_id,
}))
"""
DROPPED = """
session = get_ipython().kernel.session
send = session.send
def from_main_thread(stream, kind, *args, **named):
    if threading.current_thread() is threading.main_thread() or not str(kind).startswith("comm_"):
        return send(stream, kind, *args, **named)
session.send = from_main_thread
"""
NO_LOOP = "RELAY._loop = None"


class Page:
    """What a browser knows of the widgets of a kernel, and writes by hand."""

    def __init__(self, client):
        self.client = client
        self.states = {}

    def run(self, code):
        """Run code and return what it prints last, read as JSON."""
        said = []

        def hear(message):
            self._hear(message)
            if message["msg_type"] == "stream" and message["content"]["name"] == "stdout":
                said.append(message["content"]["text"])

        reply = self.client.execute_interactive(code, output_hook=hear, timeout=PATIENCE)
        assert reply["content"]["status"] == "ok", reply["content"]
        return json.loads(said[-1]) if said else None

    def write(self, comm_id, data):
        content = {"comm_id": comm_id, "data": data}
        self.client.shell_channel.send(self.client.session.msg("comm_msg", content))

    def set(self, comm_id, **state):
        self.write(comm_id, {"method": "update", "state": state, "buffer_paths": []})

    def click(self, comm_id):
        self.write(comm_id, {"method": "custom", "content": {"event": "click"}})

    def until(self, condition, patience=PATIENCE):
        """Take messages until something is so; say whether it came to that."""
        end = time.monotonic() + patience
        while not (found := condition()):
            if time.monotonic() > end:
                return found
            for message in self._arrived():
                self._hear(message)
        return found

    def lacking(self):
        """Return the widgets that others name and nobody has told of."""
        named = re.findall(r"IPY_MODEL_([\w-]+)", json.dumps(list(self.states.values())))
        return {*named} - {*self.states}

    def _arrived(self):
        if self.client.iopub_channel.socket.poll(100):
            yield self.client.get_iopub_msg(timeout=1)

    def _hear(self, message):
        content = message["content"]
        data = content.get("data", {})
        if message["msg_type"] == "comm_open":
            self.states[content["comm_id"]] = dict(data["state"])
        elif message["msg_type"] == "comm_msg" and data.get("method") == "update":
            state = dict(data["state"])
            for (name, *_), held in zip(data["buffer_paths"], message["buffers"], strict=True):
                state[name] = hash(bytes(held))
            self.states.setdefault(content["comm_id"], {}).update(state)


@pytest.fixture
def page(tmp_path):
    manager, client = start_new_kernel(kernel_name="python3", cwd=str(tmp_path))
    yield Page(client)
    client.stop_channels()
    manager.shutdown_kernel(now=True)


def test_threads_that_reach_no_page_are_found_and_what_they_draw_comes_all_the_same(page):
    ids = page.run(PANEL)

    def asked():
        return page.states[ids["asks"]].get("value")

    def drawn():
        return page.states[ids["picture"]].get("value")

    def moves(patience=PATIENCE):
        """Move the slider by hand; say whether a new picture comes of it."""
        before = drawn()
        place = page.states[ids["slider"]]["value"] - 1
        page.states[ids["slider"]]["value"] = place
        page.set(ids["slider"], value=place)
        return page.until(lambda: drawn() != before, patience)

    page.set(ids["answers"], value="up 1")
    assert page.until(lambda: asked() == "thread 1")
    page.set(ids["answers"], value="thread 1")
    assert moves()
    page.run(DROPPED)
    assert not moves(3)
    page.set(ids["answers"], value="up 2")
    assert page.until(lambda: asked() == "asked 2")
    assert not page.until(lambda: asked() == "thread 2", 1)
    page.set(ids["answers"], value="late")
    assert page.until(lambda: asked() == "loop")
    assert moves()
    page.click(ids["recommend"])
    assert page.until(lambda: any("Recommend" in str(s) for s in page.states.values()))
    page.run("panel.tasks.wait(120)")
    page.until(lambda: False, 1)
    assert page.lacking() == set()
    page.run(NO_LOOP)
    assert not moves(3)
    before, beats = drawn(), itertools.count()

    def beaten():
        page.set(ids["answers"], value=f"beat {next(beats)}")
        return drawn() != before

    assert page.until(beaten)


def test_a_word_that_came_late_brings_threads_back():
    from perflab.panels.relay import Relay

    relay = Relay()
    asks, answers, _ = relay.probe()
    answers.value = "late"
    assert relay.by_loop
    assert asks.value == "loop"
    answers.value = "up 3"
    assert asks.value == "loop"
    answers.value = "thread 1"
    assert not relay.by_loop
    assert asks.value == ""
