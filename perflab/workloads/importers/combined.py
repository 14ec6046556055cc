"""The combined log of nginx and Apache; the common log, which is its beginning, too."""

from __future__ import annotations

import dataclasses
import datetime as dt
import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from perflab.errors import BadInputError, nearest
from perflab.units import counted
from perflab.workloads.importers.doubts import operations_note
from perflab.workloads.importers.requests import Parsed, Requests
from perflab.workloads.importers.source import Source
from perflab.workloads.importers.template import fields_of, joined
from perflab.workloads.kinds.trace import Trace

# Each part tells by its first character where the one before ends, and there are few captures: so
# RE2 reads a line in one pass. The request's method and target are one capture: the log parts them
# by one space, as the key is.
LINE = (
    r"^[^\[]*\[(?P<time>[^\]]{26})\] "
    r'"(?P<key>[A-Za-z]+ (?:[^ "\\]|\\.)+)(?: (?:[^"\\]|\\.)*)?" \d{3} (?P<size>\d{1,18}|-)\s'
)
# The same with every field of it, for keys by a template; several times the work.
FIELDS_LINE = (
    r"^(?P<host>\S+) [^\[]*?(?P<user>\S+) \[(?P<time>[^\]]{26})\] "
    r'"(?P<method>[A-Za-z]+) (?P<target>(?P<path>(?:[^ ?"\\]|\\.)+)(?P<query>\?(?:[^ "\\]|\\.)*)?)'
    r'(?: (?:[^"\\]|\\.)*)?" (?P<status>\d{3}) (?P<size>\d{1,18}|-)'
    r'(?: "(?P<referer>(?:[^"\\]|\\.)*)" "(?P<agent>(?:[^"\\]|\\.)*)")?\s'
)
# What follows a target is the protocol; anything else is the rest of a target with blanks in it.
BLANK = r'\] "[A-Za-z]+ [^ "]+ (?:[^H"]|H[^T"]|HT[^T"])'
TIME = re.compile(r"\d{2}/[A-Z][a-z]{2}/\d{4}:\d{2}:\d{2}:\d{2} [+-]\d{4}")
FIELDS = ("host", "user", "method", "target", "path", "query", "status", "referer", "agent")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def read_combined(source: Source, columns: Mapping[str, str] | None = None) -> Trace:
    """Read method and path (with its query) as key, the time, and the body's bytes as size.

    Lines that do not parse are skipped and counted. A server writes a line when it has answered,
    so lines may be a little out of order: they are sorted by time, which a note says.

    Args:
        source: The file.
        columns: The key as a template of `FIELDS`, such as ``{"key": "{method} {path}"}``;
            ``path`` is without the query, ``target`` with it.

    Raises:
        BadInputError: If most lines do not parse, or a field is unknown.
    """
    key = _template(columns)
    requests = Requests(source, "of the combined log format")
    blanks = 0

    def parse(lines: Any) -> Parsed:
        nonlocal blanks
        blanks += pc.sum(pc.match_substring_regex(lines, BLANK)).as_py() or 0
        return _parse(lines, key)

    requests.read(parse)
    trace = requests.trace()
    if blanks:
        lines = counted(blanks, "line")
        said = f"blanks in the URL of {lines}: only what stands before the first is read"
        trace = dataclasses.replace(trace, notes=(*trace.notes, said), check=False)
    return trace if key is not None else _with_methods(trace)


def _with_methods(trace: Trace) -> Trace:
    """Say which methods other than reads count as requests: each key begins with its own."""
    methods = pc.utf8_upper(pc.list_element(pc.split_pattern(trace.keys, " ", max_splits=1), 0))
    times = np.bincount(trace.ids, minlength=trace.n_keys)
    counts: Counter[str] = Counter()
    for method in pc.unique(methods).to_pylist():
        counts[method] = int(times[pc.equal(methods, method).to_numpy(zero_copy_only=False)].sum())
    notes = operations_note(counts)
    return dataclasses.replace(trace, notes=(*trace.notes, *notes), check=False)


def _template(columns: Mapping[str, str] | None) -> str | None:
    if not columns:
        return None
    if set(columns) != {"key"}:
        raise BadInputError("of a combined log only the key can be named", "columns")
    for field in fields_of(columns["key"]):
        if field not in FIELDS:
            text = f"a combined log has no field {field!r}{nearest(field, FIELDS)}"
            raise BadInputError(text, "columns")
    return columns["key"]


def _parse(lines: Any, key: str | None) -> Parsed:
    fields = pc.extract_regex(lines, LINE if key is None else FIELDS_LINE)
    seconds = _seconds(fields.field("time"))
    good = np.isfinite(seconds)
    mask = pa.array(good)

    def kept(name: str) -> Any:
        return fields.field(name).filter(mask).cast(pa.string())

    body = kept("size")
    return good, {
        "key": kept("key") if key is None else joined(key, kept),
        "time": seconds[good],
        "size": pc.if_else(pc.equal(body, "-"), "0", body).cast(pa.int64()).to_numpy(),
    }


def _seconds(texts: Any) -> npt.NDArray[np.float64]:
    """Return the epoch seconds of log times, NaN where there is none; each second parsed once."""
    encoded = texts.dictionary_encode()
    known = [parse_log_time(raw.decode(errors="replace")) for raw in encoded.dictionary.to_pylist()]
    values = np.array([*known, np.nan])
    return np.asarray(values[encoded.indices.fill_null(len(known)).to_numpy(zero_copy_only=False)])


def parse_log_time(text: str) -> float:
    """Return the epoch seconds of ``10/Oct/2000:13:55:36 -0700``; NaN for anything else."""
    if TIME.fullmatch(text) is None:
        return float("nan")
    try:
        zone = dt.timedelta(hours=int(text[22:24]), minutes=int(text[24:26]))
        moment = dt.datetime(
            int(text[7:11]),
            MONTHS.index(text[3:6]) + 1,
            int(text[:2]),
            int(text[12:14]),
            int(text[15:17]),
            min(int(text[18:20]), 59),
            tzinfo=dt.timezone(-zone if text[21] == "-" else zone),
        )
    except ValueError:
        return float("nan")
    return moment.timestamp()
