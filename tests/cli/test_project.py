"""A perflab.toml in the folder: what commands take from it, and what it cannot do."""

import sys

import pytest

FILE = """\
bench = "cache"
workload = "zipf:skew=0.9,keys=100,requests=2k"
[settings]
max_cache_size = 30
"""


@pytest.fixture
def refused(perflab):
    """Runs a command that must refuse: status 2, and behind notes one line that says why."""

    def command(*arguments):
        answer = perflab(*arguments)
        assert answer.status == 2
        assert answer.out == ""
        *said, last = answer.err.splitlines()
        assert all(line.startswith("note: ") for line in said)
        assert last.startswith("perflab: error: ")
        return last

    return command


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "perflab.toml"
    path.write_text(FILE)
    return path


def test_commands_need_no_pattern_where_the_file_names_one(perflab, project):
    found = perflab("predict", "--json")
    assert found.status == 0
    assert found.json["pattern"] == "cache"
    assert found.json["points"][0]["settings"]["max_cache_size"] == 30
    assert found.json["workload"]["name"].startswith("zipf:skew=0.9,keys=100")
    assert "note: max_cache_size from perflab.toml" in found.err


def test_a_run_and_a_recommendation_take_it_too(perflab, project):
    ran = perflab("run", "--seconds", "0.3", "--json", "--no-progress")
    assert ran.json["settings"]["max_cache_size"] == 30
    project.write_text(FILE.replace("[settings]", 'limits = ["memory_bytes<=64MiB"]\n[settings]'))
    tuned = perflab("tune", "--json")
    assert tuned.json["limits"] == ["memory_bytes<=64MiB"]


def test_the_environment_overrules_it_and_an_option_both(perflab, project, monkeypatch):
    monkeypatch.setenv("PERFLAB_SET_MAX_CACHE_SIZE", "40")
    found = perflab("predict", "--json")
    assert found.json["points"][0]["settings"]["max_cache_size"] == 40
    found = perflab("predict", "-s", "max_cache_size=50", "--json")
    assert found.json["points"][0]["settings"]["max_cache_size"] == 50


def test_a_backend_in_the_file_is_not_called_without_yes(perflab, refused, project, monkeypatch):
    (project.parent / "theirs.py").write_text(
        "import pathlib\npathlib.Path('imported').touch()\ndef load(key): return key\n"
    )
    monkeypatch.syspath_prepend(str(project.parent))
    project.write_text(FILE + 'backend = "theirs:load"\n')
    mark = project.parent / "imported"
    assert perflab("predict").status == 0
    assert "agrees to nothing; --yes lets a run call it" in refused("run", "--seconds", "0.2")
    assert "agrees to nothing" in refused("tune", "--live", "--budget", "1s")
    assert "agrees to nothing" in refused("calibrate")
    assert not mark.exists()
    assert "theirs" not in sys.modules
    agreed = perflab("run", "--seconds", "0.3", "--yes", "--json", "--no-progress")
    assert agreed.status == 0
    assert mark.exists()


def test_a_function_that_has_the_rows_is_imported_by_nobody_without_yes(
    perflab, refused, project, monkeypatch
):
    (project.parent / "their_rows.py").write_text(
        "import pathlib\npathlib.Path('imported').touch()\nrows = list(range(500))\n"
    )
    monkeypatch.syspath_prepend(str(project.parent))
    source = 'data_source = "their_rows:rows"\n'
    project.write_text(f'bench = "lazy_loading"\n[settings]\n{source}')
    mark = project.parent / "imported"
    told = "is named in perflab.toml, which agrees to nothing; --set data_source=their_rows:rows"
    for command in (["predict"], ["tune"], ["run", "--seconds", "0.2"], ["calibrate", "--show"]):
        assert told in refused(*command)
    assert not mark.exists()
    assert "their_rows" not in sys.modules
    perflab("predict", "--set", "data_source=their_rows:rows")
    assert mark.exists()


def test_a_server_in_the_file_needs_the_same_consent(refused, project):
    project.write_text(
        'bench = "redis_cache"\n[settings]\nredis_host = "127.0.0.1"\nredis_port = 1\n'
    )
    told = refused("run", "--seconds", "0.2")
    assert "127.0.0.1:1" in told
    assert "--yes" in told


def test_the_file_of_another_pattern_is_said_to_be_left_out(perflab, project):
    found = perflab("predict", "lazy_loading", "--json")
    assert found.status == 0
    assert "is for cache, so it was left out" in found.err


def test_init_writes_what_options_say_and_commands_read_it(perflab, refused, project):
    project.unlink()
    (project.parent / "my trace.csv").write_text("url;n\n" + "a;1\nb;2\na;3\n" * 50)
    made = perflab(
        *("init", "cache", "-w", "my trace.csv", "--columns", "key=url", "--separator", ";"),
        *("-s", "max_cache_size=1", "-s", "price_per_gib_hour=0.02"),
        *("--limit", "hit_rate>=0.1", "--max-worse", "hit_rate=1pt"),
    )
    assert made.status == 0
    text = project.read_text()
    assert 'workload = "my trace.csv"' in text
    assert "[prices]" in text
    found = perflab("predict", "--json")
    assert found.json["points"][0]["settings"]["price_per_gib_hour"] == 0.02
    assert found.json["workload"]["summary"]["requests"] == 150
    assert "--force replaces it" in refused("init", "cache")
    assert project.read_text() == text


def test_init_does_not_write_over_its_workload(refused, project):
    trace = project.parent / "trace.csv"
    trace.write_text("key\na\nb\n")
    told = refused("init", "cache", "-w", "trace.csv", "--file", "./trace.csv", "--force")
    assert "is the input itself" in told
    assert trace.read_text() == "key\na\nb\n"


@pytest.mark.parametrize(
    "options",
    [
        ("cache", "-s", "max_cache_sise=1"),
        ("cache", "-w", "no such file.csv"),
        ("cache", "--limit", "hit_rate"),
        ("cache", "--max-worse", "hit_rate=1%"),
        ("cache", "--limit", "rows_in<=1"),
        ("cache", "--limit", "hit_rate>=2"),
        ("no_such_pattern",),
        (),
        ("cache", "--file", "."),
    ],
)
def test_init_writes_nothing_where_something_is_wrong(refused, project, options):
    project.unlink()
    refused("init", *options)
    assert not project.exists()
