from pathlib import Path

import pytest

from perflab.bench import load_bench
from perflab.cli.options import check_out, parse_assignments, parse_seconds, parse_sweep
from perflab.errors import BadInputError


@pytest.fixture
def bench():
    return load_bench("cache")


def test_last_of_two_settings_with_one_key_counts():
    assert parse_assignments(["policy=fifo", "policy=sieve"]) == {"policy": "sieve"}


def test_sweep_is_a_list_of_values(bench):
    assert parse_sweep(bench, ["policy=lru, fifo"], {}) == {"policy": ["lru", "fifo"]}


def test_range_goes_from_end_to_end_on_the_settings_scale(bench):
    sweep = parse_sweep(bench, ["max_cache_size=10..10k*4"], {})
    assert sweep == {"max_cache_size": [10, 100, 1000, 10_000]}


def test_range_without_a_number_has_ten_values(bench):
    values = parse_sweep(bench, ["ttl_seconds=1m..1h"], {})["ttl_seconds"]
    assert (len(values), values[0], values[-1]) == (10, 60.0, 3600.0)


def test_ranges_and_values_mix(bench):
    sweep = parse_sweep(bench, ["max_cache_size=1,10..1k*3"], {})
    assert [int(value) for value in sweep["max_cache_size"]] == [1, 10, 100, 1000]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("max_cache_size", "is not KEY=VALUE"),
        ("max_cache_size=", "is not KEY=VALUE"),
        ("max_cache_size=1,,2", "max_cache_size"),
        ("max_cache_size=10..5", "low to a higher"),
        ("max_cache_size=10..50*1", "2 to"),
        ("max_cache_size=10..50*x", "2 to"),
        ("max_cache_size=0..50", "low to a higher"),
        ("max_cache_size=1..5Q", "max_cache_size: '1..5Q'"),
        ("policy=lru..opt", "only numbers"),
        ("polcy=lru", "did you mean 'policy'"),
        ("policy=lru,fifi", "did you mean 'fifo'"),
    ],
)
def test_bad_sweep_is_refused_with_its_key(bench, text, said):
    with pytest.raises(BadInputError, match=said.replace(".", r"\.")):
        parse_sweep(bench, [text], {})


def test_key_that_is_swept_twice_is_refused(bench):
    with pytest.raises(BadInputError, match="swept twice"):
        parse_sweep(bench, ["policy=lru", "policy=fifo"], {})


@pytest.mark.parametrize(("text", "seconds"), [("10", 10.0), ("2m", 120.0), ("250ms", 0.25)])
def test_seconds_are_written_as_people_do(text, seconds):
    assert parse_seconds(text, "--seconds") == seconds


@pytest.mark.parametrize("text", ["0", "-1", "inf", "nan", "soon", "1e999"])
def test_seconds_that_are_none_are_refused(text):
    with pytest.raises(BadInputError, match="--seconds"):
        parse_seconds(text, "--seconds")


def test_writable_check_leaves_no_trace(tmp_path):
    check_out(tmp_path / "new" / "folder" / "result.json", None, force=False)
    assert list(tmp_path.iterdir()) == []


def test_file_below_a_file_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(BadInputError, match="Not a directory"):
        check_out(tmp_path / "file" / "result.json", None, force=False)


def test_folder_is_refused_where_a_file_is_wanted(tmp_path):
    with pytest.raises(BadInputError, match="is a folder"):
        check_out(tmp_path, None, force=False)


def test_relative_file_is_checked_where_the_command_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    check_out(Path("result.json"), None, force=False)
