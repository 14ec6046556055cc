from __future__ import annotations

import json
import random

import pytest

import perflab
from perflab.bench import bench_names, load_bench
from perflab.errors import BadInputError
from perflab.lab.calibrated_costs import wrong_cost
from perflab.lab.calibration import Calibration, calibration_for, keep_calibration, read_calibration

WORKLOAD = "zipf:keys=10,requests=100"


@pytest.fixture
def kept(tmp_path, monkeypatch):
    """Return the file of a calibration of the cache."""
    monkeypatch.setenv("PERFLAB_CACHE_DIR", str(tmp_path))
    bench = load_bench("cache")
    keep_calibration(bench, *bench.read({}), {"bytes_per_entry": 500.0})
    (path,) = tmp_path.rglob("*.json")
    return path


def changed(path, **change):
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))


def in_force():
    bench = load_bench("cache")
    return calibration_for(bench, *bench.read({}))


def test_a_kept_calibration_is_used(kept):
    assert in_force().costs["bytes_per_entry"] == 500.0
    assert in_force().note == ""


DAMAGE = {
    "a number": {"costs": 5},
    "nothing": {"costs": {}},
    "a list": {"costs": []},
    "a word": {"costs": {"hit": "x"}},
    "no mean": {"costs": {"hit": {"quantiles": [1.0] * 103}}},
    "too few quantiles": {"costs": {"hit": {"mean": 1.0, "quantiles": [1.0]}}},
    "a version": {"format": "x"},
    "no version": {"format": None},
    "a later version": {"format": 99},
    "another kind": {"kind": "run"},
    "a pattern": {"pattern": 5},
    "a date": {"date": []},
}


@pytest.mark.parametrize("change", DAMAGE.values(), ids=DAMAGE)
def test_a_damaged_one_gives_way_to_the_shipped_costs(change, kept):
    if "hit" in (
        costs := change.get("costs") or {} if isinstance(change.get("costs"), dict) else {}
    ):
        change = {"costs": {**json.loads(kept.read_text())["costs"], **costs}}
    changed(kept, **change)
    before = kept.read_bytes()
    found = in_force()
    assert found.source == "shipped"
    assert kept.name in found.note
    table = perflab.predict("cache", WORKLOAD, {"max_cache_size": 5})
    assert kept.name in " ".join(table.attrs["remarks"])
    assert kept.read_bytes() == before


@pytest.mark.parametrize(
    "content",
    [b"", b"[" * 100_000, b"\xff\xfe", b"[]", b"{}", b'{"kind": "calibration"}', b"9" * 6000],
    ids=["empty", "deep", "not a text", "a list", "an object", "not whole", "digits"],
)
def test_a_file_of_anything_gives_way_too(content, kept):
    kept.write_bytes(content)
    assert in_force().source == "shipped"
    assert kept.name in in_force().note


def test_a_cut_one_is_measured_anew_by_a_run(kept):
    kept.write_bytes(kept.read_bytes()[:-50])
    run = perflab.run("cache", WORKLOAD, {"max_cache_size": 5}, seconds=1, progress=False)
    assert run.calibration["source"] == "measured"
    assert in_force().source == "measured"


@pytest.mark.parametrize("pattern", bench_names())
def test_shipped_costs_are_like_themselves(pattern, tmp_path):
    bench = load_bench(pattern)
    path = tmp_path / "c.json"
    Calibration(pattern, "b", dict(bench.calibration.shipped_costs), "measured").to_json(path)
    assert (
        read_calibration(path, bench.calibration.shipped_costs).costs
        == bench.calibration.shipped_costs
    )


@pytest.mark.parametrize("pattern", bench_names())
def test_costs_of_another_type_are_found(pattern):
    shipped = dict(load_bench(pattern).calibration.shipped_costs)
    chance = random.Random(1)
    for _ in range(200):
        costs = json.loads(json.dumps(shipped))
        at, path = costs, []
        while True:
            name = chance.choice(list(at))
            path.append(name)
            if not isinstance(at[name], dict) or chance.random() < 0.3:
                break
            at = at[name]
        at[name] = chance.choice(["x", None, [], [None], float("nan"), 1e300, -5.0, True])
        wrong = wrong_cost(shipped, costs)
        assert wrong is not None
        assert wrong.startswith(path[0])


def test_other_numbers_and_more_costs_are_taken():
    shipped = dict(load_bench("connection_pool").calibration.shipped_costs)
    one = shipped["service"]["1"]
    costs = {**shipped, "service": {"2": one, "8": one}, "service_half": {"4": one}}
    assert wrong_cost(shipped, {**costs, "handover_seconds": 1e-6}) is None
    assert wrong_cost(shipped, {**costs, "service": {"x": one}}) == "service.x"
    assert wrong_cost(shipped, {**costs, "service_half": {"4": {}}}) is not None


def test_points_of_streaming_must_rise_and_be_as_many():
    shipped = json.loads(json.dumps(load_bench("streaming").calibration.shipped_costs))
    engine = shipped["engines"]["polars"]
    fewer = {**engine, "rows": [5.0], "seconds_off": [1.0], "bytes_off": [1.0]}
    assert wrong_cost(shipped, {"engines": {"polars": fewer}}) is None
    for wrong in ([5.0, 5.0], [0.0, 5.0], [5.0]):
        odd = {**engine, "rows": wrong, "seconds_off": [1.0, 1.0], "bytes_off": [1.0, 1.0]}
        assert wrong_cost(shipped, {"engines": {"polars": odd}}) is not None


def test_a_result_of_wrong_fields_names_the_first(tmp_path):
    path = tmp_path / "c.json"
    Calibration("cache", "b", {}, "measured").to_json(path)
    changed(path, machine=[5])
    with pytest.raises(BadInputError, match="machine is not what a calibration holds"):
        Calibration.load(path)


@pytest.mark.parametrize("name", ["rate", "seconds_off", "bytes_off"])
def test_what_is_divided_by_is_never_nothing(name):
    """Whatever the pattern, and however deep in its costs."""
    found = 0
    for pattern in bench_names():
        shipped = json.loads(json.dumps(load_bench(pattern).calibration.shipped_costs))
        for part in [shipped, *_parts(shipped)]:
            if name in part:
                before, found = part[name], found + 1
                part[name] = [1.0, 0.0, 1.0] if isinstance(before, list) else 0.0
                wrong = wrong_cost(load_bench(pattern).calibration.shipped_costs, shipped)
                assert wrong is not None
                assert wrong.endswith(name)
                part[name] = before
    assert found


def _parts(costs):
    for part in costs.values():
        if isinstance(part, dict):
            yield part
            yield from _parts(part)
