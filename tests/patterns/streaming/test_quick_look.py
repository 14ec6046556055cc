"""A quick look accepts nothing that a full one would not, save what a strict engine refuses."""

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from perflab.patterns.streaming import _block_reader
from perflab.patterns.streaming._block_reader import BlockReader
from perflab.patterns.streaming._blocks import LikelyBlock
from perflab.patterns.streaming._numbers import EXACT_DIGITS, Watched
from perflab.patterns.streaming._quick import end_of_line, quick_look
from perflab.patterns.streaming._records import MOST_FIELD, Form, scan
from perflab.patterns.streaming._scratch import Scratch
from perflab.patterns.streaming._source import Source
from tests.helpers.random_tables import ODD, USUAL

FORM = Form(",", 3, (Watched(0, True, False), Watched(1, False, False)))
USUAL_FIELDS = st.sampled_from([field for fields in USUAL.values() for field in fields])
ODD_FIELDS = st.sampled_from([*ODD, '"a\n5"', "\n", "\x1f5", "a" * 20])
FIELDS = st.one_of(USUAL_FIELDS, USUAL_FIELDS, USUAL_FIELDS, ODD_FIELDS)
RECORDS = st.lists(st.lists(FIELDS, min_size=3, max_size=3), max_size=8)
USUAL_LINES = 20 * "31415,92653,text that is usual\n"
"""Before what is tested, since a look gives up where too much is to be looked at."""
QUICK = hypothesis_settings(max_examples=300, deadline=None)


def look(data, form=FORM):
    return quick_look(data, form, Scratch())


@QUICK
@given(RECORDS, st.sampled_from(["\n", "\r\n"]), st.sampled_from(["", "7,1.", "8"]))
def test_what_looks_likely_is_regular_or_refused_by_a_strict_reader(records, end, rest):
    text = USUAL_LINES + "".join(",".join(fields) + end for fields in records)
    found = look((text + rest).encode())
    if found is None:
        return
    records = [line.split(",") for line in text.split("\n")[:-1]]
    even = all(len(fields) == FORM.columns for fields in records)
    long = any(len(field) > EXACT_DIGITS for fields in records for field in fields[1:2])
    fraction = any("." in fields[0] for fields in records)
    whole = scan(text.encode(), FORM, final=True)
    assert (found.records, found.size) == (len(whole.ends), len(text.encode()))
    assert whole.regular or not even or long or fraction


@pytest.mark.parametrize(
    "field",
    [
        *("007", "+5", "-0", "0x1f", "0X1F", " 5", "\t5", " ", ".5", "-.5", "-inf", "00", "-007.5"),
        *('"5"', "5\0", "x\ry", "\x0b5", "\x1f5"),
    ],
)
@pytest.mark.parametrize("place", [0, 1])
def test_a_number_that_may_come_out_otherwise_is_in_doubt(field, place):
    fields = ["1", "2", "x"]
    fields[place] = field
    line = ",".join(fields) + "\n"
    assert look((USUAL_LINES + line).encode()) is None
    assert look((line + USUAL_LINES).encode()) is None


@pytest.mark.parametrize("field", ["0", "0.5", "-0.5", "-12", "5", "", "1e5", "0e0", "999"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_usual_numbers_are_not_in_doubt(field, end):
    line = f"{field},{field},{field}{end}"
    usual = USUAL_LINES.replace("\n", end)
    assert look((line + usual + line).encode()).records == 22


def test_there_is_no_quick_look_at_one_column_or_at_columns_left_out():
    assert look(b"1\n2\n", Form(",", 1)) is None
    assert look(b"1,x,\n", Form(",", 3, empty=1)) is None
    assert look(b"1,x,", FORM) is None


@pytest.mark.parametrize(("size", "likely"), [(MOST_FIELD - 5, True), (MOST_FIELD + 1, False)])
@pytest.mark.parametrize("before", [0, 50_000])
def test_a_long_line_is_in_doubt(size, likely, before):
    data = before * b"1,2,x\n" + b"1,2," + size * b"x" + b"\n" + 9 * b"1,2,x\n"
    assert (look(data) is not None) is likely
    rest = 9 * b"1,2,x\n" + size * b"x"
    assert (look(rest) is not None) is likely


@given(st.lists(st.integers(0, 20_000), min_size=1, max_size=12), st.data())
@hypothesis_settings(max_examples=40, deadline=None)
def test_the_end_of_a_line_is_found_by_its_number(sizes, data):
    text = b"".join(size * b"x" + b"\n" for size in sizes)
    lines = data.draw(st.integers(1, len(sizes)))
    assert end_of_line(memoryview(text), lines) == sum(sizes[:lines]) + lines


ROWS = st.lists(st.sampled_from([b"1,2,x\n", b"10,,yy\n", b"1,2\n", b"007,1,x\n", b'1,2,"a\n"\n']))


@given(st.lists(ROWS, max_size=12), st.integers(1, 40), st.integers(3, 60), st.booleans())
@hypothesis_settings(max_examples=150, deadline=None)
def test_blocks_of_quick_looks_joined_are_the_file(parts, rows, window, ahead):
    body = b"".join(b"".join(part) for part in parts)
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(_block_reader, "_WINDOW_BYTES", window)
        patch.setattr(_block_reader, "_FIRST_BYTES", window)
        path = Path(folder) / "in.csv"
        path.write_bytes(b"a,b,c\n" + body)
        with Source(path) as source:
            reader = BlockReader(source, "comma", ahead=ahead)
            reader.watch(FORM, quick=True)
            blocks = list(iter(lambda: reader.read_quickly(rows), None))
            reader.close()
    assert b"".join(block.data for block in blocks) == body
    assert all(block.records == rows for block in blocks[:-1])
    line = 2
    for block in blocks:
        assert block.line == line
        whole = block.scanned(FORM) if isinstance(block, LikelyBlock) else block
        assert whole.records == block.records
        assert int(whole.ends[-1]) == len(block.data)
        line += block.data.count(b"\n")


def test_what_is_often_in_doubt_is_scanned_at_once(tmp_path, monkeypatch):
    looks = []
    window = 1000
    monkeypatch.setattr(_block_reader, "_WINDOW_BYTES", window)
    monkeypatch.setattr(_block_reader, "_FIRST_BYTES", window)
    quick = _block_reader.Window.quick
    counted = classmethod(lambda _, *given: looks.append(given) or quick(*given))
    monkeypatch.setattr(_block_reader.Window, "quick", counted)
    path = tmp_path / "in.csv"
    path.write_bytes(b"a,b,c\n" + 5000 * b"1,2,/path\n5,6,+7\n")
    with Source(path) as source:
        reader = BlockReader(source, "comma")
        reader.watch(FORM, quick=True)
        rows = sum(block.records for block in iter(lambda: reader.read_quickly(77), None))
    assert rows == 10_000
    assert 0 < len(looks) < path.stat().st_size / window / 10
