"""What a perflab.toml may say, and the one error for what it may not."""

import pytest

from perflab.errors import BadInputError
from perflab.project.project_file import find_project, profiles_in, read_project

WHOLE = """\
bench = "cache"
workload = "trace.csv"
separator = ";"
limits = ["hit_rate>=0.8"]

[columns]
key = "url"

[settings]
max_cache_size = "10k"
ttl_seconds = "none"

[prices]
price_per_gib_hour = 0.01

[max_worse]
hit_rate = "1pt"

[exports.chart]
format = "helm"
into = "values.yaml"
at = "cache.redis"

[profile.staging]
limits = ["hit_rate>=0.6"]

[profile.staging.settings]
max_cache_size = 500

[profile.elsewhere]
workload = "flights"
"""


@pytest.fixture
def written(tmp_path):
    def write(text):
        path = tmp_path / "perflab.toml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


def test_a_file_without_a_profile_is_its_main_part(written):
    found = read_project(written(WHOLE))
    assert found.settings == {
        "max_cache_size": "10k",
        "ttl_seconds": "none",
        "price_per_gib_hour": 0.01,
    }
    assert found.section.limits == ("hit_rate>=0.8",)
    assert found.section.exports["chart"].at == "cache.redis"
    assert found.named("max_cache_size") == "perflab.toml"


def test_a_profile_joins_tables_and_replaces_lists(written):
    found = read_project(written(WHOLE), "staging")
    assert found.settings["max_cache_size"] == 500
    assert found.settings["ttl_seconds"] == "none"
    assert found.section.limits == ("hit_rate>=0.6",)
    assert found.named("max_cache_size") == "perflab.toml, profile staging"
    assert found.named("ttl_seconds") == "perflab.toml"


def test_another_workload_is_read_as_it_says_and_not_as_the_first(written):
    found = read_project(written(WHOLE), "elsewhere")
    assert found.workload == "flights"
    assert found.section.columns == {}
    assert found.section.separator is None


def test_a_workload_is_found_beside_the_file(written, monkeypatch, tmp_path):
    path = written(WHOLE)
    (tmp_path / "trace.csv").write_text("url\na\n")
    monkeypatch.chdir("/")
    assert read_project(path).workload == str(tmp_path / "trace.csv")


def test_a_folder_names_the_file_in_it_and_no_file_is_none(written, monkeypatch, tmp_path):
    written(WHOLE)
    assert find_project(tmp_path).path.name == "perflab.toml"
    assert profiles_in(tmp_path / "perflab.toml") == ("staging", "elsewhere")
    other = tmp_path / "other"
    other.mkdir()
    monkeypatch.chdir(other)
    assert find_project() is None
    assert profiles_in() == ()
    with pytest.raises(BadInputError, match="perflab init"):
        find_project(profile="staging")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('benc = "cache"', "unknown key benc; did you mean 'bench'"),
        ("[profile.a]\nsetings = {}", "unknown key profile.a.setings; did you mean 'settings'"),
        ('[exports.a]\nformat = "x"\nint = "y"', "unknown key exports.a.int; did you mean 'into'"),
        ("[exports.a]\ninto = 'x'", "exports.a.format is missing"),
        ("[settings]\nx = [1]", "settings.x must be a text, a number"),
        ("[settings]\nx = inf", "settings.x must be a finite number"),
        ("[settings]\nx = 1979-05-27", "settings.x must be a text, a number"),
        ("limits = 'a'", "limits must be a list"),
        ("limits = [1]", "limits.0 must be a text in quotes"),
        ("profile = 3", "profile must be a table"),
        ("settings = 'a'", "settings must be a table"),
        ("bench = ''", "bench must not be empty"),
        ("no_header = 'yes'", "no_header must be true or false"),
        ("[prices]\nprice_per_gib = 1", "unknown key prices.price_per_gib"),
        ("[settings]\nprice_per_gib_hour=1\n[prices]\nprice_per_gib_hour=2", "twice"),
        ("a = ", "is not TOML: Invalid value"),
        ("x = " + "[" * 5000, "nested too deep"),
        (b"x = '\xff'", "not text in UTF-8"),
        ("#" + "x" * (1 << 20), "larger than 1 MiB"),
    ],
)
def test_what_is_wrong_is_one_error_with_its_place(written, text, told):
    path = written(text)
    with pytest.raises(BadInputError) as error:
        read_project(path)
    assert told in str(error.value)
    assert str(path) in str(error.value)
    assert "\n" not in str(error.value)


def test_an_unknown_profile_names_the_nearest(written):
    with pytest.raises(BadInputError, match=r"'stagin'.*'staging'"):
        read_project(written(WHOLE), "stagin")
    with pytest.raises(BadInputError, match="no profile 'x'"):
        read_project(written("bench = 'cache'"), "x")


def test_what_cannot_be_read_is_said(tmp_path):
    with pytest.raises(BadInputError, match="cannot be read"):
        read_project(tmp_path / "nothing.toml")
    with pytest.raises(BadInputError, match="cannot be read"):
        read_project(tmp_path)
