"""The settings of streaming ready to paste: perflab, pandas, PyArrow, Polars and Kailash."""

from __future__ import annotations

import re

from perflab.bench.exporting import arguments, comments, heading, literal
from perflab.bench.parts import Export
from perflab.errors import BadInputError
from perflab.patterns.streaming.settings import StreamingSettings

PERFLAB = """\
{heading}
from perflab.patterns.streaming import StreamProcessor, StreamingSettings

processor = StreamProcessor(
    StreamingSettings(
{arguments}
    )
)

if __name__ == "__main__":
    end = processor.run(lambda done: print(f"{{done.share:.0%}}, {{done.seconds_left:.0f}} s left"))
    print(f"{{end.rows_out:,}} rows written, {{end.rows_rejected:,}} rejected")
"""

PANDAS = '''\
{heading}
{remarks}\
import pandas as pd

INPUT, OUTPUT = {input}, {output}


def change(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a chunk as it is to be written; put your own work here."""
    return frame


if __name__ == "__main__":
    rows = 0
    with open(OUTPUT, "w", encoding="utf-8") as file:
        for frame in pd.read_csv(INPUT, sep={delimiter}, chunksize={chunk_size}):
            rows += len(frame)
            change(frame).to_json(file, orient="records", lines=True)
    print(f"{{rows:,}} rows written")
'''

PYARROW = '''\
{heading}
{remarks}\
from pathlib import Path

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

INPUT, OUTPUT = {input}, {output}
CHUNK_ROWS = {chunk_size}


def block_bytes() -> int:
    """Return how many bytes so many rows have, by the first of them."""
    with pa.input_stream(INPUT) as file:
        start = file.read(1 << 20)
    return max(1 << 16, CHUNK_ROWS * len(start) // max(1, start.count(b"\\n")))


if __name__ == "__main__":
    reader = pyarrow.csv.open_csv(
        INPUT,
        read_options=pyarrow.csv.ReadOptions(block_size=block_bytes()),
        parse_options=pyarrow.csv.ParseOptions(delimiter={delimiter}, newlines_in_values=True),
    )
    rows = 0
    with pq.ParquetWriter(Path(OUTPUT), reader.schema) as writer:
        for batch in reader:
            rows += len(batch)
            writer.write_batch(batch)
    print(f"{{rows:,}} rows written")
'''

POLARS = """\
{heading}
{remarks}\
import polars as pl

INPUT, OUTPUT = {input}, {output}

frame = pl.scan_csv(INPUT, separator={delimiter})

if __name__ == "__main__":
    frame.{sink}(OUTPUT{options})
    print(f"{{pl.{scan}(OUTPUT).select(pl.len()).collect().item():,}} rows written")
"""

KAILASH = '''\
{heading}
from kailash.nodes.code import PythonCodeNode
from kailash.runtime.local import LocalRuntime
from kailash.workflow.builder import WorkflowBuilder

from perflab.patterns.streaming import StreamProcessor, StreamingSettings

# The files stand here, since Kailash refuses parameters that look like files of unknown endings.
settings = StreamingSettings(
{arguments}
)


def convert(chunk_size: int) -> dict:
    """Stream one file into the other."""
    end = StreamProcessor(settings.change(chunk_size=chunk_size)).run()
    return {{"rows_out": end.rows_out, "rows_rejected": end.rows_rejected}}


node = PythonCodeNode.from_function(convert, name="convert")
builder = WorkflowBuilder()
builder.add_node_instance(node, "convert")
workflow = builder.build()


def run(chunk_size: int = {chunk_size}) -> dict:
    """Execute the workflow with this many rows per chunk."""
    with LocalRuntime() as runtime:
        named = {{"convert": {{"chunk_size": chunk_size}}}}
        results, _ = runtime.execute(workflow, parameters=named)
    return results["convert"]["result"]


if __name__ == "__main__":
    print(run())
'''

_SIGNS = {"comma": ",", "semicolon": ";", "tab": "\t", "pipe": "|"}
_NAMED = re.compile(r"^\w+(:\w+=.*)?$")


def streaming_exports(settings: StreamingSettings, workload: str) -> tuple[Export, ...]:
    """Return the settings as five complete programs.

    Args:
        settings: What was chosen.
        workload: What it was chosen for: a file's path goes into the programs, a name does not.
    """
    parquet = settings.output_format == "parquet" or (settings.output_file or "").endswith(
        ".parquet"
    )
    named = None if _NAMED.match(workload) else workload
    source = settings.input_file or named or "input.csv"
    output = settings.output_file or ("rows.parquet" if parquet else "rows.jsonl")
    whole = settings.change(input_file=source, output_file=output)
    first = heading(workload)
    sign = _SIGNS.get(settings.delimiter) or _sign_in(source)
    doubts = _doubts(source, known=sign is not None)
    always = ("input_file", "output_file", "chunk_size", "engine")
    common = {
        "heading": first,
        "input": literal(source),
        "delimiter": literal(sign or ","),
        "chunk_size": settings.chunk_size,
    }
    inner = arguments(whole, always)
    return (
        Export(
            "perflab", "python", PERFLAB.format(heading=first, arguments=arguments(whole, always))
        ),
        Export("pandas", "python", _pandas(common, output, doubts)),
        Export("PyArrow", "python", _pyarrow(common, output, doubts)),
        Export("Polars", "python", _polars(common, output, settings, doubts, parquet=parquet)),
        Export(
            "Kailash workflow",
            "python",
            KAILASH.format(
                heading=first,
                arguments=inner.replace("        ", "    "),
                chunk_size=settings.chunk_size,
            ),
        ),
    )


def _sign_in(source: str) -> str | None:
    """Return what stands between the fields of a file's header; none where it cannot be read."""
    from perflab.workloads.importers.csv import read_header
    from perflab.workloads.importers.source import Source

    try:
        return read_header(Source(source).head)[1]
    except BadInputError:
        return None


def _doubts(source: str, *, known: bool) -> list[str]:
    """Return what a program that is not perflab's may read otherwise than perflab does."""
    said = [
        "Types are guessed from the values: numbers with leading zeros, such as 00123, lose them."
    ]
    if not known:
        said.append("The file was not there to look at: is a comma what stands between its fields?")
    if source.lower().endswith((".xz", ".zst", ".bz2")):
        said.append("Not every library reads this archive: decompress it first.")
    return said


def _pandas(common: dict[str, object], output: str, doubts: list[str]) -> str:
    remarks = [
        "pandas decides the types of columns chunk by chunk, keeps 15 digits of a float, and",
        "stops at a row with too many fields. perflab's rows are the same for every chunk size.",
    ]
    return PANDAS.format(
        **common, remarks=comments([*remarks, *doubts]), output=literal(_other(output, ".jsonl"))
    )


def _pyarrow(common: dict[str, object], output: str, doubts: list[str]) -> str:
    remarks = [
        "PyArrow's chunk is block_size, in bytes: here as many as the rows chosen have. It stops",
        "at the first bad row, and writes no JSON Lines.",
    ]
    return PYARROW.format(
        **common, remarks=comments([*remarks, *doubts]), output=literal(_other(output, ".parquet"))
    )


def _polars(
    common: dict[str, object],
    output: str,
    settings: StreamingSettings,
    doubts: list[str],
    *,
    parquet: bool,
) -> str:
    remarks = ["Polars' streaming engine has chunks of its own and lists no bad rows."]
    if parquet:
        remarks.append("row_group_size is how many rows stand together in the file.")
    return POLARS.format(
        **common,
        remarks=comments([*remarks, *doubts]),
        output=literal(output),
        sink="sink_parquet" if parquet else "sink_ndjson",
        scan="scan_parquet" if parquet else "scan_ndjson",
        options=f", row_group_size={settings.chunk_size}" if parquet else "",
    )


def _other(output: str, ending: str) -> str:
    """Return an output with the ending of what a library writes."""
    return re.sub(r"\.(jsonl|ndjson|json|parquet)$", "", output) + ending
