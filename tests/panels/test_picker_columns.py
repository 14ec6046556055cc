"""Columns chosen from the file's own, beside its first rows; and a file that is read again."""

from __future__ import annotations

import datetime as dt
import os
import threading
from pathlib import Path

import pytest

from perflab.bench import load_bench
from perflab.errors import BadInputError
from perflab.panels.columns_choice import MOST_SHOWN, preview_table
from perflab.panels.formats_help import documentation, formats_help, read_formats
from perflab.panels.found import found_in
from perflab.panels.workload_picker import WorkloadPicker, _Pick
from perflab.workloads import Trace
from perflab.workloads.importers.preview import FilePreview

ROWS = "".join(f"{n},/{n % 7},{n % 3}\n" for n in range(60))


@pytest.fixture
def picker():
    picked, failed, told = [], [], []
    made = WorkloadPicker(load_bench("cache"), picked.append, failed.append, told=told.append)
    made.said = told
    yield made, picked, failed
    made.close()


def write(path, heading="when,url,lane", rows=ROWS):
    path.write_text(f"{heading}\n{rows}")
    return str(path)


def upload(name, content):
    return {
        "name": name,
        "type": "",
        "size": len(content),
        "content": memoryview(content),
        "last_modified": dt.datetime.now(dt.UTC),
    }


def options(made, role):
    return [value for _, value in made.reading.choice.boxes[role].options]


def read(made, path):
    made.source.value = "path"
    made.path.value = path
    assert made.wait(20)


def test_boxes_offer_the_columns_of_the_file(picker, tmp_path):
    made, picked, _ = picker
    read(made, write(tmp_path / "a.csv"))
    assert options(made, "key") == ["", "when", "url", "lane"]
    assert made.reading.choice.boxes["key"].options[0] == ("url, detected", "")
    assert made.reading.choice.table.value.count("<tr>") == 1 + 5
    assert "columns not used:</span> when, lane" in found_in(picked[0])
    assert "no column of times is used" in found_in(picked[0])
    made.reading.choice.boxes["key"].value = "lane"
    assert made.wait(20)
    assert made.reading.columns.value == "key=lane"
    assert [trace.n_keys for trace in picked] == [7, 3]
    made.reading.choice.boxes["time"].value = "when"
    assert made.wait(20)
    assert picked[-1].times is not None
    made.reading.choice.boxes["key"].value = ""
    assert made.wait(20)
    assert made.reading.columns.value == "time=when"
    assert picked[-1].n_keys == 7


def test_a_file_without_a_known_key_is_mended_by_a_box(picker, tmp_path):
    made, picked, _ = picker
    read(made, write(tmp_path / "a.csv", "wann,was,spur"))
    assert picked == []
    assert "has no column for the key" in made.field_error.message
    assert "choose it in the box key" in made.field_error.message
    assert "--" not in made.field_error.message
    made.reading.choice.boxes["key"].value = "was"
    assert made.wait(20)
    assert made.field_error.message == ""
    assert picked[0].n_keys == 7


def test_typed_columns_stand_in_the_boxes(picker, tmp_path):
    made, _, _ = picker
    made.reading.columns.value = "key=lane,time=when"
    read(made, write(tmp_path / "a.csv"))
    assert made.reading.choice.boxes["key"].value == "lane"
    assert made.reading.choice.boxes["time"].value == "when"
    made.reading.columns.value = "key={url}{lane}"
    assert made.wait(20)
    assert made.reading.choice.boxes["key"].value == "{url}{lane}"
    assert made.reading.choice.boxes["time"].value == ""


def test_a_column_with_a_comma_in_its_name_can_be_chosen(picker, tmp_path):
    made, picked, _ = picker
    read(made, write(tmp_path / "a.csv", 'url,"lane, of it",when'))
    made.reading.choice.boxes["key"].value = "lane, of it"
    assert made.wait(20)
    assert made.field_error.message == ""
    assert picked[-1].n_keys == 7


def test_escape_brings_back_boxes_and_rows_of_the_file_before(picker, tmp_path):
    made, _, _ = picker
    read(made, write(tmp_path / "a.csv"))
    before = made.reading.choice.table.value
    read(made, write(tmp_path / "b.csv", "wann,was,spur"))
    assert options(made, "key") == ["", "wann", "was", "spur"]
    made.field_error.button.click()
    assert made.reading.choice.table.value == before
    assert options(made, "key") == ["", "when", "url", "lane"]


def test_a_built_in_workload_has_no_columns(picker, tmp_path):
    made, _, _ = picker
    read(made, write(tmp_path / "a.csv"))
    made.pick("loop:keys=5,requests=50")
    assert made.wait(20)
    assert made.reading.choice.table.layout.display == "none"


def test_arrivals_are_chosen_by_start_and_duration(tmp_path):
    picked = []
    made = WorkloadPicker(load_bench("connection_pool"), picked.append, print)
    read(made, write(tmp_path / "a.csv", "wann,lane,url", "1,2,a\n2,3,b\n" * 30))
    made.reading.choice.boxes["start"].value = "wann"
    assert made.wait(20)
    assert list(made.reading.choice.boxes) == ["start", "end", "duration"]
    assert len(picked[-1]) == 60
    made.close()


def test_markup_in_names_and_cells_is_text(picker, tmp_path):
    made, picked, _ = picker
    path = tmp_path / "<img src=x onerror=alert(1)>.csv"
    read(made, write(path, "url,<b>lane</b>", "/<script>x</script>,1\n" * 9))
    assert len(picked) == 1
    shown = made.reading.choice.table.value + made.line.words.value + made.error.value
    assert "&lt;script&gt;" in shown
    assert not any(tag in shown for tag in ("<script", "<img", "<b>"))


def test_a_wide_table_shows_used_columns_first():
    names = tuple(f"c{n}" for n in range(30))
    table = preview_table(FilePreview("csv", names, (names,), {"key": "c29"}, 70))
    assert table.count("<th") == MOST_SHOWN + 1  # and the one of <thead>
    assert "<th>c29<br><small>key</small></th>" in table
    assert "and 88 more columns" in table


def test_an_upload_is_read_again_without_being_sent_again(picker):
    made, picked, _ = picker
    made.source.value = "upload"
    made.upload.value = (upload("sent.csv", f"when,url,lane\n{ROWS}".encode()),)
    assert made.wait(20)
    assert made.upload.value == ()
    assert "sent.csv, " in made.uploaded.value
    made.reading.choice.boxes["key"].value = "lane"
    assert made.wait(20)
    assert [trace.n_keys for trace in picked] == [7, 3]
    assert picked[1].name == "sent.csv"


def test_the_same_file_can_be_sent_twice(picker):
    made, picked, _ = picker
    made.source.value = "upload"
    for _ in range(2):
        made.upload.value = (upload("sent.csv", b"url\na\nb\n" * 9),)
        assert made.wait(20)
    assert len(picked) == 2


def test_the_file_of_the_workload_that_stays_is_kept(until):
    picked, failed = [], []
    made = WorkloadPicker(load_bench("streaming"), picked.append, failed.append)
    try:
        made.upload.value = (upload("good.csv", b"a,b\n" + b"1,2\n" * 50),)
        assert made.wait(20)
        good = Path(picked[0].path)
        for content in (b"\x00\x01", b""):
            made.upload.value = (upload("broken.parquet", content),)
            assert made.wait(20)
        assert len(failed) == 2
        assert "the workload stays good.csv" in made.error.value
        assert good.read_bytes().startswith(b"a,b")
        made.upload.value = (upload("better.csv", b"a,b\n" + b"3,4\n" * 50),)
        assert made.wait(20)
        until(lambda: not good.exists())
        assert [Path(picked[-1].path).parent] == [*good.parents[1].iterdir()]
    finally:
        made.close()


def enter(made):
    made.path._handle_msg(
        {"content": {"data": {"method": "custom", "content": SUBMIT}}, "buffers": []}
    )


SUBMIT = {"event": "submit"}


def test_enter_reads_a_file_again_and_twice_at_once_only_once(picker, tmp_path, until, monkeypatch):
    made, picked, _ = picker
    enter(made)  # before its value, as a browser may say it
    read(made, write(tmp_path / "a.csv"))
    enter(made)
    enter(made)
    assert made.wait(20)
    assert len(picked) == 1
    until(lambda: not made._is_just_posted())
    write(tmp_path / "a.csv", rows=ROWS * 2)
    enter(made)
    enter(made)
    until(lambda: len(picked) == 2)
    until(lambda: not made._is_just_posted())
    assert [len(trace) for trace in picked] == [60, 120]


def test_progress_is_said_in_words_and_can_be_cancelled(picker):
    made, picked, failed = picker
    made.pick("loop:keys=5,requests=50")
    assert made.wait(20)
    began, go_on = threading.Event(), threading.Event()

    def load(told):
        told(37, 100)
        began.set()
        assert go_on.wait(60)
        told(38, 100)
        raise AssertionError("it was given up")

    made._post(_Pick("slow.csv", load))
    assert began.wait(60)
    assert made.line.words.value == "reading slow.csv: 37 %"
    assert made.said[-1] == "reading slow.csv: 37 %"
    assert made.line.widget.layout.display is None
    made.line.cancel.click()
    assert made.line.words.value.startswith("cancelled; the workload stays loop")
    assert made.said[-1] == ""
    made.cancel()  # a second press
    go_on.set()
    assert made.wait(60)
    assert (len(picked), failed) == (1, [])


def test_an_error_of_what_was_cancelled_is_not_shown(picker):
    made, picked, failed = picker
    began, go_on = threading.Event(), threading.Event()

    def load(told):
        began.set()
        assert go_on.wait(60)
        raise BadInputError("broken", "slow.csv")

    made._post(_Pick("slow.csv", load))
    assert began.wait(60)
    made.cancel()
    go_on.set()
    assert made.wait(60)
    assert (failed, made.field_error.message) == ([], "")
    made.pick(Trace.from_keys(["a", "b"], name="mine"))
    assert made.wait(60)
    assert len(picked) == 1
    assert made.line.widget.layout.display == "none"


def test_every_format_of_a_picker_has_an_example_or_is_binary():
    formats = load_bench("connection_pool").workload_kind.formats
    (shown,) = formats_help(formats)
    assert shown.value.count("<dt>") == len(formats)
    assert shown.value.count(">binary<") == len({"parquet", "oracle"}) + 4
    assert formats_help(()) == ()


def test_an_example_of_several_lines_is_one_entry():
    page = "## Formats\n\nWords.\n\n```text\na  1,2\na  3,4\nb  x\n```\n"
    assert read_formats(page) == {"a": ["1,2", "3,4"], "b": ["x"]}


def test_only_a_web_address_becomes_a_link(monkeypatch):
    class Metadata:
        def __init__(self, url):
            self.url = url

        def get_all(self, _):
            return [f"Documentation, {self.url}"]

    for url, expected in (("https://h/docs/", "https://h/docs"), ("javascript:x", "")):
        monkeypatch.setattr("importlib.metadata.metadata", lambda _, url=url: Metadata(url))
        assert documentation() == expected


def test_a_pipe_is_read_once_and_by_its_reader(picker, tmp_path):
    made, picked, _ = picker
    pipe = tmp_path / "pipe.csv"
    os.mkfifo(pipe)
    sender = threading.Thread(target=lambda: pipe.write_text(f"when,url,lane\n{ROWS}"), daemon=True)
    sender.start()
    read(made, str(pipe))
    assert len(picked[0]) == 60
    assert made.reading.choice.table.layout.display == "none"
