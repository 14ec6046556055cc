from __future__ import annotations

import datetime as dt
import threading

import numpy as np
import pytest

from perflab.bench import load_bench
from perflab.errors import BadInputError
from perflab.panels.found import describe, found_in, notes_of
from perflab.panels.own_workloads import OwnWorkloads
from perflab.panels.workload_picker import WorkloadPicker
from perflab.workloads import WORKLOADS, Arrivals, Trace


@pytest.fixture
def picker():
    picked, failed = [], []
    made = WorkloadPicker(load_bench("cache"), picked.append, failed.append)
    yield made, picked, failed
    made.close()


def upload(name, content):
    return {
        "name": name,
        "type": "",
        "size": len(content),
        "content": memoryview(content),
        "last_modified": dt.datetime.now(dt.UTC),
    }


def test_named_workload_is_made(picker):
    made, picked, _ = picker
    made.pick("loop:keys=10,requests=100")
    assert made.wait(20)
    assert len(picked[0]) == 100


def test_path_is_read_with_format_and_columns(picker, tmp_path):
    made, picked, _ = picker
    path = tmp_path / "log.csv"
    path.write_text("who,url\nme,a\nyou,b\nme,a\n")
    made.reading.format.value = "csv"
    made.reading.columns.value = "key=url"
    made.path.value = str(path)
    assert made.wait(20)
    assert len(picked[0]) == 3
    assert picked[0].n_keys == 2


def test_missing_file_is_one_line_that_names_it(picker, tmp_path):
    made, picked, failed = picker
    made.path.value = str(tmp_path / "no.csv")
    assert made.wait(20)
    assert picked == []
    assert isinstance(failed[0], BadInputError)
    assert "no.csv" in made.error.value
    assert "Traceback" not in made.error.value
    assert made.line.widget.layout.display == "none"


@pytest.mark.parametrize("when", ["while it is read", "while its error is said"])
def test_error_of_a_file_is_not_said_over_a_newer_pick(picker, tmp_path, monkeypatch, when):
    made, picked, _ = picker
    odd, right = tmp_path / "odd.csv", tmp_path / "right.csv"
    odd.write_text("was,wer\n" + "/a,1\n" * 20)
    right.write_text("key\n" + "a\n" * 20)
    user = threading.Thread(target=setattr, args=(made.path, "value", str(right)))
    place, name = (made, "_load") if when == "while it is read" else (made.reading, "show")
    at = getattr(place, name)

    def interrupted(*args):
        if user.ident is None:
            user.start()
            user.join(0.3)
        return at(*args)

    monkeypatch.setattr(place, name, interrupted)
    made.path.value = str(odd)
    assert made.wait(20)
    user.join(20)
    assert made.wait(20)
    assert [len(each) for each in picked] == [20]
    assert made.field_error.message == ""
    assert made.path.value == str(right)


def test_upload_keeps_its_name_and_is_read_by_its_suffix(picker):
    made, picked, _ = picker
    made.upload.value = (upload("requests.csv", b"key\na\nb\na\n"),)
    assert made.wait(20)
    assert picked[0].name == "requests.csv"
    assert len(picked[0]) == 3
    assert picked[0].source == ""


def test_broken_upload_is_explained_by_its_own_name(picker):
    made, picked, failed = picker
    made.upload.value = (upload("bad.parquet", b"nothing of the kind"),)
    assert made.wait(20)
    assert picked == []
    assert "bad.parquet" in str(failed[0])
    assert "perflab-upload" not in str(failed[0])


def test_upload_cannot_leave_its_folder(picker):
    made, picked, _ = picker
    made.upload.value = (upload("../../evil.csv", b"key\na\n"),)
    assert made.wait(20)
    assert picked[0].name == "evil.csv"


def test_columns_that_are_not_pairs_are_explained(picker, tmp_path):
    made, picked, failed = picker
    made.reading.columns.value = "url"
    made.path.value = str(tmp_path / "a.csv")
    assert picked == []
    assert "key=url" in str(failed[0])


def test_workload_is_described_in_a_line_with_its_notes():
    trace = Trace.from_keys(["a", "b", "a"], name="mine<1>", notes=("2 lines skipped",))
    text = describe(trace)
    assert "mine&lt;1&gt;" in text
    assert "3 requests" in text
    assert "2 distinct keys" in text
    assert trace.fingerprint in text
    assert "2 lines skipped" in notes_of(trace)


def test_choosing_one_of_ours_brings_its_parameters():
    picked = []
    ours = OwnWorkloads(WORKLOADS, picked.append)
    ours.name.value = "zipf"
    assert {"skew", "keys", "requests"} <= set(ours.controls)
    assert picked[-1].startswith("zipf:skew=0.9")


def test_skew_slider_makes_another_workload():
    picked = []
    ours = OwnWorkloads(WORKLOADS, picked.append)
    ours.name.value = "zipf"
    skew = ours.controls["skew"]
    skew.slider.value = skew.stops.position(1.2)
    assert "skew=1.2" in picked[-1]
    assert ours.text.value == picked[-1]


def test_typed_parameters_move_the_sliders():
    picked = []
    ours = OwnWorkloads(WORKLOADS, picked.append)
    ours.text.value = "zipf:skew=1.1,keys=5k,seed=3"
    assert picked == ["zipf:skew=1.1,keys=5k,seed=3"]
    assert ours.controls["skew"].value == 1.1
    assert ours.controls["keys"].value == 5000


def test_parameter_out_of_bounds_is_refused_where_it_was_typed():
    picked = []
    ours = OwnWorkloads(WORKLOADS, picked.append)
    ours.name.value = "zipf"
    ours.controls["keys"].text.value = "0"
    assert ours.controls["keys"].value > 0
    assert "out of bounds" in ours.controls["keys"].message


def test_arrivals_are_described_by_rate_and_not_by_keys():
    text = describe(Arrivals("calls", np.arange(1200) / 40.0))
    assert "1,200 requests" in text
    assert "40 per second" in text
    assert "keys" not in text
    assert "burstiness" in text
    assert "closed loop" not in text
    closed = describe(Arrivals("calls", np.arange(1200) / 40.0), follows_rate=False)
    assert "sent in a closed loop, not at that rate" in closed


def rows(path, count=2000):
    lines = [f"{n},{1_720_000_000_000 + 50 * n},/{n % 23},{n % 7}" for n in range(count)]
    path.write_text("\n".join(["no,ts,url,lane", *lines]) + "\n")
    return path


def test_refused_file_keeps_the_workload_before_and_says_so_once(picker, tmp_path):
    made, picked, _ = picker
    good = rows(tmp_path / "good.csv")
    made.path.value = str(good)
    assert made.wait(20)
    for name in ("absent.csv", "absent.csv", "."):
        made.path.value = str(tmp_path / name)
        made.read_button.click()
        assert made.wait(20)
        assert f"the workload stays {good}" in made.field_error.message
        assert "perflab-wrong" in made.path._dom_classes
    assert len(picked) == 1
    made.field_error.button.click()
    assert made.wait(20)
    assert made.path.value == str(good)
    assert made.field_error.message == ""
    assert "perflab-wrong" not in made.path._dom_classes
    assert len(picked) == 1


def test_columns_that_are_mended_read_the_file_again(picker, tmp_path):
    made, picked, _ = picker
    made.path.value = str(rows(tmp_path / "rows.csv"))
    assert made.wait(20)
    made.reading.columns.value = "lane"
    assert "perflab-wrong" in made.reading.columns._dom_classes
    made.reading.columns.value = "key=lane"
    assert made.wait(20)
    assert made.field_error.message == ""
    assert [trace.n_keys for trace in picked] == [23, 7]


def test_wrong_parameter_in_the_text_moves_no_slider():
    picked = []
    ours = OwnWorkloads(WORKLOADS, picked.append)
    ours.text.value = "zipf:skew=1.3,keys=2k"
    ours.text.value = "zipf:skew=0.4,keys=many"
    assert picked[-1] == "zipf:skew=0.4,keys=many"
    assert ours.controls["skew"].value == 1.3


def test_what_was_found_in_a_file_is_apart_from_what_is_doubtful(picker, tmp_path):
    made, picked, _ = picker
    made.path.value = str(rows(tmp_path / "rows.csv"))
    assert made.wait(20)
    assert made.found.kind == "csv"
    found, _, doubts = found_in(picked[0], made.found).partition("<div class='perflab-doubt'>")
    for words in ("csv, detected", "key from url", "time from ts", "no, lane", "ms since 1970"):
        assert words in found
    assert "only 2,000 requests" in doubts
    assert "key from" not in doubts


def test_built_in_workload_has_no_format(picker):
    made, picked, _ = picker
    made.pick("zipf:keys=40,requests=20k")
    assert made.wait(20)
    assert made.found is None
    assert found_in(picked[0], made.found) == ""


def shown(made):
    fields = ("columns", "log_format", "time_unit", "separator", "no_header")
    return {name for name in fields if getattr(made.reading, name).layout.display != "none"}


def test_fields_of_reading_show_what_was_found_where_they_apply(picker, tmp_path):
    made, picked, _ = picker
    assert shown(made) == {"columns", "log_format", "time_unit", "separator", "no_header"}
    made.path.value = str(rows(tmp_path / "rows.csv"))
    assert made.wait(20)
    assert shown(made) == {"columns", "time_unit", "separator", "no_header"}
    assert made.reading.time_unit.placeholder == "ms since 1970, detected"
    assert made.reading.separator.placeholder == "comma, detected"
    log = tmp_path / "access.log"
    stamp = "12/Mar/2024:10:00:%02d +0000"
    line = '192.0.2.7 - - [%s] "GET /%d HTTP/1.1" 200 151 "-" "x"'
    log.write_text("".join(line % (stamp % n, n % 3) + "\n" for n in range(30)))
    made.path.value = str(log)
    assert made.wait(20)
    assert shown(made) == {"columns", "log_format", "time_unit"}
    assert made.reading.log_format.placeholder == "combined, detected"
    made.reading.format.value = "parquet"
    assert made.wait(20)
    assert shown(made) == {"columns", "time_unit"}
    made.field_error.button.click()
    assert shown(made) == {"columns", "log_format", "time_unit"}
    assert made.reading.log_format.placeholder == "combined, detected"
    assert len(picked) == 2


def test_options_of_reading_are_those_of_the_command_line(picker, tmp_path):
    made, picked, _ = picker
    path = tmp_path / "rows.txt"
    path.write_text("".join(f"{1000 * n} | /{n % 23}\n" for n in range(2000)))
    made.reading.restore(
        {"columns": "key=2,time=1", "time_unit": "ms", "separator": "pipe", "no_header": True}
    )
    made.path.value = str(path)
    assert made.wait(20)
    assert (picked[0].n_keys, picked[0].times[-1]) == (23, 1999.0)
    expected = {"key": "2", "time": "1", "time_unit": "ms", "separator": "pipe"}
    assert picked[0].options["columns"] == {**expected, "no_header": "yes"}
    made.upload.value = (upload("sent.txt", path.read_bytes()),)
    assert made.wait(20)
    assert picked[1].times[-1] == 1999.0


def test_named_log_format_reads_a_log_in_its_own_words(picker, tmp_path):
    made, picked, _ = picker
    path = tmp_path / "own.log"
    path.write_text("".join(f"{n}.250|GET|/{n % 5}|200|{n}\n" for n in range(60)))
    made.path.value = str(path)
    assert made.wait(20)
    assert picked == []
    assert "log_format" in shown(made)
    made.reading.log_format.value = "$msec|$request_method|$request_uri|$status|$body_bytes_sent"
    assert made.wait(20)
    assert (picked[0].n_keys, picked[0].times[1]) == (5, 1.25)
    assert made.found.named
    assert "$msec|$request_method" in found_in(picked[0], made.found)


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("log_format", "combind", "did you mean"),
        ("log_format", "$status", "has no request"),
        ("time_unit", "minutes", "unknown unit"),
        ("separator", "::", "one character"),
        ("columns", "kay=url", "unknown role"),
    ],
)
def test_wrong_option_of_reading_is_marked_at_its_field(picker, tmp_path, name, text, reason):
    made, picked, _ = picker
    made.path.value = str(rows(tmp_path / "rows.csv"))
    assert made.wait(20)
    field = getattr(made.reading, name)
    field.value = text
    assert made.wait(20)
    assert reason in made.field_error.message
    assert "perflab-wrong" in field._dom_classes
    assert field.layout.display != "none"
    made.field_error.button.click()
    assert field.value == ""
    assert "perflab-wrong" not in field._dom_classes
    assert len(picked) == 1


def test_bench_that_reads_files_as_they_are_has_no_fields_of_reading():
    made = WorkloadPicker(load_bench("streaming"), print, print)
    assert made.reading.widget.layout.display == "none"
    made.close()


POSTGRES = "2024-05-06 07:08:{n:02}.250 UTC [7] LOG:  duration: 12.5 ms  statement: SELECT {n}\n"


@pytest.mark.parametrize(
    ("name", "row", "kind", "fields"),
    [
        ("calls.csv", "{n};0.5\n", "durations", {"columns", "time_unit", "separator", "no_header"}),
        ("pg.log", POSTGRES, "postgres", set()),
        ("access.log", '192.0.2.7 - - [06/May/2024:07:08:{n:02} +0000] "GET / HTTP/1.1" 200 1\n',
         "combined", {"columns", "log_format", "time_unit"}),
    ],
)  # fmt: skip
def test_how_arrivals_were_read_is_shown_too(tmp_path, name, row, kind, fields):
    made = WorkloadPicker(load_bench("connection_pool"), lambda _: None, print)
    path = tmp_path / name
    heading = "start;duration\n" if kind == "durations" else ""
    path.write_text(heading + "".join(row.format(n=n) for n in range(40)))
    made.path.value = str(path)
    assert made.wait(20)
    assert made.field_error.message == ""
    assert (made.found.kind, made.found.named) == (kind, False)
    assert shown(made) == fields
    made.close()


@pytest.mark.parametrize("option", ["time_unit=ms", "log_format=combined", "separator=;"])
def test_option_that_a_named_format_has_not_is_refused(picker, tmp_path, option):
    made, picked, _ = picker
    path = tmp_path / "keys.txt"
    path.write_text("a\nb\n" * 20)
    name, _, text = option.partition("=")
    made.reading.format.value = "text"
    getattr(made.reading, name).value = text
    made.path.value = str(path)
    assert made.wait(20)
    assert picked == []
    assert "not to text" in made.field_error.message
