import json
import resource
import shlex
import subprocess
import sys

import pytest

from perflab.lab.run import Run
from perflab.reports import command
from perflab.tuning.predictions import Predictions
from perflab.tuning.recommendation import Recommendation

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


@pytest.fixture
def made_again(perflab, tmp_path):
    """Makes a result, runs the command that a report would name, and returns both."""

    def make(kind, *options):
        first, again = tmp_path / "first.json", tmp_path / "again.json"
        answer = perflab(kind.made_by.split()[1], "cache", *options, "--out", first)
        assert answer.status == 0, answer.err
        words = shlex.split(command(kind.load(first), str(again)).replace("\\\n", " "))
        answer = perflab(*words[1:])
        assert answer.status == 0, answer.err
        return kind.load(first), kind.load(again), words

    return make


def test_command_that_a_report_names_makes_the_result_again(made_again):
    options = ("--set", "ttl_seconds=90m", "--sweep", "max_cache_size=10,100")
    first, again, _ = made_again(Predictions, "-w", SMALL, *options)
    assert again.points == first.points


@pytest.mark.parametrize(
    ("content", "options"),
    [
        ("page,user\n" + "/a,1\n/b,2\n/c,1\n" * 40, ("--columns", "key=user")),
        ("page,user\n" + "/a,1\n/b,2\n/c,1\n" * 40, ("--format", "text")),
        ("abcdabcdefghefgh" * 50, ("--format", "int32le")),
    ],
    ids=["columns", "text", "binary"],
)
@pytest.mark.parametrize("kind", [Predictions, Recommendation, Run])
def test_file_is_read_again_as_it_was(made_again, tmp_path, kind, content, options):
    path = tmp_path / "its requests"
    path.write_text(content)
    first, again, words = made_again(kind, "-w", path, *options, "--set", "max_cache_size=2")
    assert set(options) <= set(words)
    assert again.workload == first.workload
    assert again.workload["options"]


@pytest.mark.parametrize("options", [(), ("-w", "flights"), ("--set", "loop=off")])
def test_run_loops_again_where_it_did(made_again, options):
    pace = ("--set", "request_rate=2k", "--set", "backend=delay", "--seconds", "1")
    first, again, words = made_again(Run, *options, *pace)
    assert again.loop == first.loop == (not options)
    assert ("--workload" in words) == ("-w" in options)


def test_results_are_read_from_pipes(kept, tmp_path):
    words = [*map(shlex.quote, (sys.executable, "-m", "perflab"))]
    for verb, end in (("compare", ""), ("report", f"--out {shlex.quote(str(tmp_path / 'r.md'))}")):
        pipes = " ".join(f"<(cat {shlex.quote(str(path))})" for path in kept)
        line = " ".join([*words, verb, pipes, end])
        done = subprocess.run(["bash", "-c", line], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
    assert "max_cache_size" in (tmp_path / "r.md").read_text()
