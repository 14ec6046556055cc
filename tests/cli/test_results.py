import json
import resource
import shlex

import pytest

from perflab.reports import command
from perflab.tuning.predictions import Predictions

SMALL = "zipf:skew=0.9,keys=500,requests=5k,seed=1"


@pytest.fixture
def kept(perflab, tmp_path):
    """Two predictions of one point each."""
    paths = []
    for size in (10, 100):
        paths.append(tmp_path / f"{size}.json")
        options = ("-w", SMALL, "--set", f"max_cache_size={size}", "--out", paths[-1])
        assert perflab("predict", "cache", *options).status == 0
    return paths


def test_comparison_says_what_is_better(perflab, kept):
    answer = perflab("compare", *kept)
    hit_rate = next(line for line in answer.out.splitlines() if line.startswith("hit rate"))
    assert hit_rate.endswith("better")
    assert "max_cache_size" in answer.out


def test_comparison_as_json(perflab, kept):
    answer = perflab("compare", *kept, "--json")
    assert answer.json["settings"] == [{"key": "max_cache_size", "a": 10, "b": 100}]


def test_result_that_is_missing_is_refused(refused, kept, tmp_path):
    assert "there is no such file" in refused("compare", kept[0], tmp_path / "none.json")
    assert "there is no such file" in refused(
        "report", tmp_path / "none.json", "--out", tmp_path / "r.html"
    )


@pytest.mark.parametrize("text", ["", "{", "[]", '{"kind": "tune"}', '{"kind": "run"}'])
def test_file_that_is_no_result_is_refused(refused, kept, tmp_path, text):
    wrong = tmp_path / "wrong.json"
    wrong.write_text(text)
    assert "wrong.json" in refused("compare", kept[0], wrong)
    assert "wrong.json" in refused("report", wrong, "--out", tmp_path / "r.html")
    assert not (tmp_path / "r.html").exists()


@pytest.mark.parametrize("suffix", ["html", "md", "json"])
def test_report_is_written_by_its_suffix(perflab, kept, tmp_path, suffix):
    out = tmp_path / f"report.{suffix}"
    answer = perflab("report", *kept, "--out", out)
    assert answer.status == 0, answer.err
    assert str(out) in answer.err
    text = out.read_text()
    assert "max_cache_size" in text
    if suffix == "json":
        json.loads(text)


def test_report_below_a_file_is_refused(refused, kept):
    assert "cannot be written" in refused("report", kept[0], "--out", kept[1] / "report.html")


def test_disk_that_gets_full_leaves_no_half_file(refused, kept, tmp_path):
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    out = tmp_path / "out" / "full.json"
    resource.setrlimit(resource.RLIMIT_FSIZE, (1024, hard))
    try:
        said = refused("predict", "cache", "-w", SMALL, "--out", out)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert "cannot be written" in said
    assert list(out.parent.iterdir()) == []


def test_folder_gets_every_form_of_the_report(perflab, kept, tmp_path):
    (tmp_path / "report").mkdir()
    assert perflab("report", kept[0], "--out", tmp_path / "report").status == 0
    suffixes = {path.suffix for path in (tmp_path / "report").rglob("*") if path.is_file()}
    assert suffixes >= {".html", ".md", ".json"}


def test_command_that_a_report_names_makes_the_result_again(perflab, tmp_path):
    first, again = tmp_path / "first.json", tmp_path / "again.json"
    options = ("--set", "ttl_seconds=90m", "--sweep", "max_cache_size=10,100", "--out", first)
    assert perflab("predict", "cache", "-w", SMALL, *options).status == 0
    words = shlex.split(command(Predictions.load(first), str(again)).replace("\\\n", " "))
    assert perflab(*words[1:]).status == 0
    assert json.loads(again.read_text())["points"] == json.loads(first.read_text())["points"]
