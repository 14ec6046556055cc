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
