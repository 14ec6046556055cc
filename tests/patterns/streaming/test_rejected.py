"""The list of rejected rows, and the output itself, cost the user no file."""

import os
import stat

import pytest

from perflab.errors import BadInputError
from perflab.patterns.streaming import StreamProcessor
from perflab.patterns.streaming.settings import BLOCK_ENGINES, ENGINES, StreamingSettings

GOOD = "a,b\n1,2\n3,4\n"
BAD = "a,b\n1,2\n3\n5,6\n"
THEIRS = [
    b"my own notes",
    b"line,reason,record\nmine\n",
    b"line,reason,record,comment\r\n1,a,b,c\r\n",
    b"line,reason,record\r\nnot a number,a,b\r\n",
]


@pytest.fixture
def places(tmp_path):
    return tmp_path / "in.csv", tmp_path / "out.jsonl", tmp_path / "out.jsonl.rejected.csv"


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("text", THEIRS)
def test_a_users_file_stays_where_no_row_is_bad(text, engine, places, stream):
    source, output, listed = places
    source.write_text(GOOD)
    listed.write_bytes(text)
    stream(source, output, engine)
    assert output.read_text().count("\n") == 2
    assert listed.read_bytes() == text


@pytest.mark.parametrize("engine", BLOCK_ENGINES)
@pytest.mark.parametrize("chunk_size", [1, 1000])
@pytest.mark.parametrize("text", THEIRS)
def test_a_users_file_is_not_written_over_where_one_is(text, chunk_size, engine, places, stream):
    source, output, listed = places
    source.write_text(BAD)
    output.write_text("old")
    listed.write_bytes(text)
    with pytest.raises(BadInputError, match=r"rejected\.csv: .*was not written by perflab"):
        stream(source, output, engine, chunk_size=chunk_size)
    assert (listed.read_bytes(), output.read_text()) == (text, "old")
    assert {path.name for path in output.parent.iterdir()} == {p.name for p in places}


@pytest.mark.parametrize("engine", ENGINES)
def test_a_list_of_an_earlier_stream_is_replaced_and_removed(engine, places, stream):
    source, output, listed = places
    source.write_text(BAD)
    stream(source, output, "python")
    listed.chmod(0o600)
    stream(source, output, "pandas")
    assert listed.read_bytes().startswith(b"line,reason,record\r\n3,")
    assert stat.S_IMODE(listed.stat().st_mode) == 0o600
    source.write_text(GOOD)
    stream(source, output, engine)
    assert not listed.exists()


@pytest.mark.parametrize("make", ["link", "folder", "pipe"])
def test_what_is_no_plain_file_stays(make, places, stream, tmp_path):
    source, output, listed = places
    aside = tmp_path / "aside.csv"
    aside.write_bytes(b"line,reason,record\r\n1,a,b\r\n")
    if make == "link":
        listed.symlink_to(aside)
    elif make == "folder":
        listed.mkdir()
    else:
        os.mkfifo(listed)
    before = os.lstat(listed)
    source.write_text(GOOD)
    stream(source, output)
    source.write_text(BAD)
    with pytest.raises(BadInputError, match="was not written by perflab"):
        stream(source, output)
    assert os.lstat(listed).st_ino == before.st_ino
    assert aside.read_bytes().endswith(b"a,b\r\n")


@pytest.mark.parametrize("engine", ENGINES)
def test_a_list_that_is_the_input_is_refused_before_it_starts(engine, places, stream):
    _, output, listed = places
    listed.write_text("line,reason,record\r\n3,short,1\r\n", newline="")
    before = listed.read_bytes()
    with pytest.raises(BadInputError, match="is the input itself"):
        stream(listed, output, engine)
    assert listed.read_bytes() == before
    assert not output.exists()


@pytest.mark.parametrize("link", ["symlink_to", "hardlink_to"])
@pytest.mark.parametrize("engine", ENGINES)
def test_an_output_that_is_the_input_by_a_link_is_refused(engine, link, places, stream):
    source, output, _ = places
    source.write_text(GOOD)
    getattr(output, link)(source)
    with pytest.raises(BadInputError, match="is the input itself"):
        stream(source, output, engine)
    assert source.read_text() == GOOD


def test_an_output_that_becomes_the_input_later_is_refused(places):
    source, output, _ = places
    source.write_text(GOOD)
    settings = StreamingSettings(input_file=str(source), output_file=str(output))
    processor = StreamProcessor(settings)
    output.symlink_to(source)
    with pytest.raises(BadInputError, match="is the input itself"):
        processor.run()
    assert source.read_text() == GOOD


def test_rows_go_into_a_device_and_no_list_beside_it(places, stream):
    source, _, _ = places
    source.write_text(BAD)
    end = stream(source, "/dev/null", output_format="jsonl")
    assert (end.rows_out, end.rows_rejected) == (2, 1)
    assert not os.path.lexists("/dev/null.rejected.csv")


def test_no_cell_of_the_list_begins_a_formula(places, stream):
    source, output, listed = places
    source.write_text("a,b\n1,2\n=1+1\n-5\n")
    stream(source, output)
    text = listed.read_text()
    assert "'=1+1" in text
    assert ",-5" in text
