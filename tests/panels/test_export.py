"""A panel's report always takes a new name."""

import dataclasses
import threading
from datetime import datetime
from pathlib import Path

import pytest

from perflab.bench import load_bench
from perflab.errors import BadInputError
from perflab.panels import export, report_actions
from perflab.panels.displays import Displays
from perflab.panels.export import ReportLink, make_report, report_name
from perflab.panels.report_actions import ReportActions
from perflab.workloads import Trace

NAMES = ["keys.txt", "../../up/a b.csv", "\x1b]0;t\x07\n.", "x" * 300, "größe", "-rf", "\udcff", ""]


@pytest.fixture
def bench():
    return load_bench("cache")


@pytest.fixture
def trace():
    return Trace.from_keys(["a", "b", "a"], name="keys.txt")


@pytest.fixture
def write(bench, trace, tmp_path, monkeypatch):
    monkeypatch.setenv("PERFLAB_CACHE_DIR", str(tmp_path / "cache"))
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    values = {**bench.read({})[0].model_dump(), **bench.read({})[1].model_dump()}

    def run(folder="", of=trace):
        name = folder or report_name(bench.identity.pattern, of)
        return ReportLink().make(lambda: make_report(bench, of, values, None, []), name)

    return run


def stop_the_clock(monkeypatch):
    class Stopped(datetime):
        @classmethod
        def now(cls, tz=None):
            return cls(2026, 1, 2, 3, 4, 5)

    monkeypatch.setattr(export, "datetime", Stopped)


def contents(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_name_says_pattern_workload_and_time(bench, trace, monkeypatch):
    stop_the_clock(monkeypatch)
    assert (
        report_name(bench.identity.pattern, trace)
        == "perflab-report-cache-keys-txt-20260102-030405"
    )


@pytest.mark.parametrize("folder", ["", "mine", "mine.d/", "v1/2", "."])
def test_a_second_report_leaves_the_first(folder, write, tmp_path, monkeypatch):
    stop_the_clock(monkeypatch)
    first = write(folder)
    before = contents(tmp_path)
    second = write(folder)
    assert first.parent != second.parent
    assert second.parent.name == f"{first.parent.name.removesuffix('-2')}-{2 + (folder == '.')}"
    after = contents(tmp_path)
    assert {path: after[path] for path in before} == before
    assert second.resolve() in after


def test_what_the_user_has_under_the_name_stays(write, tmp_path):
    (tmp_path / "work" / "mine").write_text("mine")
    (tmp_path / "work" / "mine-2").mkdir()
    (tmp_path / "work" / "mine-3").symlink_to("nowhere")
    made = write("mine")
    assert made.parent.name == "mine-4"
    assert (tmp_path / "work" / "mine").read_text() == "mine"
    assert list((tmp_path / "work" / "mine-2").iterdir()) == []
    assert not (tmp_path / "work" / "nowhere").exists()


@pytest.mark.parametrize("ending", ["html", "md", "json"])
def test_one_file_takes_a_new_name_too(ending, write, tmp_path):
    mine = tmp_path / "work" / f"mine.{ending}"
    mine.write_text("mine")
    assert write(f"mine.{ending}").name == f"mine-2.{ending}"
    assert mine.read_text() == "mine"


def test_of_many_at_once_each_takes_a_name_of_its_own(write, tmp_path, monkeypatch):
    stop_the_clock(monkeypatch)
    made = []
    threads = [threading.Thread(target=lambda: made.append(write())) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({path.parent for path in made}) == 4
    assert all((path.parent / "report.json").is_file() for path in made)
    assert {path.name for path in (tmp_path / "work").iterdir()} == {p.parent.name for p in made}


@pytest.mark.parametrize("name", NAMES)
def test_any_name_of_a_workload_gives_a_name_of_a_folder(name, write, trace, tmp_path):
    made = write(of=dataclasses.replace(trace, name=name, check=False))
    assert (tmp_path / "work" / made).is_file()
    assert made.parent.parent.resolve() == tmp_path / "work"
    assert made.parent.name.startswith("perflab-report-cache-")
    assert made.parent.name.isprintable()


@pytest.mark.parametrize("folder", ["a\0b", "x" * 300, "\ud800", "/", "/dev/null/below", "r.pdf"])
def test_a_name_that_cannot_be_is_one_error(folder, write, tmp_path):
    with pytest.raises(BadInputError):
        write(folder)
    assert list((tmp_path / "work").iterdir()) == []


def test_the_link_shows_a_hostile_path_as_text():
    link = ReportLink()
    link.show(Path("<img src=x onerror=alert(1)>'\"\x1b\udcff") / "report.html")
    shown = link._link.outputs[0]["data"]
    page = link.text + shown["text/html"]
    assert "<img" not in page
    assert "'\"" not in page
    assert (page + shown["text/plain"]).isprintable()


def test_report_says_how_far_it_is(bench, trace, tmp_path, monkeypatch):
    seen = []
    made = ReportActions(bench, Displays(bench), lambda values: None, lambda budget: None)

    def begun(*_):
        seen.append(made.link.text)
        raise BadInputError("no further")

    monkeypatch.setattr(report_actions, "make_report", begun)
    with pytest.raises(BadInputError, match="no further"):
        made.export(trace, {}, lambda: seen.append(made.link.text), str(tmp_path), None)
    assert ["step 1 of 2" in seen[0], "step 2 of 2" in seen[1]] == [True, True]
    assert "predictions" in seen[1]
    assert made.link.text == ""
