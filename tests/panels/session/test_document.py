"""Sessions are input too: twenty hostile files, one clear error each."""

import errno
import json
import os
from concurrent.futures import ThreadPoolExecutor

import pytest

from perflab.errors import BadInputError
from perflab.panels import workbench
from perflab.panels.session.document import SavedSession
from perflab.panels.session.place import SessionPlace


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    path = tmp_path_factory.mktemp("session") / "work.json"
    panel = workbench("cache", "zipf:skew=0.9,keys=50,requests=1k")
    try:
        panel.wait(60)
        panel.pin()
        panel.recommend()
        panel.wait(60)
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


def nested(depth):
    return {"a": nested(depth - 1)} if depth else {}


OF_NOTHING = {"metrics": {}, "reason": ""}
FIRST = ("tried", 0, "predicted")
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
    "prediction a text": lambda kept: broken(kept, put(*FIRST, {"hit_rate": "<b>x"})),
    "prediction a list": lambda kept: broken(kept, put(*FIRST, [1])),
    "prediction nested": lambda kept: broken(kept, put(*FIRST, {"hit_rate": {"a": 1}})),
    "prediction true": lambda kept: broken(kept, put(*FIRST, {"hit_rate": True})),
    "prediction huge": lambda kept: broken(kept, put(*FIRST, {"hit_rate": 10**400})),
    "prediction NaN": lambda kept: broken(kept, put(*FIRST, {"hit_rate": float("nan")})),
    "prediction infinite": lambda kept: broken(kept, put(*FIRST, {"hit_rate": float("inf")})),
    "no prediction": lambda kept: broken(kept, put(*FIRST, None)),
    "baseline's prediction a text": lambda kept: broken(
        kept, put("baseline", "predicted", {"hit_rate": "x"})
    ),
    "tried without end": lambda kept: broken(kept, lambda v: v.update(tried=v["tried"] * 5000)),
    "alerts without end": lambda kept: broken(kept, put("alerts", ["hit_rate<0.5"] * 20_000)),
    "source a number": lambda kept: broken(kept, put("workload", "source", 7)),
    "source a list": lambda kept: broken(kept, put("workload", "source", ["a"])),
    "options a list": lambda kept: broken(kept, put("workload", "options", [1])),
    "columns a text": lambda kept: broken(kept, put("workload", "options", {"columns": "x"})),
    "fingerprint a map": lambda kept: broken(kept, put("workload", "fingerprint", {"a": 1})),
    "half a character": lambda kept: broken(kept, put("limits", "\ud800")),
    "nested environment": lambda kept: broken(kept, put("environment", nested(400))),
    "recommendation out of bounds": lambda kept: broken(
        kept, put("recommendation", "settings", "max_cache_size", -1)
    ),
    "recommendation of nothing": lambda kept: broken(kept, put("recommendation", "settings", {})),
    "alternative of nothing": lambda kept: broken(
        kept,
        put("recommendation", "alternatives", [{"name": "x", "settings": {}, **OF_NOTHING}]),
    ),
    "alternative out of bounds": lambda kept: broken(
        kept,
        put(
            *("recommendation", "alternatives"),
            [{"name": "x", "settings": {"max_cache_size": -1}, **OF_NOTHING}],
        ),
    ),
    "before a number": lambda kept: broken(kept, put("recommendation", "before", {"policy": 7})),
    "unknown objective": lambda kept: broken(
        kept, put("recommendation", "objective", "max:no_such")
    ),
    "objective of another pattern": lambda kept: broken(
        kept, put("recommendation", "objective", "min:stall_fraction")
    ),
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


ODD = {
    "a date before all": put("environment", {"date": "0001-01-01T00:00:00+14:00"}),
    "a date after all": put("environment", {"date": "9999-12-31T23:59:59-14:00"}),
    "no date": put("environment", {"date": ["x"]}),
    "unknown metrics": put("tried", 0, "predicted", {"no_such_<b>": 1.0}),
    "what is compared": put("compared", {"policy": {"a": 1}, "no_such": [1]}),
    "an alert that is none": put("alerts", ["nonsense"]),
    "a limit of a million letters": put("limits", "a" * 1_000_000),
    "a setting fewer": lambda values: values["recommendation"]["settings"].pop(
        "negative_ttl_seconds"
    ),
    "no results": put("recommendation", "metrics", {}),
}


@pytest.mark.parametrize("name", ODD)
def test_what_is_odd_opens_or_is_said_and_breaks_nothing(kept, tmp_path, name):
    path = tmp_path / "odd.json"
    path.write_text(broken(kept, ODD[name]))
    panel = workbench(session=path)
    try:
        panel.wait(60)
        panel.lasting.tab.show_comparison()
        assert "perflab failed" not in panel.status.problem + str(panel.picker.error.value)
        assert "Reopened the session of" in panel.lasting.line.children[0].value
        assert "<b>" not in panel.lasting.tab._side.value.replace("<b>hit", "")
        panel.save(tmp_path / "again.json")
    finally:
        panel.close()


def test_a_file_agrees_to_no_function(kept, tmp_path):
    path = tmp_path / "calls.json"
    values = json.loads(kept)
    for settings in (values["settings"], values["baseline"]["settings"]):
        settings["backend"] = "os:system"
    path.write_text(json.dumps(values))
    panel = workbench(session=path)
    try:
        panel.wait(60)
        assert panel.controls.values["backend"] == "sqlite"
        assert "os:system is not called" in panel.lasting.line.children[0].value
        assert "os:system" not in json.dumps(panel.lasting.session().to_dict())
    finally:
        panel.close()


def test_a_recommendation_agrees_to_no_function(kept, tmp_path, monkeypatch):
    path = tmp_path / "calls.json"
    values = json.loads(kept)
    for settings in (values["recommendation"]["before"], values["recommendation"]["settings"]):
        settings["backend"] = "os:system"
    path.write_text(json.dumps(values))
    asked = []

    def tune(*_args, settings, **_more):
        asked.append(settings["backend"])
        raise BadInputError("enough is known")

    monkeypatch.setattr("perflab.panels.recommendation_card.tune", tune)
    panel = workbench(session=path)
    try:
        panel.wait(60)
        panel.check_live(1.0)
        panel.wait(60)
        assert asked == ["sqlite"]
        assert "os:system is not called" in panel.lasting.line.children[0].value
        assert "os:system" not in json.dumps(panel.lasting.session().to_dict())
    finally:
        panel.close()


@pytest.mark.parametrize("source", ["evil:rows", "evil.csv:rows"])
def test_a_file_has_no_module_imported_as_a_source(tmp_path, monkeypatch, source):
    (tmp_path / "evil").mkdir()
    (tmp_path / "evil" / "__init__.py").write_text("raise SystemExit('it was imported')")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    spec = "random:run=5,requests=1k,seed=1"
    first = workbench("lazy_loading", spec)
    try:
        first.wait(60)
        values = first.lasting.session().to_dict()
    finally:
        first.close()
    values["settings"]["data_source"] = source
    (tmp_path / "calls.json").write_text(json.dumps(values))
    panel = workbench(session=tmp_path / "calls.json")
    try:
        panel.wait(60)
        assert panel.controls.values["data_source"] == "flights"
        said = panel.lasting.line.children[0].value
        assert f"its data source {source} is not called unless the cell names it" in said
        panel.picker.pick("random:run=7,requests=1k,seed=1")
        panel.wait(60)
        assert "it was imported" not in str(panel.picker.error.value)
        assert panel.workload.name == "random:run=7,requests=1k,seed=1"
    finally:
        panel.close()


def test_what_is_no_file_is_one_clear_error(tmp_path):
    (tmp_path / "folder.json").mkdir()
    (tmp_path / "circle.json").symlink_to("circle.json")
    os.mkfifo(tmp_path / "pipe.json")
    for name in ("folder.json", "circle.json", "pipe.json", "a\0b", "x" * 300):
        with pytest.raises(BadInputError) as error:
            SavedSession.read(tmp_path / name)
        assert "\n" not in str(error.value)


def test_of_two_that_write_at_once_one_whole_session_is_left(kept, tmp_path):
    path = tmp_path / "both.json"
    sessions = [SavedSession.from_dict({**json.loads(kept), "limits": f"{n}"}) for n in (1, 2)]

    def write(session):
        for _ in range(10):
            session.to_json(path)
            assert SavedSession.read(path).limits in ("1", "2")

    with ThreadPoolExecutor(2) as threads:
        list(threads.map(write, sessions))
    assert [each.name for each in tmp_path.iterdir()] == ["both.json"]


def test_a_full_disk_leaves_the_session_before(kept, tmp_path, monkeypatch):
    place = SessionPlace(SavedSession, "cache", tmp_path, asked=json.loads(kept)["asked"])
    try:
        place.keep(SavedSession.from_dict(json.loads(kept)))
        before = place.path.read_bytes()

        def full(*_):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        monkeypatch.setattr(os, "fsync", full)
        with pytest.raises(BadInputError, match="No space left"):
            place.keep(SavedSession.from_dict({**json.loads(kept), "limits": "9"}))
        monkeypatch.undo()
        assert place.path.read_bytes() == before
        assert [each.name for each in tmp_path.iterdir()] == [place.path.name]
    finally:
        place.leave()
