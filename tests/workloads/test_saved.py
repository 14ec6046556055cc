"""`save` takes the place of a folder only if every file in it is perflab's own."""

import json

import numpy as np
import pytest

from perflab.errors import BadInputError
from perflab.patterns.prefetching.items import Items
from perflab.patterns.streaming.table_file import TableFile
from perflab.workloads import Trace
from perflab.workloads.accesses import Accesses
from perflab.workloads.arrivals import Arrivals

WORKLOADS = {
    "trace": Trace.from_keys(["a", "b"], times=[1.0, 2.0]),
    "arrivals": Arrivals("a", np.array([1.0, 2.0])),
    "accesses": Accesses("n", np.array([1, 2]), 5),
    "items": Items("x", 3),
    "table": TableFile("n", "p", 1, 1, True, ("a",), "", "f"),
}


@pytest.fixture(params=WORKLOADS)
def kind(request):
    return request.param


@pytest.fixture
def workload(kind):
    return WORKLOADS[kind]


def contents(folder):
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def refused(workload, folder):
    before = contents(folder)
    with pytest.raises(BadInputError, match="holds something else"):
        workload.save(folder)
    assert contents(folder) == before
    assert [path.name for path in folder.parent.glob(".perflab*")] == []


def test_one_of_our_own_is_replaced(workload, tmp_path):
    folder = tmp_path / "f"
    for _ in range(2):
        workload.save(folder)
        assert type(workload).open(folder).name == workload.name


def test_one_of_another_kind_of_ours_is_replaced(workload, tmp_path):
    for other in WORKLOADS.values():
        other.save(tmp_path / "f")
        workload.save(tmp_path / "f")
    assert type(workload).open(tmp_path / "f").fingerprint == workload.fingerprint


def test_any_other_folder_stays(workload, tmp_path):
    folder = tmp_path / "f"
    folder.mkdir()
    (folder / "thesis.docx").write_text("x")
    refused(workload, folder)


@pytest.mark.parametrize(
    "text", ["{}", '{"traceEvents": []}', "[]", "x", "[" * 100_000, '{"format_version": 1}', ""]
)
def test_a_file_named_like_ours_does_not_make_a_folder_ours(kind, workload, text, tmp_path):
    folder = tmp_path / "f"
    folder.mkdir()
    (folder / f"{kind}.json").write_text(text)
    refused(workload, folder)


def add_file(folder):
    (folder / "notes.txt").write_text("mine")


def add_hidden_file(folder):
    (folder / ".notes").write_text("mine")


def add_folder(folder):
    (folder / "photos").mkdir()
    (folder / "photos" / "cat.jpg").write_text("x")


def add_link(folder):
    (folder / "ttls.npy").symlink_to("/etc/hosts")


def add_array(folder):
    (folder / "ttls.npy").write_bytes(b"mine")


@pytest.mark.parametrize("add", [add_file, add_hidden_file, add_folder, add_link, add_array])
def test_one_that_got_something_of_the_users_stays(add, workload, tmp_path):
    folder = tmp_path / "f"
    workload.save(folder)
    add(folder)
    refused(workload, folder)


def test_one_with_an_array_that_was_changed_stays(tmp_path):
    folder = tmp_path / "f"
    WORKLOADS["trace"].save(folder)
    with (folder / "ids.npy").open("ab") as file:
        file.write(b"more")
    refused(WORKLOADS["trace"], folder)


def test_one_of_an_earlier_perflab_is_replaced(tmp_path):
    folder = tmp_path / "f"
    trace = WORKLOADS["trace"]
    trace.save(folder)
    description = json.loads((folder / "trace.json").read_text())
    del description["files"]
    (folder / "trace.json").write_text(json.dumps(description))
    trace.save(folder)
    add_file(folder)
    (folder / "trace.json").write_text(json.dumps(description))
    refused(trace, folder)


def test_a_trace_that_is_mapped_stays_readable_when_its_folder_is_replaced(tmp_path):
    folder = tmp_path / "f"
    WORKLOADS["trace"].save(folder)
    mapped = Trace.open(folder)
    Trace.from_keys(["c"] * 100_000).save(folder)
    assert mapped.ids.tolist() == [0, 1]
    assert len(Trace.open(folder)) == 100_000
    mapped.save(folder)
    assert Trace.open(folder).ids.tolist() == [0, 1]


@pytest.mark.parametrize("name", ["name\nof\x1b[31m", "\u202etxt", "\udcff"])
def test_names_and_notes_are_printable(name, kind, workload):
    import dataclasses

    made = dataclasses.replace(
        workload,
        name=name,
        notes=(f"key {name}",),
        **({} if kind in ("items", "table") else {"check": False}),
    )
    assert made.name.isprintable()
    assert made.notes[0].isprintable()
