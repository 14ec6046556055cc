from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from perflab.errors import BadInputError
from perflab.workloads import read_trace
from perflab.workloads.importers.detect import detect
from perflab.workloads.importers.source import Source

spec = importlib.util.spec_from_file_location("formats", Path(__file__).with_name("formats.py"))
formats = importlib.util.module_from_spec(spec)
spec.loader.exec_module(formats)

every_format = pytest.mark.parametrize("kind", sorted(formats.WRITTEN))


def same_requests(trace, kind, keys_of):
    pattern = formats.WRITTEN[kind][2]
    trace = trace.reads_only()
    wanted = formats.KEYS if pattern is None else [pattern.format(key) for key in formats.KEYS]
    assert keys_of(trace) == wanted
    assert (trace.times is None) == (kind in formats.WITHOUT_TIMES)
    if trace.times is not None:
        assert trace.times == pytest.approx(formats.TIMES, abs=1e-6)
    assert (trace.sizes is None) == (kind in formats.WITHOUT_SIZES)
    if trace.sizes is not None:
        assert trace.sizes.tolist() == formats.SIZES


@every_format
def test_a_trace_that_was_written_is_read_back(kind, write, keys_of):
    name, content, _ = formats.WRITTEN[kind]
    path = write(name, content)
    assert detect(Source(path)) == kind
    same_requests(read_trace(path), kind, keys_of)
    same_requests(read_trace(path, format=kind), kind, keys_of)


@every_format
def test_every_format_is_read_from_every_compression(kind, packer, write, keys_of):
    name, content, _ = formats.WRITTEN[kind]
    raw = content if isinstance(content, bytes) else content.encode()
    same_requests(read_trace(write(name + packer[0], packer[1](raw))), kind, keys_of)


@every_format
def test_reading_goes_to_the_last_byte_and_stops_when_cancelled(kind, write):
    path = write(*formats.WRITTEN[kind][:2])
    seen = []
    read_trace(path, progress=lambda *done: seen.append(done))
    assert seen[-1] == (path.stat().st_size,) * 2

    class CancelledError(Exception):
        pass

    def cancel(done, total):
        raise CancelledError

    with pytest.raises(CancelledError):
        read_trace(path, progress=cancel)


@every_format
def test_a_file_of_another_format_is_refused_with_its_place(kind, write):
    other = write("other", "neither\nthis\nnor that\n")
    with pytest.raises(BadInputError) as caught:
        read_trace(other, format=kind)
    assert caught.value.place.startswith(str(other))


@pytest.mark.parametrize("kind", sorted(set(formats.WRITTEN) - {"har", "oracle"}))
def test_a_bad_line_is_skipped_and_shown_with_its_number(kind, write, keys_of):
    name, content, _ = formats.WRITTEN[kind]
    lines = content.splitlines(keepends=True)
    lines.insert(3, "what is this\n")
    trace = read_trace(write(name, "".join(lines)))
    same_requests(trace, kind, keys_of)
    assert any("skipped; first: line 4: 'what is this'" in note for note in trace.notes)


@pytest.mark.parametrize("kind", ["json", "redis_monitor", "twitter", "oracle_csv", "spc", "msr"])
def test_lines_out_of_order_are_sorted_and_the_note_says_so(kind, write, keys_of):
    name, content, _ = formats.WRITTEN[kind]
    lines = content.splitlines(keepends=True)
    head = [] if kind not in ("redis_monitor", "oracle_csv") else [lines.pop(0)]
    trace = read_trace(write(name, "".join([*head, *lines[-2:], *lines[:-2]])))
    same_requests(trace, kind, keys_of)
    assert np.all(np.diff(trace.times) >= 0)
    assert trace.ids[0] == 0
    assert any("earlier than the line above; sorted by time" in note for note in trace.notes)


def test_lines_across_blocks_are_read_as_one(write, keys_of, monkeypatch):
    monkeypatch.setattr("perflab.workloads.importers.lines.BLOCK_BYTES", 50)
    for kind in ("json", "twitter", "msr", "redis_monitor"):
        same_requests(read_trace(write(*formats.WRITTEN[kind][:2])), kind, keys_of)
