"""Every store gives the rows that are in its file, and says in words what is wrong with it."""

from __future__ import annotations

import csv
import os
import shutil
import sqlite3
import sys

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from perflab.bench import load_bench
from perflab.errors import BadInputError
from perflab.patterns.lazy_loading import LazyLoader
from perflab.patterns.lazy_loading import _rows as lazy_loading_rows
from perflab.patterns.lazy_loading._csv import CsvStore
from perflab.patterns.lazy_loading._files import NpyStore, ParquetStore
from perflab.patterns.lazy_loading._sources import FunctionStore, open_store
from perflab.patterns.lazy_loading._sqlite import SqliteStore
from perflab.patterns.lazy_loading._store import StoreError
from perflab.patterns.lazy_loading.sources import stored_form
from perflab.workloads import flights_store as bundled
from perflab.workloads.flights_store import FORMS, flights_store

ROWS = [(number, f"name {number}") for number in range(300)]
SPANS = [(0, 1), (0, 300), (299, 300), (17, 211), (63, 65), (64, 128)]


def make_sqlite(path, rows=ROWS, table="items", drop=()):
    connection = sqlite3.connect(path)
    connection.execute(f'CREATE TABLE "{table}" (number INTEGER, name TEXT)')
    connection.executemany(f'INSERT INTO "{table}" VALUES (?, ?)', rows)
    connection.executemany(f'DELETE FROM "{table}" WHERE number = ?', [(n,) for n in drop])
    connection.commit()
    connection.close()
    return path


def make_parquet(path, rows=ROWS, group=70):
    table = pa.table({"number": [row[0] for row in rows], "name": [row[1] for row in rows]})
    pq.write_table(table, path, row_group_size=group)
    return path


def make_csv(path, rows=ROWS):
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("number", "name"), *rows])
    return path


def make_npy(path, rows=ROWS):
    np.save(path, np.array([[row[0], row[0] ** 2] for row in rows]).reshape(len(rows), 2))
    return path


MAKERS = {".sqlite": make_sqlite, ".parquet": make_parquet, ".csv": make_csv, ".npy": make_npy}


def plain(rows):
    return [tuple(map(str, row)) for row in rows]


@pytest.fixture(params=sorted(MAKERS))
def file(request, tmp_path):
    return MAKERS[request.param](tmp_path / f"rows{request.param}")


@pytest.mark.parametrize(("start", "stop"), SPANS)
def test_rows_are_those_of_the_file(file, start, stop):
    store = open_store(str(file))
    assert len(store) == 300
    wanted = ROWS if file.suffix != ".npy" else [(n, n**2) for n in range(300)]
    assert plain(store.read(start, stop)) == plain(wanted[start:stop])
    assert store.stored_bytes(start, stop) > 0
    store.close()


def test_bytes_of_all_rows_are_those_of_the_file_but_for_its_frame(file):
    store = open_store(str(file))
    assert store.stored_bytes(0, 300) <= file.stat().st_size
    if file.suffix in (".csv", ".npy"):
        assert store.stored_bytes(0, 300) > 0.9 * file.stat().st_size


def test_a_file_that_is_gone_is_an_error_until_it_is_back(file, tmp_path):
    loader = LazyLoader(data_source=str(file), chunk_size=64)
    first = plain([loader[0]])
    shutil.move(file, tmp_path / "away")
    with pytest.raises(StoreError, match="is missing"):
        loader[200]
    assert plain([loader[0]]) == first
    shutil.move(tmp_path / "away", file)
    assert len(loader[100:200]) == 100


def test_a_file_that_another_replaced_is_an_error_until_refresh(file, tmp_path):
    loader = LazyLoader(data_source=str(file), chunk_size=64)
    assert loader[0] is not None
    other = MAKERS[file.suffix](tmp_path / f"other{file.suffix}", ROWS[:250])
    os.replace(other, file)  # noqa: PTH105
    with pytest.raises(StoreError, match="since it was opened"):
        loader[200]
    assert loader[1] is not None
    loader.refresh()
    assert len(loader) == 250
    assert plain([loader[249]])[0][0] == "249"


def test_a_missing_file_is_the_users_mistake(file):
    file.unlink()
    with pytest.raises(BadInputError, match=r"rows\..*: cannot be opened"):
        open_store(str(file))


def test_a_folder_is_no_store(tmp_path):
    (tmp_path / "x.csv").mkdir()
    with pytest.raises(BadInputError, match="is a folder"):
        open_store(str(tmp_path / "x.csv"))


@pytest.mark.parametrize("suffix", [".sqlite", ".parquet", ".npy"])
def test_a_file_of_something_else_is_told(tmp_path, suffix):
    path = tmp_path / f"x{suffix}"
    path.write_bytes(b"this is no such file at all, though it is long enough to be read")
    with pytest.raises(BadInputError, match=r"is not an? (SQLite|Parquet|\.npy)"):
        open_store(str(path))


def test_a_cut_array_does_not_end_the_process(tmp_path):
    path = make_npy(tmp_path / "x.npy")
    store = NpyStore(path)
    os.truncate(path, 200)
    with pytest.raises(StoreError, match="was rewritten"):
        store.read(290, 300)


def test_rowids_with_gaps_are_numbered_without_them(tmp_path):
    path = make_sqlite(tmp_path / "x.db", drop=[0, 5, 6, 150, 299])
    left = [row for row in ROWS if row[0] not in (0, 5, 6, 150, 299)]
    store = SqliteStore(path)
    assert len(store) == 295
    assert store.read(0, 295) == left
    assert store.read(3, 9) == left[3:9]


def test_a_table_is_named_behind_the_file(tmp_path):
    path = make_sqlite(tmp_path / "x.db", table="odd-one")
    make_sqlite(path, ROWS[:3], table="other")
    assert len(open_store(f"{path}:other")) == 3
    assert open_store(f"{path}:odd-one").read(7, 8) == [ROWS[7]]
    with pytest.raises(BadInputError, match="has 2 tables"):
        open_store(str(path))
    with pytest.raises(BadInputError, match="no table 'third'; its tables"):
        open_store(f"{path}:third")


def test_a_table_without_rowid_is_refused(tmp_path):
    connection = sqlite3.connect(tmp_path / "x.db")
    connection.execute("CREATE TABLE t (k INTEGER PRIMARY KEY) WITHOUT ROWID")
    connection.close()
    with pytest.raises(BadInputError, match="has no rowid"):
        SqliteStore(tmp_path / "x.db")


def test_a_lock_is_an_error_and_reading_goes_on_when_it_is_gone(tmp_path):
    path = make_sqlite(tmp_path / "x.db")
    loader = LazyLoader(store=SqliteStore(path, timeout=0.05), chunk_size=50)
    assert loader[0] == ROWS[0]
    writer = sqlite3.connect(path, isolation_level=None)
    writer.execute("BEGIN EXCLUSIVE")
    with pytest.raises(StoreError, match=r"locked by a writer; waited 50 ms"):
        loader[100]
    assert loader[1] == ROWS[1]
    writer.execute("COMMIT")
    assert loader[100] == ROWS[100]
    assert loader.stats()["load_errors"] == 1
    writer.close()


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("ALTER TABLE items ADD COLUMN extra", "had the columns number, name and has number, name"),
        ("DELETE FROM items WHERE number > 290", "had 300 rows and has 291 now"),
        ("INSERT INTO items VALUES (300, 'new')", "had 300 rows and has 301 now"),
        ("DROP TABLE items", "no such table"),
    ],
)
def test_a_change_of_columns_or_length_between_two_chunks_is_told(tmp_path, sql, said):
    path = make_sqlite(tmp_path / "x.db")
    loader = LazyLoader(data_source=str(path), chunk_size=50)
    assert loader[0] == ROWS[0]
    writer = sqlite3.connect(path)
    writer.execute(sql)
    writer.commit()
    writer.close()
    for _ in range(2):
        with pytest.raises(StoreError, match=said):
            loader[100]
    assert loader[1] == ROWS[1]
    if not sql.startswith("DROP"):
        loader.refresh()
        assert loader[100][:2] == ROWS[100]


def test_rows_that_are_updated_are_read_as_they_are_now(tmp_path):
    path = make_sqlite(tmp_path / "x.db")
    loader = LazyLoader(data_source=str(path), chunk_size=50)
    assert loader[0] == ROWS[0]
    writer = sqlite3.connect(path)
    writer.execute("UPDATE items SET name = 'changed' WHERE number = 100")
    writer.commit()
    writer.close()
    assert loader[100] == (100, "changed")
    assert loader[250] == ROWS[250]


def test_row_groups_are_read_whole_and_counted_so(tmp_path):
    store = ParquetStore(make_parquet(tmp_path / "x.parquet", group=100))
    one = store.stored_bytes(5, 6)
    assert one == store.stored_bytes(0, 100)
    assert store.stored_bytes(99, 101) == store.stored_bytes(0, 200)


FIELDS = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0\r"), max_size=6)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(st.tuples(FIELDS, FIELDS), max_size=20),
    ending=st.sampled_from(["\n", "\r\n"]),
    cut=st.booleans(),
    step=st.integers(2, 5),
    block=st.integers(1, 40),
    data=st.data(),
)
def test_a_csv_has_the_rows_that_pythons_reader_finds(
    rows, ending, cut, step, block, data, tmp_path, monkeypatch
):
    monkeypatch.setattr(lazy_loading_rows, "STEP", step)
    monkeypatch.setattr(lazy_loading_rows, "BLOCK_BYTES", block)
    path = tmp_path / f"{len(list(tmp_path.iterdir()))}.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator=ending)
        writer.writerow(("a", "b"))
        for row in rows:
            writer.writerow(row)
            if data.draw(st.booleans()):
                file.write(ending)
    if cut and rows:
        os.truncate(path, path.stat().st_size - len(ending))
    store = CsvStore(path)
    assert store.columns == ("a", "b")
    assert len(store) == len(rows)
    if rows:
        start = data.draw(st.integers(0, len(rows) - 1))
        stop = data.draw(st.integers(start + 1, len(rows)))
        assert store.read(start, stop) == rows[start:stop]
        assert store.read(0, len(rows)) == rows


def test_the_index_of_a_csv_is_found_once_and_anew_when_the_file_changed(tmp_path, monkeypatch):
    path = make_csv(tmp_path / "x.csv")
    found = []
    look = lazy_loading_rows.find_rows
    monkeypatch.setattr(
        lazy_loading_rows, "find_rows", lambda *given: found.append(1) or look(*given)
    )
    assert len(CsvStore(path)) == len(CsvStore(path)) == 300
    assert len(found) == 1
    make_csv(path, ROWS[:290])
    assert len(CsvStore(path)) == 290
    assert len(found) == 2


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "has no line"),
        (b'a,b\n1,"2\n', "quote that is not closed"),
        (b"\x1f\x8b\x08\x00 packed", "is compressed"),
    ],
)
def test_a_csv_that_has_no_rows_to_tell_apart_is_refused(tmp_path, content, said):
    path = tmp_path / "x.csv"
    path.write_bytes(content)
    with pytest.raises(BadInputError, match=said):
        CsvStore(path)


def test_a_ragged_row_is_named(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text("a,b\n1,2\n3\n")
    with pytest.raises(StoreError, match="row 1 has 1 field, and the header 2"):
        CsvStore(path).read(0, 2)


def test_a_tab_separates_in_tsv(tmp_path):
    path = tmp_path / "x.tsv"
    path.write_text("a\tb\n1\t2,3\n")
    assert open_store(str(path)).read(0, 1) == [("1", "2,3")]


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("flights:xml", "known: flights:sqlite, flights:parquet, flights:csv, flights:npy"),
        ("fligths", "did you mean 'flights'"),
        ("nowhere:rows", "cannot be imported"),
        ("sys:flags", "neither a function"),
    ],
)
def test_a_source_that_is_none_is_told(source, said):
    with pytest.raises(BadInputError, match=said):
        open_store(source)


def test_a_file_of_an_unknown_kind_is_told(tmp_path):
    path = tmp_path / "rows.xyz"
    path.write_text("x")
    with pytest.raises(BadInputError, match="by its ending"):
        open_store(str(path))


def test_a_function_or_a_store_of_a_module_is_a_source(tmp_path, monkeypatch):
    module = "def rows(start, stop):\n    return list(range(100))[start:stop]\n"
    module += "class Store:\n    def __len__(self):\n        return 3\n"
    module += (
        "    def read(self, start, stop):\n        return 'abc'[start:stop]\nstore = Store()\n"
    )
    (tmp_path / "sources_of_a_user.py").write_text(module)
    monkeypatch.syspath_prepend(tmp_path)
    assert list(LazyLoader(data_source="sources_of_a_user:rows")) == list(range(100))
    assert list(LazyLoader(data_source="sources_of_a_user:store")) == ["a", "b", "c"]
    sys.modules.pop("sources_of_a_user")


@pytest.mark.parametrize("form", FORMS)
def test_the_flights_are_the_same_in_all_forms_and_made_once(form, monkeypatch):
    path = flights_store(form)
    monkeypatch.setattr(bundled, "_table", lambda: pytest.fail("made again"))
    assert flights_store(form) == path
    loader = LazyLoader(data_source="flights" if form == "sqlite" else f"flights:{form}")
    assert len(loader) == 334_264
    row = loader[100_000]
    assert int(row[0]) == int(SqliteStore(flights_store("sqlite")).read(100_000, 100_001)[0][0])
    assert len(row) == (5 if form == "npy" else 7)


def test_a_function_is_a_store():
    store = FunctionStore(lambda start, stop: ROWS[start:stop], 300)
    assert store.read(3, 5) == ROWS[3:5]


@pytest.mark.parametrize("source", ["own_rows:rows", "own_rows.csv:rows"])
def test_a_function_is_known_and_not_imported_to_tell_what_it_stores(tmp_path, monkeypatch, source):
    (tmp_path / "own_rows").mkdir()
    (tmp_path / "own_rows" / "__init__.py").write_text("raise SystemExit('it was imported')")
    # A file of that name changes nothing: what opens it would take it for a module, too.
    (tmp_path / source).write_text("")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    assert load_bench("lazy_loading").names_function("data_source", source)
    assert stored_form(source) == (None, ",")
    with pytest.raises(BadInputError, match="it was imported"):
        open_store(source)
