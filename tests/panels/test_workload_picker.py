from __future__ import annotations

import datetime as dt

import numpy as np
import pytest

from perflab.bench import load_bench
from perflab.errors import BadInputError
from perflab.panels.own_workloads import OwnWorkloads
from perflab.panels.workload_picker import WorkloadPicker, describe, notes_of, read_columns
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
    made.format.value = "csv"
    made.columns.value = "key=url"
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
    assert made.progress.layout.display == "none"


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
    made.columns.value = "url"
    made.path.value = str(tmp_path / "a.csv")
    assert picked == []
    assert "key=url" in str(failed[0])


def test_columns_are_read_as_pairs():
    assert read_columns("key=url, time=ts") == {"key": "url", "time": "ts"}
    assert read_columns("  ") is None


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
