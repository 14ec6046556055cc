"""What is written appears whole or not at all, a single file and a folder alike."""

import csv
import dataclasses
import errno
import hashlib
import json
import os
from xml.etree import ElementTree as ET

import pytest

from perflab.errors import BadInputError
from perflab.reports import Report, report
from perflab.reports.folder import MANIFEST


@pytest.fixture
def disk_full_after(monkeypatch):
    """Let some files be written; then the disk is full."""

    def fill(files):
        left = [files]
        fsync = os.fsync

        def full(descriptor):
            left[0] -= 1
            if left[0] < 0:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            fsync(descriptor)

        monkeypatch.setattr(os, "fsync", full)

    return fill


def contents(folder):
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_folder_gets_pages_tables_and_figures(recommendation, run, tmp_path):
    made = Report.of([recommendation, run])
    folder = report([recommendation, run], tmp_path / "out")
    names = set(contents(folder))
    assert {"report.html", "report.md", "report.json"} <= names
    assert {f"tables/{table.name}.csv" for table in made.tables} <= names
    assert {f"figures/{figure.name}.svg" for figure in made.figures} <= names
    assert {"tables/recommendation-1-rows.csv", "tables/run-2-rows.csv"} <= names
    assert {path.name for path in tmp_path.iterdir()} == {"out"}


def test_tables_are_csv_of_values(recommendation, tmp_path):
    folder = report(recommendation, tmp_path / "out")
    with (folder / "tables" / "settings.csv").open(encoding="utf-8", newline="") as file:
        found = {row["setting"]: row for row in csv.DictReader(file)}
    assert found["max_cache_size"]["before"] == "1000"
    assert found["max_cache_size"]["after"] == "3800"


def test_figures_are_svg_that_stand_alone(recommendation, run, tmp_path):
    folder = report([recommendation, run], tmp_path / "out")
    for path in (folder / "figures").iterdir():
        text = path.read_text(encoding="utf-8")
        assert ET.fromstring(text).tag == "{http://www.w3.org/2000/svg}svg"
        assert "var(--" not in text
        assert "#ffffff" in text.lower()


@pytest.mark.parametrize("ending", ["", "/"])
def test_existing_folder_keeps_what_else_is_in_it(ending, run, tmp_path):
    folder = tmp_path / "out.d"
    folder.mkdir()
    (folder / "mine.txt").write_text("mine", encoding="utf-8")
    (folder / "report.md").write_text("old", encoding="utf-8")
    before = contents(folder)
    with pytest.raises(BadInputError, match="did not write"):
        report(run, f"{folder}{ending}")
    assert contents(folder) == before
    report(run, f"{folder}{ending}", force=True)
    assert (folder / "mine.txt").read_text(encoding="utf-8") == "mine"
    assert (folder / "report.md").read_text(encoding="utf-8").startswith("# Caching")


def test_slash_at_the_end_makes_a_folder_whatever_its_suffix(run, tmp_path):
    assert report(run, f"{tmp_path}/new/r.html/").is_dir()


@pytest.mark.parametrize("name", ["r.html", "r.md", "r.json"])
def test_full_disk_leaves_the_old_file(name, run, tmp_path, disk_full_after):
    path = tmp_path / name
    path.write_text("old", encoding="utf-8")
    disk_full_after(0)
    with pytest.raises(BadInputError, match="No space left on device") as error:
        report(run, path, force=True)
    assert error.value.place == str(path)
    assert contents(tmp_path) == {name: b"old"}


@pytest.mark.parametrize("files", [0, 1, 10])
def test_full_disk_leaves_the_old_folder(files, make_run, tmp_path, disk_full_after):
    folder = report(make_run(1000), tmp_path / "out")
    before = contents(tmp_path)
    disk_full_after(files)
    with pytest.raises(BadInputError, match="No space left on device") as error:
        report(make_run(3800), folder)
    assert error.value.place == str(folder)
    assert contents(tmp_path) == before


def test_full_disk_leaves_no_new_folder(run, tmp_path, disk_full_after):
    disk_full_after(3)
    with pytest.raises(BadInputError, match="No space left"):
        report(run, tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_in_the_way_of_a_file_stops_before_anything_is_written(run, tmp_path):
    folder = tmp_path / "out"
    (folder / "report.json").mkdir(parents=True)
    with pytest.raises(BadInputError, match=r"report\.json in it is a folder"):
        report(run, folder, force=True)
    assert contents(folder) == {}


def test_a_file_in_the_way_of_a_folder_stops_before_anything_is_written(run, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "tables").write_text("mine", encoding="utf-8")
    with pytest.raises(BadInputError, match="tables is a file"):
        report(run, tmp_path / "out", force=True)
    assert contents(tmp_path) == {"out/tables": b"mine"}
    (tmp_path / "plain").write_text("mine", encoding="utf-8")
    with pytest.raises(BadInputError, match="plain is a file"):
        report(run, tmp_path / "plain")


def test_a_folder_of_an_earlier_report_is_replaced_whole(recommendation, run, tmp_path):
    report([recommendation, run], tmp_path / "out")
    report(run, tmp_path / "new")
    report(run, tmp_path / "out")
    assert set(contents(tmp_path / "out")) == set(contents(tmp_path / "new"))


def edit(folder):
    with (folder / "tables" / "measured.csv").open("a", encoding="utf-8") as file:
        file.write("my,notes\n")


def add(folder):
    (folder / "figures" / "mine.svg").write_text("mine", encoding="utf-8")


def add_folder(folder):
    (folder / "mine").mkdir()


def lose_the_list(folder):
    (folder / MANIFEST).unlink()


def damage_the_list(folder):
    (folder / MANIFEST).write_text("[" * 100_000, encoding="utf-8")


def link(folder):
    page = folder / "report.html"
    page.rename(folder.parent / "elsewhere.html")
    page.symlink_to(folder.parent / "elsewhere.html")


@pytest.mark.parametrize("change", [edit, add, add_folder, lose_the_list, damage_the_list, link])
def test_a_folder_that_somebody_has_worked_in_needs_force(change, run, tmp_path):
    folder = report(run, tmp_path / "out")
    change(folder)
    before = contents(tmp_path)
    with pytest.raises(BadInputError, match="did not write"):
        report(run, folder)
    assert contents(tmp_path) == before
    report(run, folder, force=True)
    kept = {"figures/mine.svg": b"mine"} if change is add else {}
    assert {name: contents(folder)[name] for name in kept} == kept
    assert (folder / "report.html").read_bytes().startswith(b"<!DOCTYPE html>")


def test_a_table_that_was_edited_outlives_the_next_report(recommendation, run, tmp_path):
    folder = report(recommendation, tmp_path / "out")
    (mine,) = (folder / "tables").glob("recommendation-1-rows.csv")
    mine.write_text("mine", encoding="utf-8")
    report(run, folder, force=True)
    assert mine.read_text(encoding="utf-8") == "mine"


def test_a_folder_in_it_that_is_a_link_is_not_written_through(run, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "tables").symlink_to(tmp_path / "mine")
    with pytest.raises(BadInputError, match="is a link"):
        report(run, tmp_path / "out", force=True)
    assert list((tmp_path / "mine").iterdir()) == []


def test_a_list_that_names_files_elsewhere_removes_none(run, tmp_path):
    mine = tmp_path / "mine.txt"
    mine.write_text("mine", encoding="utf-8")
    folder = report(run, tmp_path / "out")
    said = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    digest = hashlib.blake2b(b"mine", digest_size=16).hexdigest()
    said["files"] |= {"../mine.txt": digest, str(mine): digest, "tables/../../mine.txt": digest}
    (folder / MANIFEST).write_text(json.dumps(said), encoding="utf-8")
    report(run, folder)
    assert mine.read_text(encoding="utf-8") == "mine"


def test_the_mode_of_files_in_a_folder_stays(run, tmp_path):
    folder = report(run, tmp_path / "out")
    (folder / "report.json").chmod(0o600)
    report(run, folder)
    assert (folder / "report.json").stat().st_mode & 0o777 == 0o600


def test_a_new_folder_follows_the_umask(run, tmp_path):
    before = os.umask(0o077)
    try:
        folder = report(run, tmp_path / "out")
    finally:
        os.umask(before)
    assert folder.stat().st_mode & 0o777 == 0o700
    assert (folder / "report.json").stat().st_mode & 0o777 == 0o600


def test_results_are_not_reported_onto_their_workload(make_run, tmp_path):
    workload = tmp_path / "keys.json"
    workload.write_text('{"kind": "run", "format": 1, "a": 1}', encoding="utf-8")
    made = make_run(1000)
    of = {**made.workload, "source": str(workload)}
    with pytest.raises(BadInputError, match="is the input itself"):
        report(dataclasses.replace(made, workload=of), workload, force=True)


def test_a_pipe_in_place_of_the_list_of_files_is_foreign(run, tmp_path):
    (tmp_path / "r").mkdir()
    os.mkfifo(tmp_path / "r" / MANIFEST)
    with pytest.raises(BadInputError, match="did not write"):
        report([run], tmp_path / "r")
