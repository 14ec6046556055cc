import pytest

CSV = "url,ts,bytes\n/a,1,10\n/b,2,20\n/a,3,10\n"


@pytest.fixture
def requests(tmp_path):
    path = tmp_path / "requests.csv"
    path.write_text(CSV)
    return path


def test_info_counts_requests_and_keys(perflab, requests):
    columns = ("--columns", "key=url,time=ts,size=bytes")
    found = perflab("trace", "info", requests, *columns, "--json").json
    assert (found["requests"], found["distinct_keys"], found["total_bytes"]) == (3, 2, 40)
    assert found["has_times"] is True
    shown = perflab("trace", "info", requests, *columns)
    assert "most hits and misses are those of a cache that is still filling" in " ".join(
        shown.out.split()
    )


def test_info_says_how_keys_come_again_and_when_requests_come(perflab):
    shown = perflab("trace", "info", "flights").out
    assert "reuse distance                 p50 716, p90 2,288, p99 3,274" in shown
    assert "interarrival                   p50 0 ns, p90 4 min, p99 10 min" in shown
    assert "requests per second over time  █" in shown
    found = perflab("trace", "info", "flights", "--json").json
    assert found["reuse_distance_p50"] == 716
    assert len(found["requests_per_second_over_time"]) == 24


def test_the_key_is_built_by_a_template(perflab, tmp_path):
    path = tmp_path / "access.json"
    path.write_text('{"host": "a", "path": "/x"}\n{"host": "b", "path": "/x"}\n')
    for columns, distinct in (("key={host}{path}", 2), ("key={path}", 1)):
        found = perflab("trace", "info", path, "--columns", columns, "--json").json
        assert found["distinct_keys"] == distinct


def test_arrivals_have_info_of_rates_and_durations(perflab, tmp_path):
    path = tmp_path / "calls.csv"
    path.write_text("start,duration_ms\n" + "".join(f"{i / 10},20\n" for i in range(200)))
    found = perflab("trace", "info", path, "--json").json
    assert (found["requests"], found["requests_in_busiest_second"]) == (200, 10)
    assert "20 ms" in perflab("trace", "info", path).out
    path.write_text("ts,took\n1,20\n")
    named = perflab("trace", "info", path, "--columns", "start=ts,duration_ms=took", "--json")
    assert named.json["service_seconds_mean"] == 0.02
    assert "poisson" in perflab("trace", "info", "poisson:requests=1k").out


def test_a_trace_with_durations_beside_its_keys_is_still_a_trace(perflab, tmp_path):
    path = tmp_path / "calls.csv"
    path.write_text("key,time,duration\na,1,2\nb,2,2\n")
    found = perflab("trace", "info", path, "--json").json
    assert found["distinct_keys"] == 2
    assert (found["backend_seconds_mean"], found["backend_known_share"]) == (2, 1)
    assert "backend mean" in perflab("trace", "info", path).out
    assert "2 s, known of 100 % of the requests" in perflab("trace", "info", path).out
    (tmp_path / "words").write_text("start\nend\nstart\n")
    assert perflab("trace", "info", tmp_path / "words", "--json").json["distinct_keys"] == 2


def test_named_workload_has_info_too(perflab):
    assert perflab("trace", "info", "scan:keys=100,requests=300").status == 0


@pytest.mark.parametrize(
    ("spec", "shown"),
    [("items:count=100", {"requests": 100}), ("table:rows=10", {"rows": 10})],
)
def test_a_workload_of_any_pattern_has_info(perflab, spec, shown):
    found = perflab("trace", "info", spec, "--json").json
    assert shown.items() <= found.items()


def test_a_name_of_two_kinds_is_the_trace(perflab):
    # The flights are a table to the streaming pattern.
    assert "distinct_keys" in perflab("trace", "info", "flights", "--json").json


def test_converted_trace_is_the_same(perflab, requests, tmp_path):
    out = tmp_path / "requests.parquet"
    options = ("--columns", "key=url,time=ts")
    assert perflab("trace", "convert", requests, out, *options).status == 0
    before = perflab("trace", "info", requests, *options, "--json").json
    after = perflab("trace", "info", out, "--json").json
    assert after["fingerprint"] == before["fingerprint"]


def test_rows_are_sorted_on_conversion_where_that_is_asked_for(perflab, tmp_path):
    path, out = tmp_path / "k.csv", tmp_path / "k.parquet"
    path.write_text("id,ts\na,7\nb,3\n")
    columns = ("--columns", "key=id,time=ts")
    assert perflab("trace", "convert", path, out, *columns).status == 2
    assert not out.exists()
    assert perflab("trace", "convert", path, out, *columns, "--sort").status == 0
    assert perflab("trace", "info", out, "--json").json["duration_seconds"] == 4


def test_binary_numbers_are_read_where_their_format_is_named(perflab, tmp_path):
    path = tmp_path / "keys.bin"
    path.write_bytes(b"".join(key.to_bytes(8, "big") for key in (5, 6, 5)))
    found = perflab("trace", "info", path, "--format", "int64be", "--json").json
    assert (found["requests"], found["distinct_keys"]) == (3, 2)


def test_lines_that_do_not_parse_are_counted(perflab, tmp_path):
    line = '1.2.3.4 - - [01/Jan/2024:00:00:0{} +0000] "GET /a HTTP/1.1" 200 5 "-" "-"\n'
    path = tmp_path / "access.log"
    path.write_text("".join(line.format(second) for second in range(9)) + "nonsense\n")
    found = perflab("trace", "info", path, "--json").json
    assert found["requests"] == 9
    assert found["notes"]


@pytest.mark.parametrize(
    ("name", "content", "options"),
    [
        ("empty.txt", b"", []),
        ("empty.csv", b"key,time\n", []),
        ("cut.parquet", b"PAR1\x00\x00", []),
        ("garbage.bin", bytes(range(256)) * 8, []),
        ("odd.bin", b"12345", ["--format", "int32le"]),
        ("nokey.csv", b"a,b\n1,2\n", []),
        ("named.csv", b"a,b\n1,2\n", ["--columns", "key=c"]),
        ("role.csv", b"a,b\n1,2\n", ["--columns", "kee=a"]),
        ("pair.csv", b"a,b\n1,2\n", ["--columns", "a"]),
        ("size.csv", b"key,size\na,-1\n", []),
        ("time.csv", b"key,time\na,soon\n", []),
        ("back.csv", b"key,time\na,5\nb,1\n", []),
        ("kind.txt", b"a\n", ["--format", "cvs"]),
    ],
)
def test_bad_file_is_one_line(refused, tmp_path, name, content, options):
    path = tmp_path / name
    path.write_bytes(content)
    said = refused("trace", "info", path, *options)
    assert name in said or "columns" in said or "format" in said


def test_missing_file_is_one_line(refused, tmp_path):
    assert "gone.csv" in refused("trace", "info", tmp_path / "gone.csv")
    assert "folder" in refused("trace", "info", tmp_path)


def test_conversion_to_another_format_is_refused(refused, requests, tmp_path):
    said = refused("trace", "convert", requests, tmp_path / "out.xlsx")
    assert "end it with .parquet or .csv" in said
    assert not (tmp_path / "out.xlsx").exists()


def test_conversion_to_csv_and_back_changes_no_request(perflab, requests, tmp_path):
    columns = ("--columns", "key=url,time=ts,size=bytes")
    perflab("trace", "convert", requests, tmp_path / "a.parquet", *columns)
    perflab("trace", "convert", tmp_path / "a.parquet", tmp_path / "b.csv")
    first, again = (
        perflab("trace", "info", tmp_path / name, "--json").json for name in ("a.parquet", "b.csv")
    )
    assert again["fingerprint"] == first["fingerprint"]


def test_half_a_conversion_leaves_no_file(refused, requests, tmp_path):
    assert "column" in refused(
        "trace", "convert", requests, tmp_path / "o.parquet", "--columns", "key=x"
    )
    assert sorted(path.name for path in tmp_path.iterdir()) == ["requests.csv"]


def test_info_says_how_much_lives_at_once_at_a_ttl(perflab, requests):
    asked = ("--columns", "key=url,time=ts,size=bytes", "--ttl", "2s, none")
    short, ever = perflab("trace", "info", requests, *asked, "--json").json["working_sets"]
    assert (short["ttl_seconds"], short["live_keys_most"], short["live_bytes_most"]) == (2, 2, 30)
    assert (ever["ttl_seconds"], ever["hit_rate"]) == (None, pytest.approx(1 / 3))
    assert short["hit_rate"] == 0
    shown = perflab("trace", "info", requests, *asked).out
    assert "live keys, at most" in shown
    assert "33.3 %" in shown


def test_many_requests_a_second_are_written_out(perflab, tmp_path):
    path = tmp_path / "fast.csv"
    rows = "".join(f"{place % 7},{place / 25_000}\n" for place in range(500))
    path.write_text("key,time\n" + rows)
    shown = perflab("trace", "info", path).out
    assert "e+04" not in shown
    assert "requests per second            25,0" in shown


@pytest.mark.parametrize(
    ("columns", "ttl", "said"),
    [
        ("key=url,time=ts", "soon", "--ttl: 'soon' is not a quantity of seconds"),
        ("key=url,time=ts", "0", "--ttl: 0 is not a TTL: it must be above 0"),
        ("key=url,time=ts", "1m,", "--ttl: '' is not a quantity of seconds"),
    ],
)
def test_ttl_that_says_nothing_is_refused(refused, requests, columns, ttl, said):
    assert said in refused("trace", "info", requests, "--columns", columns, "--ttl", ttl)


def test_a_ttl_of_a_file_without_times_is_refused(refused, tmp_path):
    path = tmp_path / "keys.csv"
    path.write_text("url,bytes\n/a,1\n/a,1\n")
    assert "has no times, so that no TTL has an effect" in refused(
        "trace", "info", path, "--ttl", "1m"
    )


def test_options_of_reading_are_those_of_python(perflab, refused, tmp_path):
    log = tmp_path / "own.txt"
    log.write_text("1500 GET /a 200\n2500 GET /b 200\n")
    form = ("--log-format", "$msec $request_method $request_uri $status")
    found = perflab("trace", "info", log, *form, "--time-unit", "ms", "--json").json
    assert (found["requests"], found["duration_seconds"]) == (2, 1.0)
    assert "times: ms, relative" in found["notes"]
    table = ("--no-header", "--separator", "blank", "--columns", "key=3,time=1")
    found = perflab("trace", "info", log, *table, "--time-unit", "ms", "--json").json
    assert (found["requests"], found["distinct_keys"]) == (2, 2)
    out = tmp_path / "own.parquet"
    perflab("trace", "convert", log, out, *form, "--time-unit", "ms")
    assert perflab("trace", "info", out, "--json").json["duration_seconds"] == 1.0
    assert "unknown unit" in refused("trace", "info", log, "--time-unit", "weeks")
    assert "pass one with --workload" in refused("predict", "cache", "--log-format", "alb")
    shown = perflab("predict", "cache", "-w", log, *form, "--time-unit", "ms", "--json").json
    assert len(shown["points"]) == 1
