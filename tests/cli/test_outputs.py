"""No `--out` costs the user a file: neither one that is read nor one that is there."""

import json
import os
import stat

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from perflab.bench import load_bench
from perflab.cli import predict as predict_command
from perflab.lab.calibration import keep_calibration

VERBS = {
    "predict": ("predict", "cache"),
    "run": ("run", "cache", "--seconds", "1"),
    "tune": ("tune", "cache"),
}


@pytest.fixture
def trace(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "keys.txt"
    path.write_text("a\nb\na\n")
    return path


@pytest.fixture
def result(perflab, trace):
    path = trace.with_name("result.json")
    assert perflab("predict", "cache", "-w", trace, "--out", path).status == 0
    return path


@pytest.mark.parametrize("verb", VERBS.values(), ids=VERBS)
@pytest.mark.parametrize("name", ["keys.txt", "./keys.txt", "link", "twin"])
def test_the_workload_is_never_the_output(verb, name, refused, trace):
    trace.with_name("link").symlink_to(trace)
    trace.with_name("twin").hardlink_to(trace)
    said = refused(*verb, "-w", trace, "--out", name, "--force")
    assert "is the input itself" in said
    assert trace.read_text() == "a\nb\na\n"


def test_a_file_that_a_setting_names_is_never_the_output(refused, trace):
    rows = trace.with_name("rows.csv")
    rows.write_text("a,b\n1,2\n")
    setting = f"data_source={rows}"
    refused("predict", "lazy_loading", "--set", setting, "--out", rows, "--force")
    refused("run", "streaming", "--set", f"input_file={rows}", "--out", rows, "--force")
    assert rows.read_text() == "a,b\n1,2\n"


@pytest.mark.parametrize("verb", VERBS.values(), ids=VERBS)
def test_a_file_of_the_users_needs_force(verb, perflab, refused, trace):
    mine = trace.with_name("mine.json")
    mine.write_text('{"mine": 1}')
    mine.chmod(0o600)
    assert "--force" in refused(*verb, "-w", trace, "--out", mine)
    assert mine.read_text() == '{"mine": 1}'
    assert perflab(*verb, "-w", trace, "--out", mine, "--force").status == 0
    assert json.loads(mine.read_text())["pattern"] == "cache"
    assert stat.S_IMODE(mine.stat().st_mode) == 0o600


def test_a_result_is_replaced_without_a_word(perflab, trace, result):
    assert perflab("tune", "cache", "-w", trace, "--out", result).status == 0
    assert json.loads(result.read_text())["kind"] == "recommendation"


def test_a_file_that_comes_meanwhile_stays_and_the_result_is_beside_it(
    perflab, refused, trace, monkeypatch
):
    out = trace.with_name("out.json")
    before = predict_command.prepare_kernels

    def come_meanwhile(*given):
        out.write_text("mine")
        return before(*given)

    monkeypatch.setattr(predict_command, "prepare_kernels", come_meanwhile)
    said = refused("predict", "cache", "-w", trace, "--out", out)
    assert "the result is in" in said
    assert out.read_text() == "mine"
    assert json.loads(trace.with_name("out-2.json").read_text())["kind"] == "predictions"


@pytest.mark.parametrize("ending", ["html", "md", "json"])
def test_a_report_is_not_written_onto_its_input(ending, refused, result):
    known = result.with_name(f"known.{ending}")
    result.rename(known)
    before = known.read_bytes()
    assert "is the input itself" in refused("report", known, "--out", known, "--force")
    assert known.read_bytes() == before


def test_a_report_of_two_is_written_onto_neither(perflab, refused, trace, result):
    other = trace.with_name("other.json")
    assert perflab("predict", "cache", "-w", trace, "--out", other).status == 0
    for out in (result, other):
        before = out.read_bytes()
        refused("report", result, other, "--out", out)
        assert out.read_bytes() == before


def test_a_folder_whose_report_is_the_input_stays(perflab, refused, result):
    assert perflab("report", result, "--out", "folder/").status == 0
    known = result.parent / "folder" / "report.json"
    before = known.read_bytes()
    assert "is the input itself" in refused("report", known, "--out", "folder/", "--force")
    assert known.read_bytes() == before


def test_a_report_with_its_marks_is_replaced(perflab, result):
    for out in ("r.html", "r.md", "r.json", "folder/"):
        for _ in range(2):
            assert perflab("report", result, "--out", out).status == 0


def test_a_report_of_the_users_own_needs_force(perflab, refused, result):
    for ending in ("html", "md", "json"):
        mine = result.with_name(f"mine.{ending}")
        mine.write_text("# mine")
        refused("report", result, "--out", mine)
        assert mine.read_text() == "# mine"
        assert perflab("report", result, "--out", mine, "--force").status == 0


@pytest.mark.parametrize("columns", [["key"], ["key", "user"], ["key", "time", "size", "ttl"]])
def test_a_table_is_not_converted_onto_itself(columns, refused, trace):
    path = trace.with_name("x.parquet")
    pq.write_table(pa.table({name: [1, 2, 3] for name in columns}), path)
    before = path.read_bytes()
    refused("trace", "convert", path, path)
    refused("trace", "convert", path, path, "--force")
    refused("trace", "convert", trace, path)
    assert path.read_bytes() == before


def test_a_converted_trace_is_replaced_until_somebody_adds_to_it(perflab, refused, trace):
    path = trace.with_name("x.parquet")
    for _ in range(2):
        assert perflab("trace", "convert", trace, path).status == 0
    table = pq.read_table(path)
    pq.write_table(table.append_column("user", pa.array(["x", "y", "z"])), path)
    refused("trace", "convert", trace, path)
    assert "user" in pq.read_schema(path).names
    assert perflab("trace", "convert", trace, path, "--force").status == 0


def keep_calibration_of_streaming(rows):
    """Keep the shipped costs, since measuring them takes most of a minute."""
    bench = load_bench("streaming")
    settings, load = bench.read({})
    table = bench.workload_for(settings, str(rows))
    keep_calibration(bench, settings, load, dict(bench.calibration.shipped_costs), table)


def test_the_output_of_a_stream_needs_force(perflab, refused, trace):
    rows, out = trace.with_name("rows.csv"), trace.with_name("rows.jsonl")
    rows.write_text("a,b\n1,2\n")
    out.write_text("mine")
    run = ("run", "streaming", "-w", rows, "--seconds", "1", "--set", f"output_file={out}")
    tune = ("tune", "streaming", "-w", rows, "--live", "--set", f"output_file={out}")
    for words in (run, tune):
        assert "--force" in refused(*words)
    out.unlink()
    out.symlink_to(rows)
    for words in (run, tune):
        assert "is the input itself" in refused(*words, "--force")
    assert rows.read_text() == "a,b\n1,2\n"
    out.unlink()
    out.write_text("mine")
    keep_calibration_of_streaming(rows)
    assert perflab(*run, "--force").status == 0
    assert json.loads(out.read_text()) == {"a": 1, "b": 2}


@pytest.mark.parametrize("name", ["/dev/null", "/dev/full", "no/\0", "x" * 300, "keys.txt/below"])
def test_what_is_no_plain_file_is_written_into_or_refused(name, perflab, trace):
    if name.startswith("/dev") and not os.path.exists(name):  # noqa: PTH110
        pytest.skip(f"has no {name}")
    answer = perflab("predict", "cache", "-w", trace, "--out", name)
    assert answer.status == (0 if name == "/dev/null" else 2)
    assert answer.err.count("\n") == 1
    assert {path.name for path in trace.parent.iterdir()} == {"keys.txt"}


HOSTILE = ["a\x1b]0;title\x07b", "first\nperflab: error: second", "\u202etxt", "=1+1,x", "$\\x$"]


@pytest.mark.parametrize("name", HOSTILE)
def test_no_name_reaches_the_terminal_raw(name, perflab, trace):
    path = trace.with_name(f"{name}.txt")
    trace.rename(path)
    said = []
    for words in (
        ("trace", "info", path.name),
        ("trace", "info", path.name, "--json"),
        ("trace", "convert", path.name, f"{name}.parquet"),
        ("trace", "info", f"no-{name}"),
        ("predict", "cache", "-w", path.name, "--out", f"{name}.json"),
        ("predict", "cache", "--set", f"policy={name}"),
        ("predict", name),
        ("compare", f"{name}.json", f"{name}.json"),
        ("report", f"{name}.json", "--out", f"{name}/"),
        ("report", f"{name}.json", "--out", f"{name}.html"),
        ("report", f"no-{name}.json", "--out", f"{name}.html"),
        ("lab", f"{name}.txt/below"),
    ):
        answer = perflab(*words)
        assert answer.status in (0, 2), words
        said.append(answer.out + answer.err)
    for line in "".join(said).split("\n"):
        assert line.isprintable()
        assert not line.startswith("perflab: error: second")


@pytest.mark.parametrize("name", ["made.jsonl", "./made.jsonl", "made.jsonl.rejected.csv", "link"])
def test_a_result_is_never_what_the_run_itself_writes(name, refused, trace):
    trace.with_name("rows.csv").write_text("a,b\n1,2\n3\n")
    trace.with_name("link").symlink_to("made.jsonl")
    words = ("--set", "input_file=rows.csv", "--set", "output_file=made.jsonl")
    said = refused("run", "streaming", *words, "--out", name, "--force")
    assert "is written by the run itself" in said
    assert not trace.with_name("made.jsonl").exists()


def test_a_folder_named_as_a_setting_is_no_input(perflab, trace):
    out = trace.with_name("lru") / "result.json"
    words = ("predict", "cache", "-w", trace, "--set", "policy=lru", "--out", "lru/result.json")
    assert perflab(*words).status == 0
    assert perflab(*words).status == 0
    assert json.loads(out.read_text())["kind"] == "predictions"
