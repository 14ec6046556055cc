"""The combined log of nginx and Apache; the common log, which is its beginning, too."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from perflab.workloads.encoding import KeyEncoder
from perflab.workloads.importers.lines import line_arrays
from perflab.workloads.importers.skipped import Skipped
from perflab.workloads.importers.source import Source
from perflab.workloads.trace import Trace

# The request's method and target are one capture: the log parts them by one space, as the key is.
LINE = (
    r"^[^\[]+ \[(?P<time>\d{2}/[A-Z][a-z]{2}/\d{4}:\d{2}:\d{2}:\d{2} [+-]\d{4})\] "
    r'"(?P<key>[A-Za-z]+ (?:[^ "\\]|\\.)+)(?: (?:[^"\\]|\\.)*)?" \d{3} (?P<size>\d{1,18}|-)\s'
)
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def read_combined(source: Source) -> Trace:
    """Read method and path (with its query) as key, the time, and the body's bytes as size.

    Lines that do not parse are skipped and counted. A server writes a line when it has answered,
    so lines may be a little out of order: they are sorted by time, which a note says.

    Raises:
        BadInputError: If most lines do not parse, or none does.
    """
    encoder = KeyEncoder(source.place)
    skipped = Skipped()
    times: list[npt.NDArray[np.float64]] = []
    sizes: list[npt.NDArray[np.int64]] = []
    total = 0
    for lines in line_arrays(source, text_only=False):
        fields = pc.extract_regex(lines, LINE)
        seconds = _seconds(fields.field("time"))
        good = np.isfinite(seconds)
        _note_skipped(skipped, lines, good, total)
        total += len(lines)
        mask = pa.array(good)
        encoder.add(fields.field("key").filter(mask).cast(pa.string()))
        body = fields.field("size").filter(mask).cast(pa.string())
        sizes.append(pc.if_else(pc.equal(body, "-"), "0", body).cast(pa.int64()).to_numpy())
        times.append(seconds[good])
    advice = "name the format it has, such as --format text for one key a line"
    skipped.refuse_if_most(total, "of the combined log format", advice, source.place)
    ids, keys = encoder.finish()
    notes = skipped.notes(total)
    trace = Trace(source.stem, ids, len(keys), None, np.concatenate(sizes), keys=keys, notes=notes)
    return _in_order(trace, np.concatenate(times))


def _in_order(trace: Trace, times: npt.NDArray[np.float64]) -> Trace:
    late = int(np.count_nonzero(times[1:] < times[:-1]))
    if not late:
        return dataclasses.replace(trace, times=times)
    order = np.argsort(times, kind="stable")
    assert trace.sizes is not None  # noqa: S101 - a log has them
    note = f"{late:,} lines were earlier than the line above; sorted by time"
    return dataclasses.replace(
        trace,
        ids=trace.ids[order],
        times=times[order],
        sizes=trace.sizes[order],
        notes=(*trace.notes, note),
    ).compact()


def _note_skipped(skipped: Skipped, lines: Any, good: npt.NDArray[np.bool_], before: int) -> None:
    bad = np.flatnonzero(~good)
    for done, row in enumerate(bad.tolist()):
        if not skipped.wants_more:
            skipped.add_unshown(len(bad) - done)
            return
        text = lines[row].as_py().decode(errors="replace")
        skipped.add(before + row + 1, text)


def _seconds(texts: Any) -> npt.NDArray[np.float64]:
    """Return the epoch seconds of log times, NaN where there is none; each second parsed once."""
    encoded = texts.dictionary_encode()
    known = [parse_log_time(raw.decode()) for raw in encoded.dictionary.to_pylist()]
    values = np.array([*known, np.nan])
    return np.asarray(values[encoded.indices.fill_null(len(known)).to_numpy(zero_copy_only=False)])


def parse_log_time(text: str) -> float:
    """Return the epoch seconds of ``10/Oct/2000:13:55:36 -0700``; NaN for what is no such time."""
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
