import sys
import threading

import pytest

from perflab.servers.lookup import SqliteLookup, open_lookup
from perflab.settings import BadInputError, LoadSettings


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
