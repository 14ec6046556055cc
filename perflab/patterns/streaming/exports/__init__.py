"""The settings of streaming ready to paste: perflab, pandas, PyArrow, Polars and Kailash."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from perflab.bench.exporting import arguments, heading
from perflab.bench.parts import Export
from perflab.bench.platforms import platform_exports, variables
from perflab.bench.templates import render
from perflab.errors import BadInputError
from perflab.patterns.streaming.settings import StreamingSettings

_ALWAYS = ("input_file", "output_file", "chunk_size", "engine")
_SIGNS = {"comma": ",", "semicolon": ";", "tab": "\t", "pipe": "|"}
_PANDAS = {"int": "Int64", "float": "float64", "text": "str"}
_ARROW = {"int": "int64", "float": "float64", "text": "string"}
_POLARS = {"int": "Int64", "float": "Float64", "text": "String"}
_SEEN = ["Columns and types are those that perflab found in the file."]
_DOUBTS = [
    "The file was not there to look at: is this what stands between its fields?",
    "Types are guessed from the values: numbers with leading zeros, such as 00123, lose them.",
]
_PACKED = "Not every library reads this archive: decompress it first."
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
    found = _found(whole)
    sign = _SIGNS.get(settings.delimiter) or ","
    doubts = [*_SEEN, *found.remarks] if found else [*_DOUBTS]
    if found is None and source.lower().endswith((".xz", ".zst", ".bz2")):
        doubts.append(_PACKED)
    chunks = {"chunk_size": settings.chunk_size}
    stream = _Stream({"source": source, "delimiter": sign, **chunks}, first, doubts, found)
    ours = {"remarks": [first], "arguments": arguments(whole, always=_ALWAYS)}
    kailash = render(__package__, "kailash.py.jinja", **ours, **chunks)
    return (
        Export("perflab", "python", render(__package__, "perflab.py.jinja", **ours)),
        Export("pandas", "python", _pandas(stream, output)),
        Export("PyArrow", "python", _pyarrow(stream, output)),
        Export("Polars", "python", _polars(stream, output, parquet)),
        Export("Kailash workflow", "python", kailash),
    )


def streaming_configurations(settings: StreamingSettings, workload: str) -> tuple[Export, ...]:
    """Return the settings as variables of an environment, without the places of files."""
    found = variables(
        "streaming", settings, ("chunk_size", "engine"), ("input_file", "output_file")
    )
    return platform_exports(found, [heading(workload)], "streaming")


class _Found(NamedTuple):
    """What a look at the file found, for the programs to write."""

    values: dict[str, object]
    kinds: dict[str, str]
    remarks: list[str]

    def of(self, words: Mapping[str, str]) -> dict[str, object]:
        """Return the values with the types in a library's own words."""
        return {**self.values, "kinds": {name: words[kind] for name, kind in self.kinds.items()}}


def _found(settings: StreamingSettings) -> _Found | None:
    """Look at the file; none where it cannot be read."""
    from perflab.patterns.streaming._look import Look

    try:
        with Look(settings) as look:
            layout = look.layout
            values: dict[str, object] = {
                "delimiter": layout.delimiter,
                "header_lines": look.header_lines,
                "packed": look.source.packed or "",
                "names": layout.all_names,
                "left_out": layout.empty_names,
                "words": bool(layout.na_words),
                "missing": ["", *layout.na_words],
            }
            kinds = dict(zip(layout.names, layout.kinds, strict=True))
            return _Found(values, kinds, look.notes)
    except BadInputError:
        return None


class _Stream(NamedTuple):
    """What the programs of the libraries have in common."""

    values: dict[str, object]
    heading: str
    doubts: list[str]
    found: _Found | None

    def program(
        self,
        library: str,
        words: Mapping[str, str],
        own: Sequence[str],
        last: Sequence[str] = (),
        **values: object,
    ) -> str:
        """Return a library's program, written by what is in the file where that could be seen.

        Args:
            library: As its template is called.
            words: Its words for the types of columns.
            own: What is to be said of it, before the doubts of all.
            last: The same, after them.
            values: What its template has beside what all have.
        """
        remarks = [self.heading, *own, *self.doubts, *last]
        given = {**self.values, **values, "remarks": remarks}
        if self.found is None:
            return render(__package__, f"{library}_unseen.py.jinja", **given)
        return render(__package__, f"{library}.py.jinja", **{**given, **self.found.of(words)})


def _pandas(stream: _Stream, output: str) -> str:
    own = [
        "pandas keeps 15 digits of a float and stops at a row with too many fields; perflab lists",
        "such a row and goes on.",
    ]
    return stream.program("pandas", _PANDAS, own, output=_other(output, ".jsonl"))


def _pyarrow(stream: _Stream, output: str) -> str:
    own = [
        "PyArrow's chunk is block_size, in bytes: here as many as the rows chosen have. It stops",
        "at the first bad row, and writes no JSON Lines.",
    ]
    return stream.program("pyarrow", _ARROW, own, output=_other(output, ".parquet"))


def _polars(stream: _Stream, output: str, parquet: bool) -> str:
    own = ["Polars' streaming engine has chunks of its own and lists no bad rows."]
    if parquet:
        own.append("row_group_size is how many rows stand together in the file.")
    last = []
    if stream.found is not None and stream.found.values["packed"] in ("xz", "bzip2"):
        last = ["Polars reads no such archive: it is unpacked in memory as a whole."]
    return stream.program("polars", _POLARS, own, last, output=output, parquet=parquet)


def _other(output: str, ending: str) -> str:
    """Return an output with the ending of what a library writes."""
    return re.sub(r"\.(jsonl|ndjson|json|parquet)$", "", output) + ending
