"""A session's file: one panel each, and never somebody else's."""

import json
import os
import subprocess
import sys

import pytest

from perflab.panels.session.document import SavedSession
from perflab.panels.session.place import SessionPlace

NAME = "perflab-session-cache.json"


def session(**more):
    return SavedSession(pattern="cache", workload={}, settings={}, **more)


@pytest.fixture
def place(tmp_path):
    made = SessionPlace(SavedSession, "cache", tmp_path)
    yield made
    made.leave()


def test_a_session_is_kept_and_known_again(place, tmp_path):
    assert place.known() is None
    place.keep(session(limits="a"))
    place.keep(session(limits="b"))
    place.leave()
    again = SessionPlace(SavedSession, "cache", tmp_path)
    assert again.path == tmp_path / NAME
    assert again.known().limits == "b"
    again.leave()


@pytest.mark.parametrize(
    "content",
    [
        "my own notes",
        '{"mine": 1}',
        '{"kind": "run", "format": 1, "pattern": "cache"}',
        '{"kind": "session", "format": 1, "pattern": "streaming"}',
    ],
)
def test_a_file_of_somebody_else_stays(tmp_path, content):
    (tmp_path / NAME).write_text(content)
    made = SessionPlace(SavedSession, "cache", tmp_path)
    made.keep(session())
    made.leave()
    assert (tmp_path / NAME).read_text() == content
    assert made.path is None
    assert (tmp_path / "perflab-session-cache-2.json").is_file()


def test_a_session_of_another_cell_stays(place, tmp_path):
    place.keep(session(limits="theirs"))
    place.leave()
    other = SessionPlace(SavedSession, "cache", tmp_path, asked="another cell")
    other.keep(session(asked="another cell"))
    other.leave()
    assert other.known() is None
    assert SavedSession.read(tmp_path / NAME).limits == "theirs"
    again = SessionPlace(SavedSession, "cache", tmp_path, asked="another cell")
    assert again.path == tmp_path / "perflab-session-cache-2.json"
    again.leave()


def test_the_own_session_is_found_behind_a_name_that_is_free_again(place, tmp_path):
    other = SessionPlace(SavedSession, "cache", tmp_path, asked="another cell")
    other.keep(session(asked="another cell", limits="mine"))
    other.leave()
    place.leave()
    again = SessionPlace(SavedSession, "cache", tmp_path, asked="another cell")
    assert again.known().limits == "mine"
    again.leave()


def test_of_two_own_sessions_the_last_one_is_taken_up(place, tmp_path):
    later = SessionPlace(SavedSession, "cache", tmp_path)
    for each, limits in (place, "first"), (later, "later"):
        each.keep(session(limits=limits))
        each.leave()
    os.utime(tmp_path / NAME, (1, 1))
    again = SessionPlace(SavedSession, "cache", tmp_path)
    assert again.known().limits == "later"
    again.leave()


def test_an_own_session_that_cannot_be_read_stays_and_is_named(tmp_path):
    later = json.dumps({**session().to_dict(), "format": 99})
    (tmp_path / NAME).write_text(later)
    made = SessionPlace(SavedSession, "cache", tmp_path)
    made.keep(session())
    made.leave()
    assert (tmp_path / NAME).read_text() == later
    assert NAME in made.trouble
    assert "stays as it is" in made.trouble
    assert (tmp_path / "perflab-session-cache-2.json").is_file()


def test_where_all_names_are_taken_that_is_said(tmp_path, monkeypatch):
    monkeypatch.setattr("perflab.panels.session.place._MOST_NAMES", 1)
    (tmp_path / NAME).write_text("mine")
    made = SessionPlace(SavedSession, "cache", tmp_path)
    assert made.path is None
    assert f"all names up to {NAME} are taken" in made.trouble


def test_a_link_is_not_followed(tmp_path):
    theirs = tmp_path / "theirs.json"
    theirs.write_text(json.dumps(session().to_dict()))
    (tmp_path / NAME).symlink_to(theirs)
    made = SessionPlace(SavedSession, "cache", tmp_path)
    assert made.path.name == "perflab-session-cache-2.json"
    made.leave()


def test_two_panels_have_a_file_each(place, tmp_path):
    other = SessionPlace(SavedSession, "cache", tmp_path)
    assert other.path.name == "perflab-session-cache-2.json"
    other.leave()


def test_a_killed_kernel_leaves_its_name_to_the_next(tmp_path):
    code = (
        "import sys, pathlib, time\n"
        "from perflab.panels.session.document import SavedSession\n"
        "from perflab.panels.session.place import SessionPlace\n"
        "held = SessionPlace(SavedSession, 'cache', pathlib.Path(sys.argv[1]))\n"
        "print(held.path.name, flush=True)\n"
        "time.sleep(600)\n"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    try:
        assert child.stdout.readline().strip() == NAME
        second = SessionPlace(SavedSession, "cache", tmp_path)
        assert second.path.name == "perflab-session-cache-2.json"
        second.leave()
    finally:
        child.kill()
        child.wait()
        child.stdout.close()
    third = SessionPlace(SavedSession, "cache", tmp_path)
    assert third.path.name == NAME
    third.leave()


def test_a_file_that_became_somebody_elses_is_not_written_over(place, tmp_path):
    place.keep(session())
    (tmp_path / NAME).write_text("now mine")
    with pytest.raises(Exception, match="stays as it is"):
        place.keep(session())
    assert (tmp_path / NAME).read_text() == "now mine"


def test_where_nothing_can_be_held_nothing_is_kept(tmp_path, monkeypatch):
    blocked = tmp_path / "blocked"
    blocked.write_text("")
    monkeypatch.setenv("PERFLAB_CACHE_DIR", str(blocked))
    made = SessionPlace(SavedSession, "cache", tmp_path)
    assert made.path is None
    made.keep(session())
    assert not (tmp_path / NAME).exists()
