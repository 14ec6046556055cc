"""Kinds of workload: one by its class, none twice by its name."""

import dataclasses

import pytest

import perflab
from perflab.bench import bench_names, load_bench
from perflab.errors import BadInputError
from perflab.workloads import Trace, kind_of, register
from perflab.workloads.registry.kind import registered
from perflab.workloads.registry.traces import TRACES


@pytest.mark.parametrize("pattern", bench_names())
def test_the_kind_of_a_bench_is_that_of_its_workload(pattern, tmp_path):
    bench = load_bench(pattern)
    kind = bench.workload_kind
    workload = bench.workload_for(bench.settings_class(), None)
    assert isinstance(workload, kind.holds)
    assert kind_of(workload) is kind
    assert perflab.describe(workload)["fingerprint"] == workload.fingerprint
    assert kind.facts(workload)
    kind.save(workload, tmp_path / "saved")
    assert kind.open(tmp_path / "saved").fingerprint == workload.fingerprint


def test_what_is_no_workload_is_refused_with_the_kinds_there_are():
    with pytest.raises(BadInputError, match=r"list is not a kind of workload; known: .*trace"):
        perflab.describe([1, 2])


def test_another_kind_of_a_name_is_refused():
    with pytest.raises(BadInputError, match=r"Other and .*Trace are both called 'trace'"):
        register(dataclasses.replace(TRACES, holds=Other))
    assert TRACES in registered()


def test_the_same_kind_declared_again_takes_its_place():
    again = dataclasses.replace(TRACES, formats=("text",))
    try:
        register(again)
        assert kind_of(Trace.from_keys([1])) is again
    finally:
        register(TRACES)
    assert [kind.name for kind in registered()].count("trace") == 1


class Other(Trace):
    """A class of a kind that nobody knows."""
