from __future__ import annotations

import json

import pyarrow as pa
import pytest

from perflab.workloads.importers import wrapped
from perflab.workloads.importers.wrapped import Wrapper

pytestmark = pytest.mark.compiled

LINES = (
    *(
        '{"log":"a b\\n","time":"x"}',
        '{"log":"","n":1}',
        '{"log":"é\\u00e9\\r\\n\\n"}',
        "{}",
        "plain",
    ),
    *('{"log":5}', '{"log":null}', '{"log":["a"]}', '{"log":"a","log":"b"}', '{"log":"\\ud800"}'),
    *(
        '{"log":"{\\"a\\":1}\\n"}',
        '{"l\\u006fg":"c"}',
        "[1]",
        '{"log":"cut',
        ' {"log" : "b"} \r',
        "",
    ),
)


@pytest.mark.parametrize("lines", [LINES, LINES[:3], LINES[3:4]])
def test_lines_within_json_are_the_same_in_a_long_file(lines, monkeypatch):
    array = pa.array([f"{line}\n".encode() for line in lines], pa.binary())
    wrapper = Wrapper("Docker's JSON", field="log")
    one_by_one = wrapper.take_off(array)
    monkeypatch.setattr(wrapped, "PAYS_FROM", 0)
    assert wrapper.take_off(array) == one_by_one
    assert wrapper.take_off(array.slice(1)) == one_by_one.slice(1)
    assert one_by_one[0].as_py() == (b"a b\n" if lines[0] == LINES[0] else b"{}\n")


def test_a_long_log_in_docker_s_json_is_the_same_log(write, monkeypatch):
    from perflab.workloads import read_trace
    from perflab.workloads.importers import quick_lines

    inner = [json.dumps({"path": f"/é{i % 7}", "time": i / 8, "size": i}) for i in range(200)]
    inner[50] = "started"
    outer = "".join(json.dumps({"log": f"{line}\n", "stream": "stdout"}) + "\n" for line in inner)
    path = write("a.log", outer)
    slow = read_trace(path)
    monkeypatch.setattr(wrapped, "PAYS_FROM", 0)
    monkeypatch.setattr(quick_lines, "PAYS_FROM", 0)
    quick = read_trace(path)
    assert quick.fingerprint == slow.fingerprint
    assert quick.notes == slow.notes
    assert any("1 of 200 lines skipped" in note for note in quick.notes)
