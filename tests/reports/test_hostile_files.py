"""Files of results that nobody's perflab wrote: one clear error each, and nothing half-written."""

import json
import os

import pytest

from perflab.cli import main
from perflab.reports import Report

MARKUP = "</script><img src=x onerror=alert(1)>"


def _set(values, path, new):
    *above, last = path
    for key in above:
        values = values[key]
    values[last] = new


def changed(*path, to):
    def change(values):
        _set(values, path, to)
        return json.dumps(values)

    return change


def nested(values):
    values["costs"] = "HERE"
    return json.dumps(values).replace('"HERE"', '{"a":' * 5_000 + "1" + "}" * 5_000)


def cut(values):
    text = json.dumps(values)
    return text[: len(text) // 2]


def raw(old, new):
    return lambda values: json.dumps(values).replace(old, new, 1)


def without(key):
    return lambda values: json.dumps({name: v for name, v in values.items() if name != key})


REFUSED = {
    "cut JSON": (cut, "is not JSON"),
    "nothing": (lambda _: "", "is not JSON"),
    "a list": (lambda _: "[]", "not a JSON object"),
    "not a text": (lambda _: b"\x89PNG\r\n\x1a\n\xff\xfe", "not a text"),
    "NaN": (raw('"hit_rate": 0.', '"hit_rate": NaN, "x": 0.'), "NaN is not a number"),
    "infinite": (
        raw('"hit_rate": 0.', '"hit_rate": Infinity, "x": 0.'),
        "Infinity is not a number",
    ),
    "a huge float": (raw('"hit_rate": 0.', '"hit_rate": 1e999, "x": 0.'), "too large"),
    "a huge whole number": (changed("metrics", "hits", to=10**400), "does not fit into 64 bits"),
    "deep nesting": (nested, "nested too deep"),
    "a later version": (changed("format", to=99), "newer perflab"),
    "a version that is none": (changed("format", to="one"), "is damaged: format"),
    "no pattern": (without("pattern"), "pattern is missing"),
    "an unknown pattern": (changed("pattern", to="no_such"), "no_such"),
    "a path as pattern": (changed("pattern", to="../../etc/passwd"), "passwd"),
    "markup as pattern": (changed("pattern", to=MARKUP), "img src=x"),
    "another kind": (changed("kind", to="calibration"), "is not a result of perflab"),
    "metrics that are a text": (changed("metrics", to="many"), "is damaged: metrics"),
    "a metric that is a text": (changed("metrics", "hit_rate", to="0.5"), "is damaged: metrics"),
    "a setting out of bounds": (changed("settings", "max_cache_size", to=-1), "max_cache_size"),
    "an unknown setting": (changed("settings", "no_such", to=1), "no_such"),
    "settings of another type": (changed("settings", to=[1]), "is damaged: settings"),
    "rows that are no rows": (changed("snapshots", to=[1]), "is damaged: snapshots"),
    "a row without its time": (changed("snapshots", to=[{"requests": 1}]), "seconds"),
    "an alert that is a number": (changed("alerts", to=[7]), "is damaged: alerts"),
    "keys that are no keys": (
        changed("workload", "summary", "most_requested", to=[{"key": 1}]),
        "most_requested",
    ),
    "URLs that are no URLs": (changed("by_url", to=[{"requests": 1}]), "is damaged: by_url"),
    "half a character": (raw('"ended": "', '"ended": "\\ud800'), "half a character"),
    "a name twice": (raw('{"kind"', '{"kind": "run", "kind"'), "comes twice"),
}


@pytest.fixture
def write(run, tmp_path):
    """Write a result that is changed, and return its file."""

    def write(change):
        text = change(json.loads(json.dumps(run.to_dict())))
        path = tmp_path / "hostile.json"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


@pytest.mark.parametrize("name", REFUSED)
def test_hostile_file_is_refused_in_one_line_and_nothing_is_written(name, write, tmp_path, capsys):
    change, said = REFUSED[name]
    file = write(change)
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    for out in ("r.html", "r.md", "r.json", "folder/"):
        assert main(["report", str(file), "--out", str(tmp_path / out)]) == 2
        told = capsys.readouterr()
        assert told.out == ""
        assert told.err.count("\n") == 1
        assert len(told.err) < 2_500
        assert said in told.err
        assert "hostile.json" in told.err
        assert all(character.isprintable() for character in told.err.rstrip("\n"))
    assert main(["report", str(file), "--format", "summary"]) == 2
    assert said in capsys.readouterr().err
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


@pytest.mark.parametrize("name", list(REFUSED)[::5])
def test_hostile_file_among_good_ones_is_named(name, write, run, tmp_path, capsys):
    good = run.to_json(tmp_path / "good.json")
    file = write(REFUSED[name][0])
    out = tmp_path / "r.html"
    assert main(["report", str(good), str(file), "--out", str(out)]) == 2
    assert "hostile.json" in capsys.readouterr().err
    assert not out.exists()


@pytest.mark.parametrize("name", list(REFUSED)[::3])
def test_hostile_result_within_a_report_names_the_reports_file(name, write, run, tmp_path, capsys):
    change, _ = REFUSED[name]
    file = write(change)
    try:
        inner = json.loads(file.read_bytes())
    except ValueError:
        pytest.skip("is no JSON to stand in a report")
    if name == "a name twice":
        pytest.skip("what is read and written again has each name once")
    text = json.dumps({"kind": "report", "format": 1, "title": "t", "results": [inner]})
    (tmp_path / "hostile.json").write_text(text)
    assert main(["report", str(file), "--out", str(tmp_path / "r.html")]) == 2
    assert "hostile.json" in capsys.readouterr().err
    assert not (tmp_path / "r.html").exists()


def test_report_of_a_newer_perflab_is_refused(write, tmp_path, capsys):
    file = write(lambda values: json.dumps({"kind": "report", "format": 2, "results": [values]}))
    assert main(["report", str(file), "--out", str(tmp_path / "r.html")]) == 2
    assert "newer perflab" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["/dev/zero", "/dev/null", "/proc/self/mem", ".", "none.json"])
def test_place_that_holds_no_result_is_refused(name, tmp_path, capsys):
    if name.startswith("/") and not os.path.exists(name):  # noqa: PTH110
        pytest.skip("is not on this system")
    assert main(["report", name, "--out", str(tmp_path / "r.html")]) == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


TEXTS = {
    "workload": lambda values: _set(values, ("workload", "name"), MARKUP),
    "path": lambda values: _set(values, ("workload", "name"), "../../../../etc/passwd"),
    "key": lambda values: _set(
        values, ("workload", "summary", "most_requested"), [{"key": MARKUP, "requests": 3}]
    ),
    "alert": lambda values: _set(values, ("alerts",), [{"alert": MARKUP, "fired": True}]),
    "change": lambda values: _set(
        values, ("changes",), [{"seconds": 1.0, "action": MARKUP, "settings": {}}]
    ),
    "note": lambda values: _set(values, ("notes",), [MARKUP, "../../x"]),
    "server": lambda values: _set(values, ("environment", "servers"), {MARKUP: MARKUP}),
    "date": lambda values: _set(values, ("environment", "date"), MARKUP),
    "huge": lambda values: _set(values, ("metrics", "hits"), 1e300),
    "negative": lambda values: _set(values, ("metrics", "latency_seconds_mean"), -1e300),
    "tiny": lambda values: _set(values, ("metrics", "latency_seconds_p99"), 5e-324),
    "many keys": lambda values: _set(
        values,
        ("workload", "summary", "most_requested"),
        [{"key": "k" * 10_000, "requests": n} for n in range(500)],
    ),
}


@pytest.mark.parametrize("name", TEXTS)
def test_odd_values_are_shown_as_what_they_are(name, write, tmp_path, capsys):
    def change(values):
        TEXTS[name](values)
        return json.dumps(values)

    file = write(change)
    out = tmp_path / "out"
    assert main(["report", str(file), "--out", f"{out}/"]) == 0
    assert {path.name for path in tmp_path.iterdir()} == {"hostile.json", "out"}
    page = (out / "report.html").read_text(encoding="utf-8")
    assert "<img" not in page
    assert page.count("<script") == 3
    assert page.count("</script") == 3
    assert (out / "report.html").stat().st_size < 1_500_000
    assert len(Report.of(file).to_summary().splitlines()) <= 10
    for path in (out / "tables").iterdir():
        assert path.resolve().parent == (out / "tables").resolve()


def test_keys_are_left_out_where_they_are_private(write, tmp_path, capsys):
    def change(values):
        kept = [{"key": "ada@example.org", "requests": 3}]
        _set(values, ("workload", "summary", "most_requested"), kept)
        return json.dumps(values)

    file = write(change)
    for options, there in (((), True), (("--no-keys",), False)):
        out = tmp_path / f"out{len(options)}"
        assert main(["report", str(file), "--out", f"{out}/", *options]) == 0
        found = [p for p in out.rglob("*") if p.is_file() and "ada@example" in p.read_text()]
        assert bool(found) is there
