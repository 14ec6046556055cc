"""Every export is a whole program: it is run as it stands, on a real store."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pyarrow.parquet as pq
import pytest
from fsspec.caching import BackgroundBlockCache, BlockCache, ReadAheadCache

from perflab.patterns.lazy_loading.exports import lazy_loading_exports
from perflab.patterns.lazy_loading.settings import LazyLoadingSettings
from perflab.settings import LoadSettings
from perflab.workloads.flights_store import FORMS, flights_store

ROWS = 334_264
READERS = {
    "sqlite": ["pandas", "Polars"],
    "parquet": ["PyArrow", "Polars", "fsspec"],
    "csv": ["pandas", "PyArrow", "Polars", "fsspec"],
    "npy": ["fsspec"],
}


def exports(**values):
    settings = LazyLoadingSettings(**values)
    return {e.title: e.text for e in lazy_loading_exports(settings, LoadSettings(), "random")}


def execute(text, monkeypatch, store=None):
    """Run an export's text and return its namespace."""
    if store is not None:
        monkeypatch.setenv("STORE", str(store))
    namespace = {"__name__": "pasted"}
    exec(compile(text, "export", "exec"), namespace)
    return namespace


@pytest.mark.parametrize("form", FORMS)
def test_readers_are_those_that_take_such_a_store(form):
    assert list(exports(data_source=f"flights:{form}")) == [
        "perflab",
        *READERS[form],
        "Kailash workflow",
    ]


@pytest.mark.parametrize("form", FORMS)
def test_perflabs_own_has_the_settings_and_reads(form, monkeypatch):
    text = exports(data_source=f"flights:{form}", chunk_size=777, max_chunks=3, read_ahead=1)
    made = execute(text["perflab"], monkeypatch)["rows"]
    wanted = {"chunk_size": 777, "max_chunks": 3, "read_ahead": 1}
    assert wanted.items() <= made.settings.model_dump().items()
    assert len(made) == ROWS
    assert made[-1] is not None
    made.close()


@pytest.mark.parametrize(
    ("form", "title"),
    [(form, title) for form, them in READERS.items() for title in them if title != "fsspec"],
)
def test_a_readers_chunks_have_all_rows_and_the_size(form, title, monkeypatch):
    text = exports(data_source=f"flights:{form}", chunk_size=50_000)[title]
    made = execute(text, monkeypatch, flights_store(form))
    lengths = [getattr(chunk, "num_rows", None) or len(chunk) for chunk in made["chunks"]()]
    assert sum(lengths) == ROWS
    if (form, title) == ("csv", "PyArrow"):
        assert max(lengths) == pytest.approx(50_000, rel=0.1)
    else:
        assert max(lengths) <= 50_000


class Ranges(BaseHTTPRequestHandler):
    """Serves one file, any part of it."""

    content = b""

    def do_HEAD(self):
        self.send_response(200)
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("Content-Length", str(len(self.content)))
        self.end_headers()

    def do_GET(self):
        begin, end = self.headers["Range"].removeprefix("bytes=").split("-")
        part = self.content[int(begin) : int(end) + 1]
        self.server.asked.append(len(part))
        self.send_response(206)
        total = len(self.content)
        self.send_header("Content-Range", f"bytes {begin}-{int(begin) + len(part) - 1}/{total}")
        self.send_header("Content-Length", str(len(part)))
        self.end_headers()
        self.wfile.write(part)

    def log_message(self, *_):
        """Say nothing."""


@pytest.fixture
def served():
    Ranges.content = flights_store("parquet").read_bytes()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Ranges)
    server.asked = []
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(
    ("values", "kind", "blocks"),
    [
        ({"max_chunks": 3}, BlockCache, 3),
        ({"max_chunks": 5, "read_ahead": 2}, BackgroundBlockCache, 5),
        ({"max_chunks": 1, "read_ahead": 1}, ReadAheadCache, None),
    ],
)
def test_fsspec_holds_blocks_of_the_chunks_bytes(values, kind, blocks, served, monkeypatch):
    text = exports(data_source="flights:parquet", chunk_size=10_000, **values)["fsspec"]
    url = f"http://127.0.0.1:{served.server_address[1]}/flights.parquet"
    made = execute(text, monkeypatch, url)
    size = made["BLOCK_SIZE"]
    assert size == pytest.approx(flights_store("parquet").stat().st_size / ROWS * 10_000, rel=0.05)
    with made["open_store"]() as file:
        assert type(file.cache) is kind
        assert file.cache.blocksize == size
        if blocks is not None:
            assert file.cache.maxblocks == blocks
        if kind is BlockCache:
            file.seek(0)
            file.read(10)
            file.seek(5)
            file.read(10)
            assert served.asked == [size]
        assert pq.read_metadata(file).num_rows == ROWS


def test_a_kailash_workflow_keeps_chunks_from_one_execution_to_the_next(monkeypatch):
    made = execute(exports(chunk_size=1000)["Kailash workflow"], monkeypatch)
    assert tuple(made["run"](1000)) == made["rows"][1000]
    assert tuple(made["run"](1001)) == made["rows"][1001]
    assert made["rows"].stats()["loads"] == 1
    made["rows"].close()


def test_folders_are_left_out_and_a_table_keeps_its_name(tmp_path):
    path = tmp_path / "private" / "trips.parquet"
    texts = exports(data_source=str(path)).values()
    assert not any("private" in text for text in texts)
    assert all('"trips.parquet"' in text for text in texts)
    table = exports(data_source=f"{tmp_path}/trips.db:rides")
    assert 'data_source=os.environ.get("STORE", "trips.db:rides")' in table["perflab"]
    assert 'SELECT * FROM "rides"' in table["pandas"]


def test_a_function_has_no_reader_but_ours():
    assert list(exports(data_source="mymodule:rows")) == ["perflab", "Kailash workflow"]


def test_a_quoted_line_end_across_a_block_of_arrow_is_whole(tmp_path, monkeypatch):
    """apache/arrow#51368"""
    texts = ["\r\n" * (20 + n % 7) + "x" * (n % 3) for n in range(3000)]
    path = tmp_path / "in.csv"
    path.write_bytes(b"n,t\r\n" + b"".join(f'{n},"{t}"\r\n'.encode() for n, t in enumerate(texts)))
    text = exports(data_source=str(path), chunk_size=100)["PyArrow"]
    made = execute(text, monkeypatch, path)
    assert [t for chunk in made["chunks"]() for t in chunk.column("t").to_pylist()] == texts
