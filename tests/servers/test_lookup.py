import os
import sys
import threading

import pytest

from perflab.errors import BadInputError
from perflab.servers.lookup import SqliteLookup, imported_function, open_lookup
from perflab.settings import LoadSettings


def test_a_tail_number_finds_its_plane_and_any_other_key_some_plane():
    lookup = open_lookup(LoadSettings())
    try:
        row = lookup(0, "N10156")
        assert row[0] == "N10156"
        assert "EMBRAER" in row
        assert lookup(5, "no plane") == lookup(5, 12345)
        assert lookup(5, 1) != lookup(6, 1)
    finally:
        lookup.close()


def test_many_threads_ask_at_once():
    lookup = open_lookup(LoadSettings())
    found = []

    def ask():
        found.extend(lookup(number, "N10156")[0] for number in range(200))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    lookup.close()
    assert found == ["N10156"] * 1600


def test_a_delay_answers_with_the_number_of_the_key():
    lookup = open_lookup(LoadSettings(backend="delay"))
    assert lookup(7, "x") == 7


def test_a_function_is_found_by_its_path(tmp_path, monkeypatch):
    (tmp_path / "my_backend.py").write_text("def load(key):\n    return key * 2\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert open_lookup(LoadSettings(backend="my_backend:load"))(0, 21) == 42
    sys.modules.pop("my_backend")


@pytest.mark.parametrize(
    ("backend", "message"),
    [
        ("nowhere:load", "ModuleNotFoundError"),
        ("math:nothing", "AttributeError"),
        ("math:pi", "not a function"),
    ],
)
def test_a_path_that_leads_nowhere_is_one_clear_error(backend, message):
    with pytest.raises(BadInputError, match=message):
        open_lookup(LoadSettings(backend=backend))


def test_the_file_is_made_once_and_kept_in_the_cache_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("PERFLAB_CACHE_DIR", str(tmp_path))
    for _ in range(2):
        lookup = SqliteLookup()
        assert lookup(0, "N10156")[0] == "N10156"
        lookup.close()
    (kept,) = (tmp_path / "data").iterdir()
    assert kept.suffix == ".sqlite"


def test_where_the_cache_folder_cannot_be_written_a_temporary_file_serves(tmp_path, monkeypatch):
    (tmp_path / "taken").write_text("a file, no folder")
    monkeypatch.setenv("PERFLAB_CACHE_DIR", str(tmp_path / "taken"))
    lookup = SqliteLookup()
    assert lookup(0, "N10156")[0] == "N10156"
    lookup.close()


@pytest.fixture
def working_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    yield tmp_path
    for name in ("mine_of_a_test", "near_of_a_test"):
        sys.modules.pop(name, None)


def test_a_backend_of_the_working_folder_is_found_last(working_folder):
    (working_folder / "mine_of_a_test.py").write_text(
        "import csv, near_of_a_test\ndef load(key):\n    return near_of_a_test.twice(key)\n"
    )
    (working_folder / "near_of_a_test.py").write_text("def twice(key):\n    return 2 * key\n")
    (working_folder / "csv.py").write_text("raise ImportError('not the library')\n")
    assert imported_function("mine_of_a_test:load")(4) == 8
    assert os.path.realpath(sys.path[-1]) == os.path.realpath(working_folder)


@pytest.mark.parametrize("name", ["csv", "time", "numpy"])
def test_a_backend_that_has_a_librarys_name_is_refused(working_folder, name):
    (working_folder / f"{name}.py").write_text("def load(key):\n    return key\n")
    with pytest.raises(BadInputError, match=rf"may be {name}\.py of the working folder .* rename"):
        imported_function(f"{name}:load")
