"""The sources of items: real rows, files and HTTP, fetched from several threads."""

from __future__ import annotations

import http.client
import json
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from perflab.errors import BadInputError
from perflab.patterns.prefetching.item_names import load_items
from perflab.patterns.prefetching.item_servers import open_items
from perflab.patterns.prefetching.item_sources import ItemSource, check_items, own_files
from perflab.patterns.prefetching.items import Items
from perflab.settings import LoadSettings

ITEMS = load_items("items")
BACKENDS = ["sqlite", "postgres", "files", "http", "delay"]


@pytest.fixture(params=BACKENDS)
def source(request):
    opened = open_items(LoadSettings(backend=request.param), ITEMS)
    yield opened
    opened.close()


class Letters(ItemSource):
    length = 3

    def ask(self, start, stop):
        assert 0 <= start < stop <= 3
        return list("abc"[start:stop])


def test_items_begin_again_after_the_last():
    assert "".join(Letters(0.0).fetch(1, 9)) == "bcabcabc"


def test_every_source_gives_the_same_items_whatever_the_ranges_and_threads(source):
    whole = list(source.fetch(0, 60))
    assert len(whole) == 60
    with ThreadPoolExecutor(4) as pool:
        parts = pool.map(lambda start: list(source.fetch(start, start + 7)), range(0, 56, 7))
        assert [item for part in parts for item in part] == whole[:56]
    if source.length is not None:
        assert list(source.fetch(source.length, source.length + 3)) == whole[:3]


def test_rows_are_in_the_order_of_their_key():
    source = open_items(LoadSettings(backend="postgres"), ITEMS)
    assert [row[0] for row in source.fetch(10, 15)] == [11, 12, 13, 14, 15]
    assert source.about()["PostgreSQL"].startswith("PostgreSQL 1")
    source.restart()
    with pytest.raises(Exception, match=r".+"):
        source.fetch(0, 1)
    assert len(source.fetch(0, 5)) == 5
    source.close()


def test_own_files_hold_the_flights_and_are_made_once():
    paths = own_files()
    assert len(paths) == 1000
    rows = [row for path in paths for row in json.loads(Path(path).read_bytes())]
    assert len(rows) == 334_264
    changed = Path(paths[0]).stat().st_mtime_ns
    assert own_files() == paths
    assert Path(paths[0]).stat().st_mtime_ns == changed


def test_the_wait_of_a_fetch_changes_while_it_is_used():
    source = open_items(LoadSettings(backend="delay"), ITEMS)
    source.change(LoadSettings(backend_seconds=0.05))
    started = time.perf_counter()
    assert source.fetch(3, 6) == [3, 4, 5]
    assert time.perf_counter() - started >= 0.05


def test_the_http_servers_wait_is_its_own_and_it_is_survived_when_it_restarts():
    source = open_items(LoadSettings(backend="http", backend_seconds=0.05), ITEMS)
    started = time.perf_counter()
    assert [item["id"] for item in source.fetch(5, 8)] == [5, 6, 7]
    assert time.perf_counter() - started >= 0.05
    source.change(LoadSettings(backend_seconds=0.0))
    source.restart()
    with pytest.raises((OSError, http.client.HTTPException)):
        source.fetch(0, 1)
    assert len(source.fetch(0, 4)) == 4
    source.close()


def test_a_status_that_is_an_error_is_one():
    source = open_items(LoadSettings(backend="http"), ITEMS)
    source._server.set(error_rate=1.0)
    with pytest.raises(http.client.HTTPException, match="status 500"):
        source.fetch(0, 1)
    source.close()


def test_own_functions_are_asked_for_ranges(tmp_path, monkeypatch):
    def mine(start, stop):
        return ["x"] * (stop - start)

    assert open_items(LoadSettings(backend=mine), ITEMS).fetch(2, 5) == ["x"] * 3
    (tmp_path / "own_source.py").write_text("def fetch(start, stop):\n    return [start, stop]\n")
    monkeypatch.syspath_prepend(tmp_path)
    found = open_items(LoadSettings(backend="own_source:fetch"), ITEMS)
    assert found.fetch(1, 9) == [1, 9]
    with pytest.raises(BadInputError, match="is not a function"):
        open_items(LoadSettings(backend="own_source:__name__"), ITEMS)


def test_files_are_read_by_files_only(tmp_path):
    path = tmp_path / "a.bin"
    path.write_bytes(b"abc")
    items = Items("mine", 1, (str(path),))
    assert list(open_items(LoadSettings(backend="files"), items).fetch(0, 2)) == [b"abc"] * 2
    for backend in ("sqlite", "delay", "http", "json:loads"):
        with pytest.raises(BadInputError, match="set it to files"):
            check_items(LoadSettings(backend=backend), items)


def test_a_source_without_a_server_cannot_restart_it():
    with pytest.raises(BadInputError, match="no server to restart"):
        open_items(LoadSettings(backend="sqlite"), ITEMS).restart()
