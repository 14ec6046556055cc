"""Option, environment, profile, file, default: in this order, and said where from."""

import pytest

from perflab.errors import BadInputError
from perflab.project.given import given_for
from perflab.project.project_file import read_project

FILE = """\
bench = "cache"
[settings]
max_cache_size = 1000
ttl_seconds = "1m"
policy = "fifo"
seed = 1
[profile.p.settings]
ttl_seconds = "2m"
policy = "sieve"
seed = 2
"""
SPOKEN = {"PERFLAB_SET_POLICY": "lfu", "PERFLAB_SET_SEED": "3", "PERFLAB_CACHE_DIR": "/x"}


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "perflab.toml"
    path.write_text(FILE)
    return read_project(path, "p")


def test_each_place_overrules_those_behind_it(file):
    found = given_for(None, {"seed": "4"}, file, SPOKEN)
    assert found.settings == {
        "max_cache_size": 1000,
        "ttl_seconds": "2m",
        "policy": "lfu",
        "seed": "4",
    }
    assert found.sources == {
        "max_cache_size": "perflab.toml",
        "ttl_seconds": "perflab.toml, profile p",
        "policy": "PERFLAB_SET_POLICY",
        "seed": "--set",
    }
    assert found.from_file("ttl_seconds")
    assert not found.from_file("policy")
    assert not found.from_file("concurrency")
    (told,) = found.remarks
    assert told == (
        "max_cache_size from perflab.toml; ttl_seconds from perflab.toml, profile p; "
        "policy from PERFLAB_SET_POLICY"
    )


def test_the_environment_counts_without_a_file():
    found = given_for("cache", {}, None, {"PERFLAB_SET_TTL_SECONDS": "30m"})
    assert found.bench.read(found.settings)[0].ttl_seconds == 1800
    assert found.remarks == ("ttl_seconds from PERFLAB_SET_TTL_SECONDS",)


def test_a_file_of_another_pattern_is_left_out_and_said(file):
    found = given_for("streaming", {}, file, {})
    assert found.settings == {}
    assert found.file is None
    assert "is for cache, so it was left out" in found.remarks[0]


def test_a_variable_of_another_pattern_is_left_out_and_said():
    found = given_for("cache", {}, None, {"PERFLAB_SET_MAX_CONNECTIONS": "5"})
    assert found.settings == {}
    assert found.remarks == ("PERFLAB_SET_MAX_CONNECTIONS was left out: cache has no such setting",)


@pytest.mark.parametrize(
    ("variables", "told"),
    [
        ({"PERFLAB_SET_TTL_SECOND": "1"}, "PERFLAB_SET_TTL_SECOND: no pattern has such a setting"),
        ({"PERFLAB_SET_TTL_SECONDS": "soon"}, "PERFLAB_SET_TTL_SECONDS"),
        ({"PERFLAB_SET_": "1"}, "no pattern has such a setting"),
    ],
)
def test_a_wrong_variable_is_named(variables, told):
    with pytest.raises(BadInputError, match=told):
        given_for("cache", {}, None, variables)


def test_a_wrong_setting_of_the_file_is_told_with_the_file(tmp_path):
    path = tmp_path / "perflab.toml"
    path.write_text("bench = 'cache'\n[settings]\nmax_cache_sise = 1\n")
    with pytest.raises(BadInputError, match=r"perflab\.toml.*max_cache_sise.*max_cache_size"):
        given_for(None, {}, read_project(path), {})


def test_a_pattern_must_be_named_somewhere():
    with pytest.raises(BadInputError, match=r"needs a pattern.*cache"):
        given_for(None, {}, None, {})
