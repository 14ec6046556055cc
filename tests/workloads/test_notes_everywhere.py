"""What was left out or guessed of a file stands with each answer that is made of it."""

from __future__ import annotations

import dataclasses
import html
import json
import re

import pytest

import perflab
from perflab.cli import main
from perflab.panels import workbench


@dataclasses.dataclass(frozen=True)
class Case:
    """A file with something to be said of it, and a pattern that it is a workload of."""

    pattern: str
    name: str
    lines: tuple[str, ...]
    said: tuple[str, ...]
    settings: tuple[str, ...] = ()


def monitor():
    for n in range(60):
        stamp = f"17180000{n:02d}.000000 [0 10.0.0.1:5]"
        yield f'{stamp} "GET" "user:{n % 5}"'
        yield f'{stamp} "SPOP" "set:{n % 5}"'
        yield f'{stamp} "FT.SEARCH" "visits" "x"'


CASES = (
    Case(
        "cache",
        "monitor.txt",
        tuple(monitor()),
        (
            "not replayed: SPOP 60, which remove a part of a value: its key stays",
            "not counted as requests: FT.SEARCH 60",
        ),
    ),
    Case(
        "redis_cache",
        "log.json",
        tuple(json.dumps({"ts": 1.7e12 + n, "uri": f"/{n % 5}", "host": "a"}) for n in range(60)),
        (
            "times: read as ms since 1970",
            "fields used: key from uri, time from ts; fields not used: host",
        ),
    ),
    Case(
        "connection_pool",
        "postgresql.log",
        tuple(
            f"2024-03-01 10:00:{n:02d}.100 CET [7] LOG:  duration: 15.000 ms  {kind}: SELECT 1"
            for n in range(30)
            for kind in ("plan", "statement")
        ),
        (
            "left out: 30 plans of auto_explain",
            "zones: CET as UTC+01:00",
        ),
    ),
    Case(
        "async_io",
        "browser.har",
        (
            json.dumps(
                {
                    "log": {
                        "entries": [
                            {
                                "startedDateTime": f"2024-06-10T06:13:{n:02d}.000Z",
                                "time": 12.5,
                                "request": {"url": "data:," if n % 2 else "https://a.example/"},
                                "response": {"status": 200},
                            }
                            for n in range(40)
                        ]
                    }
                }
            ),
        ),
        ("left out, since no server was asked: data: 20",),
    ),
    Case(
        "lazy_loading",
        "rows.csv",
        ("key,cmd,more", *(f"{n % 50},{('get', 'SET', 'odd')[n % 3]},x" for n in range(60))),
        ("SET 20, odd 20 count as reads", "columns not used: cmd, more; no time among them"),
        ("data_source={folder}/store.csv",),
    ),
)


@pytest.fixture(params=CASES, ids=[case.pattern for case in CASES])
def case(request, tmp_path, monkeypatch, calibrated_once):
    monkeypatch.setenv("PERFLAB_CACHE_DIR", str(calibrated_once))
    found = request.param
    (tmp_path / found.name).write_text("\n".join(found.lines) + "\n")
    (tmp_path / "store.csv").write_text("a,b\n" + "1,2\n" * 50)
    settings = [text.format(folder=tmp_path) for text in found.settings]
    return dataclasses.replace(found, name=str(tmp_path / found.name), settings=tuple(settings))


@pytest.fixture(scope="session")
def calibrated_once(tmp_path_factory):
    return tmp_path_factory.mktemp("cache")


def missing(case, text):
    # Markdown has a backslash before what would be a mark of its own.
    flat = " ".join(text.replace("\\", "").split()).lower()
    return [said for said in case.said if said.lower() not in flat]


def command(capsys, verb, case, *more):
    chosen = [word for setting in case.settings for word in ("--set", setting)]
    assert main([verb, case.pattern, "-w", case.name, *chosen, *more]) in (0, 1)
    return capsys.readouterr().out


@pytest.mark.parametrize(
    ("verb", "case"),
    [*(("predict", case) for case in CASES), ("tune", CASES[0]), ("tune", CASES[2])],
    ids=[*(f"predict-{case.pattern}" for case in CASES), "tune-cache", "tune-connection_pool"],
    indirect=["case"],
)
def test_notes_stand_with_the_answer_and_in_its_reports(capsys, tmp_path, case, verb):
    out = tmp_path / "result.json"
    assert missing(case, command(capsys, verb, case, "--out", str(out))) == []
    assert missing(case, " ".join(json.loads(out.read_text())["workload"]["notes"])) == []
    for suffix in ("html", "md"):
        written = perflab.report([out], tmp_path / f"report.{suffix}").read_text()
        assert missing(case, html.unescape(written)) == []


@pytest.mark.parametrize("case", CASES[:1], ids=["cache"], indirect=True)
def test_notes_stand_with_a_run_and_in_its_report(capsys, tmp_path, case):
    out = tmp_path / "result.json"
    shown = command(capsys, "run", case, "--out", str(out), "--seconds", "1")
    assert missing(case, shown) == []
    for suffix in ("html", "md"):
        written = perflab.report([out], tmp_path / f"report.{suffix}").read_text()
        assert missing(case, html.unescape(written)) == []


def test_notes_stand_on_the_panel(case):
    settings = dict(setting.split("=", 1) for setting in case.settings)
    panel = workbench(case.pattern, case.name, settings)
    try:
        panel.wait(60)
        shown = html.unescape(re.sub("<[^>]*>", "", panel.header.notes.value)).lower()
        # A row each; that there are no times is a doubt of its own.
        said = [
            each.replace("no time among them", "no column of times is used") for each in case.said
        ]
        parts = [part for each in said for part in re.split("; (?=fields not|no column)", each)]
        assert [part for part in parts if part.lower() not in shown] == []
        assert panel.header.notes.layout.display is None
    finally:
        panel.close()


def test_a_workload_without_notes_has_no_line_for_them():
    panel = workbench("cache", "zipf:keys=50,requests=20k")
    try:
        panel.wait(60)
        assert panel.header.notes.layout.display == "none"
    finally:
        panel.close()
