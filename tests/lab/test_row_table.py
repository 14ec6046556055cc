from __future__ import annotations

import math
import pickle
from functools import partial

import numpy as np
import pytest

from perflab.lab.row import Row
from perflab.lab.row_table import NEW_SECONDS, RowTable
from perflab.lab.run import Run
from perflab.settings import BadInputError
from tests.helpers.interleaved import between_steps

WRITTEN = {
    "seconds": 1.5,
    "requests": 30,
    "virtual_seconds": 2.5,
    "version": 1,
    "hit_rate": 0.5,
    "hit_rate_since_change": 0.25,
    "predicted_hit_rate": 0.75,
}


def row(seconds, **metrics):
    return Row(seconds, round(seconds * 100), seconds, 0, metrics, {}, {})


def run_of(seconds):
    table = RowTable()
    for tick in range(round(seconds * 10)):
        table.add(row(tick / 10, hit_rate=tick / 1e6))
    return table


def test_a_row_has_the_names_that_files_have():
    found = Row.of(WRITTEN)
    assert dict(found) == WRITTEN
    assert list(found) == list(WRITTEN)
    assert len(found) == len(WRITTEN)
    assert (found.metrics, found.since_change) == ({"hit_rate": 0.5}, {"hit_rate": 0.25})
    assert found.predicted == {"hit_rate": 0.75}
    assert found.get("misses") is None
    with pytest.raises(KeyError):
        found["predicted_misses"]


def test_a_metric_of_a_rows_own_name_does_not_hide_it():
    found = Row(1.0, 30, 0.0, 0, {"requests": 4.0}, {"requests": 20.0}, {})
    assert (found["requests"], found["requests_since_change"]) == (30, 20.0)
    assert list(found).count("requests") == 1


def test_rows_come_back_from_the_columns():
    table = RowTable([WRITTEN, {"seconds": 1.6, "misses": 3, "hit_rate": None}])
    assert table.to_dicts() == [WRITTEN, {"seconds": 1.6, "misses": 3.0}]
    assert dict(table[0]) == WRITTEN
    assert table.last["misses"] == 3
    assert isinstance(table[0].requests, int)
    assert [each.seconds for each in table] == [1.5, 1.6]
    assert np.isnan(table.columns("misses", "none")[1]).all()
    assert pickle.loads(pickle.dumps(table)) == table
    assert table != RowTable([WRITTEN])


def test_a_table_without_rows_is_empty():
    table = RowTable()
    assert (len(table), table.last, table.to_dicts(), list(table)) == (0, None, [], [])
    assert not table
    assert len(table.to_frame()) == 0


def test_the_last_two_minutes_are_whole_and_one_row_a_second_is_before():
    table = run_of(400)
    (seconds,) = table.columns("seconds")
    new = seconds > seconds[-1] - NEW_SECONDS
    assert np.allclose(np.diff(seconds[new]), 0.1)
    assert np.allclose(np.diff(seconds[~new][:-1]), 1.0)
    assert seconds[0] == 0
    assert len(table) < 10 * NEW_SECONDS + 400 - NEW_SECONDS + 12
    assert (table.columns("hit_rate")[0] == np.round(seconds * 10) / 1e6).all()


def test_a_metric_that_comes_late_is_not_known_before():
    table = run_of(130)
    table.add(row(130.0, hit_rate=0.5, misses=4))
    hits, misses = table.columns("hit_rate", "misses")
    assert len(hits) == len(misses) == len(table)
    assert np.flatnonzero(~np.isnan(misses)).tolist() == [len(table) - 1]
    assert "misses" not in table[0]


def test_a_copy_stays_as_it_was():
    table = run_of(2)
    copy = table.copy()
    table.add(row(2.0, hit_rate=1.0))
    assert (len(copy), len(table)) == (20, 21)
    copy.add(row(2.0, hit_rate=0.0))
    assert table.last["hit_rate"] == 1.0


def pairs(table):
    return zip(*table.columns("seconds", "hit_rate"), strict=True)


READS = {
    "last": lambda table: [(row["seconds"], row["hit_rate"]) for row in (table.last,)],
    "columns": pairs,
    "to_dicts": lambda table: [(row["seconds"], row["hit_rate"]) for row in table.to_dicts()],
    "copy": lambda table: pairs(table.copy()),
    "rows": lambda table: [(row["seconds"], row["hit_rate"]) for row in table[-3:]],
}


@pytest.mark.parametrize("read", READS)
def test_what_is_read_is_of_whole_rows_whenever_one_is_added(read):
    full = run_of(3)
    for step in range(250):
        table, found = full.copy(), []

        def look(table=table, found=found):
            found.extend(READS[read](table))

        add = partial(table.add, row(200.0, hit_rate=2e-3))
        if not between_steps(look, add, "perflab.lab.row_table", step):
            break
        assert all(hits == pytest.approx(seconds / 1e5) for seconds, hits in found), step
    assert step > 20


def test_rows_of_a_run_come_back_from_its_file(tmp_path):
    rows = ({**WRITTEN, "hit_rate": math.inf}, WRITTEN)
    run = Run("cache", {}, {}, {}, snapshots=rows)
    assert run.to_dict()["snapshots"][0]["hit_rate"] is None
    again = Run.load(run.to_json(tmp_path / "run.json"))
    assert again.snapshots[1] == WRITTEN
    assert "hit_rate" not in again.snapshots[0]
    assert list(again.to_frame().columns) == list(WRITTEN)
    assert again.to_frame()["requests"].tolist() == [30, 30]


def test_rows_that_hold_no_numbers_are_refused():
    values = Run("cache", {}, {}, {}).to_dict() | {"snapshots": [{"seconds": "soon"}]}
    with pytest.raises(BadInputError, match=r"damaged: snapshots\.0\.seconds"):
        Run.from_dict(values)
