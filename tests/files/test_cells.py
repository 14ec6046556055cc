import csv
import io

import pandas as pd
import pytest

from perflab.files import csv_cell, csv_frame


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+6.0 points", "@SUM(A1)", "-x", "\t=1", "\r=1", "\n=1", "-", "\uff1d1"],
)
def test_a_text_that_a_spreadsheet_computes_is_quoted(text):
    assert csv_cell(text) == f"'{text}"


@pytest.mark.parametrize(
    "value", ["-5", "-0.25", "-1e-05", "-.5", "zipf:keys=1", "a=b", "", " =1", -5, -0.1, None]
)
def test_numbers_and_plain_texts_stay(value):
    assert csv_cell(value) == value


def test_no_cell_of_a_frame_begins_a_formula():
    columns = {"=key": ["=1", "b"], "n": [-5, -6], "x": [-0.5, None], "mixed": ["-1", -2]}
    rows = list(csv.reader(io.StringIO(csv_frame(pd.DataFrame(columns)))))
    assert rows == [
        ["'=key", "n", "x", "mixed"],
        ["'=1", "-5", "-0.5", "-1"],
        ["b", "-6", "", "-2"],
    ]


def test_columns_of_one_name_are_all_quoted():
    frame = pd.DataFrame([["=1", "=2"]], columns=["a", "a"])
    assert csv_frame(frame) == "a,a\n'=1,'=2\n"
