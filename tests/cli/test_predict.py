import json

import pytest

SMALL = "zipf:skew=0.9,keys=500,requests=5k,seed=1"
LARGER = "zipf:skew=0.9,keys=30k,requests=100k,seed=1"


def test_one_point_is_a_table_of_metrics(perflab):
    answer = perflab("predict", "cache", "-w", SMALL, "--set", "max_cache_size=100")
    assert answer.status == 0
    assert "hit rate" in answer.out
    assert "µs" in answer.out
    assert "costs shipped" in answer.out or "costs measured" in answer.out


def test_json_is_all_of_standard_output(perflab):
    answer = perflab("predict", "cache", "-w", SMALL, "--sweep", "policy=lru,opt", "--json")
    assert set(answer.json) >= {"pattern", "workload", "points"}
    lru, opt = answer.json["points"]
    assert (lru["settings"]["policy"], opt["settings"]["policy"]) == ("lru", "opt")
    assert opt["metrics"]["hit_rate"] >= lru["metrics"]["hit_rate"] > 0


def test_sweep_of_two_keys_is_their_cross_product_in_order(perflab):
    answer = perflab(
        *("predict", "cache", "-w", SMALL, "--json"),
        *("--sweep", "policy=lru,fifo", "--sweep", "max_cache_size=10..1k*3"),
    )
    seen = [
        (point["settings"]["policy"], point["settings"]["max_cache_size"])
        for point in answer.json["points"]
    ]
    assert seen == [(p, size) for p in ("lru", "fifo") for size in (10, 100, 1000)]


def test_sweep_is_a_row_a_point(perflab):
    answer = perflab("predict", "cache", "-w", SMALL, "--sweep", "max_cache_size=5,50,500")
    rows = [line for line in answer.out.split("Note:")[0].splitlines() if " %" in line]
    assert [row.split()[0] for row in rows] == ["5", "50", "500"]


def test_out_keeps_what_json_prints(perflab, tmp_path):
    out = tmp_path / "new" / "points.json"
    answer = perflab("predict", "cache", "-w", SMALL, "--out", out, "--json")
    kept = json.loads(out.read_text())
    assert kept["points"] == answer.json["points"]
    assert f"wrote {out}" in answer.err


def test_sample_says_how_exact_it_is(perflab):
    answer = perflab("predict", "cache", "-w", LARGER, "--sample", "0.5", "--json")
    assert answer.json["points"][0]["sampled"] < 1
    assert (
        perflab("predict", "cache", "-w", LARGER, "--sample", "0.5").out.count("error, about") == 1
    )


def test_progress_goes_to_standard_error_where_wanted(perflab):
    quiet = perflab("predict", "cache", "-w", SMALL, "--json")
    assert quiet.err == ""
    shown = perflab("predict", "cache", "-w", SMALL, "--json", "--progress")
    assert shown.json["points"]


def test_file_is_read_by_the_format_and_columns_that_are_named(perflab, tmp_path):
    binary, table = tmp_path / "keys.bin", tmp_path / "table.csv"
    binary.write_bytes(b"".join(key.to_bytes(4, "big") for key in (5, 6, 5)))
    table.write_text("who,when\na,1\nb,2\na,3\n")
    for options in (("-w", binary, "--format", "int32be"), ("-w", table, "--columns", "key=who")):
        answer = perflab("predict", "cache", *options, "--json")
        assert answer.json["points"][0]["metrics"]["hits"] == 1


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--set", "max_cache_size=0"], "max_cache_size: 0 is out of bounds; allowed: 1 to"),
        (["--set", "max_cache_size=many"], "max_cache_size"),
        (["--set", "max_cach_size=5"], "did you mean 'max_cache_size'"),
        (["--set", "policy=lruu"], "did you mean 'lru'"),
        (["--set", "ttl_seconds"], "is not KEY=VALUE"),
        (["--sweep", "policy=lru,xyz"], "policy"),
        (["--sample", "2"], "sample"),
        (["--sample", "nan"], "sample"),
        (["-w", "zip:keys=5"], "did you mean 'zipf'"),
        (["-w", "zipf:keyz=5"], "did you mean 'keys'"),
        (["-w", "zipf:requests=0"], "requests"),
        (["-w", "missing.csv"], "missing.csv"),
        (["--format", "csv"], "--workload"),
        (["--set", "policy=opt", "--set", "ttl_seconds=5"], "policy"),
    ],
)
def test_bad_input_is_one_line(refused, options, said):
    assert said in refused("predict", "cache", *options)


def test_unknown_pattern_suggests_the_nearest(refused):
    assert "did you mean 'cache'" in refused("predict", "cahce")


def test_file_that_cannot_be_written_is_refused_before_the_work(refused, tmp_path, monkeypatch):
    def work(*_args, **_options):
        raise AssertionError("worked before it looked")

    monkeypatch.setattr("perflab.tuning.sweep.predictions", work)
    (tmp_path / "file").write_text("")
    assert "cannot be written" in refused("predict", "cache", "--out", tmp_path / "file" / "x.json")
