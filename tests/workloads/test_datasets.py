from __future__ import annotations

import hashlib
import re

import numpy as np
import pytest

from perflab.errors import BadInputError
from perflab.workloads import data_path, flights, planes
from perflab.workloads.flights_store import flights_store


def test_the_flights_are_those_of_2013_in_time_order():
    trace = flights()
    assert len(trace) == 334_264
    assert trace.n_keys == 4_043
    assert (trace.name, trace.source) == ("flights", "flights")
    assert trace.key_of(0) == "N14228"
    assert np.all(np.diff(trace.times) >= 0)
    first, last = np.array(trace.times[[0, -1]]).astype("datetime64[s]").astype(str)
    assert (first, last) == ("2013-01-01T10:15:00", "2014-01-01T04:59:00")


def test_the_planes_are_typed_and_most_flights_find_theirs():
    columns, rows = planes()
    assert columns[:2] == ("tailnum", "year")
    assert len(rows) == 3_322
    assert rows[0][:2] == ("N10156", 2004)
    assert rows[0][columns.index("speed")] is None
    trace = flights()
    known = {row[0] for row in rows}
    found = np.array([trace.key_of(i) in known for i in range(trace.n_keys)])
    assert np.count_nonzero(~found) == 721
    assert np.count_nonzero(~found[trace.ids]) == 50_094


def test_the_provenance_names_the_files_as_they_are():
    said = data_path("README.md").read_text(encoding="utf-8")
    for name in ("flights.parquet", "planes.csv"):
        row = re.search(rf"\| `{re.escape(name)}` \| ([\d,]+) \| `(\w+)` \|", said)
        content = data_path(name).read_bytes()
        assert len(content) == int(row[1].replace(",", ""))
        assert hashlib.sha256(content).hexdigest() == row[2]
    assert flights().fingerprint in said


def test_the_shipped_folder_of_an_installed_package_comes_first(tmp_path, monkeypatch):
    module = tmp_path / "perflab" / "workloads" / "datasets.py"
    shipped = tmp_path / "perflab" / "_shipped" / "data"
    beside = tmp_path / "data"
    for folder in (module.parent, shipped, beside):
        folder.mkdir(parents=True)
    (beside / "x.csv").write_text("beside")
    monkeypatch.setattr("perflab.workloads.datasets.__file__", str(module))
    assert data_path("x.csv") == beside / "x.csv"
    (shipped / "x.csv").write_text("shipped")
    assert data_path("x.csv") == shipped / "x.csv"


def test_a_data_file_that_is_not_there_is_an_error_that_says_where_it_looked():
    with pytest.raises(BadInputError, match=r"nothing\.csv: is neither in .*_shipped"):
        data_path("nothing.csv")


@pytest.mark.parametrize("form", ["sqlite", "parquet", "csv", "npy"])
def test_a_damaged_store_of_flights_is_made_anew(form, tmp_path, monkeypatch):
    monkeypatch.setenv("PERFLAB_CACHE_DIR", str(tmp_path))
    path = flights_store(form)
    whole = path.read_bytes()
    path.write_bytes(whole[:-1] + b"x")
    assert flights_store(form) == path
    assert path.read_bytes() == whole
    written = path.stat().st_mtime_ns
    flights_store(form)
    assert path.stat().st_mtime_ns == written
