import csv
import random

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from perflab.errors import BadInputError
from perflab.patterns.lazy_loading import LazyLoader
from perflab.patterns.lazy_loading import _rows as lazy_loading_rows
from perflab.patterns.lazy_loading._csv import CsvStore
from perflab.patterns.lazy_loading._store import StoreError

PIECES = st.sampled_from(['"', '""', ",", "a", "12", ' "', '" ', "\n", '5"', '"x"', "\r\n"])


def rows_of(path):
    with path.open(encoding="utf-8-sig", newline="") as file:
        return [tuple(row) for row in csv.reader(file) if row]


def ends_within_a_quote(text):
    """Walk as csv does: a quote opens a field at its start only, and a pair within is one."""
    state = "start"
    for letter in text:
        if state == "quoted":
            state = "closed?" if letter == '"' else "quoted"
        elif letter == '"' and state in ("start", "closed?"):
            state = "quoted"
        else:
            state = "start" if letter in ",\n" else "plain"
    return state == "quoted"


def agrees(path):
    header, *rows = rows_of(path)
    store = CsvStore(path)
    assert store.columns == header
    assert len(store) == len(rows)
    if all(len(row) == len(header) for row in rows):
        for start in range(0, len(rows), 50):
            assert store.read(start, min(start + 50, len(rows))) == rows[start : start + 50]


@pytest.mark.parametrize("block", [7, 64, 1 << 20])
@pytest.mark.parametrize(
    "field",
    [
        '3.5"',
        '5" x 7"',
        'a"b',
        '"quoted"',
        '"a ""b"" c"',
        '"line\none"',
        ' "late"',
        '"a"b',
        "plain",
    ],
)
def test_rows_are_those_of_pythons_csv_module(tmp_path, monkeypatch, block, field):
    monkeypatch.setattr(lazy_loading_rows, "BLOCK_BYTES", block)
    lines = [f"{n},{field if n % 3 == 0 else 'x'},{n * n}\n" for n in range(200)]
    path = tmp_path / "a.csv"
    path.write_text("id,size,square\n" + "".join(lines))
    agrees(path)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.lists(PIECES, max_size=6), min_size=1, max_size=90))
@example([['"', '" ', ",", '"']])
def test_any_marks_part_rows_as_pythons_csv_module_does(tmp_path_factory, lines):
    path = tmp_path_factory.mktemp("marks") / "a.csv"
    text = "".join("".join(pieces).replace("\r\n", "\n") + "\n" for pieces in lines)
    path.write_bytes(f"one,two\n{text}".encode())
    if ends_within_a_quote(text):
        with pytest.raises(BadInputError, match="quote that is not closed"):
            CsvStore(path)
    else:
        agrees(path)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"a,b\r1,2\r3,4\r", "ends with CR alone"),
        (b"a,b\n1,2\r3,4\n5,6\n", "ends with CR alone"),
        (b"a,b\n1," + b"x" * 200_000 + b"\n", "row 0 .*more than 131,072 characters"),
    ],
)
def test_what_csv_cannot_part_is_one_clear_error(tmp_path, content, said):
    (tmp_path / "a.csv").write_bytes(content)

    def all_rows():
        store = CsvStore(tmp_path / "a.csv")
        return store.read(0, len(store))

    with pytest.raises((BadInputError, StoreError), match=said):
        all_rows()


def test_a_loader_gives_the_rows_with_marks_in_any_order(tmp_path):
    path = tmp_path / "screens.csv"
    lines = [f'{n},"{n} inch"\n' if n % 5 else f'{n},{n}" wide\n' for n in range(300)]
    path.write_text("id,size\n" + "".join(lines))
    rows = rows_of(path)[1:]
    loader = LazyLoader(store=CsvStore(path), chunk_size=7, max_chunks=3)
    places = list(range(300))
    random.Random(1).shuffle(places)
    assert [tuple(loader[n]) for n in places] == [rows[n] for n in places]


SIGNS = {"semicolon": ";", "tab": "\t", "pipe": "|", "comma": ","}


@pytest.mark.parametrize("word", SIGNS)
@pytest.mark.parametrize("named", [False, True])
def test_the_delimiter_is_found_in_the_header_or_named(tmp_path, word, named):
    path = tmp_path / "parts.csv"
    sign = SIGNS[word]
    lines = [f'{n}{sign}"a{sign}b"{sign}{n}" wide\r\n' for n in range(150)]
    path.write_text(f"id{sign}pair{sign}size\r\n" + "".join(lines), newline="")
    values = {"delimiter": word} if named else {}
    with LazyLoader(data_source=str(path), chunk_size=40, **values) as rows:
        assert len(rows) == 150
        assert rows[149] == ("149", f"a{sign}b", '149" wide')


def test_a_tsv_is_parted_by_tabs_whatever_its_header_holds(tmp_path):
    (tmp_path / "a.tsv").write_text("a,b,c\tn\nx\t1\n")
    with LazyLoader(data_source=str(tmp_path / "a.tsv")) as rows:
        assert rows[0] == ("x", "1")


@pytest.mark.parametrize("before", [b"", b"\xef\xbb\xbf", b"\r\n\n", b"\xef\xbb\xbf\n"])
@pytest.mark.parametrize("line", [b"", b"sep=|\r\n", b'"sep=|"\n'])
def test_excels_line_and_blank_ones_before_the_header_are_no_rows(tmp_path, before, line):
    body = b"".join(b"%d|x\n" % number for number in range(130))
    (tmp_path / "a.csv").write_bytes(before + line + b'"id\nof it"|name\n' + body)
    store = CsvStore(tmp_path / "a.csv")
    assert (store.columns, len(store)) == (("id\nof it", "name"), 130)
    assert store.read(63, 66) == [("63", "x"), ("64", "x"), ("65", "x")]


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("70," + "x" * 200_000, "row 70 cannot be read as CSV .a field has more than 131,072"),
        ("70,a\rb", "row 7[01] cannot be read.*ends with CR alone|a line ends with CR alone"),
        ("70", "row 70 has 1 field, and the header 2, with ',' between them"),
        ("70,a,b", "row 70 has 3 fields, and the header 2"),
    ],
)
def test_a_row_that_cannot_be_read_is_named_with_its_file(tmp_path, row, said):
    lines = [row if number == 70 else f"{number},x" for number in range(100)]
    path = tmp_path / "orders.csv"
    path.write_bytes("\n".join(["id,name", *lines, ""]).encode())
    with pytest.raises((BadInputError, StoreError), match=said) as caught:
        CsvStore(path).read(0, 100)
    assert str(path) in str(caught.value)
    if row.startswith("70,x"):
        assert CsvStore(path).read(0, 10)[9] == ("9", "x")
