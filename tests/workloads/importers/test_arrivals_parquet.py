"""Parquet of starts and durations is read as CSV of the same columns is."""

import datetime as dt
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from perflab.errors import BadInputError
from perflab.workloads import load_any, load_arrivals

STARTS = [18.5, 19.0, 24.25]
DURATIONS = [2.5, 1.5, 0.25]


@pytest.fixture
def saved(tmp_path):
    def save(**columns):
        path = tmp_path / "calls.parquet"
        pq.write_table(pa.table(columns), path)
        return str(path)

    return save


@pytest.mark.parametrize(
    "columns",
    [
        {"start": STARTS, "duration": DURATIONS},
        {"time": STARTS, "duration_ms": [1000 * value for value in DURATIONS]},
        {
            "start": STARTS,
            "end": [a + b for a, b in zip(STARTS, DURATIONS, strict=True)],
        },
        {
            "start": [dt.datetime.fromtimestamp(value, dt.UTC) for value in STARTS],
            "duration": DURATIONS,
        },
    ],
)
def test_starts_and_durations_are_read(columns, saved):
    found = load_arrivals(saved(**columns))
    assert found.times.tolist() == STARTS
    assert found.durations.tolist() == DURATIONS


def test_times_alone_are_arrivals_and_keys_with_times_are_a_trace(saved):
    assert load_any(saved(time=STARTS)).times.tolist() == STARTS
    assert load_any(saved(key=[1, 2, 1], time=STARTS)).n_keys == 2


def test_columns_are_named_by_the_user(saved):
    path = saved(ts=STARTS, took=DURATIONS)
    found = load_arrivals(path, columns={"start": "ts", "duration": "took"})
    assert found.durations.tolist() == DURATIONS


def test_rows_without_a_start_are_counted(saved):
    found = load_arrivals(saved(start=[*STARTS, None], duration=[*DURATIONS, 1.0]))
    assert found.times.tolist() == STARTS
    assert any("1 of 4" in note for note in found.notes)


def test_a_file_that_is_cut_off_is_one_clear_error(saved, tmp_path):
    whole = saved(start=STARTS, duration=DURATIONS)
    cut = tmp_path / "cut.parquet"
    cut.write_bytes(Path(whole).read_bytes()[:-20])
    with pytest.raises(BadInputError, match="cut off or damaged"):
        load_arrivals(str(cut))
