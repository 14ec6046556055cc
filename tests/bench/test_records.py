from __future__ import annotations

import math
import threading

import numpy as np

from perflab.bench.records import Records


def test_rows_come_back_by_the_first_column_or_as_they_came():
    records = Records(10, "dfB")
    for row in ((2.0, 0.5, 3), (1.0, math.nan, 0), (2.0, 0.25, 1)):
        records.add(*row)
    due, seconds, codes = records.columns(ordered=True)
    assert due.tolist() == [1.0, 2.0, 2.0]
    assert np.array_equal(seconds, [math.nan, 0.5, 0.25], equal_nan=True)
    assert codes.tolist() == [0.0, 3.0, 1.0]
    assert records.columns(ordered=False)[0].tolist() == [2.0, 1.0, 2.0]
    assert all(column.dtype == np.float64 for column in (due, seconds, codes))


def test_those_that_have_no_room_are_left_out():
    records = Records(2, "d")
    for value in range(5):
        records.add(value)
    assert len(records) == 2
    assert records.columns(ordered=False)[0].tolist() == [0.0, 1.0]


def test_rows_of_many_threads_stay_whole():
    records = Records(3000, "qd")
    together = threading.Barrier(4)

    def work(first: int) -> None:
        together.wait()
        for value in range(first, 4000, 4):
            records.add(value, value / 2)

    threads = [threading.Thread(target=work, args=(first,)) for first in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    numbers, halves = records.columns(ordered=True)
    assert len(numbers) == len(set(numbers)) == 3000
    assert (halves == numbers / 2).all()
