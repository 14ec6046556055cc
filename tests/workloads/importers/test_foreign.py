import pyarrow as pa
import pytest

from perflab.errors import BadInputError
from perflab.workloads import read_trace

CSV = b"key,time\n" + b"".join(b"a%d,%d\n" % (n % 9, n) for n in range(2_000))
COMMANDS = {
    "redis.txt": "GET a\nSET a 1 EX 30\nGET b\nDEL a\nGET a\n",
    "memcached": "get a\nset a 0 30 5\nget a\ndelete a\n",
    "cli.out": "HGET user 1\nHSET user 1 x\nEXPIRE user 60\nHGET user 1\n",
    "counters": "INCR a\nGET a\nINCRBY a 5\nTTL a\n",
}
METRICS = {
    "metric_name,timestamp,metric_value,url": (
        "http_reqs,{n},1,/a{n}\nhttp_req_duration,{n},9.5,/a{n}\n"
    ),
    "timestamp,metric_name,path": "{n},checks,/a{n}\n{n},http_reqs,/a{n}\n",
    "key,metric_name": "k{n},waiting\nk{n},sending\nk{n},receiving\n",
}


def packed(codec):
    out = pa.BufferOutputStream()
    with pa.CompressedOutputStream(out, codec) as stream:
        stream.write(CSV)
    return out.getvalue().to_pybytes()


def arrow():
    out = pa.BufferOutputStream()
    table = pa.table({"key": [1, 2]})
    with pa.ipc.new_file(out, table.schema) as writer:
        writer.write_table(table)
    return out.getvalue().to_pybytes()


FOREIGN = {
    "a.csv.lz4": (lambda: packed("lz4"), "an lz4 archive.*unpack"),
    "a.csv.br": (lambda: packed("brotli"), "a brotli archive.*unpack"),
    "a.7z": (lambda: b"7z\xbc\xaf\x27\x1c" + bytes(99), "a 7z archive.*unpack"),
    "book.xlsx": (lambda: b"PK\x03\x04" + bytes(99), "a workbook.*save it as CSV"),
    "app.db": (lambda: b"SQLite format 3\x00" + bytes(99), "an SQLite database.*export"),
    "a.feather": (arrow, "an Arrow.*save it as CSV"),
    "logs.tar": (lambda: b"a.log".ljust(257, b"\0") + b"ustar\x0000", "a tar archive.*unpack"),
}


@pytest.mark.parametrize("name", FOREIGN)
def test_a_kind_that_is_not_read_is_named_and_no_binary_numbers(write, name):
    content, said = FOREIGN[name]
    with pytest.raises(BadInputError, match=said) as caught:
        read_trace(write(name, content()))
    assert "int32" not in str(caught.value)


@pytest.mark.parametrize("first", ["LZIP", "ORC", "ARROW1", "%PDF-", "REDIS0", "PK", "BZ", "7z"])
def test_keys_that_begin_as_a_foreign_file_does_are_keys(write, first):
    assert len(read_trace(write("keys.txt", f"{first}:1\nb\n{first}:1\n"))) == 3


@pytest.mark.parametrize("name", COMMANDS)
def test_commands_to_a_cache_are_no_keys(write, name):
    path = write(name, COMMANDS[name])
    with pytest.raises(BadInputError, match=r"commands to a cache.*redis-cli monitor"):
        read_trace(path)
    assert len(read_trace(path, "text")) == COMMANDS[name].count("\n")


@pytest.mark.parametrize(
    "text",
    ["get rich quick\nget well soon\nset\n", "GET /a\nDELETE /a\nGET /a\n", "get a\nget b\n"],
)
def test_phrases_and_methods_with_paths_are_keys(write, text):
    assert len(read_trace(write("keys.txt", text))) == text.count("\n")


@pytest.mark.parametrize("heading", METRICS)
def test_several_rows_per_request_are_refused(write, heading):
    rows = "".join(METRICS[heading].format(n=n) for n in range(20))
    with pytest.raises(BadInputError, match=r"several rows per request.*grep"):
        read_trace(write("k6.csv", f"{heading}\n{rows}"))
    one = "".join(f"{row}\n" for row in rows.splitlines()[:: METRICS[heading].count("\n")])
    assert len(read_trace(write("one.csv", f"{heading}\n{one}"))) == 20


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("<r><key>a</key></r>\n<r><key>b</key></r>\n", "XML or HTML"),
        (
            "2026-01-01 10:00:00.000 UTC [7] LOG:  duration: 5.1 ms  statement: SELECT 1\n",
            "log of PostgreSQL.*connection_pool or async_io",
        ),
    ],
)
@pytest.mark.parametrize("name", ["access.log", "app.log.1"])
def test_a_document_called_a_log_is_told_what_it_is(write, name, content, said):
    with pytest.raises(BadInputError, match=said):
        read_trace(write(name, content))


@pytest.mark.parametrize(
    ("name", "content", "columns"),
    [
        ("a.csv", "method,path\nGET,/a\nPOST,/a\nPUT,/b\n", {"key": "{method}{path}"}),
        (
            "a.json",
            "\n".join(f'{{"method":"{name}","uri":"/a"}}' for name in ("GET", "POST", "PUT")),
            {"key": "{method} {uri}"},
        ),
        (
            "a.har",
            '{"log":{"entries":['
            + ",".join(
                f'{{"startedDateTime":"2026-01-01T00:00:0{n}Z","request":{{"method":"{method}",'
                f'"url":"https://a.test/a"}},"response":{{"status":200}}}}'
                for n, method in enumerate(("GET", "POST", "PUT"))
            )
            + "]}}",
            None,
        ),
    ],
)
def test_methods_that_write_are_operations_on_what_is_read(write, name, content, columns):
    trace = read_trace(write(name, content), columns=columns)
    assert trace.operations.tolist() == [0, 4, 4]
    if name == "a.csv":  # a table's key stays as it is told to be
        assert any(note.startswith("the operation is in the key") for note in trace.notes)
    else:
        assert trace.n_keys == 1


@pytest.mark.parametrize("heading", [",key", "key,", "key,,time"])
def test_a_column_without_a_name_is_called_unnamed(write, heading):
    row = ",".join(str(n) for n in range(heading.count(",") + 1))
    trace = read_trace(write("a.csv", f"{heading}\n{row}\n"))
    assert any(note.startswith("columns not used: (unnamed)") for note in trace.notes)
