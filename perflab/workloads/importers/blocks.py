"""Block traces: ARC's, the Storage Performance Council's and those of MSR Cambridge."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from perflab.units import counted
from perflab.workloads.importers.columns import listed
from perflab.workloads.importers.requests import Parsed, Requests, ordered_trace
from perflab.workloads.importers.source import Source
from perflab.workloads.kinds.trace import Trace

ARC_LINE = r"^(?P<block>\d{1,15}) (?P<count>\d{1,9}) \d+ \d+\s*$"
SPC_LINE = (
    r"^(?P<unit>\d{1,5}),(?P<block>\d{1,15}),(?P<bytes>\d{1,12}),[RrWw],(?P<time>\d{1,12}(?:\.\d*)?)"
    r"(?:,.*)?\s*$"
)
MSR_LINE = (
    r"^(?P<time>\d{15,18}), ?(?P<host>[^, ]+), ?(?P<disk>\d{1,4}), ?(?i:Read|Write), ?"
    r"(?P<offset>\d{1,15}), ?(?P<bytes>\d{1,12}), ?-?\d+(?:\.\d*)?\s*$"
)
MSR_HEADING = r"^#?\s*(?i:timestamp)\s*,"
SECTOR = 512
PAGE = 4096
MOST_BLOCKS = 1 << 16
UNIT_SHIFT = 48
# Windows counts 100 ns from 1601.
TICKS = 1e7
SECONDS_FROM_1601 = 11_644_473_600
# Of a file with several hosts; together they fill the bits from the 48th.
MOST_DISKS, MOST_HOSTS = 64, 512
EXPANDED = "reads and writes alike; each page of 4 KiB that one touches is a request"


def read_arc(source: Source) -> Trace:
    """Read an ARC trace: first block, number of blocks, and two numbers that are not used.

    Each block of 512 bytes is a request, as in Megiddo and Modha, "ARC: A Self-Tuning, Low
    Overhead Replacement Cache", FAST 2003, whose traces are of this format. They have no times.

    Raises:
        BadInputError: If most lines do not parse.
    """
    return _read(source, "of an ARC trace", _parse_arc, "each block of 512 bytes is a request")


def read_spc(source: Source) -> Trace:
    """Read an SPC trace: unit, address in sectors of 512 bytes, bytes, R or W, seconds.

    A key is the number of a page of 4 KiB; of a unit above 0, the unit stands in the bits from
    the 48th. The format is the SPC Trace File Format Specification, revision 1.0.1, 2002.

    Raises:
        BadInputError: If most lines do not parse.
    """
    return _read(source, "of an SPC trace", _parse_spc, EXPANDED)


def read_msr(source: Source) -> Trace:
    """Read a trace of MSR Cambridge: Windows time, host, disk, Read or Write, offset, bytes, time.

    A key is the number of a page of 4 KiB; of a disk above 0, the disk stands in the bits from
    the 48th, and of a host after the first its number in those from the 54th. Narayanan,
    Donnelly and Rowstron, "Write Off-Loading", FAST 2008.

    Raises:
        BadInputError: If most lines do not parse.
    """
    hosts: dict[str, int] = {}

    def parse(lines: Any) -> Parsed:
        return _parse_msr(lines, hosts)

    trace = _read(source, "of an MSR Cambridge trace", parse, EXPANDED, heading=MSR_HEADING)
    if len(hosts) < 2:
        return trace
    said = (
        f"{counted(len(hosts), 'host')} in one file ({listed(list(hosts))}): the host is in the key"
    )
    return dataclasses.replace(trace, notes=(*trace.notes, said), check=False)


def _read(
    source: Source,
    what: str,
    parse: Callable[[Any], Parsed],
    note: str,
    heading: str | None = None,
) -> Trace:
    requests = Requests(source, what, heading=heading)
    requests.read(parse)
    ids, keys, columns = requests.columns()
    return ordered_trace(source, ids, keys, columns, (*requests.notes(), note))


def _parse_arc(lines: Any) -> Parsed:
    good, found = _numbers(lines, ARC_LINE, ("block", "count"))
    return _expanded(good, found["block"], found["count"], {})


def _parse_spc(lines: Any) -> Parsed:
    good, found = _numbers(lines, SPC_LINE, ("unit", "block", "bytes", "time"))
    offsets = found["block"] * SECTOR
    return _pages(good, found["unit"], offsets, found["bytes"], found["time"])


def _parse_msr(lines: Any, hosts: dict[str, int]) -> Parsed:
    good, found = _numbers(lines, MSR_LINE, ("time", "disk", "offset", "bytes"))
    times = found["time"] / TICKS - SECONDS_FROM_1601
    units = found["disk"]
    fits = times >= 0
    names = pc.struct_field(pc.extract_regex(lines, MSR_LINE), "host").filter(pa.array(good))
    encoded = names.dictionary_encode()
    known = [str(name, "utf-8", "replace") for name in encoded.dictionary.to_pylist()]
    numbers = np.array([hosts.setdefault(name, len(hosts)) for name in known], np.int64)
    if len(hosts) > 1:
        fits &= units < MOST_DISKS
        which = numbers[encoded.indices.to_numpy(zero_copy_only=False)]
        fits &= which < MOST_HOSTS
        units = units + which * MOST_DISKS
    good[np.flatnonzero(good)[~fits]] = False
    return _pages(good, units[fits], found["offset"][fits], found["bytes"][fits], times[fits])


def _numbers(
    lines: Any, pattern: str, names: tuple[str, ...]
) -> tuple[npt.NDArray[np.bool_], dict[str, npt.NDArray[Any]]]:
    """Return which lines match, and the named numbers of those: with a point as float64."""
    fields = pc.extract_regex(lines, pattern)
    good = np.array(fields.is_valid().to_numpy(zero_copy_only=False))
    mask = pa.array(good)
    found = {}
    for name in names:
        texts = fields.field(name).filter(mask).cast(pa.string())
        kind = pa.float64() if name == "time" and pattern is SPC_LINE else pa.int64()
        found[name] = texts.cast(kind).to_numpy(zero_copy_only=False)
    return good, found


def _pages(
    good: npt.NDArray[np.bool_],
    units: npt.NDArray[np.int64],
    offsets: npt.NDArray[np.int64],
    lengths: npt.NDArray[np.int64],
    times: npt.NDArray[np.float64],
) -> Parsed:
    first = offsets // PAGE
    counts = (offsets + np.maximum(lengths, 1) - 1) // PAGE - first + 1
    return _expanded(good, first + (units << UNIT_SHIFT), counts, {"time": times})


def _expanded(
    good: npt.NDArray[np.bool_],
    first: npt.NDArray[np.int64],
    counts: npt.NDArray[np.int64],
    columns: dict[str, npt.NDArray[Any]],
) -> Parsed:
    """Return a request for each block; a line with none, or with absurdly many, is a bad one."""
    fits = (counts >= 1) & (counts <= MOST_BLOCKS)
    good[np.flatnonzero(good)[~fits]] = False
    first, counts = first[fits], counts[fits]
    starts = np.cumsum(counts) - counts
    within = np.arange(int(counts.sum())) - np.repeat(starts, counts)
    repeated = {name: np.repeat(values[fits], counts) for name, values in columns.items()}
    return good, {"key": pa.array(np.repeat(first, counts) + within), **repeated}
