from __future__ import annotations

import pytest

from perflab.errors import BadInputError
from perflab.workloads import WORKLOADS, Trace, load_workload


def test_a_name_with_parameters_makes_that_workload():
    trace = load_workload("zipf:skew=0.5, keys=1k,requests=20k,seed=3")
    assert len(trace) == 20_000
    assert trace.n_keys <= 1_000
    assert trace.name == "zipf:skew=0.5,keys=1k,requests=20k,seed=3"


@pytest.mark.parametrize("name", sorted(WORKLOADS))
def test_every_workload_loads_by_its_example_and_its_source_makes_it_again(name):
    info = WORKLOADS[name]
    example = info.example.replace("requests=1M", "requests=2k")
    trace = load_workload(example)
    assert load_workload(trace.source).fingerprint == trace.fingerprint
    assert info.summary
    assert all(parameter.meaning for parameter in info.parameters.values())


def test_a_trace_is_its_own_workload():
    trace = Trace.from_keys([1])
    assert load_workload(trace) is trace


def test_a_file_is_a_workload(tmp_path):
    path = tmp_path / "keys.txt"
    path.write_text("a\nb\na\n")
    for spec in (path, str(path)):
        trace = load_workload(spec)
        assert trace.ids.tolist() == [0, 1, 0]
        assert trace.source == str(path)


def test_a_file_in_this_folder_needs_no_slash(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "requests").write_text("a\n")
    assert len(load_workload("requests")) == 1
    (tmp_path / "zipf").write_text("a\nb\n")
    assert len(load_workload("./zipf")) == 2


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ("zpif:skew=1", "did you mean 'zipf'"),
        ("fligths", "did you mean 'flights'"),
        ("", "neither a workload nor a file"),
        ("zipf:skw=1", "did you mean 'skew'"),
        ("zipf:skew", "'skew' has no value"),
        ("zipf:skew=", "has no value"),
        ("zipf:skew=-1", "skew: -1 is out of bounds"),
        ("zipf:keys=many", "keys: 'many' is not a quantity"),
        ("uniform:requests=101M", "requests: 101M is out of bounds; allowed: 1 to 100M"),
        ("scan:requests=0", "requests: 0 is out of bounds"),
        ("loop:keys=1.5", "is not a whole number"),
        ("flights:requests=5", "take no parameters"),
        ("missing.csv", "No such file"),
        ("missing/keys", "No such file"),
    ],
)
def test_a_wrong_workload_is_refused_with_what_to_do(spec, words):
    with pytest.raises(BadInputError) as caught:
        load_workload(spec)
    assert words in str(caught.value)
    assert caught.value.place == (spec or "workload")


def test_a_format_with_a_name_is_refused():
    with pytest.raises(BadInputError, match="for files only"):
        load_workload("flights", format="csv")
