"""`perflab export --all`: what perflab.toml names, all of it or nothing."""

import contextlib

import pytest

from perflab.errors import BadInputError
from perflab.files.edits import edit_file, text_edit, together, write_all

PROJECT = """\
bench = "connection_pool"

[exports.app]
format = "spring"
into = "application.yml"
only = ["maximum-pool-size"]

[exports.chart]
format = "hikaricp"
into = "chart/values.yaml"
at = ["maximumPoolSize=pool.max", "connectionTimeout=pool.timeout"]

[exports.terraform]
format = "rds"
into = "chart/values.yaml"
at = "connections_per_program=pool.database"

[exports.proxy]
format = "pgbouncer"
out = "pgbouncer.ini"

[profile.staging.exports.app]
format = "spring"
into = "staging.yml"
only = ["maximum-pool-size"]
"""
APP = "spring:\n  datasource:\n    hikari:\n      maximum-pool-size: 20  # ours\n"
CHART = "pool:\n  max: 20\n  timeout: 1\n  database: 3\n"
NAMES = ("application.yml", "chart/values.yaml", "staging.yml", "pgbouncer.ini", "perflab.toml")


@pytest.fixture
def folder(tmp_path, monkeypatch, perflab):
    made = tmp_path / "repository"
    (made / "chart").mkdir(parents=True)
    monkeypatch.chdir(made)
    (made / "perflab.toml").write_text(PROJECT)
    (made / "application.yml").write_text(APP)
    (made / "staging.yml").write_text(APP)
    (made / "chart" / "values.yaml").write_text(CHART)
    pool = ("predict", "connection_pool", "--set", "max_connections=8", "--set", "timeout=5s")
    assert perflab(*pool, "--out", "best.json").status == 0
    return made


def contents(folder):
    return {name: (folder / name).read_text() for name in NAMES if (folder / name).exists()}


def test_all_files_are_written_and_then_are_as_they_are_to_be(perflab, folder):
    done = perflab("export", "best.json", "--all", "--yes")
    assert done.status == 0, done.err
    assert (folder / "application.yml").read_text() == APP.replace("20", "8")
    values = (folder / "chart" / "values.yaml").read_text()
    assert values == "pool:\n  max: 8\n  timeout: 5000\n  database: 8\n"
    assert "default_pool_size = 8" in (folder / "pgbouncer.ini").read_text()
    assert "--- /dev/null\n+++ b/pgbouncer.ini" in done.out
    assert (folder / "staging.yml").read_text() == APP
    again = perflab("export", "best.json", "--all")
    assert (again.status, again.out) == (0, "")
    assert "3 of 3 files up to date already" in again.err
    staging = perflab("export", "best.json", "--all", "--profile", "staging", "--yes")
    assert staging.status == 0
    assert (folder / "staging.yml").read_text() == APP.replace("20", "8")


def test_without_yes_nothing_is_written(perflab, folder):
    before = contents(folder)
    answer = perflab("export", "best.json", "--all")
    assert answer.status == 2
    assert "nothing was written; agree with --yes" in answer.err
    assert answer.out.count("+++ b/") == 3
    assert contents(folder) == before


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('"chart/values.yaml"', '"../outside.yaml"', "leads out of the folder of perflab.toml"),
        ('"chart/values.yaml"', '"/etc/hosts"', "leads out of the folder"),
        ('"chart/values.yaml"', '"link.yaml"', "leads out of the folder"),
        ('out = "pgbouncer.ini"', 'out = "outside/x.ini"', "leads out of the folder"),
        ('out = "pgbouncer.ini"', 'out = "perflab.toml"', "is the input itself"),
        ('out = "pgbouncer.ini"', 'out = "best.json"', "is the input itself"),
        ('out = "pgbouncer.ini"', 'out = "application.yml"', "exports.proxy: application.yml: was"),
        ('out = "pgbouncer.ini"', 'out = "chart"', "is not a file"),
        ('out = "pgbouncer.ini"', "", "exports.proxy: needs either into"),
        ('out = "pgbouncer.ini"', 'out = "a.ini"\ninto = "b.ini"', "needs either into"),
        ('out = "pgbouncer.ini"', 'out = "a.ini"\nonly = ["x"]', "only: goes with into"),
        ('out = "pgbouncer.ini"', "out = 5", "out must be a text in quotes"),
        ("pool.database", "pool.max2", "there is no 'max2' under pool; did you mean 'max'?"),
        ("pool.database", "pool.timeout", "would be 5000 by one export and 8 by another"),
        ('"spring"', '"sprin"', "exports.app: --as: connection_pool has no format 'sprin'"),
        ('"connection_pool"', '"cache"', "is for cache, and the result is of connection_pool"),
    ],
)
def test_one_wrong_export_keeps_all_from_being_written(refused, folder, old, new, told):
    (folder.parent / "outside.yaml").write_text(CHART)
    (folder / "link.yaml").symlink_to("../outside.yaml")
    (folder / "outside").symlink_to("..")
    (folder / "perflab.toml").write_text(PROJECT.replace(old, new, 1))
    before = contents(folder)
    assert told in refused("export", "best.json", "--all", "--yes")
    assert contents(folder) == before
    assert (folder.parent / "outside.yaml").read_text() == CHART


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--all", "--as", "spring"), "does not go with --all"),
        (("--all", "--into", "application.yml"), "does not go with --all"),
        (("--profile", "staging"), "applies only to --all"),
        (("--yes",), "applies only to --into and --all"),
        (("--all", "--project", "nowhere.toml"), "cannot be read"),
        (("--all", "--profile", "stagin"), "did you mean 'staging'"),
    ],
)
def test_options_that_mean_nothing_are_refused(refused, folder, options, told):
    assert told in refused("export", "best.json", *options)


def test_a_folder_without_exports_says_what_to_write(refused, folder):
    (folder / "perflab.toml").write_text('bench = "connection_pool"\n')
    assert "names no exports" in refused("export", "best.json", "--all")
    (folder / "perflab.toml").unlink()
    assert "needs a perflab.toml with [exports.NAME] tables" in refused(
        "export", "best.json", "--all"
    )
    (folder / "perflab.toml").write_text(f"x = {'9' * 5000}\n")
    assert "more digits than can be read" in refused("export", "best.json", "--all")


@pytest.mark.parametrize("failing", range(3))
@pytest.mark.parametrize("error", [BadInputError("disk full", "x"), KeyboardInterrupt()])
def test_where_one_cannot_be_written_all_are_as_before(folder, monkeypatch, failing, error):
    names = ("application.yml", "chart/values.yaml")
    edits = [
        edit_file(names[0], {("spring", "datasource", "hikari", "maximum-pool-size"): 1}),
        edit_file(names[1], {("pool", "max"): 1}),
        text_edit("new.ini", "x"),
    ]
    before = contents(folder)
    calls = []
    written = type(folder).replace

    def replace(self, target):
        calls.append(target)
        if len(calls) == failing + 1:
            raise error
        return written(self, target)

    monkeypatch.setattr(type(folder), "replace", replace)
    with pytest.raises(type(error)):
        write_all(edits)
    monkeypatch.undo()
    assert contents(folder) == before
    assert not (folder / "new.ini").exists()
    assert not list(folder.rglob(".perflab-*"))


def test_what_cannot_be_taken_back_is_named(folder, monkeypatch):
    edits = [text_edit("new.ini", "x"), edit_file("chart/values.yaml", {("pool", "max"): 1})]
    real, calls = together.whole_file, []

    @contextlib.contextmanager
    def whole_file(path, mode):
        calls.append(path)
        if len(calls) > 2:
            raise BadInputError("the disk is gone", path)
        with real(path, mode) as file:
            yield file
            if path == "new.ini":
                raise BadInputError("the disk is full", path)

    monkeypatch.setattr(together, "whole_file", whole_file)
    told = r"new\.ini: the disk is full; chart/values\.yaml could not be taken back"
    with pytest.raises(BadInputError, match=told):
        write_all(edits)
    assert not (folder / "new.ini").exists()


def test_a_file_that_somebody_changed_keeps_all_from_being_written(folder):
    edits = [edit_file("chart/values.yaml", {("pool", "max"): 1}), text_edit("new.ini", "x")]
    (folder / "new.ini").write_text("theirs")
    with pytest.raises(BadInputError, match=r"new\.ini: has changed meanwhile"):
        write_all(edits)
    assert (folder / "chart" / "values.yaml").read_text() == CHART
