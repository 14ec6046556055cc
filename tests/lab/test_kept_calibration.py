"""A calibration that this perflab cannot use stays where it is."""

import json

import pytest

from perflab.bench import load_bench
from perflab.errors import BadInputError
from perflab.lab.calibration import calibration_for, keep_calibration


@pytest.fixture
def kept(tmp_path, monkeypatch):
    monkeypatch.setenv("PERFLAB_CACHE_DIR", str(tmp_path))
    bench = load_bench("cache")
    keep(bench)
    (path,) = (tmp_path / "calibrations").iterdir()
    return bench, path


def keep(bench, **costs):
    return keep_calibration(bench, *bench.read({}), {**bench.calibration.shipped_costs, **costs})


def known(bench):
    return calibration_for(bench, *bench.read({}))


def later(path):
    path.write_text(json.dumps({**json.loads(path.read_text()), "format": 99}))


def cut_off(path):
    path.write_text(path.read_text()[:100])


def another(path):
    path.write_text("my notes")


def not_text(path):
    path.write_bytes(b"\xff\x00")


@pytest.mark.parametrize("change", [later, cut_off, another, not_text])
def test_one_that_cannot_be_read_stays_and_the_shipped_costs_say_so(change, kept):
    bench, path = kept
    change(path)
    before = path.read_bytes()
    found = known(bench)
    assert found.source == "shipped"
    assert path.name in found.describe()
    assert path.read_bytes() == before


@pytest.mark.parametrize("change", [later, cut_off, another, not_text])
def test_a_new_one_is_kept_beside_it_and_used(change, kept):
    bench, path = kept
    change(path)
    before = path.read_bytes()
    keep(bench)
    assert known(bench).source == "measured"
    keep(bench)
    assert known(bench).note == ""
    assert path.read_bytes() == before
    assert len(list(path.parent.iterdir())) == 2


def test_one_that_can_be_read_is_replaced(kept):
    bench, path = kept
    made = keep(bench)
    assert known(bench) == made
    assert list(path.parent.iterdir()) == [path]


def test_a_link_of_the_users_stays_one(kept, tmp_path):
    bench, path = kept
    elsewhere = path.rename(tmp_path / "elsewhere.json")
    path.symlink_to(elsewhere)
    keep(bench)
    assert path.is_symlink()
    assert known(bench).source == "measured"


def test_a_folder_that_cannot_be_written_is_one_clear_error(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("mine")
    monkeypatch.setenv("PERFLAB_CACHE_DIR", str(tmp_path / "file"))
    with pytest.raises(BadInputError, match=r"set PERFLAB_CACHE_DIR to a folder that can be"):
        keep(load_bench("cache"))
    assert (tmp_path / "file").read_text() == "mine"


def test_costs_of_another_pattern_are_not_used(kept):
    bench, path = kept
    values = json.loads(path.read_text())
    path.write_text(json.dumps({**values, "pattern": "redis_cache"}))
    found = known(bench)
    assert found.source == "shipped"
    assert "holds the costs of redis_cache, not of cache" in found.describe()


@pytest.mark.parametrize(
    ("name", "part", "value"),
    [
        ("hit", "mean", -0.25),
        ("miss", "mean", 3e9),
        ("hit", "quantiles", -1e-3),
        ("miss", "quantiles", 1e12),
        ("overhead_seconds", None, -1e-6),
        ("sleep_seconds", None, 4e7),
    ],
)
def test_time_that_nothing_can_take_is_damage(name, part, value, kept):
    bench, path = kept
    values = json.loads(path.read_text())
    costs = values["costs"]
    if part == "quantiles":
        costs[name][part][7] = value
    elif part:
        costs[name][part] = value
    else:
        costs[name] = value
    path.write_text(json.dumps(values))
    assert known(bench).source == "shipped"
    assert "is damaged" in known(bench).note


def test_nothing_is_measured_where_it_could_not_be_kept(tmp_path, monkeypatch):
    from perflab.lab import measuring

    (tmp_path / "file").write_text("mine")
    monkeypatch.setenv("PERFLAB_CACHE_DIR", str(tmp_path / "file"))
    monkeypatch.setattr(measuring, "LiveRun", lambda *_, **__: pytest.fail("it was measured"))
    bench = load_bench("cache")
    settings, load = bench.read({})
    with pytest.raises(BadInputError, match=r"calibrations: cannot be made \(.*PERFLAB_CACHE_DIR"):
        measuring.measure(bench, settings, load, "zipf:keys=10,requests=100", None)
    assert (tmp_path / "file").read_text() == "mine"


def test_calibration_tells_of_its_rounds_and_ends_where_it_is_told_to(tmp_path, monkeypatch):
    from perflab.lab import measuring

    monkeypatch.setenv("PERFLAB_CACHE_DIR", str(tmp_path))
    bench = load_bench("cache")
    settings, load = bench.read({})
    runs, told = [], []

    class Watched(measuring.LiveRun):
        def __init__(self, *args, **named):
            super().__init__(*args, **named)
            runs.append(self)

    def on_round(number, total):
        told.append((number, total))
        if runs:
            raise KeyboardInterrupt

    monkeypatch.setattr(measuring, "LiveRun", Watched)
    spec = "zipf:keys=10,requests=100"
    with pytest.raises(KeyboardInterrupt):
        measuring.measure(bench, settings, load, spec, None, seconds=60, on_round=on_round)
    assert told == [(1, 3), (1, 3)]
    assert runs[0].state == "failed"
    assert calibration_for(bench, settings, load).source == "shipped"
