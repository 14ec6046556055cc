"""Files of the kinds that users of other readers reported, each read alike by all engines.

The sources name where the kind was reported; the files are our own. Rows are those of RFC 4180 as
Python's strict csv module reads them, and what it refuses is listed with its line.
"""

from __future__ import annotations

import bz2
import csv
import gzip
import io
import lzma
import tarfile

import pyarrow as pa
import pytest

from perflab.errors import BadInputError
from perflab.patterns.lazy_loading import LazyLoader
from perflab.patterns.streaming.exports import streaming_exports
from perflab.patterns.streaming.settings import ENGINES, StreamingSettings

PLAIN = {
    # A quote where none belongs.
    "JoshClose/CsvHelper#1953": (b'id,who\n1,Ann "Red" Lee\n2,Bo\n', []),
    "max-mapper/binary-csv#7": (b'id,part\n1,pipe 16"\n2,bolt\n3,pipe 12"\n', []),
    "mafintosh/csv-parser#121": (
        b'a,b\nli"m,kim\n"li"m",kim\nlim,"k"i"\nlim,"k\ni"\nlim,kim\n',
        [3, 4],
    ),
    "gkindel/csv-js#21": (b'"id","title"\n"1","The "Long" Way: Up"\n"2","Down"\n', [2]),
    "dbro/csvquote#12": (b'id,t\n1,"\\"quoted"\n2,plain\n', [2]),
    "apple/turicreate#1692": (b'a, b\n"x", "y"\n"z", "w\n', []),
    "duckdb/duckdb#14304": (b'"id","name"\n"7", "Doe\\, Jo"\n"8","x"\n', [2]),
    # Line ends within quotes.
    "apple/turicreate#907": (b'id,t\n11,"fine"\n12,also fine\n13,"not \nfine"\n', []),
    "duckdb/duckdb#11403": (b'note\n"one\ntwo"\n"three"\n', []),
    "psf/requests#2421": (b'a,b\n"x\n  ","y"\n"z\n  ","w"\n', []),
    "JuliaData/CSV.jl#765": (b'id,what,state\n1,copy,"a: 0\nb: 1\n"\n2,end,\n', []),
    "ayu5h-raj/quickcsv#5": (b'id,json\r\n1,"{""a"":\r\n1}"\r\n2,{}\r\n', []),
    # Delimiters.
    "duckdb/duckdb#14115": (b"day|from|to\n2024-01-01|A,B|C\n2024-01-02|D|E,F\n", []),
    "duckdb/duckdb#19578": (b'land;place;n\nCN;"35.8;104.1";97100,7\n', []),
    "posit-dev/positron#6755": (b"id\tname\tprice\n1\ta, b\t2,5\n2\tc\t3,5\n", []),
    "duckdb/duckdb#14393": (b"a;b;c\n1;x;123,45\n2;y,z;6,5\n", []),
    "deephaven/deephaven-core#1800": (b"A|B|C\n1|2|x\n3|4|y\n", []),
    # Values that change where they are taken for numbers.
    "pola-rs/polars#5924": (b"code,town\n0870,Losine\n12,Breno\n", []),
    "apache/arrow#46853": (b'c,d\n"001","foo"\n"002","bar"\n', []),
    "apache/spark#55884": (b"id,n\n000123,0\n00123,123\n", []),
    "productdevbook/hucre#52": (b'zip,n\n"0123","5"\n"04567","6"\n', []),
    "molgenis/molgenis-service-armadillo#1029": (b"id,x\n-007,0.5\n+12,1.5\n", []),
    # Rows of another width.
    "pandas-dev/pandas#14124": (b"A,B,C\n1,4,7,\n2,5,8,\n", [2, 3]),
    "fsprojects/FSharp.Data#688": (b"a,b,c,\n1,2,3\n4,5,6\n", [2, 3]),
    "pandas-dev/pandas#15203": (b'id,kind,fee\n100636,"R",0,\n100637,"S",5\n', [2]),
    "pandas-dev/pandas#41304": (b'"a";"b"\n"1";"2";\n"3";"4"\n', [2]),
    "JuliaData/CSV.jl#583": (b"a|b \n1|2 |\n3|4\n", [2]),
}
PACKED = {
    "pola-rs/polars#1126": [b"a,b\n1,1\n", b"2,2\n", b"3,3\n"],
    "apache/arrow-rs#4173": [b"chr\tat\nchr1\t12", b"3456\nchr2\t", b"7\n", b""],
    "duckdb/duckdb#780": [b"id\tt\n" + b"".join(b"%d\tv%d\n" % (n, n) for n in range(9_000))],
    "MonetDB/MonetDB#7061": [b"foo\n", *[b"bar\n" * 500] * 7],
    "lakehq/sail#2118": [b'id,t\n1,"alpha, beta, ', b'gamma"\n2,"d, e"\n'],
}


def _delimiter(content):
    head = content.split(b"\n", 1)[0]
    return max(",;\t|", key=lambda sign: head.count(sign.encode()))


def _as_csv(content):
    """Return the rows that Python's strict csv module reads, line by line where it refuses one."""
    sign, rows = _delimiter(content), []
    lines = content.decode().split("\n")
    while any(lines):
        reader = csv.reader(io.StringIO("\n".join(lines), newline=""), delimiter=sign, strict=True)
        read = 0
        try:
            for row in reader:
                rows.append(row)
                read = reader.line_num
        except csv.Error:
            read += 1
            lines = lines[read:]
            continue
        break
    names = rows[0]
    return [row for row in rows[1:] if len(row) == len(names)], names


def _same(value, text):
    if isinstance(value, str):
        return value == text
    return (value is None and text == "") or (value is not None and float(value) == float(text))


@pytest.mark.parametrize("source", PLAIN)
def test_reported_file_is_read_as_python_reads_it(source, tmp_path, stream, rows_of, rejected_of):
    content, bad = PLAIN[source]
    (tmp_path / "in.csv").write_bytes(content)
    wanted, names = _as_csv(content)
    for engine in ENGINES:
        output = tmp_path / f"{engine}.jsonl"
        end = stream(tmp_path / "in.csv", output, engine)
        rows, rejected = rows_of(output), rejected_of(output)
        assert [line for line, _ in rejected][: len(bad)] == bad, engine
        assert len(rows) == len(wanted), engine
        assert end.rows_in == len(rows) + len(rejected)
        for row, texts in zip(rows, wanted, strict=True):
            assert [name for name in names if name] == list(row)[: len([n for n in names if n])]
            assert all(map(_same, row.values(), texts)), engine


@pytest.mark.parametrize("source", [source for source, (_, bad) in PLAIN.items() if not bad])
def test_reported_file_is_loaded_lazily_as_python_reads_it(source, tmp_path):
    content, _ = PLAIN[source]
    (tmp_path / "in.csv").write_bytes(content)
    wanted, _ = _as_csv(content)
    for size in (1, 2, 100):
        with LazyLoader(data_source=str(tmp_path / "in.csv"), chunk_size=size) as loader:
            assert [list(loader[at]) for at in range(len(loader))] == wanted


@pytest.mark.parametrize("source", PACKED)
@pytest.mark.parametrize("kind", ["gz", "xz", "bz2"])
def test_reported_archive_is_read_whole(source, kind, tmp_path, stream, rows_of):
    pack = {"gz": gzip.compress, "xz": lzma.compress, "bz2": bz2.compress}[kind]
    parts = PACKED[source]
    path = tmp_path / f"in.csv.{kind}"
    path.write_bytes(b"".join(map(pack, parts)))
    end = stream(path, tmp_path / "out.jsonl")
    wanted, _ = _as_csv(b"".join(parts))
    rows = rows_of(tmp_path / "out.jsonl")
    assert (len(rows), end.rows_rejected, end.cut_off) == (len(wanted), 0, None)
    for row, texts in zip(rows, wanted, strict=True):
        assert all(map(_same, row.values(), texts))


@pytest.mark.parametrize(
    ("source", "size"),
    [("pola-rs/polars#19078", 2_000), ("mholt/PapaParse#1127", 5_003), ("dbro/csvquote#10", 131)],
)
@pytest.mark.parametrize("engine", ENGINES)
def test_quoted_line_end_is_whole_wherever_a_chunk_ends(
    source, size, engine, tmp_path, stream, rows_of
):
    end = "\r\n" if "Papa" in source else "\n"
    texts = [f"{n}{end}{'x' * (n % 90)},{end}" for n in range(9_000)]
    body = "".join(f'{n},"{text}"{end}' for n, text in enumerate(texts))
    (tmp_path / "in.csv").write_bytes(f"n,t{end}{body}".encode())
    stream(tmp_path / "in.csv", tmp_path / "out.jsonl", engine, size)
    rows = rows_of(tmp_path / "out.jsonl")
    assert [row["t"] for row in rows] == texts


EXPORTED = {
    "duckdb/duckdb#14115": "csv",
    "duckdb/duckdb#19578": "csv.gz",
    "posit-dev/positron#6755": "csv.xz",
    "duckdb/duckdb#14393": "csv.zst",
    "deephaven/deephaven-core#1800": "csv.bz2",
}
PACK = {
    "csv": bytes,
    "csv.gz": gzip.compress,
    "csv.xz": lzma.compress,
    "csv.bz2": bz2.compress,
    "csv.zst": lambda data: pa.compress(data, "zstd", asbytes=True),
}


@pytest.mark.parametrize("source", EXPORTED)
def test_programs_for_a_reported_file_write_the_streams_rows(
    source, tmp_path, monkeypatch, stream, rows_of
):
    ending = EXPORTED[source]
    path = tmp_path / f"in.{ending}"
    path.write_bytes(PACK[ending](PLAIN[source][0]))
    stream(path, tmp_path / "own.jsonl")
    wanted = rows_of(tmp_path / "own.jsonl")
    assert len(wanted[0]) > 1
    monkeypatch.chdir(tmp_path)
    settings = StreamingSettings(input_file=str(path), chunk_size=10)
    written = []
    for export in streaming_exports(settings, str(path)):
        if export.language == "python" and "Kailash" not in export.title:
            exec(compile(export.text, export.title, "exec"), {"__name__": "__main__"})
            (made,) = tmp_path.glob("rows.*")
            assert rows_of(made) == wanted, export.title
            written.append(export.title)
            made.unlink()
    assert written == ["perflab", "pandas", "PyArrow", "Polars"]


def test_title_above_the_header_is_told(tmp_path, stream):
    # duckdb/duckdb#15576
    (tmp_path / "in.csv").write_text("Made on 2025-01-06\nid;name\n1;a\n2;b\n")
    end = stream(tmp_path / "in.csv", tmp_path / "out.jsonl")
    (note,) = end.notes
    assert note.startswith("the header has one column, but most of the first rows hold a semicolon")


@pytest.mark.parametrize("text", ["t\nplain\nwords, two\nmore\n", "t\na\nb\n"])
def test_column_of_text_alone_has_no_note(text, tmp_path, stream):
    (tmp_path / "in.csv").write_text(text)
    assert stream(tmp_path / "in.csv", tmp_path / "out.jsonl").notes == ()


def test_tar_within_gz_is_one_clear_error(tmp_path, stream):
    # pandas-dev/pandas#12005
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as folder:
        member = tarfile.TarInfo("in.csv")
        member.size = 8
        folder.addfile(member, io.BytesIO(b"a,b\n1,2\n"))
    (tmp_path / "in.csv.gz").write_bytes(packed.getvalue())
    with pytest.raises(BadInputError, match="the header holds NUL; this is not text"):
        stream(tmp_path / "in.csv.gz", tmp_path / "out.jsonl")


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("header", ["a,b", "a,b\n", "\ufeffa;b\r\n", "sep=|\na|b\n"])
def test_file_without_rows_gives_no_row(header, engine, tmp_path, stream, rows_of):
    # Polars 1.34 to 1.36 take the header for a row there.
    for ending in (".jsonl", ".parquet"):
        (tmp_path / "in.csv").write_bytes(header.encode())
        end = stream(tmp_path / "in.csv", tmp_path / f"out{ending}", engine)
        assert (end.rows_in, rows_of(tmp_path / f"out{ending}")) == (0, [])
