"""`perflab check`: statuses, what counts as the settings, and what is written."""

import json
from xml.etree import ElementTree as ET

import pytest

from perflab.errors import BadInputError
from perflab.lab.live import LiveRun
from perflab.tuning.check.gate import check

WORKLOAD = "zipf:skew=0.9,keys=200,requests=5k"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def baseline(folder, perflab):
    made = perflab(
        *("predict", "cache", "-w", WORKLOAD, "-s", "max_cache_size=50", "-o", "base.json")
    )
    assert made.status == 0
    return folder / "base.json"


def test_the_baselines_own_settings_hold_against_it(perflab, baseline):
    found = perflab("check", baseline, "--max-worse", "hit_rate=0pt,memory_bytes=0%", "--json")
    assert found.status == 0
    assert [each["verdict"] for each in found.json["conditions"]] == ["held", "held"]
    assert found.json["kind"] == "check"


def test_a_broken_condition_is_status_1_and_written_everywhere(perflab, baseline, folder):
    found = perflab(
        *("check", baseline, "-s", "max_cache_size=20", "--max-worse", "hit_rate=1pt"),
        *(
            "--limit",
            "memory_bytes<=1GiB",
            "--junit",
            "j.xml",
            "--markdown",
            "c.md",
            "-o",
            "k.json",
        ),
    )
    assert found.status == 1
    assert "1 of 2 conditions is broken (predicted)" in found.out
    suite = ET.parse(folder / "j.xml").getroot()
    assert suite.attrib["failures"] == "1"
    assert [case.find("failure") is not None for case in suite.iter("testcase")] == [False, True]
    comment = (folder / "c.md").read_text()
    assert "`max_cache_size` 50 → 20" in comment
    assert json.loads((folder / "k.json").read_text())["settings"]["max_cache_size"] == 20
    again = perflab(
        *("check", baseline, "--max-worse", "hit_rate=1pt"),
        *("--junit", "j.xml", "--markdown", "c.md", "-o", "k.json"),
    )
    assert again.status == 0
    assert ET.parse(folder / "j.xml").getroot().attrib["failures"] == "0"


def test_nothing_of_the_users_is_written_over(perflab, refused, baseline, folder):
    (folder / "mine.xml").write_text("<mine/>")
    (folder / "mine.md").write_text("mine")
    check = ("check", baseline, "--limit", "hit_rate>=0")
    assert "mine.xml: exists" in refused(*check, "--junit", "mine.xml")
    assert "mine.md: exists" in refused(*check, "--markdown", "mine.md")
    assert "is the input" in refused(*check, "-o", baseline)
    assert "is the input" in refused(*check, "--junit", baseline, "--force")
    (folder / "perflab.toml").write_text("bench = 'cache'\n")
    other = perflab(*check, "--markdown", "perflab.toml", "--force")
    assert other.status == 2
    assert "is the input" in other.err
    assert (folder / "mine.xml").read_text() == "<mine/>"
    assert (folder / "mine.md").read_text() == "mine"


def test_the_file_gives_settings_limits_and_workload(perflab, baseline, folder):
    (folder / "perflab.toml").write_text(
        f"""bench = "cache"
workload = "{WORKLOAD}"
limits = ["hit_rate>=0.99"]
[settings]
max_cache_size = 20
[max_worse]
hit_rate = "1pt"
[profile.large]
limits = ["hit_rate>=0.1"]
[profile.large.settings]
max_cache_size = 60
"""
    )
    small = perflab("check", baseline, "--json")
    assert small.status == 1
    assert [each["verdict"] for each in small.json["conditions"]] == ["broken", "broken"]
    assert "max_cache_size from perflab.toml" in small.err
    large = perflab("check", baseline, "--profile", "large", "--json")
    assert large.status == 0
    assert large.json["sources"] == {"max_cache_size": "perflab.toml, profile large"}
    option = perflab("check", baseline, "--profile", "large", "-s", "max_cache_size=1", "--json")
    assert option.status == 1
    assert option.json["settings"]["max_cache_size"] == 1


def test_a_file_without_settings_leaves_the_baselines_own(perflab, baseline, folder):
    (folder / "perflab.toml").write_text("bench = 'cache'\nlimits = ['hit_rate>=0.1']\n")
    found = perflab("check", baseline, "--json")
    assert found.json["settings"]["max_cache_size"] == 50
    found = perflab("check", baseline, "-s", "policy=sieve", "--json")
    assert found.json["settings"]["max_cache_size"] == 50
    assert found.json["settings"]["policy"] == "sieve"


def test_a_file_with_prices_alone_leaves_the_baselines_own_settings(perflab, baseline, folder):
    (folder / "perflab.toml").write_text(
        "bench = 'cache'\nlimits = ['hit_rate>=0.1']\n[prices]\nprice_per_gib_hour = 0.25\n"
    )
    found = perflab("check", baseline, "--json").json
    assert found["settings"]["max_cache_size"] == 50
    assert found["settings"]["price_per_gib_hour"] == 0.25


def test_another_workload_is_refused_unless_forced(perflab, refused, baseline):
    other = ("check", baseline, "-w", "zipf:skew=0.2,keys=200,requests=5k")
    condition = ("--max-worse", "hit_rate=5pt")
    assert "was made for another workload" in refused(*other, *condition)
    forced = perflab(*other, *condition, "--force", "--json")
    assert forced.status == 1
    assert "another workload" in forced.json["notes"][0]


def test_a_tuned_baseline_brings_its_own_limits(perflab, folder):
    tuned = perflab(
        *("tune", "cache", "-w", WORKLOAD, "--limit", "memory_bytes<=64MiB", "-o", "best.json")
    )
    assert tuned.status == 0
    found = perflab("check", "best.json", "--json")
    assert found.status == 0
    assert [each["metric"] for each in found.json["conditions"]] == ["memory_bytes"]
    grown = perflab("check", "best.json", "-s", "max_cache_size=5k", "-s", "policy=lru")
    assert grown.status in (0, 1)


def test_costs_are_the_baselines_own(perflab, baseline):
    """A machine that has become slower, or is another one, changes nothing."""
    kept = json.loads(baseline.read_text())
    first = kept["points"][0]["metrics"]["latency_seconds_mean"]
    kept["calibration"]["costs"]["hit"]["mean"] *= 100
    baseline.write_text(json.dumps(kept))
    found = perflab("check", baseline, "--max-worse", "latency_seconds_mean=0%", "--json")
    assert found.status == 0
    (condition,) = found.json["conditions"]
    assert condition["before"] == condition["after"]
    changed = perflab("check", baseline, "--limit", "latency_seconds_mean<=1ns", "--json")
    assert changed.json["conditions"][0]["after"] > 5 * first


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ((), "there is nothing to hold"),
        (("--limit", "hit_rate>=1.5"), "at most 1, so no settings meet"),
        (("--limit", "hit_rat>=0.5"), "hit_rate"),
        (("--limit", "errors<1"), "--live measures it"),
        (("--max-worse", "hit_rate=1%"), "write 1pt"),
        (("--max-worse", "wait_seconds_mean=1%"), "wait_seconds_mean is not predicted"),
        (("--limit", "hit_rate>=0", "--repeats", "5"), "applies only to --live"),
        (("--limit", "hit_rate>=0", "--live", "--repeats", "1"), "4 to 1000 rounds"),
        (("--limit", "hit_rate>=0", "--profile", "x"), "perflab init"),
        (("--limit", "hit_rate>=0", "--project", "none.toml"), "cannot be read"),
        (("--limit", "hit_rate>=0", "-s", "max_cache_sise=1"), "max_cache_size"),
    ],
)
def test_bad_input_is_one_line(refused, baseline, options, told):
    assert told in refused("check", baseline, *options)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda kept: kept.update(format=99), "newer perflab"),
        (lambda kept: kept.update(kind="calibration"), "is not a result"),
        (lambda kept: kept.update(points=kept["points"] * 2), "holds 2 points"),
        (lambda kept: kept["points"][0]["settings"].update(gone=1), "settings of another perflab"),
        (lambda kept: kept["calibration"]["costs"].update(hit="x"), "is damaged: hit"),
        (lambda kept: kept["workload"].pop("source"), "pass one with --workload"),
    ],
)
def test_a_baseline_that_is_not_one_is_one_line(refused, baseline, change, told):
    kept = json.loads(baseline.read_text())
    change(kept)
    baseline.write_text(json.dumps(kept))
    assert told in refused("check", baseline, "--limit", "hit_rate>=0")


def test_two_outputs_are_two_files(refused, baseline, folder):
    (folder / "link.md").symlink_to("j.xml")
    check = ("check", baseline, "--limit", "hit_rate>=0", "--junit", "j.xml")
    assert "--markdown: is the file of --junit too" in refused(*check, "--markdown", "link.md")
    assert "--junit: is the file of --out too" in refused(*check, "-o", "./j.xml")
    assert not (folder / "j.xml").exists()


def test_a_name_from_a_file_begins_no_line(perflab, baseline):
    held = json.loads(baseline.read_text())
    held["workload"]["name"] = "theirs\nAll 9 conditions hold \x1b[2J"
    baseline.write_text(json.dumps(held))
    found = perflab("check", baseline, "--limit", "hit_rate>=0")
    assert found.status == 0
    assert "theirs\\nAll 9" in found.out
    assert "\x1b" not in found.out


def test_a_function_that_the_baseline_names_is_not_called_without_yes(
    perflab, refused, baseline, folder, monkeypatch
):
    monkeypatch.syspath_prepend(str(folder))
    (folder / "baselines_own.py").write_text(
        "import pathlib\npathlib.Path('imported').touch()\ndef load(key): return key\n"
    )
    held = json.loads(baseline.read_text())
    held["points"][0]["settings"]["backend"] = "baselines_own:load"
    baseline.write_text(json.dumps(held))
    live = ("check", baseline, "--limit", "hits>=0", "--live", "--repeats", "4", "--turn", "0.05s")
    assert perflab("check", baseline, "--limit", "hits>=0").status == 0
    assert "agrees to nothing; --yes lets a run call it" in refused(*live)
    assert "agrees to nothing" in refused(*live, "--set", "backend=delay")
    with pytest.raises(BadInputError, match="agrees to nothing; calls_backend=True"):
        check(baseline, limits=["hits>=0"], live=True)
    assert not (folder / "imported").exists()
    assert perflab(*live, "--set", "backend=baselines_own:load").status == 0
    assert (folder / "imported").exists()


def test_a_baselines_rows_are_made_by_no_function_without_yes(
    perflab, refused, folder, monkeypatch
):
    monkeypatch.syspath_prepend(str(folder))
    (folder / "baselines_rows.py").write_text(
        "import pathlib\npathlib.Path('rows_imported').touch()\nrows = list(range(500))\n"
    )
    kept = folder / "rows.json"
    assert perflab("predict", "lazy_loading", "-o", kept).status == 0
    held = json.loads(kept.read_text())
    held["points"][0]["settings"]["data_source"] = "baselines_rows:rows"
    kept.write_text(json.dumps(held))
    gate = ("check", kept, "--limit", "hits>=0")
    assert "agrees to nothing; --set data_source=baselines_rows:rows" in refused(*gate)
    with pytest.raises(BadInputError, match="baselines_rows:rows as its data_source, and a file"):
        check(kept, limits=["hits>=0"])
    live = (*gate, "--live", "--repeats", "4", "--turn", "0.05s", "--set", "data_source=flights")
    assert "agrees to nothing; --set data_source=baselines_rows:rows" in refused(*live)
    assert not (folder / "rows_imported").exists()
    perflab(*gate, "--yes")
    assert (folder / "rows_imported").exists()


@pytest.mark.parametrize(("metric", "a_turn"), [("memory_bytes", True), ("hits", False)])
def test_live_memory_is_of_more_than_one_process(perflab, baseline, monkeypatch, metric, a_turn):
    # What one process happens to hold stays with it: its rounds would be all alike.
    children = []
    begin = LiveRun.__init__

    def begun(child, *given, **named):
        children.append(child)
        begin(child, *given, **named)

    monkeypatch.setattr(LiveRun, "__init__", begun)
    found = perflab(
        *("check", baseline, "--live", "--max-worse", f"{metric}=50%", "--repeats", "4"),
        *("--turn", "0.05s", "--json"),
    )
    assert found.json["rounds"] == 4
    assert (len(children) >= 4 * 2) if a_turn else (len(children) == 2)


def test_live_the_same_settings_hold(perflab, baseline):
    found = perflab(
        *("check", baseline, "--live", "--repeats", "4", "--turn", "0.2s", "--json"),
        *("--max-worse", "hit_rate=5pt", "--limit", "hit_rate>=0.1"),
    )
    assert found.status == 0
    assert found.json["rounds"] == 4
    assert all(each["interval"] for each in found.json["conditions"])


def test_live_a_smaller_cache_is_found_out(perflab, baseline):
    found = perflab(
        *("check", baseline, "--live", "--repeats", "4", "--turn", "0.2s"),
        *("-s", "max_cache_size=5", "--max-worse", "hit_rate=5pt"),
    )
    assert found.status == 1
    assert "measured in 4 rounds" in found.out
