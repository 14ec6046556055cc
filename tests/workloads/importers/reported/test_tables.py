"""Tables of public reports: headings, what stands above them, quoting, encodings, gaps."""

import pytest
from reported import COUNT, KEYS, MOMENTS, check_requests, lines, table, url

from perflab.errors import BadInputError
from perflab.workloads import read_trace

HEADING = "time,url,size"


def row(i):
    return (MOMENTS[i], url(i), 100)


ROWS = table(HEADING, row)

READ = {
    "pandas-dev/pandas#40201": table("time;url;size", row, ";"),
    "pandas-dev/pandas#4793": b"\xef\xbb\xbf"
    + table('"url","time"', lambda i: row(i)[1::-1]).encode(),
    "T0pCyber/hawk#84": ROWS.encode("utf-16"),
    "Excel's sep= line": "sep=;\n" + table("time;url;size", row, ";"),
    "pandas docs, skiprows": "Requests in June,,\n\n" + ROWS,
    "pandas docs, comment": "# exported by a tool\n# at noon, in June\n" + ROWS,
    "cat of two exports": ROWS.replace("\n", f"\n{HEADING}\n", 1),
    "1a1a11a/libCacheSim#32": table(
        "# timestamp, op type, object id, object size (byte)",
        lambda i: (MOMENTS[i], 1, url(i), 100),
    ),
    "camel case": table("eventTime,requestUri,bytesSent", row),
    "blanks in names": table("Event Time,Request URI,Bytes Sent", row),
    "AWS docs, ALB tables of Athena": table('"time","request_url","size"', row),
}


@pytest.mark.parametrize("source", READ)
def test_tables_are_read(source, write):
    trace = read_trace(write("t.csv", READ[source]))
    assert check_requests(trace) == 0
    assert trace.sizes is None or trace.sizes.tolist() == [100] * COUNT


def test_lines_are_counted_from_the_top_of_the_file(write):
    above = "Requests in June,,\n\n"
    with pytest.raises(BadInputError) as caught:
        read_trace(write("t.csv", above + ROWS + "noon,/a,1\n"))
    assert caught.value.place.endswith(f":{3 + COUNT + 1}")
    trace = read_trace(write("u.csv", above + ROWS + "7\n"))
    assert trace.notes[0].startswith(f"1 of {COUNT + 1} rows skipped; first: line {3 + COUNT + 1}")
    assert "the heading is on line 3; what stands above it is left out" in trace.notes


GAPS = {
    "an empty field": "",
    "MySQL, SELECT INTO OUTFILE": "\\N",
    "Apache docs, %b": "-",
    "pandas docs, na_values": "N/A",
    "psql, \\pset null": "NULL",
}


@pytest.mark.parametrize("source", GAPS)
def test_sizes_that_are_missing_are_the_median(source, write):
    sizes = [GAPS[source] if i % 5 == 0 else i for i in range(COUNT)]
    path = write("t.csv", table(HEADING, lambda i: (MOMENTS[i], url(i), sizes[i])))
    given = sorted(size for size in sizes if isinstance(size, int))
    middle = (given[(len(given) - 1) // 2] + given[len(given) // 2]) // 2
    trace = read_trace(path)
    assert trace.sizes.tolist() == [size if isinstance(size, int) else middle for size in sizes]
    assert any("the size of 5 of 24 requests is not known" in note for note in trace.notes)


@pytest.mark.parametrize("name", ["size (KB)", "size (MiB)", "bytes [bits]"])
def test_sizes_in_other_units_are_not_read_as_bytes(name, write):
    trace = read_trace(write("t.csv", table(f"time,url,{name}", row)))
    assert trace.sizes is None
    assert any(f"not used: {name}" in note for note in trace.notes)


# What is refused, how it may be read by what the error says, and which requests come out.
ADVICE = {
    "h2oai/datatable#939": (
        lines(lambda i: f"{i},9ff4ed3a-6b00-4130-9aca-{KEYS[i]:012},{MOMENTS[i]}"),
        "--no-header --columns key=2,time=3",
        {"no_header": True, "columns": {"key": "2", "time": "3"}},
    ),
    "capitalone/DataProfiler#54": (
        lines(lambda i: f"user{KEYS[i]},GET,home"),
        "--no-header --columns key=N",
        {"no_header": True, "columns": {"key": "1"}},
    ),
    "alibaba/block-traces, its README": (
        lines(lambda i: f"7,R,{KEYS[i]},4096,{MOMENTS[i]}000000"),
        "--no-header --columns key=N,time=5",
        {"no_header": True, "columns": {"key": "3", "time": "5"}},
    ),
    "pandas-dev/pandas#6369": (
        table("time^url^size", row, "^"),
        "--separator '^'",
        {"separator": "^"},
    ),
    "pandas docs, sep of blanks": (
        table("time url size", row, "  "),
        "--separator blank",
        {"separator": "blank"},
    ),
    "sunnyszy/lrb, its traces": (
        lines(lambda i: f"{MOMENTS[i]} {KEYS[i]} 100"),
        "--no-header --columns key=N,time=1",
        {"no_header": True, "separator": "blank", "columns": {"key": "2", "time": "1"}},
    ),
}


@pytest.mark.parametrize("source", ADVICE)
def test_advice_leads_to_the_requests(source, write):
    content, words, reading = ADVICE[source]
    path = write("t.csv", content)
    with pytest.raises(BadInputError) as caught:
        read_trace(path)
    if "blank" not in reading.values() or "no_header" not in reading:
        assert words in caught.value.message
    timed = "time" in reading.get("columns", {"time": ""})
    check_requests(read_trace(path, **reading), moments=MOMENTS if timed else None)


def test_blanks_before_quotes_are_told(write):
    path = write("t.csv", table('time, "url"', lambda i: (MOMENTS[i], f' "{url(i)},x"')))
    with pytest.raises(BadInputError, match="blanks before its quotes"):
        read_trace(path)


@pytest.mark.parametrize("text", ["0,05", "12,5"])
def test_decimal_commas_are_no_lists_of_times(text, write):
    """SheetJS/sheetjs#2239"""
    path = write("t.csv", table("time;url;request_time", lambda i: (*row(i)[:2], text), ";"))
    trace = read_trace(path)
    assert trace.backend_seconds is None
    assert "no backend times: request_time holds none" in trace.notes


@pytest.mark.parametrize("between", ["\r\n", "\r", "\r\n\r\n"])
@pytest.mark.parametrize("source", ["apache/arrow#51368", "mholt/PapaParse#1127"])
def test_a_quoted_line_end_is_whole_wherever_a_block_ends(source, between, write, monkeypatch):
    """Of a quoted CRLF that two of its blocks part, Arrow drops the LF"""
    monkeypatch.setattr("perflab.workloads.importers.csv.BLOCK_BYTES", 4096)
    count = 3000
    filling = "z" if source.startswith("apache") else "z,"
    keys = [f"{filling * (n % 13)}A{between}B{n % 7}" for n in range(count)]
    rows = "".join(f'"{key}",{n}\r\n' for n, key in enumerate(keys))
    trace = read_trace(write("a.csv", f"key,time\r\n{rows}".encode()))
    found = trace.keys.to_pylist()
    assert [found[i] for i in trace.ids] == keys
