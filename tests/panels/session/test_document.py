"""Sessions are input too: twenty hostile files, one clear error each."""

import json

import pytest

from perflab.errors import BadInputError
from perflab.panels import workbench
from perflab.panels.session.document import SavedSession


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    path = tmp_path_factory.mktemp("session") / "work.json"
    panel = workbench("cache", "zipf:skew=0.9,keys=50,requests=1k")
    try:
        panel.wait(60)
        panel.pin()
        panel.save(path)
    finally:
        panel.close()
    return path.read_text()


def broken(kept, change):
    values = json.loads(kept)
    change(values)
    return json.dumps(values)


def put(*place):
    """Return what puts the last of the words at a place."""
    *path, last, value = place

    def change(values):
        for part in path:
            values = values[part]
        values[last] = value

    return change


HOSTILE = {
    "empty": lambda _: "",
    "cut": lambda kept: kept[: len(kept) // 2],
    "a list": lambda _: "[]",
    "deep": lambda _: "[" * 100_000,
    "not text": lambda _: "\x00\x01",
    "another kind": lambda kept: broken(kept, put("kind", "run")),
    "no kind": lambda kept: broken(kept, lambda v: v.pop("kind")),
    "later": lambda kept: broken(kept, put("format", 99)),
    "format true": lambda kept: broken(kept, put("format", True)),
    "no pattern": lambda kept: broken(kept, lambda v: v.pop("pattern")),
    "unknown pattern": lambda kept: broken(kept, put("pattern", "../../etc/passwd")),
    "settings a list": lambda kept: broken(kept, put("settings", [1])),
    "unknown setting": lambda kept: broken(kept, put("settings", "no_such", 1)),
    "setting out of bounds": lambda kept: broken(kept, put("settings", "max_cache_size", -1)),
    "huge": lambda kept: broken(kept, put("settings", "max_cache_size", 10**400)),
    "baseline a text": lambda kept: broken(kept, put("baseline", "x")),
    "baseline without settings": lambda kept: broken(kept, lambda v: v["baseline"].pop("settings")),
    "tried wrong": lambda kept: broken(kept, put("tried", [{"settings": {"x": 1}}])),
    "tried setting": lambda kept: broken(kept, put("tried", 0, "settings", {"ttl_seconds": "?"})),
    "run is no run": lambda kept: broken(kept, put("run", {"kind": "calibration"})),
    "run cut": lambda kept: broken(kept, put("run", {"kind": "run", "format": 1})),
    "recommendation": lambda kept: broken(kept, put("recommendation", {"kind": "run"})),
    "alerts a number": lambda kept: broken(kept, put("alerts", 3)),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_one_clear_error(kept, tmp_path, name):
    path = tmp_path / "hostile.json"
    path.write_text(HOSTILE[name](kept))
    with pytest.raises(BadInputError) as error:
        SavedSession.read(path)
    assert "\n" not in str(error.value)
    assert len(str(error.value)) < 500
    with pytest.raises(BadInputError):
        workbench(session=path)


def test_markup_in_a_session_is_shown_as_text(kept, tmp_path):
    path = tmp_path / "markup.json"
    path.write_text(broken(kept, put("alerts", ["<script>alert(1)</script>"])))
    panel = workbench(session=path)
    try:
        panel.wait(60)
        assert "<script>" not in str(panel.alerts.error.value)
    finally:
        panel.close()


def test_a_session_of_today_opens(kept, tmp_path):
    path = tmp_path / "work.json"
    path.write_text(kept)
    found = SavedSession.read(path)
    assert found.pattern == "cache"
    assert found.baseline["predicted"]["hit_rate"] > 0


def test_what_is_missing_is_said(tmp_path):
    with pytest.raises(BadInputError, match="No such file"):
        workbench(session=tmp_path / "none.json")
