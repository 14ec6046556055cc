"""The first rows of a file, read from its beginning alone."""

import json

import pandas as pd
import pytest

from perflab.errors import BadInputError
from perflab.workloads.importers.preview import FIRST_ROWS, MOST_COLUMNS, preview_file

COMBINED = '192.0.2.7 - - [06/May/2024:07:08:{n:02} +0000] "GET /{n} HTTP/1.1" 200 512 "-" "x"\n'


def write(path, text):
    path.write_text(text)
    return str(path)


def test_a_table_has_its_columns_rows_and_roles(tmp_path):
    path = write(tmp_path / "a.csv", "ts;url;who\n" + '1;"/a;b";me\n' * 9)
    found = preview_file(path)
    assert (found.kind, found.columns) == ("csv", ("ts", "url", "who"))
    assert found.rows == (("1", "/a;b", "me"),) * FIRST_ROWS
    assert found.chosen == {"time": "ts", "key": "url"}


def test_columns_that_were_named_win_over_those_detected(tmp_path):
    path = write(tmp_path / "a.csv", "ts,url,who\n1,/a,me\n")
    assert preview_file(path, columns={"key": "who"}).chosen == {"time": "ts", "key": "who"}


def test_a_table_without_a_known_name_can_be_chosen_from(tmp_path):
    path = write(tmp_path / "a.csv", "wer,wann,bytes\nme,1,3\nyou,2,4\n")
    found = preview_file(path)
    assert found.columns == ("wer", "wann", "bytes")
    assert found.chosen == {"size": "bytes"}
    named = write(tmp_path / "keys.txt", "wer,wann\nme,1\nyou,2\n")
    assert preview_file(named).columns == ("wer", "wann")


def test_keys_with_commas_are_lines_and_no_table(tmp_path):
    path = write(tmp_path / "keys.txt", "a,b\nc\nd,e,f\n")
    found = preview_file(path)
    assert found.columns == ()
    assert found.rows == (("a,b",), ("c",), ("d,e,f",))


def test_a_table_without_a_heading_has_numbers(tmp_path):
    path = write(tmp_path / "a.txt", "1|/a\n2|/b\n")
    options = {"no_header": "yes", "separator": "pipe", "key": "2"}
    found = preview_file(path, columns=options)
    assert found.columns == ("1", "2")
    assert found.rows == (("1", "/a"), ("2", "/b"))
    assert found.chosen["key"] == "2"


def test_parquet_and_json_have_columns_too(tmp_path):
    rows = [{"ts": float(n), "req": {"url": f"/{n}"}} for n in range(9)]
    flat = pd.DataFrame({"ts": [row["ts"] for row in rows], "page": ["/"] * 9})
    flat.to_parquet(tmp_path / "a.parquet")
    found = preview_file(str(tmp_path / "a.parquet"))
    assert found.columns == ("ts", "page")
    assert len(found.rows) == FIRST_ROWS
    assert found.chosen == {"time": "ts"}
    lines = write(tmp_path / "a.jsonl", "".join(f"{json.dumps(row)}\n" for row in rows))
    array = write(tmp_path / "a.json", json.dumps(rows))
    for path in (lines, array):
        found = preview_file(path)
        assert (found.kind, found.columns) == ("json", ("ts", "req.url"))
        assert found.rows[1] == ("1.0", "/1")
        assert found.chosen == {"key": "req.url", "time": "ts"}


def test_arrivals_have_roles_of_their_own(tmp_path):
    path = write(tmp_path / "a.csv", "start,took_ms\n1,2\n")
    found = preview_file(path, arrivals=True)
    assert found.kind == "durations"
    assert found.chosen == {"start": "start", "duration": "took_ms"}


def test_a_log_shows_its_lines(tmp_path):
    path = write(tmp_path / "access.log", "".join(COMBINED.format(n=n) for n in range(30)))
    found = preview_file(path)
    assert (found.kind, found.columns, len(found.rows)) == ("combined", (), FIRST_ROWS)
    assert "GET /4" in found.rows[4][0]


def test_binary_data_has_nothing_to_show(tmp_path):
    (tmp_path / "a.bin").write_bytes(b"\0\1\2\3" * 40)
    assert preview_file(str(tmp_path / "a.bin")) is None


@pytest.mark.parametrize(("name", "reason"), [("", "folder"), ("no.csv", "cannot be opened")])
def test_what_cannot_be_opened_is_refused(tmp_path, name, reason):
    with pytest.raises(BadInputError, match=reason):
        preview_file(str(tmp_path / name))


def test_an_empty_file_is_refused(tmp_path):
    with pytest.raises(BadInputError, match="is empty"):
        preview_file(write(tmp_path / "a.csv", ""))


def test_very_many_columns_are_counted_and_not_all_shown(tmp_path):
    names = ["key", *(f"c{n}" for n in range(MOST_COLUMNS + 49))]
    path = write(tmp_path / "a.csv", f"{','.join(names)}\n{','.join('1' for _ in names)}\n")
    found = preview_file(path)
    assert (len(found.columns), found.more_columns) == (MOST_COLUMNS, 50)
    assert len(found.rows[0]) == MOST_COLUMNS


def test_ragged_rows_are_filled(tmp_path):
    path = write(tmp_path / "a.csv", "key,time\n/a\n/b,2,3\n")
    assert preview_file(path).rows == (("/a", ""), ("/b", "2"))


def test_only_the_beginning_of_a_large_file_is_read(tmp_path):
    path = tmp_path / "large.csv"
    path.write_bytes(b"key,time\n" + b"/a,1\n" * 40_000)
    with path.open("r+b") as file:
        file.truncate(1 << 42)  # a hole: nothing of it is on disk, and to read it takes an hour
    assert preview_file(str(path)).columns == ("key", "time")


def test_a_line_without_an_end_is_cut(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(b'key,note\n/a,"')
    with path.open("r+b") as file:
        file.truncate(1 << 42)
    assert preview_file(str(path)) is None  # it holds NUL
    path.write_bytes(b"key,note\n/a,x\n/b," + b"y" * (1 << 22))
    assert preview_file(str(path)).rows == (("/a", "x"),)


def test_only_the_first_columns_of_a_wide_parquet_file_are_decoded(tmp_path):
    names = [f"c{n}" for n in range(MOST_COLUMNS + 9)]
    pd.DataFrame([range(len(names))] * 20, columns=names).to_parquet(tmp_path / "a.parquet")
    found = preview_file(str(tmp_path / "a.parquet"))
    assert (len(found.columns), len(found.rows), found.more_columns) == (MOST_COLUMNS, 5, 9)
    assert found.rows[0][:2] == ("0", "1")
