"""The lazy loader's settings: defaults that users depend on, and bounds."""

from __future__ import annotations

import pytest

from perflab.errors import BadInputError
from perflab.patterns.lazy_loading.settings import LazyLoadingSettings
from perflab.patterns.lazy_loading.sources import overruled_by_source


def test_defaults_are_those_that_are_told():
    assert LazyLoadingSettings().model_dump() == {
        "data_source": "flights",
        "chunk_size": 1000,
        "max_chunks": 10,
        "max_bytes": None,
        "read_ahead": 0,
        "delimiter": "auto",
    }


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"chunk_size": 0}, "chunk_size: 0 is out of bounds; allowed: 1 to 100M"),
        ({"max_chunks": "none"}, "max_chunks: "),
        ({"read_ahead": -1}, "allowed: 0 to 10k"),
        ({"max_bytes": "0"}, "max_bytes: "),
        ({"chunksize": 5}, "did you mean 'chunk_size'"),
    ],
)
def test_what_is_out_of_bounds_is_told(values, said):
    with pytest.raises(BadInputError, match=said):
        LazyLoadingSettings.read(values)


def test_texts_are_read_as_people_write_them():
    read = LazyLoadingSettings.read({"chunk_size": "10k", "max_bytes": "64MiB"})
    assert (read.chunk_size, read.max_bytes) == (10_000, 2**26)


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        ("flights", "SQLite"),
        ("flights:parquet", "Parquet"),
        ("flights:npy", "NumPy"),
        ("flights:csv", ""),
        ("logs.db", "SQLite"),
        ("logs.SQLITE3:hits", "SQLite"),
        ("logs.pq", "Parquet"),
        ("logs.npy", "NumPy"),
        ("logs.csv", ""),
        ("logs.TSV", ""),
        ("my.module:rows", "a function"),
    ],
)
def test_delimiter_has_no_effect_where_the_source_is_no_text(source, kind):
    reasons = overruled_by_source(LazyLoadingSettings(data_source=source))
    wanted = f"applies only to CSV and TSV files; the source is {kind}" if kind else None
    assert reasons.get("delimiter") == wanted


def test_read_ahead_has_no_effect_with_room_for_one_chunk():
    assert overruled_by_source(LazyLoadingSettings(max_chunks=1)).keys() == {
        "delimiter",
        "read_ahead",
    }
    assert "read_ahead" not in overruled_by_source(LazyLoadingSettings(max_chunks=2))
