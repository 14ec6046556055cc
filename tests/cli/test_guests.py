"""`perflab app` before it serves: one clear error, or a notebook that opens the panel."""

import ast
import json
import os
import socket

import pytest

from perflab.cli import main
from perflab.cli.guests import free_port, notebook_text
from perflab.cli.page_messages import is_whole
from perflab.cli.voila_server import origin
from perflab.errors import BadInputError


def test_a_port_in_use_is_one_clear_error(capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert main(["app", "cache", "--port", str(port), "--no-browser"]) == 2
    said = capsys.readouterr().err
    assert f"127.0.0.1:{port}: nothing can listen there" in said
    assert said.count("\n") == 1
    assert free_port("127.0.0.1", 0) > 0


@pytest.mark.parametrize("ip", ["nowhere.invalid", "203.0.113.7", "::zz"])
def test_an_address_of_no_interface_is_one_clear_error(ip):
    with pytest.raises(BadInputError, match="nothing can listen there"):
        free_port(ip, 0)


def test_a_workload_that_is_not_there_is_said_before_anything_is_served(capsys, tmp_path):
    gone = tmp_path / "gone.csv"
    assert main(["app", "cache", "--workload", str(gone), "--no-browser"]) == 2
    assert "gone.csv" in capsys.readouterr().err


def test_a_pipe_which_only_one_page_could_read_is_refused(capsys, tmp_path):
    os.mkfifo(tmp_path / "pipe.csv")
    assert main(["app", "cache", "--workload", str(tmp_path / "pipe.csv"), "--no-browser"]) == 2
    assert "pipe.csv: is not a file; each page reads" in capsys.readouterr().err


def test_the_notebook_holds_one_call_with_what_was_given():
    hostile = "a'); import os; ('\n.csv"
    text = notebook_text(
        "Caching", ("cache", hostile, {"ttl_seconds": 60}), "csv", {}, "/x y", "/z"
    )
    (cell,) = json.loads(text)["cells"]
    *_, call = ast.parse("".join(cell["source"])).body
    assert [ast.literal_eval(each) for each in call.value.args] == [
        *("cache", hostile),
        {"ttl_seconds": 60},
    ]
    named = {each.arg: ast.literal_eval(each.value) for each in call.value.keywords}
    assert named == {"format_": "csv", "columns": {}, "folder": "/x y", "turn": "/z"}


@pytest.mark.parametrize("framed", [True, False])
def test_a_message_that_says_more_parts_than_it_has_is_none(framed):
    size, order = (8, "little") if framed else (4, "big")
    whole = (2).to_bytes(size, order) + bytes(2 * size) + b"{}"
    assert is_whole(whole, framed)
    for hostile in (b"", b"\0" * 40, b"\xff" * 40, whole[: 2 * size], "{}"):
        assert not is_whole(hostile, framed)


@pytest.mark.parametrize(
    ("ip", "address"),
    [("127.0.0.1", "http://127.0.0.1:80"), ("::1", "http://[::1]:80")],
)
def test_the_address_is_one_that_a_browser_takes(ip, address):
    assert origin(ip, 80) == address
    assert origin("0.0.0.0", 80) == f"http://{socket.gethostname()}:80"
