"""`save` takes the place of a folder only if every file in it is perflab's own."""

import json

import numpy as np
import pytest

from perflab.bench import load_bench
from perflab.errors import BadInputError
from perflab.patterns.prefetching.items import Items
from perflab.patterns.streaming.table_file import TableFile
from perflab.workloads import Trace, kind_of, save_workload
from perflab.workloads.kinds.accesses import Accesses
from perflab.workloads.kinds.arrivals import Arrivals
from perflab.workloads.storage import open_trace

# Patterns bring kinds of their own, known from here on.
BROUGHT = [load_bench(name).workload_kind for name in ("prefetching", "streaming")]
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
        save_workload(workload, folder)
    assert contents(folder) == before
    assert [path.name for path in folder.parent.glob(".perflab*")] == []


def test_one_of_our_own_is_replaced(workload, tmp_path):
    folder = tmp_path / "f"
    for _ in range(2):
        save_workload(workload, folder)
        assert kind_of(workload).open(folder).name == workload.name


def test_one_of_another_kind_of_ours_is_replaced(workload, tmp_path):
    for other in WORKLOADS.values():
        save_workload(other, tmp_path / "f")
        save_workload(workload, tmp_path / "f")
    assert kind_of(workload).open(tmp_path / "f").fingerprint == workload.fingerprint


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
    save_workload(workload, folder)
    add(folder)
    refused(workload, folder)


def test_one_with_an_array_that_was_changed_stays(tmp_path):
    folder = tmp_path / "f"
    save_workload(WORKLOADS["trace"], folder)
    with (folder / "ids.npy").open("ab") as file:
        file.write(b"more")
    refused(WORKLOADS["trace"], folder)


def test_one_of_an_earlier_perflab_is_replaced(tmp_path):
    folder = tmp_path / "f"
    trace = WORKLOADS["trace"]
    save_workload(trace, folder)
    description = json.loads((folder / "trace.json").read_text())
    del description["files"]
    (folder / "trace.json").write_text(json.dumps(description))
    save_workload(trace, folder)
    add_file(folder)
    (folder / "trace.json").write_text(json.dumps(description))
    refused(trace, folder)


def test_a_trace_that_is_mapped_stays_readable_when_its_folder_is_replaced(tmp_path):
    folder = tmp_path / "f"
    save_workload(WORKLOADS["trace"], folder)
    mapped = open_trace(folder)
    save_workload(Trace.from_keys(["c"] * 100_000), folder)
    assert mapped.ids.tolist() == [0, 1]
    assert len(open_trace(folder)) == 100_000
    save_workload(mapped, folder)
    assert open_trace(folder).ids.tolist() == [0, 1]


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
