"""Accesses to rows: by a pattern's name, from a file, from a trace; and what cannot be."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from perflab.errors import BadInputError
from perflab.workloads import ACCESSES, Accesses, Trace, kind_of, load_any, save_workload
from perflab.workloads.registry.accesses import load_accesses
from perflab.workloads.registry.kinds import describe
from perflab.workloads.storage import open_accesses, open_trace

NAMES = sorted(ACCESSES)


@pytest.mark.parametrize("name", NAMES)
def test_every_pattern_loads_by_its_example_and_its_source_makes_it_again(name):
    info = ACCESSES[name]
    made = load_accesses(info.example, 10_000)
    assert len(made) == made.n_rows == 10_000
    again = load_accesses(made.source, 10_000)
    assert again.fingerprint == made.fingerprint
    assert info.summary
    assert all(parameter.meaning for parameter in info.parameters.values())


@given(
    name=st.sampled_from(NAMES),
    rows=st.integers(1, 200),
    requests=st.integers(1, 500),
    seed=st.integers(0, 5),
)
def test_every_pattern_has_as_many_requests_as_asked_all_for_rows_that_there_are(
    name, rows, requests, seed
):
    made = load_accesses(f"{name}:requests={requests},seed={seed}", rows)
    assert len(made) == requests
    assert made.n_rows == rows
    assert 0 <= made.rows.min() <= made.rows.max() < rows
    assert describe(made)["distinct_rows"] == len(set(made.rows.tolist()))


@given(
    name=st.sampled_from(["sequential", "backward", "strided", "shuffled"]), rows=st.integers(1, 99)
)
def test_patterns_that_go_through_the_store_ask_for_each_row_once(name, rows):
    spec = {"strided": "strided:stride=7", "shuffled": "shuffled:block=10"}.get(name, name)
    assert sorted(load_accesses(spec, rows).rows.tolist()) == list(range(rows))


@pytest.mark.parametrize(
    ("spec", "wanted"),
    [
        ("sequential:requests=7", [0, 1, 2, 3, 4, 0, 1]),
        ("backward:requests=7", [4, 3, 2, 1, 0, 4, 3]),
        ("strided:stride=2,requests=7", [0, 2, 4, 1, 3, 0, 2]),
        ("sequential:rows=2", [0, 1]),
    ],
)
def test_orders_are_as_their_names_say(spec, wanted):
    assert load_accesses(spec, 5).rows.tolist() == wanted


def test_runs_are_as_long_as_asked_and_lie_where_they_should():
    made = load_accesses("hotspot:share=0.9,part=0.1,run=10,requests=100k,seed=1", 100_000)
    steps = np.diff(made.rows)
    assert np.mean(steps == 1) == pytest.approx(0.9, abs=0.001)
    hot = (made.rows >= 33_333) & (made.rows < 43_343)
    assert hot.mean() == pytest.approx(0.9 + 0.1 * 0.1, abs=0.01)
    assert kind_of(made).facts(made)[2] == "90 % ask for the next row"


def test_shuffled_blocks_are_read_in_order_inside_and_out_of_order_outside():
    rows = load_accesses("shuffled:block=10,seed=3,requests=200", 100).rows.reshape(-1, 10)
    assert (np.diff(rows, axis=1) == 1).all()
    assert sorted(rows[:10, 0].tolist()) == sorted(rows[10:, 0].tolist()) == list(range(0, 100, 10))
    assert rows[:10, 0].tolist() != rows[10:, 0].tolist()


@pytest.mark.parametrize("suffix", ["txt", "csv", "parquet", "bin"])
def test_a_recorded_list_of_row_numbers_is_read_from_a_file(tmp_path, suffix):
    wanted = [5, 0, 99, 5]
    path = tmp_path / f"rows.{suffix}"
    form = None
    if suffix == "parquet":
        pq.write_table(pa.table({"row": wanted}), path)
    elif suffix == "bin":
        path.write_bytes(np.array(wanted, "<i8").tobytes())
        form = "int64le"
    else:
        head = "row\n" if suffix == "csv" else ""
        path.write_text(head + "".join(f"{row}\n" for row in wanted))
    made = load_accesses(path, 100, form)
    assert made.rows.tolist() == wanted
    assert made.source == str(path)
    with pytest.raises(BadInputError, match="request 2 asks for row 99, but the store has 50 rows"):
        load_accesses(path, 50, form)


def test_keys_that_are_no_numbers_are_told(tmp_path):
    path = tmp_path / "keys.txt"
    path.write_text("1\nabc\n")
    with pytest.raises(BadInputError, match="'abc' is not a row number"):
        load_accesses(path, 100)


def test_a_trace_of_numbers_and_its_name_are_accesses():
    trace = Trace.from_keys([3, 1, 3])
    assert load_accesses(trace, 10).rows.tolist() == [3, 1, 3]
    assert load_accesses(trace).n_rows == 4
    assert load_accesses("zipf:keys=50,requests=100", 50).n_rows == 50


@pytest.mark.parametrize(
    ("spec", "rows", "said"),
    [
        ("sequential", None, "give rows="),
        ("sequential:rows=20", 10, "20 are more than the 10 rows of the store"),
        ("sequential", 0, "the store is empty"),
        ("seqential", 10, "did you mean 'sequential'"),
        ("hotspot:share=2", 10, "allowed: 0 to 1"),
        ("random:runs=2", 10, "did you mean 'run'"),
    ],
)
def test_what_cannot_be_is_told(spec, rows, said):
    with pytest.raises(BadInputError, match=said):
        load_accesses(spec, rows)


@pytest.mark.parametrize(
    ("rows", "said"),
    [([], "no requests"), ([1, -1], "row -1"), ([0.5], "whole numbers"), ([3], "row 3")],
)
def test_numbers_that_are_no_rows_are_refused(rows, said):
    with pytest.raises(BadInputError, match=said):
        Accesses("mine", np.array(rows, float if 0.5 in rows else int), 3)


def test_accesses_follow_another_store_where_a_rule_made_them():
    made = load_accesses("sequential", 10)
    assert len(load_accesses(made, 20)) == 20
    own = Accesses("mine", np.array([1, 2]), 10)
    assert load_accesses(own, 20).n_rows == 20
    with pytest.raises(BadInputError, match="row 2, but the store has 2 rows"):
        load_accesses(own, 2)


def test_a_saved_folder_is_the_same_again(tmp_path):
    made = load_accesses("random:requests=1000,seed=2", 77)
    save_workload(made, tmp_path / "folder")
    again = open_accesses(tmp_path / "folder")
    assert (again.rows == made.rows).all()
    assert (again.n_rows, again.source) == (77, made.source)
    assert again.fingerprint == made.fingerprint
    with pytest.raises(BadInputError, match="not the folder of a trace"):
        open_trace(tmp_path / "folder")


def test_a_window_and_an_upload_keep_what_they_should():
    made = load_accesses("sequential", 10)
    assert made.window(2, 5).rows.tolist() == [2, 3, 4]
    assert made.prefix(10) is made
    sent = made.uploaded("sent.csv")
    assert (sent.name, sent.source, sent.fingerprint) == ("sent.csv", "", made.fingerprint)
    with pytest.raises(BadInputError, match="no request between"):
        made.window(20, 30)


def test_a_pattern_with_its_rows_is_told_from_other_workloads_by_its_name():
    made = load_any("backward:rows=50")
    assert isinstance(made, Accesses)
    assert made.n_rows == 50
    with pytest.raises(BadInputError, match="give rows="):
        load_any("backward")
