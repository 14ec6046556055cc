from __future__ import annotations

import io
import os
import sys
import time

import psutil
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import perflab
from perflab.errors import BadInputError
from perflab.patterns.lazy_loading import LazyLoader
from perflab.primitives import parquet_probe
from perflab.primitives.parquet_probe import ParquetProbe, check_parquet, trust_parquet


def deadly():
    """Return a file whose metadata ends a process: levels are counted for a column without any."""
    file = io.BytesIO()
    table = pa.table({"l": [[n, None] for n in range(50)], "key": [f"k{n}" for n in range(50)]})
    pq.write_table(table, file, write_page_index=True)
    content = file.getvalue()
    start = len(content) - 8 - int.from_bytes(content[-8:-4], "little")
    # One by one, each byte of the description of its contents is made large.
    for place in range(start, len(content) - 8):
        yield content[:place] + b"\x7f" + content[place + 1 :]


@pytest.fixture(scope="module")
def deadly_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("deadly") / "t.parquet"
    with ParquetProbe() as probe:
        for content in deadly():
            path.write_bytes(content)
            if "SIG" in probe.fault(path):
                return path
    pytest.skip("this Arrow raises for every one of these files")


@pytest.fixture(autouse=True)
def nothing_known():
    parquet_probe._known.clear()


def good(path):
    pq.write_table(pa.table({"key": ["a", "b", "a"]}), path)
    return path


def test_this_process_outlives_a_deadly_file(deadly_file):
    for read in (perflab.read_trace, lambda path: LazyLoader(data_source=str(path))):
        with pytest.raises(BadInputError, match="damaged or hostile") as caught:
            read(deadly_file)
        assert caught.value.place == str(deadly_file)


def test_a_good_file_is_read(tmp_path):
    assert len(perflab.read_trace(good(tmp_path / "t.parquet"))) == 3


def test_a_known_file_is_tried_once_and_a_changed_one_again(tmp_path, monkeypatch):
    tried = []
    monkeypatch.setattr(ParquetProbe, "fault", lambda self, path: tried.append(path) or "")
    path = good(tmp_path / "t.parquet")
    check_parquet(path, "t")
    check_parquet(path, "t")
    assert len(tried) == 1
    os.utime(path, ns=(1, 1))
    check_parquet(path, "t")
    assert len(tried) == 2


def test_what_this_process_wrote_is_not_tried(tmp_path, monkeypatch):
    monkeypatch.setattr(ParquetProbe, "fault", lambda self, path: pytest.fail("tried"))
    perflab.write_trace(perflab.Trace.from_keys(["a", "b"]), tmp_path / "t.parquet")
    assert len(perflab.read_trace(tmp_path / "t.parquet")) == 2
    trust_parquet(tmp_path / "gone")


def test_one_process_reads_many_files_and_ends(tmp_path, deadly_file):
    path = good(tmp_path / "t.parquet")
    with ParquetProbe() as probe:
        assert probe.fault(path) == ""
        first = probe._process.pid
        assert probe.fault(path) == ""
        assert probe._process.pid == first
        assert "SIG" in probe.fault(deadly_file)
        assert probe.fault(path) == ""
        last = probe._process.pid
    assert last != first
    assert not psutil.pid_exists(last)


def test_a_file_of_any_name_is_read(tmp_path):
    path = good(tmp_path / "t.parquet").rename(tmp_path / "a\nb 'c\udcff.parquet")
    with ParquetProbe() as probe:
        assert probe.fault(path) == ""
    with pytest.raises(BadInputError):
        LazyLoader(data_source=str(path))


def test_where_no_process_starts_the_file_is_read_all_the_same(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "executable", str(tmp_path / "gone"))
    assert len(perflab.read_trace(good(tmp_path / "t.parquet"))) == 3


def test_reading_that_never_ends_is_given_up(tmp_path, monkeypatch):
    child = tmp_path / "child.py"
    child.write_text("import time\ntime.sleep(600)\n")
    monkeypatch.setattr(parquet_probe, "_CHILD", child)
    monkeypatch.setattr(parquet_probe, "PATIENCE_SECONDS", 0.5)
    began = time.monotonic()
    with pytest.raises(BadInputError, match="takes longer"):
        check_parquet(good(tmp_path / "t.parquet"), "t")
    assert time.monotonic() - began < 60


@pytest.mark.parametrize("content", [b"", b"PAR1", b"PAR1" * 5, b"text"])
def test_what_is_no_parquet_is_left_to_its_reader(content, tmp_path):
    path = tmp_path / "t.parquet"
    path.write_bytes(content)
    check_parquet(path, "t")
    with pytest.raises(BadInputError):
        perflab.read_trace(path, "parquet")
